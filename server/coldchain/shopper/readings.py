"""The readings of the places where a lot was, from the tracks, for a picture and its words.

Only what was read while the lot was there is drawn; where it was in two places at once the warmer
one is. What was read just before and behind a stay tells its ends: a reading holds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from operator import le

from science.timeline import RULES, Stretch
from server.coldchain import packing
from server.coldchain.models import Track
from server.coldchain.shopper.band import Readings


def of(stays: Sequence[tuple[int, Stretch]]) -> Readings:
    """The readings of (asset, time) pairs, put together."""
    return together(within(around(asset, window), window) for asset, window in stays)


def around(asset: int, window: Stretch) -> Readings:
    """What was read at an asset in a window, and as far beside it as a reading may hold."""
    low, high = window.from_ms - RULES.gap_ms, window.until_ms + RULES.gap_ms
    found = Track.objects.filter(asset=asset, until_ms__gte=low, from_ms__lt=high)
    rows = found.order_by("from_ms", "id").values_list("packed", flat=True)
    parts = (Readings(*packing.values(bytes(packed))) for packed in rows)
    return within(together(parts), Stretch(low, high))


def within(readings: Readings, window: Stretch) -> Readings:
    """The part that was read in a window."""
    first, behind = (bisect_left(readings.at_ms, edge) for edge in window)
    low, high = (bisect_left(readings.faults, edge) for edge in window)
    at_ms, values = readings.at_ms[first:behind], readings.values[first:behind]
    return Readings(at_ms, values, readings.faults[low:high])


def together(parts: Iterable[Readings]) -> Readings:
    """Readings of several places, or spans, as those of one."""
    times: list[int] = []
    values: list[int] = []
    faults: list[int] = []
    for one in parts:
        times += one.at_ms
        values += one.values
        faults += one.faults
    faults.sort()
    if all(map(le, times, times[1:])):
        return Readings(times, values, faults)
    # Sorted by value too: of one moment the warmest comes last, and stays.
    best = dict(sorted(zip(times, values, strict=True)))
    return Readings(list(best), list(best.values()), faults)
