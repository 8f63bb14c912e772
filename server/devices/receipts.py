"""Proof for a device: one checkpoint, one consistency proof, up to 32 inclusion proofs.

And `head`: what is held of it, so that a device that was restarted skips what is here. Pages are
bounded; a device asks again from `next`. Spec: docs/protocol.md, sections "Receipt and trust" and
"HTTP".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from protocol import cbor, merkle, wire
from protocol.errors import ProtocolError
from protocol.leaf import MAX_RECORDS, encode_leaf
from protocol.registry import Problem
from server.devices import ranges
from server.devices.models import Device, EpochFacts, HeldSpan
from server.ledger import keys, log
from server.ledger.log import Checkpoint
from server.ledger.succession import chain

PAGE_EPOCHS = 64
MAX_BODY = 64 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page of receipts: leaves of this epoch that reach `seq` or beyond, the first ones first."""

    epoch: bytes
    seq: int
    since: int
    hashes: bool = False


def answer(
    verdicts: Sequence[wire.Verdict], leaves: Sequence[bytes], since: int, now_ms: int
) -> wire.Answer:
    """Extend the log by what is staged, and prove these leaves from a device's `since`.

    Raises LogUnavailable, LogBroken, and ProtocolError LOG_UNAVAILABLE for a size never reached.
    """
    checkpoint = log.sequence(now_ms) if leaves else log.newest()
    return replace(_proofs(checkpoint, leaves, since, now_ms), verdicts=tuple(verdicts))


def page(device: str, wanted: Wanted, now_ms: int) -> wire.Answer:
    """Collect receipts. Raises ProtocolError: UNKNOWN_DEVICE, LOG_UNAVAILABLE."""
    _must_exist(device)
    rows = HeldSpan.objects.filter(device=device, epoch=wanted.epoch, last__gte=wanted.seq)
    # No span reaches further than its first record and 499 more.
    rows = rows.filter(first__gt=wanted.seq - MAX_RECORDS).order_by("first", "id")
    found = [(first, bytes(leaf)) for first, leaf in rows.values_list("first", "leaf_hash")[:33]]
    leaves = [leaf for _, leaf in found[: wire.MAX_RECEIPTS]]
    proofs = _proofs(log.newest(), leaves, wanted.since, now_ms)
    if wanted.hashes:
        proofs = replace(proofs, hashes=tuple(_record_hashes(r.leaf) for r in proofs.receipts))
    if len(found) > wire.MAX_RECEIPTS:
        # Contested spans may begin alike: the cursor still has to move.
        proofs = replace(proofs, next=max(found[wire.MAX_RECEIPTS][0], wanted.seq + 1))
    return proofs


def head(device: str, after: int) -> wire.HeadAnswer:
    """Return what is held, epoch by epoch; `after` is the cursor of the page before, or 0.

    An epoch in more runs than an answer may hold shows its newest ones. Raises UNKNOWN_DEVICE.
    """
    _must_exist(device)
    rows = EpochFacts.objects.filter(device=device, id__gt=after).order_by("id")
    found = list(rows.values_list("id", "epoch", "held")[: PAGE_EPOCHS + 1])
    epochs = tuple(
        wire.HeldEpoch(bytes(epoch), ranges.decode(held)[-wire.MAX_HELD_RANGES :])
        for _, epoch, held in found[:PAGE_EPOCHS]
    )
    more = found[PAGE_EPOCHS - 1][0] if len(found) > PAGE_EPOCHS else None
    return wire.HeadAnswer(epochs, log.newest().size, more)


def succession(now_ms: int) -> wire.Answer:
    """Receipts of the statements that this log begins with. Raises NOT_FOUND if there are none."""
    said = chain(keys.current())
    if not said:
        raise ProtocolError(Problem.NOT_FOUND, "this log follows no other")
    leaves = [merkle.leaf_hash(encode_leaf(one)) for one in said]
    return _proofs(log.newest(), leaves, 0, now_ms)


def _must_exist(device: str) -> None:
    if not Device.objects.filter(name=device).exists():
        raise ProtocolError(Problem.UNKNOWN_DEVICE, "no device of this name is enrolled here")


def _proofs(
    checkpoint: Checkpoint, leaves: Sequence[bytes], since: int, now_ms: int
) -> wire.Answer:
    if since > checkpoint.size:
        detail = f"this log has {checkpoint.size} entries, fewer than {since}"
        raise ProtocolError(Problem.LOG_UNAVAILABLE, detail)
    first = list(leaves[: wire.MAX_RECEIPTS])
    return wire.Answer(
        verdicts=(),
        note=checkpoint.note,
        since=since,
        consistency=tuple(log.consistency(since, checkpoint.size)),
        receipts=tuple(log.receipts(first, checkpoint.size)) if first else (),
        next=None,
        utc_ms=now_ms,
    )


def _record_hashes(leaf: bytes) -> tuple[bytes, ...]:
    """The tree leaf hashes of a span's records, from the bytes the log keeps."""
    body = log.body(merkle.leaf_hash(leaf))
    records = cbor.decode(body or b"", max_bytes=MAX_BODY)
    if not isinstance(records, list):
        raise TypeError("a span's body is not an array of records")
    return tuple(merkle.leaf_hash(sealed) for sealed in records)
