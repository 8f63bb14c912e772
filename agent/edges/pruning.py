"""What is added to the outbox when the log answers, and what leaves it: settle, free, bury.

Every function writes into the outbox's open transaction, so that a proof and the checkpoint it
stands under, or rows and the tombstone that stands for them, land together or not at all.
A row leaves in one of two ways only: it is proved and a week old (or one of 100,000), or a signed
tombstone says that it is gone. Spec: docs/protocol.md, "Receipt" and "Eviction".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

from agent.core import eviction
from agent.core.eviction import Listed
from agent.core.ranges import NONE, run
from agent.core.shelf import Cut
from agent.edges import rows
from agent.edges.outbox import Kept, Outbox, Proof
from protocol import cbor
from protocol.errors import ProtocolError
from protocol.readmission import Voucher
from protocol.record import open_sealed
from protocol.registry import Reason
from protocol.tombstone import Evicted

KEEP_PROVED_MS = 7 * 86_400_000
KEEP_PROVED_ROWS = 100_000
FREE_AT_LEAST = 100
FREE_PROOFS = 128
PLANS = 8


@dataclass(frozen=True, slots=True)
class Settlement:
    """A verified answer: the checkpoint now trusted, the proofs under it, the server's time.

    `voucher`: the proof among them by which a successor of this log may know the device again.
    """

    kept: Kept
    proofs: tuple[Proof, ...]
    utc_ms: int
    voucher: Voucher | None = None


@dataclass(frozen=True, slots=True)
class Burial:
    """What one tombstone will say, and the rows it stands for."""

    ranges: tuple[Evicted, ...]
    cuts: tuple[Cut, ...]


def settle(outbox: Outbox, settlement: Settlement, now_boot_ms: int) -> None:
    """Keep the proofs and the checkpoint together; rows count as proved from here on.

    Raises StorageTrouble: then nothing is proved that the disk does not hold.
    """
    kept = settlement.kept
    with outbox.writing() as sql:
        rows.put_kept(sql, kept)
        if settlement.voucher is not None:
            rows.put_fact(sql, "voucher", cbor.encode(settlement.voucher.values()))
        if settlement.proofs:
            rows.add_note(sql, kept.size, kept.note or "")
        for proof in settlement.proofs:
            rows.add_proof(sql, proof, settlement.utc_ms)
    for proof in settlement.proofs:
        outbox.reshelve(outbox.shelf(proof.number).prove(proof.first, proof.last))
    outbox.voucher = settlement.voucher or outbox.voucher
    outbox.settled(kept, now_boot_ms)


def free(outbox: Outbox, utc_ms: int | None) -> int:
    """Let proved rows go, oldest first; returns how many went. Raises StorageTrouble.

    `utc_ms` is the server's time of the newest answer: rows proved a week before it go, in lots of
    at least 100 to spare the card. None means that the card is full: the oldest go whatever age.
    """
    with outbox.using() as sql:
        oldest = rows.oldest_proofs(sql, FREE_PROOFS)
    surplus = sum(len(s.proved - s.freed) for s in outbox.shelves) - KEEP_PROVED_ROWS
    going: list[tuple[int, Cut]] = []
    for place, number, first, last, proved_ms in oldest:
        too_old = utc_ms is None or utc_ms - proved_ms >= KEEP_PROVED_MS
        if not too_old and surplus <= 0:
            break
        going.append((place, Cut(number, first, last)))
        surplus -= last - first + 1
    if utc_ms is not None and sum(len(cut) for _, cut in going) < FREE_AT_LEAST:
        return 0
    return _free(outbox, going)


def _free(outbox: Outbox, going: list[tuple[int, Cut]]) -> int:
    gone = 0
    with outbox.writing() as sql:
        rows.delete_proofs(sql, (place for place, _ in going))
        for _, cut in going:
            shelf = outbox.shelf(cut.number)
            freed = shelf.freed | (shelf.proved & run(cut.first, cut.last))
            rows.put_freed(sql, cut.number, freed)
            gone += rows.delete_records(sql, cut)
            outbox.reshelve(replace(shelf, freed=freed))
    outbox.stored -= gone
    return gone


def evictable(outbox: Outbox) -> Burial | None:
    """What has to go next when nothing proved is left to free. Raises StorageTrouble.

    A row that turns out to have rotted is out of the next plan: it gets a tombstone of its own.
    """
    for _ in range(PLANS):
        plan = eviction.plan(lambda: _unproved(outbox))
        found = [(cut, outbox.sound(cut)) for cut in plan]
        whole = [(cut, sealed) for cut, sealed in found if len(sealed) == len(cut)]
        if whole or not plan:
            break
    if not whole:
        return None
    ranges = tuple(eviction.bury([open_sealed(one) for one in sealed]) for _, sealed in whole)
    return Burial(ranges, tuple(cut for cut, _ in whole))


def _unproved(outbox: Outbox) -> Iterator[Listed]:
    waiting = {
        shelf.number: shelf.waiting - outbox.rotten.get(shelf.number, NONE)
        for shelf in outbox.shelves
    }
    with outbox.using() as sql:
        for row in rows.listed(sql):
            if row[1] in waiting.get(row[0], NONE):
                yield row


def damaged(outbox: Outbox) -> Burial | None:
    """A tombstone for rows that rotted, as far as their neighbours still tell their hashes.

    None for an opening: it has a spare copy, and where that has rotted too it stays aside.
    """
    places = [place for place in _rotten(outbox) if place[1]]
    found = [_damage(outbox, *place) for place in places[: eviction.MOST_RANGES]]
    known = [one for one in found if one]
    if not known:
        return None
    return Burial(tuple(one for one, _ in known), tuple(cut for _, cut in known))


def _damage(outbox: Outbox, number: int, seq: int) -> tuple[Evicted, Cut] | None:
    with outbox.using() as sql:
        prev_hash = rows.hash_at(sql, number, seq - 1)
        last_hash = _prev_of(rows.sealed_at(sql, number, seq + 1)) or rows.hash_at(sql, number, seq)
    if prev_hash is None or last_hash is None:
        return None
    epoch = outbox.shelf(number).epoch
    said = Evicted(epoch, seq, seq, prev_hash, last_hash, 1, Reason.DAMAGED)
    return said, Cut(number, seq, seq)


def _prev_of(sealed: bytes | None) -> bytes | None:
    if sealed is None:
        return None
    try:
        return open_sealed(sealed).record.prev
    except ProtocolError:
        return None


def heal(outbox: Outbox) -> None:
    """Put right every rotten row whose true bytes are still on the card."""
    for number, seq in _rotten(outbox):
        with outbox.writing() as sql:
            good = _good(sql, number, seq)
            if good is None:
                continue
            rows.restore(sql, number, seq, good)
        outbox.mend(number, seq)


def _good(sql: sqlite3.Connection, number: int, seq: int) -> bytes | None:
    """The bytes that the next record vouches for, or the spare copy, if its row's hash is its own.

    Where only a stored hash has rotted, the row's own bytes are good.
    """
    vouched = _prev_of(rows.sealed_at(sql, number, seq + 1))
    known = (vouched, rows.hash_at(sql, number, seq))
    sealed, spare = rows.sealed_at(sql, number, seq), rows.spare_at(sql, number, seq)
    if sealed is not None and vouched == sha256(sealed).digest():
        return sealed
    if spare is not None and sealed is not None and sha256(spare).digest() in known:
        return spare
    return None


def _rotten(outbox: Outbox) -> list[tuple[int, int]]:
    return [(number, seq) for number, seqs in outbox.rotten.items() for seq in seqs]


def bury(outbox: Outbox, burial: Burial) -> None:
    """Take the rows away; the tombstone must be in the open transaction already."""
    with outbox.writing() as sql:
        for said, cut in zip(burial.ranges, burial.cuts, strict=True):
            outbox.stored -= rows.delete_records(sql, cut)
            rows.add_buried(sql, cut, said.last_hash)
    for cut in burial.cuts:
        outbox.reshelve(outbox.shelf(cut.number).bury(cut.first, cut.last))
        outbox.mend(*(cut.number, cut.first))
