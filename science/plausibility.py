"""Signs that a sensor needs looking at. A sign is no finding: it accuses nobody.

"센서 점검 필요" is for the carrier and the operator alone until a person has looked. Signs are:
a value that never moves, a door that opens without the air noticing, no defrost in a day, sensors
that part, a sensor that is silent, and a display that shows colder than the air (the fake-cold
device). Times in ms, temperatures in milli-degrees Celsius. Thresholds are ours [D].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

from science.defrost import rises
from science.timeline import MINUTE_MS, Look, Stretch

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
    glances: Sequence[Glance], openings: Sequence[Stretch], limits: Thresholds = THRESHOLDS
) -> tuple[Seen, ...]:
    """Every sign in readings sorted by time, by its beginning."""
    found = (
        *_flat(glances, limits),
        *_doors(glances, openings, limits),
        *_no_defrost(glances, limits),
        *_lasting(Sign.DIVERGING, glances, limits.apart_ms, _apart(limits)),
        *_lasting(Sign.SILENT, glances, limits.apart_ms, lambda one: one.silent > 0),
        *_lasting(Sign.FAKE_COLD, glances, limits.apart_ms, _faked(limits)),
    )
    return tuple(sorted(found, key=lambda one: (one.from_ms, one.sign)))


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
    """Readings that all lie within a width that no refrigeration unit keeps."""
    run: list[Glance] = []
    low = high = 0
    for one in glances:
        if one.warmest is None:
            continue
        low = min(low, one.warmest) if run else one.warmest
        high = max(high, one.warmest) if run else one.warmest
        if high - low > limits.flat_milli:
            yield from _flat_run(run, limits)
            run, low, high = [], one.warmest, one.warmest
        run.append(one)
    yield from _flat_run(run, limits)


def _flat_run(run: Sequence[Glance], limits: Thresholds) -> Iterator[Seen]:
    if run and run[-1].at_ms - run[0].at_ms >= limits.flat_ms:
        yield Seen(Sign.FLAT, run[0].at_ms, run[-1].at_ms)


def _doors(
    glances: Sequence[Glance], openings: Iterable[Stretch], limits: Thresholds
) -> Iterator[Seen]:
    for one in openings:
        inside = [g.warmest for g in glances if one.from_ms <= g.at_ms < one.until_ms]
        felt = [value for value in inside if value is not None]
        if one.until_ms - one.from_ms < limits.door_ms or len(felt) < 2:
            continue
        if max(felt) - min(felt) < limits.door_milli:
            yield Seen(Sign.DOOR_UNFELT, *one)


def _no_defrost(glances: Sequence[Glance], limits: Thresholds) -> Iterator[Seen]:
    """A stretch of readings as long as a day in which the air never rose and fell back."""
    looks = [Look(one.at_ms, one.warmest) for one in glances]
    if not looks:
        return
    edges = [looks[0].at_ms, *(one.from_ms for one in rises(looks)), looks[-1].at_ms]
    for before, after in pairwise(edges):
        if after - before >= limits.defrost_ms:
            yield Seen(Sign.NO_DEFROST, before, after)
