"""Sets of sequence numbers, kept as runs: the arithmetic behind every counter of the outbox.

A truck makes rows in order and proves them in order, so a set of hundreds of thousands of numbers
is a handful of runs. Pure and immutable; refuses runs that end before they begin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Run = tuple[int, int]
"""(first, last), both inside."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """Disjoint runs in rising order that never touch: one set has one shape."""

    runs: tuple[Run, ...] = ()

    @classmethod
    def of(cls, runs: Iterable[Run]) -> Ranges:
        """Build from runs in any order, overlapping or not. ValueError for a backward run."""
        merged: list[Run] = []
        for first, last in sorted(runs):
            if last < first:
                raise ValueError(f"a run cannot go from {first} to {last}")
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        return cls(tuple(merged))

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.runs)

    def __bool__(self) -> bool:
        return bool(self.runs)

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and any(a <= number <= b for a, b in self.runs)

    def __iter__(self) -> Iterator[int]:
        for first, last in self.runs:
            yield from range(first, last + 1)

    def __or__(self, other: Ranges) -> Ranges:
        return Ranges.of(self.runs + other.runs) if other.runs else self

    def __sub__(self, other: Ranges) -> Ranges:
        left: list[Run] = []
        cuts, skip = other.runs, 0
        for first, last in self.runs:
            while skip < len(cuts) and cuts[skip][1] < first:
                skip += 1
            left.extend(_without((first, last), cuts[skip:]))
        return Ranges(tuple(left))

    def __and__(self, other: Ranges) -> Ranges:
        return self - (self - other)

    def covers(self, first: int, last: int) -> bool:
        """Whether every number from first to last is inside."""
        return any(a <= first and last <= b for a, b in self.runs)


def _without(run: Run, cuts: tuple[Run, ...]) -> Iterator[Run]:
    first, last = run
    for start, end in cuts:
        if start > last:
            break
        if first < start:
            yield first, start - 1
        first = max(first, end + 1)
    if first <= last:
        yield first, last


NONE = Ranges()


def run(first: int, last: int) -> Ranges:
    """One run; empty when last is before first."""
    return Ranges(((first, last),)) if first <= last else NONE
