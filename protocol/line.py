"""The straight line between two samples, exact at every millisecond, in integers.

Every question of the excursion detector about time between samples is answered here: when a level
is crossed, for how long it is exceeded, and the area above it. It refuses to round before it
compares: a crossing is found from the fraction itself.
Specification: docs/protocol.md, section "Excursions".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """The excess between two samples ``ms`` apart: ``first + rise * k / ms``, 0 <= k <= ms."""

    first: int
    rise: int
    ms: int

    def at(self, k: int) -> int:
        """The excess at ``k``, rounded down."""
        return self.first + self.rise * k // self.ms

    def first_above(self, level: int) -> int:
        """Smallest k with an excess above ``level``, on a rising line."""
        return (level - self.first) * self.ms // self.rise + 1

    def first_below(self, level: int) -> int:
        """Smallest k with an excess below ``level``, on a falling line."""
        return Line(-self.first, -self.rise, self.ms).first_above(-level)

    def first_not_above(self, level: int) -> int:
        """Smallest k with an excess not above ``level``, on a falling line."""
        return -((self.first - level) * self.ms // self.rise)

    def above(self, level: int, low: int, high: int) -> tuple[int, int]:
        """The one run within low <= k < high in which the excess is above ``level``.

        As (first k, k after the last); equal when there is none.
        """
        if self.rise > 0:
            return min(max(low, self.first_above(level)), high), high
        if self.rise < 0:
            return low, max(min(high, self.first_not_above(level)), low)
        return low, high if self.first > level else low

    def area(self, low: int, high: int) -> int:
        """Sum of ``at(k)`` over low <= k < high."""
        sums = [_floor_sum(count, self.rise, self.ms) for count in (low, high)]
        return (high - low) * self.first + sums[1] - sums[0]


def _floor_sum(count: int, slope: int, divisor: int) -> int:
    """Sum of ``slope * k // divisor`` over 0 <= k < count, in logarithmic time.

    It counts lattice points under a line: whole steps are summed at once, and what is left is the
    same question with the axes exchanged.
    """
    total = offset = 0
    while count > 0:
        steps, slope = divmod(slope, divisor)
        rows, offset = divmod(offset, divisor)
        total += steps * (count * (count - 1) // 2) + rows * count
        count, offset = divmod(slope * count + offset, divisor)
        slope, divisor = divisor, slope
    return total
