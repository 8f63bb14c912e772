"""Where a time and a temperature stand on a sheet of paper, in millimetres. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from science.limits import Line
from science.timeline import Stretch
from server.coldchain.shopper.band import Band
from server.web.shown import KOREA

HOUR_MS = 3_600_000
STEPS_MS = tuple(HOUR_MS * one // 4 for one in (1, 2, 4, 8, 12, 24, 48, 96))
LONGEST_MS = 7 * 24 * HOUR_MS
MOST_TICKS = 12
THIN_MM = 0.5
"""A line that a printer does not lose."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A box of paper; low and high: milli-degrees at its lower and upper edge."""

    window: Stretch
    low: int
    high: int
    left: float
    top: float
    width: float
    height: float

    @classmethod
    def of(cls, band: Band, limits: Sequence[Line], box: tuple[float, float, float, float]) -> Plot:
        """The plot of a band whose window is not empty; box: left, top, width, height."""
        ends = [end for one in limits for end in (one.low, one.high) if end is not None]
        values = [edge for one in band.columns for edge in (one.low, one.high)]
        low, high = min([*values, *ends, 0]), max([*values, *ends, 2_000])
        edges = (low // 1000 * 1000 - 1_000, -(-high // 1000) * 1000 + 1_000)
        return cls(band.window, *edges, *box)

    def x(self, at_ms: int) -> float:
        """Across."""
        share = (at_ms - self.window.from_ms) / (self.window.until_ms - self.window.from_ms)
        return self.left + share * self.width

    def y(self, milli: int) -> float:
        """Down."""
        return self.top + (self.high - milli) / (self.high - self.low) * self.height

    def columns(self, band: Band) -> Iterator[tuple[float, float, float, float]]:
        """What was read, as (x, y, width, height); nothing of it stands in a gap."""
        for one in band.columns:
            for from_ms, until_ms in _without(band.gaps, one.from_ms, one.until_ms):
                left, top = self.x(from_ms), self.y(one.high)
                height = max(self.y(one.low) - top, THIN_MM)
                yield left, top, self.x(until_ms) - left, height

    def degrees(self) -> Iterator[tuple[int, float]]:
        """Whole degrees at the side."""
        span = self.high - self.low
        step = 1000 * next(one for one in (2, 5, 10, 20, 50) if span / one < 9_000)
        for milli in range(-(-self.low // step) * step, self.high, step):
            yield milli // 1000, self.y(milli)

    def hours(self) -> Iterator[tuple[str, float]]:
        """Korean times below; a midnight has its day."""
        span = self.window.until_ms - self.window.from_ms
        step = next((one for one in STEPS_MS if span / one <= MOST_TICKS), LONGEST_MS)
        offset = 9 * HOUR_MS
        first = -(-(self.window.from_ms + offset) // step) * step - offset
        for at_ms in range(first, self.window.until_ms, step):
            at = datetime.fromtimestamp(at_ms // 1000, KOREA)
            midnight = at.hour == at.minute == 0
            yield (f"{at:%m-%d}" if midnight else f"{at:%H:%M}"), self.x(at_ms)

    def limits(self, limits: Sequence[Line]) -> Iterator[tuple[int, float]]:
        """Each end of a limit once."""
        ends = {end for one in limits for end in (one.low, one.high) if end is not None}
        for milli in sorted(ends):
            yield milli, self.y(milli)


def _without(gaps: Sequence[Stretch], from_ms: int, until_ms: int) -> Iterator[tuple[int, int]]:
    """What is left of a time when these gaps, in order, are taken out."""
    for gap in gaps:
        if gap.until_ms <= from_ms or gap.from_ms >= until_ms:
            continue
        if gap.from_ms > from_ms:
            yield from_ms, gap.from_ms
        from_ms = gap.until_ms
    if from_ms < until_ms:
        yield from_ms, until_ms
