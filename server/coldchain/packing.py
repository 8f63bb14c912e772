"""How readings of one span and the histogram of one hour lie in a row: little-endian columns.

Packed and unpacked here only; both are derived and can be made again, so a changed layout is a new
first byte and a rebuild. Reading refuses another layout.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from science.histogram import Bin, Exposure, State
from science.sensing import Happened
from science.timeline import Look

LAYOUT: Final = 1
NULL: Final = -(2**31)
_HEAD: Final = struct.Struct("<BII")
HEAD: Final = _HEAD.size
_SEEN: Final = "qiiiiB"
_HAPPENED: Final = "qhh"
_BIN: Final = struct.Struct("<BiIQ")
_LOOK: Final = partial(tuple.__new__, Look)
"""What `Look._make` does, without a step of Python for each of a quarter of a million a month."""
_STATES: Final = (State.KNOWN, State.UNKNOWN, State.DOOR, State.DEFROST)


class Seen(NamedTuple):
    """One record: UTC ms; warmest, coldest and displayed milli_celsius; doubt; silent sensors."""

    at_ms: int
    warmest: int | None
    coldest: int | None
    uncertainty_milli: int
    display: int | None = None
    silent: int = 0

    @property
    def look(self) -> Look:
        """What the timeline wants of it."""
        return Look(self.at_ms, self.warmest, self.uncertainty_milli)


@dataclass(frozen=True, slots=True)
class Readings:
    """What a span holds, in order of time."""

    seen: tuple[Seen, ...] = ()
    happened: tuple[Happened, ...] = ()


def pack(readings: Readings) -> bytes:
    """The bytes of a row."""
    seen, happened = readings.seen, readings.happened
    head = _HEAD.pack(LAYOUT, len(seen), len(happened))
    columns = [[_wire(value) for value in column] for column in zip(*seen, strict=True)]
    events = [list(column) for column in zip(*happened, strict=True)]
    packed = (
        struct.pack(f"<{len(column)}{kind}", *column)
        for kinds, table in ((_SEEN, columns), (_HAPPENED, events))
        for kind, column in zip(kinds, table, strict=False)
    )
    return head + b"".join(packed)


def _wire(value: int | None) -> int:
    return NULL if value is None else value


def unpack(packed: bytes) -> Readings:
    """The way back. Raises ValueError for another layout."""
    count, events, at = _head(packed)
    columns = list(_columns(packed, at, _SEEN, count))
    at += count * struct.calcsize(f"<{_SEEN}")
    happened = _columns(packed, at, _HAPPENED, events)
    rows = zip(*columns, strict=True)
    seen = tuple(Seen(t, _read(a), _read(b), u, _read(d), s) for t, a, b, u, d, s in rows)
    return Readings(seen, tuple(Happened(*one) for one in zip(*happened, strict=True)))


def looks(packed: bytes) -> tuple[list[Look], list[Happened]]:
    """Only what the timeline wants, which is most of what is ever read."""
    count, events, at = _head(packed)
    times = struct.unpack_from(f"<{count}q", packed, at)
    warmest = struct.unpack_from(f"<{count}i", packed, at + 8 * count)
    doubt = struct.unpack_from(f"<{count}i", packed, at + 16 * count)
    values = map(_read, warmest) if NULL in warmest else warmest
    found = list(map(_LOOK, zip(times, values, doubt, strict=True)))
    happened = _columns(packed, at + count * struct.calcsize(f"<{_SEEN}"), _HAPPENED, events)
    return found, [Happened(*one) for one in zip(*happened, strict=True)]


def count(packed: bytes) -> int:
    """How many readings there are; the first HEAD bytes are enough."""
    return _head(packed)[0]


def values(packed: bytes) -> tuple[list[int], list[int], list[int]]:
    """Times and warmest temperatures of the readings that have one, and times of those that have
    none: for a picture of very many."""
    count, _, at = _head(packed)
    times = struct.unpack_from(f"<{count}q", packed, at)
    warmest = struct.unpack_from(f"<{count}i", packed, at + 8 * count)
    if NULL not in warmest:
        return list(times), list(warmest), []
    pairs = list(zip(times, warmest, strict=True))
    kept = [pair for pair in pairs if pair[1] != NULL]
    faults = [at_ms for at_ms, one in pairs if one == NULL]
    return [at_ms for at_ms, _ in kept], [one for _, one in kept], faults


def _head(packed: bytes) -> tuple[int, int, int]:
    layout, count, events = _HEAD.unpack_from(packed)
    if layout != LAYOUT:
        raise ValueError(f"readings packed as layout {layout}, known: {LAYOUT}: rebuild the tracks")
    return count, events, _HEAD.size


def _columns(packed: bytes, at: int, kinds: str, count: int) -> Iterator[tuple[int, ...]]:
    for kind in kinds:
        yield struct.unpack_from(f"<{count}{kind}", packed, at)
        at += count * struct.calcsize(f"<{kind}")


def _read(value: int) -> int | None:
    return None if value == NULL else value


def pack_exposure(exposure: Exposure) -> bytes:
    """The bytes of a histogram."""
    rows = (
        _BIN.pack(_STATES.index(one.state), _wire(one.milli_celsius), one.uncertainty_milli, ms)
        for one, ms in exposure.bins.items()
    )
    return bytes([LAYOUT]) + b"".join(rows)


def add_packed(bins: dict[Bin, int], packed: bytes) -> None:
    """Add a packed histogram to bins, without making it a value first: there are many."""
    if packed[0] != LAYOUT:
        raise ValueError(f"a histogram of layout {packed[0]}, known: {LAYOUT}: rebuild the tracks")
    for state, milli, doubt, ms in _BIN.iter_unpack(packed[1:]):
        one = Bin(_STATES[state], _read(milli), doubt)
        bins[one] = bins.get(one, 0) + ms
