"""Readings drawn together for a narrow picture: lowest and highest of each column, and the gaps.

A gap is what the published rule calls unknown time: readings further apart than it allows, or none
at the ends. Nothing is drawn over a gap, and nothing joins its sides. Pure; times are UTC ms,
temperatures milli-degrees Celsius.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, pairwise
from operator import sub

from science.timeline import RULES, Stretch

COLUMNS = 100


@dataclass(frozen=True, slots=True)
class Column:
    """What was read in a part of a window."""

    from_ms: int
    until_ms: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Band:
    """A window in columns (those with a reading) and its gaps, both in order of time."""

    window: Stretch
    columns: tuple[Column, ...]
    gaps: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings that have a value, by time: `at_ms` ascends, `values` has the same length.

    faults: when no sensor could say, ascending; nothing holds across one.
    """

    at_ms: Sequence[int] = ()
    values: Sequence[int] = ()
    faults: Sequence[int] = ()


def draw(
    readings: Readings,
    window: Stretch,
    columns: int = COLUMNS,
    dark: Sequence[Stretch] | None = None,
) -> Band:
    """Draw a window. A reading before it holds into it. dark: the time without a record, where it
    is known already, merged."""
    width = window.until_ms - window.from_ms
    if width <= 0:
        return Band(window, (), ())
    edges = [window.from_ms + width * place // columns for place in range(columns + 1)]
    found = tuple(_columns(readings, edges))
    if dark is None:
        return Band(window, found, tuple(gaps(readings, window)))
    inside = (
        Stretch(max(one.from_ms, window.from_ms), min(one.until_ms, window.until_ms))
        for one in dark
    )
    return Band(window, found, tuple(one for one in inside if one.from_ms < one.until_ms))


def spread(readings: Readings, window: Stretch) -> Column | None:
    """Lowest and highest in a window, what holds into it included; None where nothing was read."""
    return next(_columns(readings, window), None)


def gaps(readings: Readings, window: Stretch) -> list[Stretch]:
    """The time of a window that no reading tells."""
    return list(_joined(_gaps(readings, window)))


def _columns(readings: Readings, edges: Sequence[int]) -> Iterator[Column]:
    for low, high in pairwise(edges):
        first, behind = (bisect_left(readings.at_ms, edge) for edge in (low, high))
        values = readings.values[_holding(readings, first, low) : behind]
        if values:
            yield Column(low, high, min(values), max(values))


def _holding(readings: Readings, first: int, edge: int) -> int:
    """Which reading holds at this edge: the one before, if nothing parts it from the next."""
    at_ms = readings.at_ms
    if first == 0 or first >= len(at_ms) or at_ms[first] == edge:
        return first
    return first if _parted(readings, at_ms[first - 1], at_ms[first]) else first - 1


def _parted(readings: Readings, one: int, other: int) -> bool:
    """Whether the time between two neighbouring readings has no record."""
    if other - one > RULES.gap_ms:
        return True
    fault = bisect_left(readings.faults, one)
    return fault < len(readings.faults) and readings.faults[fault] < other


def _gaps(readings: Readings, window: Stretch) -> Iterator[Stretch]:
    """Before the first reading and after the last nothing holds: that time has no record."""
    at_ms = readings.at_ms
    first = max(bisect_right(at_ms, window.from_ms) - 1, 0)
    marks = at_ms[first : bisect_left(at_ms, window.until_ms) + 1]
    if not marks:
        yield window
        return
    yield Stretch(window.from_ms, min(marks[0], window.until_ms))
    for place in _partings(marks, readings.faults):
        one, other = marks[place], marks[place + 1]
        yield Stretch(max(one, window.from_ms), min(other, window.until_ms))
    yield Stretch(max(marks[-1], window.from_ms), window.until_ms)


def _partings(marks: Sequence[int], faults: Sequence[int]) -> list[int]:
    """Which readings are parted from the next one. A week has 60,000: no call for each of them."""
    far = map(RULES.gap_ms.__lt__, map(sub, marks[1:], marks))
    found = set(compress(range(len(marks)), far))
    inside = faults[bisect_left(faults, marks[0]) : bisect_left(faults, marks[-1])]
    return sorted(found | {bisect_right(marks, fault) - 1 for fault in inside})


def _joined(gaps: Iterable[Stretch]) -> Iterator[Stretch]:
    """Without those of no length; those that touch are one."""
    last: Stretch | None = None
    for gap in gaps:
        if gap.until_ms <= gap.from_ms:
            continue
        if last is not None and gap.from_ms <= last.until_ms:
            last = Stretch(last.from_ms, gap.until_ms)
            continue
        if last is not None:
            yield last
        last = gap
    if last is not None:
        yield last
