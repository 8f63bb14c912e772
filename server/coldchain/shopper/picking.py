"""Which readings of a lot's stays an evidence file shows, where it cannot show all of them.

Spans of the log are taken in blocks: a span shows little, and a hole between two costs a chapter.
First those with the warmest and the coldest reading of every stay, then the others spread evenly
over the time, each step halving what is between: a file that stops anywhere has looked everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from science.timeline import Look, Stretch, merged
from server.coldchain import packing
from server.coldchain.models import Lot, Track
from server.coldchain.shopper.stages import way
from server.devices.models import HeldSpan

BLOCK: Final = 250
"""Records after which a block is full."""
CHUNK: Final = 500
EVER: Final = 1 << 62

Times = Mapping[bytes, frozenset[int]]
"""By leaf hash of a span: when those of its readings were made that belong to a stay, UTC ms."""


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring spans of one epoch; run and place: two of one run with places in a row touch."""

    device: str
    epoch: bytes
    run: int
    place: int
    spans: tuple[HeldSpan, ...]
    from_ms: int


@dataclass(slots=True)
class Wanted:
    """What the stays of a lot want shown; extremes: the spans with what each of them had warmest
    and coldest."""

    times: dict[bytes, frozenset[int]] = field(default_factory=dict)
    extremes: set[bytes] = field(default_factory=set)


def wanted(lot: Lot, now_ms: int) -> Wanted:
    """The readings of every place where a lot was, or what it came of; each once."""
    stays: dict[int, list[Stretch]] = {}
    for one in way(lot, now_ms).windows:
        until_ms = EVER if one.until_ms is None else one.until_ms
        stays.setdefault(one.stay.room.asset_id, []).append(Stretch(one.from_ms, until_ms))
    found = Wanted()
    for asset, some in sorted(stays.items()):
        for stretch in merged(some):
            _want(found, asset, stretch)
    return found


def _want(found: Wanted, asset: int, stretch: Stretch) -> None:
    rows = Track.objects.filter(
        asset=asset, until_ms__gte=stretch.from_ms, from_ms__lt=stretch.until_ms
    )
    ends: list[tuple[int, int, bytes]] = []
    for span, packed in rows.order_by("from_ms", "id").values_list("span", "packed").iterator():
        seen, _ = packing.looks(bytes(packed))
        inside = [one for one in seen if stretch.from_ms <= one.at_ms < stretch.until_ms]
        leaf, values = bytes(span), _values(inside)
        if inside:
            times = frozenset(one.at_ms for one in inside)
            found.times[leaf] = found.times.get(leaf, frozenset()) | times
        if values:
            ends.append((min(values), max(values), leaf))
    if ends:
        found.extremes |= {min(ends)[2], max(ends, key=lambda one: one[1])[2]}


def _values(looks: Iterable[Look]) -> list[int]:
    return [one.milli_celsius for one in looks if one.milli_celsius is not None]


def blocks(times: Times) -> list[Block]:
    """The spans with these readings, and those between them, as blocks in order of time."""
    found = list(_blocks(times))
    return sorted(found, key=lambda one: (one.from_ms, one.device, one.epoch, one.place))


def _blocks(times: Times) -> Iterator[Block]:
    runs = (run for rows in _epochs(times) for run in _touching(rows))
    for number, run in enumerate(runs):
        for place, some in enumerate(_cut(run)):
            shown = [min(at) for row in some if (at := times.get(bytes(row.leaf_hash)))]
            if shown:
                who = (some[0].device_id, bytes(some[0].epoch))
                yield Block(*who, number, place, tuple(some), min(shown))


def _epochs(times: Times) -> Iterator[list[HeldSpan]]:
    """By epoch, the spans from the first to the last in which a reading lies."""
    leaves, ends = sorted(times), dict[tuple[str, bytes], tuple[int, int]]()
    for start in range(0, len(leaves), CHUNK):
        some = leaves[start : start + CHUNK]
        for one in HeldSpan.objects.filter(leaf_hash__in=some, contested=False):
            key = (one.device_id, bytes(one.epoch))
            first, last = ends.get(key, (one.first, one.last))
            ends[key] = (min(first, one.first), max(last, one.last))
    for (device, epoch), (first, last) in sorted(ends.items()):
        rows = HeldSpan.objects.filter(device=device, epoch=epoch, contested=False)
        yield list(rows.filter(first__gte=first, last__lte=last).order_by("first"))


def _touching(rows: Iterable[HeldSpan]) -> Iterator[list[HeldSpan]]:
    run: list[HeldSpan] = []
    for row in rows:
        if run and run[-1].last + 1 != row.first:
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _cut(rows: Sequence[HeldSpan]) -> Iterator[list[HeldSpan]]:
    """In blocks; the last one may be small."""
    begin = rows[0].first
    for _, some in groupby(rows, key=lambda row: (row.first - begin) // BLOCK):
        yield list(some)


def ranked(found: Sequence[Block], extremes: Iterable[bytes]) -> list[Block]:
    """Blocks in the order in which they are shown."""
    first, told = list[Block](), set(extremes)
    rest = list[Block]()
    for one in found:
        is_first = any(bytes(row.leaf_hash) in told for row in one.spans)
        (first if is_first else rest).append(one)
    return [*first, *(rest[place] for place in evenly(len(rest)))]


def evenly(count: int) -> list[int]:
    """0 to count - 1 so that every beginning of it is spread over the whole: by halving."""
    return sorted(range(count), key=lambda place: (-(place & -place) or -count - 1, place))
