"""The readings of the places where a lot was, from the tracks, for a picture.

Only what was read while the lot was there counts; where it was in two places at once the warmer
one does.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import le

from science.timeline import Stretch
from server.coldchain import packing
from server.coldchain.models import Track
from server.coldchain.shopper.band import Readings


def of(stays: Sequence[tuple[int, Stretch]]) -> Readings:
    """The readings of (asset, time) pairs, put together."""
    times: list[int] = []
    values: list[int] = []
    faults: list[int] = []
    for asset, window in stays:
        for at_ms, warmest, silent in _tracks(asset, window):
            first = bisect_left(at_ms, window.from_ms)
            behind = bisect_left(at_ms, window.until_ms)
            times += at_ms[first:behind]
            values += warmest[first:behind]
            faults += (at for at in silent if window.from_ms <= at < window.until_ms)
    faults.sort()
    if all(map(le, times, times[1:])):
        return Readings(times, values, faults)
    # Sorted by value too: of one moment the warmest comes last, and stays.
    best = dict(sorted(zip(times, values, strict=True)))
    return Readings(list(best), list(best.values()), faults)


def _tracks(asset: int, window: Stretch) -> Iterator[tuple[list[int], list[int], list[int]]]:
    rows = Track.objects.filter(
        asset=asset, until_ms__gte=window.from_ms, from_ms__lt=window.until_ms
    )
    for packed in rows.order_by("from_ms", "id").values_list("packed", flat=True):
        yield packing.values(bytes(packed))
