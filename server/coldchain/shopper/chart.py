"""The temperature of a lot's places as one picture: a band, the limits, and gaps left as gaps.

SVG of a few kilobytes. What it shows is said in words beside it, so it is described and no more
than that; a gap is hatched and named, never joined. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from science.limits import Line
from science.timeline import Stretch
from server.coldchain.shopper.band import Band, Column
from server.web.shown import KOREA

WIDTH, HEIGHT = 340, 200
LEFT, RIGHT, TOP, BOTTOM = 30, 8, 22, 26
ROOM_FOR_WORDS = 52
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
STEPS_MS = (HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS, DAY_MS, 2 * DAY_MS)


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in the picture, in the reader's language."""

    title: str
    described: str
    gap: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a time and a temperature stand."""

    window: Stretch
    low: int
    high: int

    def x(self, at_ms: int) -> float:
        width = self.window.until_ms - self.window.from_ms
        place = (at_ms - self.window.from_ms) / width
        return round(LEFT + place * (WIDTH - LEFT - RIGHT), 1)

    def y(self, milli_celsius: int) -> float:
        place = (self.high - milli_celsius) / (self.high - self.low)
        return round(TOP + place * (HEIGHT - TOP - BOTTOM), 1)


def svg(band: Band, limits: Sequence[Line], words: Words) -> str:
    """The picture; "" where there is nothing to show a time of."""
    if band.window.until_ms <= band.window.from_ms:
        return ""
    frame = _frame(band, limits)
    parts = [
        *_ground(frame, limits),
        *_gaps(frame, band.gaps, words.gap),
        *_band(frame, band, limits),
        *_limits(frame, limits),
        *_hours(frame),
    ]
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="ct cd">'
        f'<title id="ct">{escape(words.title)}</title>'
        f'<desc id="cd">{escape(words.described)}</desc>'
        '<defs><pattern id="gap" width="6" height="6" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><path class="hatch" d="M0 0V6"/></pattern></defs>'
        f"{''.join(parts)}</svg>"
    )


def _frame(band: Band, limits: Iterable[Line]) -> _Frame:
    values = [edge for one in band.columns for edge in (one.low, one.high)]
    ends = [end for one in limits for end in (one.low, one.high) if end is not None]
    low, high = min([*values, *ends, 0]), max([*values, *ends, 2_000])
    return _Frame(band.window, low // 1000 * 1000 - 1_500, -(-high // 1000) * 1000 + 1_500)


def _ground(frame: _Frame, limits: Sequence[Line]) -> Iterator[str]:
    """The range within the widest limit, and the degrees at the side."""
    step = 1_000 * next(one for one in (2, 5, 10, 20) if (frame.high - frame.low) / one < 10_000)
    for degree in range(-(-frame.low // step) * step, frame.high, step):
        y = frame.y(degree)
        yield f'<path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>'
        yield f'<text x="{LEFT - 4}" y="{y + 3.5}" text-anchor="end">{degree // 1000}</text>'
    yield f'<text x="{LEFT - 4}" y="12" text-anchor="end">℃</text>'
    wide = limits[0] if limits else None
    if wide and wide.low is not None and wide.high is not None:
        top, bottom = frame.y(wide.high), frame.y(wide.low)
        inner = WIDTH - LEFT - RIGHT
        yield f'<rect class="within" x="{LEFT}" y="{top}" width="{inner}" height="{bottom - top}"/>'


def _gaps(frame: _Frame, gaps: Iterable[Stretch], word: str) -> Iterator[str]:
    for one in gaps:
        left, right = frame.x(one.from_ms), frame.x(one.until_ms)
        width = max(round(right - left, 1), 1.5)
        inner = HEIGHT - TOP - BOTTOM
        place = f'x="{left}" y="{TOP}" width="{width}" height="{inner}"'
        yield f'<rect class="gap" fill="url(#gap)" {place}/>'
        if width >= ROOM_FOR_WORDS:
            middle = round(left + width / 2, 1)
            yield f'<text class="gapword" x="{middle}" y="{TOP + 13}">{escape(word)}</text>'


def _limits(frame: _Frame, limits: Iterable[Line]) -> Iterator[str]:
    for one in limits:
        for end in (one.low, one.high):
            if end is not None and (end or one.kind == "law"):
                y = frame.y(end)
                yield f'<path class="limit {one.kind}" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>'


def _band(frame: _Frame, band: Band, limits: Sequence[Line]) -> Iterator[str]:
    for run in _runs(band):
        points = [(frame.x(one.from_ms), frame.x(one.until_ms), one) for one in run]
        over = " ".join(f"L{a} {frame.y(c.high)}H{b}" for a, b, c in points)
        # Never thinner than a line that an eye can see.
        under = " ".join(f"L{b} {frame.y(c.low) + 2}H{a}" for a, b, c in reversed(points))
        yield f'<path class="band" d="M{over[1:]} {under}Z"/>'
    yield from _beyond(frame, band, limits)


def _beyond(frame: _Frame, band: Band, limits: Sequence[Line]) -> Iterator[str]:
    """A mark of another shape above what is beyond the widest limit."""
    most = limits[0].high if limits else None
    hot = [one for one in band.columns if most is not None and one.high > most]
    if hot:
        worst = max(hot, key=lambda one: one.high)
        x, y = frame.x((worst.from_ms + worst.until_ms) // 2), frame.y(worst.high) - 3
        yield f'<path class="beyond" d="M{x} {y}l-5 -9h10z"/>'


def _runs(band: Band) -> Iterator[list[Column]]:
    """Columns that touch, with no gap between them."""
    run: list[Column] = []
    for one in band.columns:
        if run and (run[-1].until_ms != one.from_ms or _parted(band, one.from_ms)):
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _parted(band: Band, at_ms: int) -> bool:
    return any(gap.from_ms <= at_ms <= gap.until_ms for gap in band.gaps)


def _hours(frame: _Frame) -> Iterator[str]:
    width = frame.window.until_ms - frame.window.from_ms
    step = next((one for one in STEPS_MS if width / one <= 4.5), 7 * DAY_MS)
    offset = 9 * HOUR_MS
    first = -(-(frame.window.from_ms + offset) // step) * step - offset
    for at_ms in range(first, frame.window.until_ms, step):
        x, when = frame.x(at_ms), datetime.fromtimestamp(at_ms // 1000, KOREA)
        midnight = when.hour == 0
        word = f"{when:%-m/%-d}" if midnight else f"{when:%-H}:00"
        yield f'<path class="grid" d="M{x} {HEIGHT - BOTTOM}v4"/>'
        anchor = "middle" if x < WIDTH - RIGHT - 12 else "end"
        yield f'<text x="{x}" y="{HEIGHT - BOTTOM + 16}" text-anchor="{anchor}">{word}</text>'
