"""A span: contiguous records of one epoch, and the leaf under which the log keeps them.

Nothing about a span is signed or sent: it is computed from the records, whose chain it checks.
It checks no signature. Spec: docs/protocol.md, sections "Spans" and "Leaves".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from protocol import merkle
from protocol.errors import ProtocolError
from protocol.leaf import (
    MAX_RECORDS,
    Leaf,
    ServiceLeaf,
    SpanLeaf,
    SuccessorLeaf,
    TickLeaf,
    decode_leaf,
    encode_leaf,
)
from protocol.record import Sealed, open_sealed
from protocol.registry import Problem

__all__ = [
    "MAX_BATCH_BYTES",
    "MAX_RECORDS",
    "MAX_SPANS",
    "Leaf",
    "ServiceLeaf",
    "Span",
    "SpanLeaf",
    "SuccessorLeaf",
    "TickLeaf",
    "decode_leaf",
    "encode_leaf",
    "open_at",
    "records_root",
]

MAX_SPANS: Final = 16
MAX_BATCH_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Span:
    """Records first..last of one epoch (8 bytes), sealed by one key; hashes and root 32 bytes."""

    epoch: bytes
    first: int
    last: int
    prev_hash: bytes
    last_hash: bytes
    root: bytes
    records: tuple[Sealed, ...]

    @classmethod
    def of(cls, records: Sequence[Sealed]) -> Span:
        """Return the span of these records in the order given.

        Raises ProtocolError with the index of the first record that does not fit: MALFORMED (none),
        TOO_MANY_RECORDS, MIXED_EPOCHS, BROKEN_CHAIN.
        """
        if not records:
            raise ProtocolError(Problem.MALFORMED, "a span without records")
        if len(records) > MAX_RECORDS:
            raise ProtocolError(
                Problem.TOO_MANY_RECORDS, f"{len(records)} records, at most {MAX_RECORDS}"
            )
        for index in range(1, len(records)):
            _check_joint(records[index - 1], records[index], index)
        return cls._trusted(tuple(records))

    @classmethod
    def open(cls, sealed: Sequence[bytes]) -> Span:
        """Return the span of sealed bytes; every refusal says which record."""
        if len(sealed) > MAX_RECORDS:
            raise ProtocolError(
                Problem.TOO_MANY_RECORDS, f"{len(sealed)} records, at most {MAX_RECORDS}"
            )
        return cls.of([open_at(index, one) for index, one in enumerate(sealed)])

    @classmethod
    def _trusted(cls, records: tuple[Sealed, ...]) -> Span:
        first, last = records[0], records[-1]
        return cls(
            epoch=first.record.epoch,
            first=first.record.seq,
            last=last.record.seq,
            prev_hash=first.record.prev,
            last_hash=last.hash,
            root=records_root([one.sealed for one in records]),
            records=records,
        )

    def leaf(self, device: str) -> SpanLeaf:
        """Return the log's leaf of this span of this device."""
        return SpanLeaf(
            device=device,
            epoch=self.epoch,
            first=self.first,
            last=self.last,
            prev_hash=self.prev_hash,
            last_hash=self.last_hash,
            root=self.root,
        )

    def slice(self, first: int, last: int) -> Span:
        """Return the part first..last (sequence numbers, both included)."""
        if not self.first <= first <= last <= self.last:
            raise ValueError(f"{first}..{last} is not within {self.first}..{self.last}")
        return Span._trusted(self.records[first - self.first : last - self.first + 1])


def records_root(sealed: Sequence[bytes]) -> bytes:
    """Return the RFC 6962 root over sealed records (32 bytes)."""
    return merkle.root([merkle.leaf_hash(one) for one in sealed])


def open_at(index: int, sealed: bytes) -> Sealed:
    """Return record `index` of a span; a refusal says that it is this one."""
    try:
        return open_sealed(sealed)
    except ProtocolError as error:
        raise error.at(index=index) from None


def _check_joint(left: Sealed, right: Sealed, index: int) -> None:
    before, after = left.record, right.record
    if after.epoch != before.epoch:
        raise ProtocolError(Problem.MIXED_EPOCHS, "another epoch begins", index=index)
    if right.kid != left.kid:
        raise ProtocolError(Problem.MIXED_EPOCHS, "another key sealed this record", index=index)
    if after.seq != before.seq + 1:
        raise ProtocolError(
            Problem.BROKEN_CHAIN, f"record {after.seq} follows {before.seq}", index=index
        )
    if after.prev != left.hash:
        raise ProtocolError(
            Problem.BROKEN_CHAIN, "prev is not the hash of the record before", index=index
        )
