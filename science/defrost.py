"""Which rises of the air are defrosts: periodic, small, short, and with no door open.

A refrigeration unit tells nobody when it defrosts, so the pattern is learned from the readings of
one truck or room. What is excused is at most 3 °C and 30 minutes, and only where at least three
rises keep one period. It refuses to excuse a first or a lonely rise.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low
from typing import Final

from science.marks import Figure, Mark
from science.timeline import MINUTE_MS, Look, Stretch

LEAST_RISE: Final = Figure(800, "milli_celsius", "a vendor flags swings above 0.8 °C", Mark.READ)
MOST_RISE: Final = Figure(3_000, "milli_celsius", "excused at most", Mark.OURS)
MOST_MS: Final = Figure(30 * MINUTE_MS, "ms", "excused at most", Mark.OURS)
BACK: Final = 400
"""milli_celsius above where it began, at which a rise is over."""
RISES: Final = 3
OFF_BEAT_PERCENT: Final = 25
"""How far from the period a rise may be and still keep it."""
NEAR_DOOR_MS: Final = 5 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Pattern:
    """What was learned: the usual time from one rise to the next, and the rises that keep it."""

    period_ms: int
    rises: tuple[Stretch, ...]


def learn(looks: Sequence[Look], openings: Sequence[Stretch]) -> Pattern | None:
    """The pattern in arranged readings; None where nothing is periodic."""
    found = [one for one in rises(looks) if not _near_door(one, openings)]
    apart = [after.from_ms - one.from_ms for one, after in pairwise(found)]
    if len(found) < RISES:
        return None
    period_ms = median_low(apart)
    on_beat = [_on_beat(ms, period_ms) for ms in apart]
    kept = tuple(
        one for place, one in enumerate(found) if any(on_beat[max(place - 1, 0) : place + 1])
    )
    return Pattern(period_ms, kept) if len(kept) >= RISES else None


def _on_beat(ms: int, period_ms: int) -> bool:
    return abs(ms - period_ms) * 100 <= OFF_BEAT_PERCENT * period_ms


def rises(looks: Sequence[Look]) -> Iterator[Stretch]:
    """Every small, short rise that came back; a fault, or too large or long a rise, begins anew."""
    low_ms, rising = 0, False
    low: int | None = None
    for at_ms, value, _ in looks:
        if value is None or low is None:
            low_ms, low, rising = at_ms, value, False
            continue
        rise = value - low
        if not rising:
            rising = rise >= LEAST_RISE.value
            if rise <= 0:
                low_ms, low = at_ms, value
        elif rise > MOST_RISE.value or at_ms - low_ms > MOST_MS.value:
            low_ms, low, rising = at_ms, value, False
        elif rise <= BACK:
            yield Stretch(low_ms, at_ms)
            low_ms, low, rising = at_ms, value, False


def _near_door(rise: Stretch, openings: Sequence[Stretch]) -> bool:
    place = bisect_left(openings, rise.from_ms - NEAR_DOOR_MS, key=lambda one: one.until_ms)
    return place < len(openings) and openings[place].from_ms < rise.until_ms
