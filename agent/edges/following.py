"""Which log is believed, and the step from one that is lost to the one that follows it.

The step is part of the outbox's open transaction: closing, statement, new trust and the opening
under the new log land together or not at all, so a crash leaves the old log or the new one. What
was accepted is verified again at every opening of the card, under the recovery key pinned at
enrolment; statements that have rotted are as none, and are asked for again.
Spec: docs/protocol.md, "Successors".
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.core.shelf import Shelf
from agent.edges import rows
from agent.edges.rows import NOTHING, Kept
from agent.edges.signer import verify_ed25519
from protocol import cbor, succession
from protocol.checkpoint import LogKey, parse_note, parse_text
from protocol.errors import ProtocolError
from protocol.opening import MAX_KEPT, KeptFrom
from protocol.readmission import Voucher
from protocol.receipt import Trust

if TYPE_CHECKING:
    from agent.edges.outbox import Outbox, Owner

MAX_FACT_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class Heir:
    """The log that is to be believed: what is trusted of it, and the answer that said so."""

    trust: Trust
    answer: bytes


def believed(sql: sqlite3.Connection, owner: Owner) -> tuple[Kept, LogKey]:
    """The newest verified checkpoint, and the key of the log that it is of."""
    size, root, note = (rows.fact(sql, name) for name in ("size", "root", "note"))
    try:
        log = succession.followed(owner.log, owner.recovery, answers(sql), verify_ed25519)
    except ProtocolError:
        return NOTHING, owner.log
    if size is None or root is None or note is None:
        return NOTHING, log
    return Kept(int.from_bytes(size, "big"), root, note.decode()), log


def answers(sql: sqlite3.Connection) -> list[bytes]:
    """The answers by which successors were accepted, the oldest first. Raises ProtocolError."""
    kept = rows.fact(sql, "succession")
    found = cbor.decode(kept, max_bytes=MAX_FACT_BYTES) if kept is not None else []
    return [bytes(one) for one in found] if isinstance(found, list) else []


def voucher(sql: sqlite3.Connection) -> Voucher | None:
    """The proof that a log knows this device; None also for one that has rotted."""
    kept = rows.fact(sql, "voucher")
    try:
        return Voucher.read(cbor.decode(kept, max_bytes=MAX_FACT_BYTES)) if kept else None
    except ProtocolError:
        return None


def is_from_before(outbox: Outbox) -> bool:
    """Whether only a log before the one believed now has vouched for this device so far."""
    return outbox.voucher is not None and outbox.voucher.log_vkey != outbox.log.vkey


def verified(outbox: Outbox) -> dict[int, bytes]:
    """Roots by size of the checkpoints that are still kept of the log believed now."""
    with outbox.using() as sql:
        heads = [_head(note) for note in rows.notes(sql).values()]
    return {size: root for origin, size, root in heads if origin == outbox.log.name}


def _head(note: str) -> tuple[str, int, bytes]:
    try:
        head = parse_text(parse_note(note).text)
    except ProtocolError:
        return "", 0, b""
    return head.origin, head.size, head.root


def step(outbox: Outbox, heir: Heir) -> None:
    """Write into the open transaction that another log is believed. Raises StorageTrouble.

    What was proved and is still on the card waits again; what contradicts the old log is kept.
    """
    trust = heir.trust
    kept = Kept(trust.size, trust.root, trust.note)
    with outbox.writing() as sql:
        rows.put_fact(sql, "succession", cbor.encode([*_readable(sql), heir.answer]))
        for name in ("note", "known-note", "other-note"):
            _put_away(sql, name, outbox.log.name)
        rows.put_kept(sql, kept)
        rows.clear_proofs(sql)
        for shelf in map(Shelf.succeed, outbox.shelves):
            rows.put_former(sql, shelf.number, shelf.former)
            rows.put_freed(sql, shelf.number, shelf.freed)
    outbox.succeed(trust.log_key, kept)


def _readable(sql: sqlite3.Connection) -> list[bytes]:
    try:
        return answers(sql)
    except ProtocolError:
        return []


def _put_away(sql: sqlite3.Connection, name: str, origin: str) -> None:
    """What an old log has signed stays evidence, under its name."""
    kept = rows.fact(sql, name)
    if kept is not None:
        rows.put_fact(sql, f"{name} of {origin}", kept)
        rows.drop_fact(sql, name)


def kept_from(outbox: Outbox) -> tuple[KeptFrom, ...]:
    """Per epoch of which proved rows have been freed: the number after the last of them."""
    freed = [shelf for shelf in outbox.shelves if shelf.freed]
    return tuple(KeptFrom(one.epoch, one.freed.runs[-1][1] + 1) for one in freed[-MAX_KEPT:])
