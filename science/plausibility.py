"""Signs that a sensor needs looking at. A sign is no finding: it accuses nobody.

"센서 점검 필요" is for the carrier and the operator alone until a person has looked. Signs are:
a value that never moves, a door that opens without the air noticing, no defrost in a day, sensors
that part, a sensor that is silent, and a display that shows colder than the air (the fake-cold
device). Air that stands still is a sign only where a unit cools: a parked truck's does. Nothing is
said across a silence, because what happened in it is unknown. Times in ms, temperatures in
milli-degrees Celsius. Thresholds are ours [D].
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

from science.defrost import rises
from science.timeline import MINUTE_MS, RULES, Look, Stretch, merged

HOUR_MS: Final = 60 * MINUTE_MS


class Sign(StrEnum):
    """What was seen."""

    FLAT = "flat"
    DOOR_UNFELT = "door-unfelt"
    NO_DEFROST = "no-defrost"
    DIVERGING = "diverging"
    SILENT = "silent"
    FAKE_COLD = "fake-cold"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a sign is one."""

    flat_ms: int = 6 * HOUR_MS
    flat_milli: int = 100
    door_ms: int = 2 * MINUTE_MS
    door_milli: int = 300
    defrost_ms: int = 24 * HOUR_MS
    apart_milli: int = 3_000
    apart_ms: int = 30 * MINUTE_MS
    fake_milli: int = 2_000
    gap_ms: int = RULES.gap_ms


class Glance(NamedTuple):
    """One reading with both ends of its sensors, and what the unit's own display shows.

    warmest, coldest: trusted sensors, None when none spoke. silent: sensors without a value.
    """

    at_ms: int
    warmest: int | None
    coldest: int | None
    silent: int = 0
    display: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A sign, and the time in which it shows."""

    sign: Sign
    from_ms: int
    until_ms: int


THRESHOLDS: Final = Thresholds()


def signs(
    glances: Sequence[Glance],
    openings: Sequence[Stretch],
    cooled: Sequence[Stretch],
    limits: Thresholds = THRESHOLDS,
) -> tuple[Seen, ...]:
    """Every sign in readings sorted by time, by its beginning; cooled: when a unit cools the air,
    sorted and apart."""
    runs = list(_runs(glances, limits.gap_ms))
    cold = [part for run in runs for part in _inside(run, cooled)]
    found = (
        *(one for run in runs for one in _at_once(run, limits)),
        *(one for part in cold for one in _still(part, openings, limits)),
    )
    return tuple(sorted(found, key=lambda one: (one.from_ms, one.sign)))


def _runs(glances: Sequence[Glance], gap_ms: int) -> Iterator[Sequence[Glance]]:
    """Readings without a silence between them."""
    start = 0
    for place, (one, after) in enumerate(pairwise(glances), 1):
        if after.at_ms - one.at_ms > gap_ms:
            yield glances[start:place]
            start = place
    yield glances[start:]


def _inside(run: Sequence[Glance], times: Iterable[Stretch]) -> Iterator[Sequence[Glance]]:
    for from_ms, until_ms in times:
        low = bisect_left(run, from_ms, key=lambda one: one.at_ms)
        part = run[low : bisect_left(run, until_ms, key=lambda one: one.at_ms)]
        if part:
            yield part


def _at_once(run: Sequence[Glance], limits: Thresholds) -> Iterator[Seen]:
    """What each reading shows by itself."""
    yield from _lasting(Sign.DIVERGING, run, limits.apart_ms, _apart(limits))
    yield from _lasting(Sign.SILENT, run, limits.apart_ms, lambda one: one.silent > 0)
    yield from _lasting(Sign.FAKE_COLD, run, limits.apart_ms, _faked(limits))


def _still(
    run: Sequence[Glance], openings: Sequence[Stretch], limits: Thresholds
) -> Iterator[Seen]:
    """Air that does not move as cooled air does."""
    yield from _flat(run, limits)
    yield from _doors(run, openings, limits)
    yield from _no_defrost(run, limits)


def _apart(limits: Thresholds) -> Callable[[Glance], bool]:
    def apart(one: Glance) -> bool:
        both = one.warmest is not None and one.coldest is not None
        return both and (one.warmest or 0) - (one.coldest or 0) > limits.apart_milli

    return apart


def _faked(limits: Thresholds) -> Callable[[Glance], bool]:
    def faked(one: Glance) -> bool:
        both = one.coldest is not None and one.display is not None
        return both and (one.coldest or 0) - (one.display or 0) > limits.fake_milli

    return faked


def _lasting(
    sign: Sign, glances: Iterable[Glance], least_ms: int, shows: Callable[[Glance], bool]
) -> Iterator[Seen]:
    """Runs of readings that all show it, for long enough."""
    run: list[int] = []
    for one in glances:
        if shows(one):
            run.append(one.at_ms)
            continue
        if run and run[-1] - run[0] >= least_ms:
            yield Seen(sign, run[0], run[-1])
        run = []
    if run and run[-1] - run[0] >= least_ms:
        yield Seen(sign, run[0], run[-1])


def _flat(glances: Iterable[Glance], limits: Thresholds) -> Iterator[Seen]:
    """All time in which readings lie within a width that no refrigeration unit keeps, wherever one
    begins to look."""
    known = [(one.at_ms, one.warmest) for one in glances if one.warmest is not None]
    lows, highs = deque[tuple[int, int]](), deque[tuple[int, int]]()
    start, wide = 0, list[Stretch]()
    for place, (at_ms, value) in enumerate(known):
        _push(lows, place, value)
        _push(highs, place, -value)
        while -highs[0][1] - lows[0][1] > limits.flat_milli:
            start += 1
            _drop(lows, start)
            _drop(highs, start)
        if at_ms - known[start][0] >= limits.flat_ms:
            wide.append(Stretch(known[start][0], at_ms))
    yield from (Seen(Sign.FLAT, *one) for one in merged(wide))


def _push(ends: deque[tuple[int, int]], place: int, value: int) -> None:
    """Keep, of the places of a window, those of which the value may yet be its least."""
    while ends and ends[-1][1] >= value:
        ends.pop()
    ends.append((place, value))


def _drop(ends: deque[tuple[int, int]], start: int) -> None:
    """What lies before the window is no end of it."""
    if ends[0][0] < start:
        ends.popleft()


def _doors(
    glances: Sequence[Glance], openings: Iterable[Stretch], limits: Thresholds
) -> Iterator[Seen]:
    for inside in _inside(glances, openings):
        felt = [one.warmest for one in inside if one.warmest is not None]
        if len(felt) < 2 or inside[-1].at_ms - inside[0].at_ms < limits.door_ms:
            continue
        if max(felt) - min(felt) < limits.door_milli:
            yield Seen(Sign.DOOR_UNFELT, inside[0].at_ms, inside[-1].at_ms)


def _no_defrost(glances: Sequence[Glance], limits: Thresholds) -> Iterator[Seen]:
    """A stretch of readings as long as a day in which the air never rose and fell back."""
    if glances[-1].at_ms - glances[0].at_ms < limits.defrost_ms:
        return
    looks = [Look(one.at_ms, one.warmest) for one in glances]
    edges = [looks[0].at_ms, *(one.from_ms for one in rises(looks)), looks[-1].at_ms]
    for before, after in pairwise(edges):
        if after - before >= limits.defrost_ms:
            yield Seen(Sign.NO_DEFROST, before, after)
