"""Which sensor is in somebody's hand? The one that got warmer, clearly more than others. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LEAST_MILLI: Final = 1_000
"""A hand warms a probe by a degree within seconds; a door that opens warms all of them."""

Values = Mapping[int, int]
"""Milli-degrees by sensor."""


def moved(before: Values, now: Values) -> int | None:
    """The one sensor that rose by a degree and at least twice as much as any other, or None."""
    rises = sorted(((now[n] - before[n], n) for n in before.keys() & now.keys()), reverse=True)
    if not rises or rises[0][0] < LEAST_MILLI:
        return None
    if len(rises) > 1 and rises[1][0] * 2 > rises[0][0]:
        return None
    return rises[0][1]


def coldest(before: Values, now: Values) -> Values:
    """What a rise is measured from: the lowest that each sensor has said so far."""
    return {n: min(before.get(n, value), value) for n, value in {**before, **now}.items()}
