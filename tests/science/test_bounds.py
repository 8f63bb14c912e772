"""Several devices in one place: their recorded time is bounded by all of their readings, and by
those of a device of which none is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given

from science import bounds, holding
from science.bounds import Ends
from science.histogram import RECORDED, Bin, Exposure, State
from science.holding import Checked, Part, Shown, Why, Wrong
from science.timeline import MINUTE_MS, Look, Stretch
from science.verdict import History
from tests.science.test_again import (
    COLD,
    DARK,
    DOUBT,
    NAMES,
    READ,
    ROOM,
    TRUCK,
    Trip,
    is_warm,
    measured,
    section_of,
    trips,
    with_bins,
)
from tests.science.trips import MACKEREL, NOW

HOURS = 6


def shared() -> tuple[History, dict[str, list[Shown]]]:
    """Two devices, a reading a minute each: one by the door, where it is warm for two hours, one at
    the back, where it never is."""
    looks: dict[str, list[Look]] = {TRUCK: [], ROOM: []}
    shown: dict[str, list[Shown]] = {TRUCK: [], ROOM: []}
    for minute in range(HOURS * 60):
        for device, value in ((TRUCK, 9_000 if 120 <= minute < 240 else 1_000), (ROOM, 800)):
            at_ms = NOW + minute * MINUTE_MS
            looks[device].append(Look(at_ms, value, DOUBT))
            one = holding.shown((device, 7, at_ms), measured(value), NAMES)
            assert one is not None
            shown[device].append(one)
    whole = Stretch(NOW, NOW + HOURS * 60 * MINUTE_MS)
    section = section_of(looks, whole)
    history = History(
        product=MACKEREL, sections=(section,), until_ms=whole.until_ms, catch_ms=NOW, entries=100
    )
    return history, shown


def part(history: History, *shown: list[Shown]) -> Part:
    (found,) = holding.hold(history, [one for some in shown for one in some]).parts
    return found


LIES: list[tuple[str, Callable[[Bin], Bin | None], Wrong]] = [
    ("warm hours called cold", lambda one: COLD if is_warm(one) else one, Wrong.WARM),
    ("warm hours called unknown", lambda one: DARK if is_warm(one) else one, Wrong.WARM),
    ("only the back counted", lambda one: one._replace(milli_celsius=800), Wrong.WARM),
    ("cold hours called warm", lambda one: one._replace(milli_celsius=9_000), Wrong.COLD),
]


@pytest.mark.parametrize(("lie", "wrong"), [one[1:] for one in LIES], ids=[one[0] for one in LIES])
def test_a_made_up_history_of_two_devices_is_refuted_by_all_their_readings(
    lie: Callable[[Bin], Bin | None], wrong: Wrong
) -> None:
    history, shown = shared()
    held = part(history, *shown.values())
    assert (held.checked, held.why, held.wrong) == (Checked.WHOLE, Why.NONE, ())
    assert wrong in part(with_bins(history, lie), *shown.values()).wrong


def test_a_device_of_which_none_is_missing_refutes_by_itself_what_is_less_warm() -> None:
    history, shown = shared()
    cold = with_bins(history, lambda one: COLD if is_warm(one) else one)
    for some in (shown[TRUCK], [*shown[TRUCK], *shown[ROOM][::2]]):
        held = part(history, some)
        assert (held.checked, held.why, held.wrong) == (Checked.WARMEST, Why.LEFT_OUT, ())
        assert part(cold, some).wrong == (Wrong.WARM,)
    hot = with_bins(history, lambda one: one._replace(milli_celsius=9_000))
    assert part(hot, shown[TRUCK]).wrong == ()  # the other one may have been as warm as that
    assert part(cold, shown[ROOM]).wrong == ()


def test_where_each_lacks_a_reading_nothing_is_said() -> None:
    """A warm reading alone, between two of another device, counts for nothing: `warmest`."""
    history, shown = shared()
    held = part(history, shown[TRUCK][1:], shown[ROOM][1:])
    assert (held.checked, held.why, held.wrong) == (Checked.NOTHING, Why.DEVICES, ())


def test_recorded_time_that_neither_covers_is_refuted() -> None:
    history, shown = shared()
    silent = {
        device: [one for one in some if not 60 <= (one.at_ms - NOW) // MINUTE_MS < 90]
        for device, some in shown.items()
    }
    (one,) = history.sections
    fewer = tuple(source._replace(readings=len(silent[source.device])) for source in one.sources)
    told = replace(history, sections=(replace(one, sources=fewer),))
    assert part(told, *silent.values()).wrong == (Wrong.MORE,)
    back = {**silent, ROOM: shown[ROOM]}
    fewer = tuple(source._replace(readings=len(back[source.device])) for source in one.sources)
    told = replace(history, sections=(replace(one, sources=fewer),))
    assert part(told, *back.values()).wrong == (Wrong.COLD,)  # by the other alone, it was 0.8 °C


@given(trips(TRUCK, ROOM))
def test_what_is_colder_than_all_that_was_measured_is_refuted_wherever_something_is_sure(
    trip: Trip,
) -> None:
    for number, one in enumerate(holding.hold(trip.history, trip.readings).parts):
        section = trip.history.sections[number]
        if one.checked is Checked.NOTHING or not sure(trip, number, one.stretch):
            continue
        unknown = section.exposure.only(frozenset({State.UNKNOWN})).bins
        lie = Exposure({**unknown, Bin(State.KNOWN, -20_000, 0): section.exposure.ms(*RECORDED)})
        sections = list(trip.history.sections)
        sections[number] = replace(section, exposure=lie)
        made_up = replace(trip.history, sections=tuple(sections))
        assert Wrong.WARM in holding.hold(made_up, trip.readings).parts[number].wrong


def sure(trip: Trip, number: int, stretch: Stretch) -> int:
    """How long something is recorded for certain, by the readings that are here."""
    section = trip.history.sections[number]
    known = sorted((one for one in trip.readings if one.entry < READ), key=lambda one: one.at_ms)
    named = {device for device, _ in section.sources}
    here = [one for one in known if stretch[0] <= one.at_ms < stretch[1] and one.device in named]
    return bounds.of(list(holding._devices(section, here).values()), stretch).lows.all_ms


def test_behind_its_last_reading_a_device_may_still_say_anything_for_ten_minutes() -> None:
    whole = Stretch(NOW, NOW + 60 * MINUTE_MS)
    steady = [Ends(NOW + n * MINUTE_MS, 1_000, 1_200) for n in range(60)]
    for last in (49, 52):
        other = [Ends(NOW + n * MINUTE_MS, 5_000, 5_000) for n in range(last + 1)]
        found = bounds.of([steady, other], whole)
        assert found.most_ms == 60 * MINUTE_MS
        assert found.highs.over(4_999) == last * MINUTE_MS
        behind = 59 - last if 60 - last > 10 else 0
        assert found.highs.under(5_000) == behind * MINUTE_MS
    assert bounds.of([None], whole).lows.bins == {}
