"""Rows out of the outbox, as spans for a batch or as the ground of a proof. Never a rotten one.

A card may flip a bit long after the commit, and SQLite would not notice: so every row is hashed
again and its chain checked before it leaves, and what fails is set apart for a tombstone.
Every function raises StorageTrouble. Spec: docs/protocol.md, "Spans".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import accumulate, takewhile

from agent.core.shelf import Cut
from agent.edges import rows
from agent.edges.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Slice:
    """What was read for a batch: the cuts as far as they could be read, and their sealed bytes."""

    cuts: tuple[Cut, ...]
    spans: tuple[tuple[bytes, ...], ...]


def read(outbox: Outbox, cuts: Sequence[Cut], max_bytes: int) -> Slice:
    """Read spans for a batch, as many whole rows as fit into `max_bytes`."""
    good: list[tuple[Cut, tuple[bytes, ...]]] = []
    for cut in cuts:
        span = _fitting(outbox.sound(cut), max_bytes)
        max_bytes -= sum(map(_cost, span))
        if span:
            good.append((replace(cut, last=cut.first + len(span) - 1), span))
    return Slice(tuple(cut for cut, _ in good), tuple(span for _, span in good))


def own(outbox: Outbox, cut: Cut) -> dict[int, bytes]:
    """What is on the card of this run, by number, as far as its bytes are what was sealed."""
    with outbox.using() as sql:
        found = rows.between(sql, cut.number, cut.first, cut.last)
        return {seq: sealed for seq, digest, sealed in found if sha256(sealed).digest() == digest}


def _fitting(span: Sequence[bytes], max_bytes: int) -> tuple[bytes, ...]:
    sizes = accumulate(map(_cost, span))
    fitting = sum(1 for _ in takewhile(lambda size: size <= max_bytes, sizes))
    return tuple(span[:fitting])


def _cost(sealed: bytes) -> int:
    """Bytes of a sealed record in a batch, with the CBOR head before it."""
    return len(sealed) + 5
