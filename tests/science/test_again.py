"""A verdict judged again, and its history held against readings: whatever an honest server says
passes, and what was made up does not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.bodies import Measured
from protocol.registry import Quantity, Status
from science import bounds, histories, holding, sensing, timeline, verdict
from science.again import Outcome, again
from science.histogram import Bin, Exposure, State
from science.holding import Checked, Shown, Why, Wrong
from science.timeline import MINUTE_MS, RULES, Look, Stretch
from science.verdict import Certificate, History, Section, Source, Where
from tests.science.test_invariants import histories as any_history
from tests.science.trips import MACKEREL, NOW

TRUCK, ROOM = "t" * 16, "r" * 16
NAMES = {1: "air-front", 2: "air-door", 3: "unit-display", 4: "outside"}
READ = 100
"""Entries of the log that the history was made from."""
DOUBT = sensing.UNCERTAINTY[Certificate.NONE].value
SURE, UNSURE = bounds.SURE, bounds.UNSURE


def documented(history: History) -> tuple[str, bytes]:
    """What the log commits to of a history."""
    return verdict.judge(history).text, histories.text(history).encode()


@given(any_history())
def test_whoever_holds_a_history_gets_the_same_verdict(history: History) -> None:
    found = again(*documented(history))
    assert (found.outcome, found.differs, found.history) == (Outcome.SAME, (), history)


@given(any_history(), st.data())
def test_another_word_in_the_verdict_is_named(history: History, data: st.DataObject) -> None:
    text, document = documented(history)
    said = json.loads(text)
    name = data.draw(st.sampled_from(sorted(said.keys() - {"version", "formulas"})))
    said[name] = ["something", "else"]
    found = again(json.dumps(said, sort_keys=True, separators=(",", ":")), document)
    assert (found.outcome, found.differs) == (Outcome.DIFFERENT, (name,))


@given(any_history())
def test_another_spelling_of_the_same_verdict_is_another_text(history: History) -> None:
    text, document = documented(history)
    assert again(text + " ", document).differs == ("text",)
    assert again(text, document + b" ").differs == ("history",)


@given(any_history())
def test_formulas_that_we_do_not_have_are_no_lie(history: History) -> None:
    text, document = documented(history)
    assert again(text.replace("grade/", "grade/9"), document).outcome is Outcome.OTHER_FORMULAS


BROKEN: list[bytes] = [
    b"",
    b"\xff",
    b"[]",
    b"null",
    b"{}",
    b'{"version":1}',
    b"[" * 100_000,
    b'{"version":2}',
]


@pytest.mark.parametrize("document", BROKEN, ids=range(len(BROKEN)))
def test_a_document_that_is_no_history_is_a_difference_and_no_error(document: bytes) -> None:
    text, _ = documented(History(product=MACKEREL, sections=(), until_ms=NOW))
    assert again(text, document).differs == ("history",)
    assert again(document.decode(errors="replace"), b"{}").outcome is not Outcome.SAME


@given(any_history(), st.data())
def test_no_value_in_a_history_is_an_error(history: History, data: st.DataObject) -> None:
    """Whatever stands where a number or word should: it is the same, different, or no history."""
    text, document = documented(history)
    said = json.loads(document)
    strange: st.SearchStrategy[Any] = st.sampled_from(
        [None, -1, 10**400, 1.5, "x", [], {}, True, [[]], float("inf")]
    )
    place: Any = said
    for _ in range(data.draw(st.integers(0, 3))):
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        inner = [key for key in keys if isinstance(place[key], dict | list) and place[key]]
        if not inner:
            break
        place = place[data.draw(st.sampled_from(inner))]
    keys = sorted(place) if isinstance(place, dict) else range(len(place))
    key = data.draw(st.sampled_from(keys))
    place[key] = data.draw(strange)
    changed = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    found = again(text, changed)
    assert found.outcome in (Outcome.SAME, Outcome.DIFFERENT)
    if found.history is not None:
        holding.hold(found.history, [])


@dataclass(frozen=True)
class Trip:
    """What a device measured, what a server makes of it, and what it shows."""

    history: History
    readings: list[Shown]
    """Every reading that has a time of its own, in the log before or after the history was made."""


def measured(*values: int | None) -> list[Measured]:
    """The sensors of the hold."""
    return [
        Measured(n, Quantity.TEMPERATURE, one, Status.NO_ANSWER if one is None else Status.OK)
        for n, one in enumerate(values, 1)
    ]


@st.composite
def said(draw: st.DrawFn, device: str = TRUCK) -> tuple[list[Look], list[Shown], int]:
    """What a server reads of a device, what it shows, and when that ends: gaps, faults, two sensors
    of different certificates, readings without a time of their own, or that came too late."""
    looks, shown, at_ms = list[Look](), list[Shown](), NOW
    calibrated = {1: NOW - 1} if draw(st.booleans()) else {}
    for _ in range(draw(st.integers(0, 25))):
        at_ms += draw(st.sampled_from([0, 1, 10_000, 60_000, 5 * MINUTE_MS, 11 * MINUTE_MS]))
        values = draw(st.tuples(*[st.none() | st.sampled_from(range(-500, 9_000, 250))] * 2))
        late, dated = draw(st.integers(0, 9)) == 0, draw(st.integers(0, 9)) > 0
        body = measured(*values)
        if not late:
            air = sensing.air(body, NAMES, calibrated, at_ms)
            assert air is not None
            doubt = sensing.UNCERTAINTY[air.certificate].value if air.warmest is not None else 0
            looks.append(Look(at_ms, air.warmest, doubt))
        one = holding.shown((device, READ if late else 7, at_ms), body, NAMES)
        if dated and one is not None:
            shown.append(one)
    return looks, shown, at_ms


@st.composite
def stays(draw: st.DrawFn, end_ms: int) -> list[Stretch]:
    """Several stays in a row, about that time."""
    edges = sorted(draw(st.lists(st.integers(NOW - 1_000, end_ms + 15 * MINUTE_MS), min_size=2)))
    stretches = [Stretch(*pair) for pair in pairwise(edges) if pair[0] < pair[1]]
    assume(stretches)
    return stretches


@st.composite
def trips(draw: st.DrawFn, *devices: str) -> Trip:
    """One device, or several in one place, and several stays in a row."""
    told = [draw(said(one)) for one in devices or (TRUCK,)]
    stretches = draw(stays(max(end_ms for *_, end_ms in told)))
    looks = {one: found for one, (found, *_) in zip(devices or (TRUCK,), told, strict=True)}
    sections = tuple(section_of(looks, one) for one in stretches)
    history = History(
        product=MACKEREL, sections=sections, until_ms=stretches[-1].until_ms, entries=READ
    )
    return Trip(history, [one for _, shown, _ in told for one in shown])


def section_of(devices: Mapping[str, list[Look]], stretch: Stretch) -> Section:
    """As server.coldchain.exposures makes it of one place."""
    found = timeline.of_place([timeline.arrange(one) for one in devices.values()], stretch)
    doors = [Stretch(stretch.from_ms, stretch.from_ms + MINUTE_MS)]
    near = Stretch(stretch.from_ms - RULES.gap_ms, stretch.until_ms + RULES.gap_ms)
    sources = tuple(
        Source(device, sum(stretch.from_ms <= one.at_ms < stretch.until_ms for one in looks))
        for device, looks in devices.items()
        if any(near.from_ms <= one.at_ms < near.until_ms for one in looks)
    )
    exposure = timeline.exposure(timeline.excuse(found, doors, State.DOOR))
    return Section(Where.TRANSPORT, exposure, 1, sources)


@given(trips() | trips(TRUCK, ROOM) | trips(TRUCK, ROOM, "s" * 16), st.data())
def test_whatever_an_honest_server_shows_of_an_honest_history_holds(
    trip: Trip, data: st.DataObject
) -> None:
    kept = [one for one in trip.readings if data.draw(st.integers(0, 3))]
    for some in (trip.readings, kept, []):
        held = holding.hold(trip.history, some)
        assert not held.refuted, held
        assert sum(one.shown for one in held.parts) + held.late + held.apart == len(some)


def long_trip(hours: int = 6) -> tuple[History, list[Shown]]:
    """A reading a minute: cold, then warm, then cold; loaded in the middle of nothing."""
    looks, shown = [], []
    for minute in range(hours * 60):
        at_ms, value = NOW + minute * MINUTE_MS, 9_000 if 120 <= minute < 240 else 1_000
        looks.append(Look(at_ms, value, DOUBT))
        one = holding.shown((TRUCK, 7, at_ms), measured(value), NAMES)
        assert one is not None
        shown.append(one)
    whole = Stretch(NOW, NOW + hours * 60 * MINUTE_MS)
    history = History(
        product=MACKEREL,
        sections=(section_of({TRUCK: looks}, whole),),
        until_ms=whole.until_ms,
        catch_ms=NOW,
        entries=READ,
    )
    return history, shown


def with_bins(history: History, change: Any) -> History:
    """The history with its exposure made up."""
    (one,) = history.sections
    bins: dict[Bin, int] = {}
    for old, ms in one.exposure.bins.items():
        new = change(old)
        if new is not None:
            bins[new] = bins.get(new, 0) + ms
    return replace(history, sections=(replace(one, exposure=Exposure(bins)),))


def is_warm(one: Bin) -> bool:
    return one.milli_celsius == 9_000


COLD = Bin(State.KNOWN, 1_000, DOUBT)
DARK = Bin(State.UNKNOWN, 1_000, DOUBT)
LIES: list[tuple[str, Any, set[Wrong]]] = [
    ("warm hours called cold", lambda one: COLD if is_warm(one) else one, {Wrong.WARM}),
    ("warm hours called unknown", lambda one: DARK if is_warm(one) else one, {Wrong.WARM}),
    ("warm hours taken out", lambda one: None if is_warm(one) else one, {Wrong.SHORT}),
    ("half a degree off", lambda one: one._replace(milli_celsius=one[1] - 500), {Wrong.WARM}),
    ("cold hours called warm", lambda one: one._replace(milli_celsius=9_000), {Wrong.COLD}),
]


@pytest.mark.parametrize(("lie", "wrong"), [one[1:] for one in LIES], ids=[one[0] for one in LIES])
def test_a_made_up_history_is_refuted_by_the_readings(lie: Any, wrong: set[Wrong]) -> None:
    history, shown = long_trip()
    assert not holding.hold(history, shown).refuted
    held = holding.hold(with_bins(history, lie), shown)
    found = {*held.wrong, *(one for part in held.parts for one in part.wrong)}
    assert wrong <= found, held


def test_recorded_time_that_no_reading_covers_is_refuted() -> None:
    history, shown = long_trip()
    silent = [one for one in shown if not 60 <= (one.at_ms - NOW) // MINUTE_MS < 90]
    (one,) = history.sections
    fewer = replace(one, sources=(Source(TRUCK, len(silent)),))
    (part,) = holding.hold(replace(history, sections=(fewer,)), silent).parts
    assert (part.checked, part.wrong) == (Checked.WHOLE, (Wrong.MORE,))
    none = replace(one, sources=(Source(TRUCK, 3),))
    assert Wrong.MORE in holding.hold(replace(history, sections=(none,)), []).parts[0].wrong


def test_a_history_that_counts_fewer_readings_than_the_log_had_is_refuted() -> None:
    history, shown = long_trip()
    (one,) = history.sections
    fewer = replace(one, sources=(Source(TRUCK, len(shown) - 1),))
    assert Wrong.COUNT in holding.hold(replace(history, sections=(fewer,)), shown).parts[0].wrong


def test_of_a_part_of_the_readings_the_warmest_still_refutes() -> None:
    history, shown = long_trip()
    some = shown[::30]
    (part,) = holding.hold(history, some).parts
    assert (part.checked, part.why, part.wrong) == (Checked.WARMEST, Why.LEFT_OUT, ())
    (part,) = holding.hold(with_bins(history, lambda b: COLD if is_warm(b) else b), some).parts
    assert part.wrong == (Wrong.WARM,)


def test_what_cannot_be_checked_says_why() -> None:
    history, shown = long_trip()
    (one,) = history.sections
    two = (Source(TRUCK, len(shown) + 1), Source(ROOM, 4))
    blind = [reading._replace(named=False) for reading in shown]
    cases = [
        (replace(one, places=2), shown, Why.PLACES),
        (replace(one, sources=two), shown, Why.DEVICES),
        (one, blind, Why.UNNAMED),
        (one, [], Why.LEFT_OUT),
        (replace(one, sources=(), exposure=one.exposure.only(frozenset())), [], Why.SILENT),
    ]
    for changed, some, why in cases:
        (part,) = holding.hold(replace(history, sections=(changed,)), some).parts
        assert (part.checked, part.why) == (Checked.NOTHING, why)
        assert part.wrong == ()


def test_what_came_later_or_is_not_of_it_is_counted_apart() -> None:
    history, shown = long_trip()
    late = shown[5]._replace(entry=READ)
    other = shown[6]._replace(device=ROOM)
    after = shown[7]._replace(at_ms=history.until_ms)
    held = holding.hold(history, [*shown, late, other, after])
    assert (held.late, held.apart, held.refuted) == (1, 2, False)


def test_the_unit_and_what_hangs_outside_are_not_believed() -> None:
    place = (TRUCK, 7, NOW)
    one = holding.shown(place, measured(2_000, 1_000, -9_000, 30_000), NAMES)
    assert one == Shown(*place, 2_000, 2_000, named=True)
    near = holding.shown(place, measured(2_000, 1_600), NAMES)
    assert near == Shown(*place, 1_600, 2_000, named=True)
    assert holding.shown(place, measured(None, None), NAMES) == Shown(*place, None, None)
    assert holding.shown(place, [Measured(4, Quantity.TEMPERATURE, 1, Status.OK)], NAMES) is None


def test_of_two_readings_of_one_moment_either_may_have_counted() -> None:
    """The less warm one with a greater doubt: its certificate is not in the file."""
    two = [Look(NOW, 7_750, UNSURE), Look(NOW, 8_000, SURE)]
    after = Look(NOW + MINUTE_MS, 1_000, UNSURE)
    whole = Stretch(NOW, NOW + 2 * MINUTE_MS)
    (one,) = (section_of({TRUCK: [*two, after]}, whole),)
    history = History(product=MACKEREL, sections=(one,), until_ms=whole.until_ms, entries=READ)
    shown = [Shown(TRUCK, 7, *look[:2], look[1]) for look in (*two, after)]
    (part,) = holding.hold(history, shown).parts
    assert (part.checked, part.wrong) == (Checked.WHOLE, ())
    (part,) = holding.hold(with_bins(history, lambda b: COLD if b[1] == 7_750 else b), shown).parts
    assert Wrong.WARM in part.wrong


def test_known_time_lies_in_the_history() -> None:
    history, shown = long_trip()
    away = replace(history, known_from_ms=NOW - 1)
    assert holding.hold(away, shown).wrong == (Wrong.START,)
