"""What a record says about records that are gone from the card: their place, and a summary.

A tombstone closes the joint: the chain can be checked across the hole without the bodies.
Spec: docs/protocol.md, section "Bodies", tombstone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from protocol import fields
from protocol.registry import Kind, Quantity, Reason

MAX_RANGES: Final = 16
MAX_SUMMARIES: Final = 64

_QUANTITIES: Final = fields.codes(Quantity)
_REASONS: Final = fields.codes(Reason)


@dataclass(frozen=True, slots=True)
class Summary:
    """What one sensor measured in the evicted range, in the quantity's unit."""

    sensor: int
    quantity: Quantity
    minimum: int
    mean: int
    maximum: int

    def values(self) -> list[object]:
        """Return the five elements of the list."""
        return [self.sensor, self.quantity, self.minimum, self.mean, self.maximum]

    @classmethod
    def read(cls, value: object) -> Summary:
        """Read the list of five; minimum <= mean <= maximum."""
        sensor, quantity, minimum, mean, maximum = fields.row(value, 5, "summary")
        low = fields.integer(minimum, -fields.I32, fields.I32, "minimum")
        high = fields.integer(maximum, low, fields.I32, "maximum")
        return cls(
            fields.integer(sensor, 0, 255, "sensor"),
            fields.code(_QUANTITIES, quantity, "quantity"),
            low,
            fields.integer(mean, low, high, "mean"),
            high,
        )


@dataclass(frozen=True, slots=True)
class Evicted:
    """One run of gone records, first..last of `epoch`.

    prev_hash is the hash before the first, last_hash that of the last; count says how many of them
    the card still held when they went.
    """

    epoch: bytes
    first: int
    last: int
    prev_hash: bytes
    last_hash: bytes
    count: int
    reason: Reason
    summaries: tuple[Summary, ...] = ()

    def values(self) -> list[object]:
        """Return the eight elements of the list."""
        place: list[object] = [self.epoch, self.first, self.last, self.prev_hash, self.last_hash]
        return [*place, self.count, self.reason, [one.values() for one in self.summaries]]

    @classmethod
    def read(cls, value: object) -> Evicted:
        """Read the list of eight; first <= last, 1 <= count <= last - first + 1."""
        epoch, first, last, prev, final, count, reason, summaries = fields.row(value, 8, "range")
        start = fields.integer(first, 0, fields.U32, "range first")
        end = fields.integer(last, start, fields.U32, "range last")
        return cls(
            fields.octets(epoch, 8, "range epoch"),
            start,
            end,
            fields.octets(prev, 32, "range prev hash"),
            fields.octets(final, 32, "range last hash"),
            fields.integer(count, 1, end - start + 1, "range count"),
            fields.code(_REASONS, reason, "range reason"),
            _read_summaries(summaries),
        )


def _read_summaries(value: object) -> tuple[Summary, ...]:
    rows = fields.items(value, 0, MAX_SUMMARIES, "summaries")
    return tuple(Summary.read(row) for row in rows)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Up to 16 evicted ranges."""

    KIND: ClassVar[Kind] = Kind.TOMBSTONE

    ranges: tuple[Evicted, ...]

    def values(self) -> list[object]:
        """Return the fields as CBOR values."""
        return [[one.values() for one in self.ranges]]

    @classmethod
    def read(cls, body: object) -> Tombstone:
        """Read the body map."""
        (ranges,) = fields.numbered(body, 1, "tombstone")
        rows = fields.items(ranges, 1, MAX_RANGES, "ranges")
        return cls(tuple(Evicted.read(row) for row in rows))
