"""The durable queue: sealed rows in, spans out, proofs kept. A crash at any line loses no commit.

What is on the disk is the truth; RAM holds only the table of contents (`Shelf`), which is rebuilt
from the disk at every opening, and the rows of the open transaction. Any failure of SQLite drops
the connection and raises StorageTrouble; `reopen` reads the truth again and `rescue` hands back
the rows that did not make it, whatever the failed call claimed. One transaction is open at a time;
rows, proofs and the trusted checkpoint that were given since the last commit land together.
Spec: docs/protocol.md, "Epoch", "Receipt" and "Eviction".
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from agent.core import eviction
from agent.core.chain import Lane
from agent.core.ranges import NONE, Ranges, run
from agent.core.shelf import Counters, Cut, Held, Shelf
from agent.edges import card, contents, following, rows
from agent.edges.card import (
    Connect,
    DamagedFile,
    ForeignOutbox,
    LockedOutbox,
    StorageTrouble,
    translated,
)
from agent.edges.contents import Contents
from agent.edges.rows import NOTHING, Kept, Proof
from protocol.checkpoint import LogKey
from protocol.opening import Head
from protocol.readmission import Voucher
from protocol.record import Sealed
from protocol.registry import Kind

__all__ = [
    "Caps",
    "Connect",
    "Counters",
    "ForeignOutbox",
    "Kept",
    "Lane",
    "LockedOutbox",
    "Outbox",
    "Owner",
    "Proof",
    "StorageTrouble",
]

COMMIT_ROWS = 32
COMMIT_AGE_MS = 5_000
SETTLED_AGE_MS = 60_000
"""Proofs alone may wait longer: losing them to a crash only means asking for them again."""

PRESSURE_PERCENT = 90


@dataclass(frozen=True, slots=True)
class Caps:
    """Bounds of the durable queue: rows and bytes in use; eviction begins at 90 % of either."""

    rows: int = 500_000
    bytes: int = 250_000_000


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose outbox this is: written into a fresh file, compared with an old one.

    `log` and `recovery` are the keys pinned at enrolment: whom to believe, and who may declare that
    another log follows.
    """

    device: str
    log: LogKey
    recovery: LogKey


@dataclass(frozen=True, slots=True)
class Pending:
    """A row of the open transaction."""

    number: int
    row: Sealed
    lane: Lane


class Outbox(Contents):
    """One file, one lock, one connection. Only the main thread may touch it.

    `trouble` says why there is no connection, None while there is one. `damaged` is the name under
    which a damaged file was set aside since this object was made. `rotten` are rows, by shelf
    number, whose bytes are no longer what was sealed and which still need a tombstone. `log` is the
    key that is believed now: the pinned one's, or a successor's. `voucher` is the proof that a log
    knows this device, to be shown to a successor that has lost everything. `readers_left` counts
    how often somebody else had the card open and was left behind with an old copy.
    """

    def __init__(self, path: Path, owner: Owner, caps: Caps, connect: Connect) -> None:
        """Touch nothing yet; use `open`."""
        super().__init__()
        self.trouble: str | None = "not opened yet"
        self.damaged: str | None = None
        self.rotten: dict[int, Ranges] = {}
        self.kept = NOTHING
        self.log = owner.log
        self.voucher: Voucher | None = None
        self.two_histories = False
        self.owner = owner
        self._path, self._caps, self._connect = path, caps, connect
        self._lock: int | None = None
        self._sql: sqlite3.Connection | None = None
        self._pending: list[Pending] = []
        self._oldest_ms: int | None = None
        self._settled_ms: int | None = None
        self.stored = 0
        self.readers_left = 0

    @classmethod
    def open(
        cls, path: Path, owner: Owner, caps: Caps, connect: Connect = sqlite3.connect
    ) -> Outbox:
        """Lock and open the file, made if missing.

        Raises LockedOutbox and ForeignOutbox. A card that fails is no error here: `trouble` says
        so, and `reopen` may be called until it works.
        """
        outbox = cls(path, owner, caps, connect)
        with contextlib.suppress(StorageTrouble):
            outbox.reopen()
        return outbox

    def reopen(self) -> None:
        """Read the truth from the disk again. Raises StorageTrouble, LockedOutbox, ForeignOutbox.

        A damaged file is renamed aside and a fresh one takes its place.
        """
        self._drop("opening")
        try:
            if self._lock is None:
                self._lock = card.lock(self._path)
            self._read_card()
        except (StorageTrouble, DamagedFile) as error:
            self._drop(str(error))
            raise StorageTrouble(str(error)) from error
        except ForeignOutbox:
            self.close()
            raise
        self.trouble = None

    def _read_card(self) -> None:
        try:
            self._open_and_load()
        except DamagedFile:
            self._drop("damaged")
            self.damaged = card.move_aside(self._path)
            self._open_and_load()

    def _open_and_load(self) -> None:
        self._sql, left = card.open_card(self._path, self._connect)
        self.readers_left += left
        try:
            self._load(self._sql)
        except (TypeError, ValueError) as error:
            raise DamagedFile(f"{self._path}: holds what was never written: {error}") from error

    def _load(self, sql: sqlite3.Connection) -> None:
        with translated():
            if rows.is_fresh(sql):
                self._found(sql)
            self._compare_owner(sql)
            kept, log = following.believed(sql, self.owner)
            if log != self.log or kept.size > self.kept.size:
                # What was verified in this run stays verified, though the card may have lost it.
                self.kept, self.log = kept, log
            self.voucher = following.voucher(sql)
            if strays := contents.strays(sql):
                raise DamagedFile(f"{self._path}: tells of unknown epochs: {', '.join(strays)}")
            self.rotten = {}
            self.fill(contents.shelves(sql))
            self.two_histories = rows.fact(sql, "other-note") is not None
            self.stored = rows.count_records(sql)

    def _found(self, sql: sqlite3.Connection) -> None:
        sql.execute("BEGIN IMMEDIATE")
        rows.create(sql)
        rows.put_fact(sql, "device", self.owner.device.encode())
        rows.put_fact(sql, "origin", self.owner.log.name.encode())
        sql.execute("COMMIT")
        self.kept = NOTHING

    def _compare_owner(self, sql: sqlite3.Connection) -> None:
        for name, mine in (("device", self.owner.device), ("origin", self.owner.log.name)):
            found = rows.fact(sql, name)
            if found is None:
                raise DamagedFile(f"{self._path}: does not say whose it is")
            if found != mine.encode():
                told = found.decode(errors="replace")
                raise ForeignOutbox(f"{self._path}: belongs to {name} {told}, this is {mine}")

    def _drop(self, why: str) -> None:
        self.trouble = why
        if self._sql is not None:
            card.abandon(self._sql)
        self._sql = self._oldest_ms = self._settled_ms = None

    @contextlib.contextmanager
    def using(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection. Any failure inside drops it: what is true is read anew, not guessed.

        Raises StorageTrouble.
        """
        if self._sql is None:
            raise StorageTrouble(self.trouble or "closed")
        try:
            with translated():
                yield self._sql
        except (StorageTrouble, DamagedFile) as error:
            self._drop(str(error))
            raise StorageTrouble(str(error)) from error
        except MemoryError as error:
            if self.due_ms() is None or self._sql.in_transaction:
                raise
            # SQLite had no room either and has rolled back what was given to it.
            self._drop("no room in memory")
            raise StorageTrouble("no room in memory") from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection inside the open transaction, begun if need be; commits nothing."""
        with self.using() as sql:
            if not sql.in_transaction:
                sql.execute("BEGIN IMMEDIATE")
            yield sql

    def pressed(self) -> bool:
        """Whether it is time to let rows go: on a full disk nothing could be written any more.

        Asked once for a transaction: the few rows of one are far less than the tenth kept free.
        """
        if self._pending:
            return False
        with self.using() as sql:
            used = rows.used_bytes(sql)
        share = max(self.stored * 100 // self._caps.rows, used * 100 // self._caps.bytes)
        return share >= PRESSURE_PERCENT

    def succeed(self, log: LogKey, kept: Kept) -> None:
        """Believe another log after the same was written into the open transaction."""
        self.log, self.kept, self.two_histories = log, kept, False
        self.fill({shelf.number: shelf.succeed() for shelf in self.shelves})

    def settled(self, kept: Kept, now_boot_ms: int) -> None:
        """Remember the checkpoint just written; its transaction commits within a minute."""
        self.kept = kept
        if self._settled_ms is None:
            self._settled_ms = now_boot_ms

    def counters(self, held: Held, *, ring: int = 0, overflowed: int = 0) -> Counters:
        """The balance; `ring` rows wait in RAM beside those of the open transaction."""
        return self.balance(held, ring + len(self._pending), overflowed)

    def head(self) -> Head | None:
        """The newest record on the card, of the open transaction or committed; always read."""
        with self.using() as sql:
            return rows.newest(sql)

    def append(self, row: Sealed, lane: Lane, now_boot_ms: int) -> None:
        """Write a sealed record into the open transaction; an opening begins a new shelf."""
        with self.writing() as sql:
            opens = row.record.kind is Kind.OPENING
            number = rows.add_epoch(sql, row.record.epoch) if opens else self._current()
            rows.add_record(sql, number, row, lane)
        self._pending.append(Pending(number, row, lane))
        self.stored += 1
        if self._oldest_ms is None:
            self._oldest_ms = now_boot_ms

    def _current(self) -> int:
        return self._pending[-1].number if self._pending else self.newest

    def commit_due(self, now_boot_ms: int) -> bool:
        """5 s since the oldest uncommitted row, 32 rows, or an alarm; 60 s for proofs alone."""
        alarm = any(pending.lane is Lane.ALARM for pending in self._pending)
        waits = ((self._oldest_ms, COMMIT_AGE_MS), (self._settled_ms, SETTLED_AGE_MS))
        old = any(at is not None and now_boot_ms - at >= age for at, age in waits)
        return alarm or old or len(self._pending) >= COMMIT_ROWS

    def due_ms(self) -> int | None:
        """Boot time at which `commit_due` will say yes by age alone; None: nothing to commit."""
        waits = ((self._oldest_ms, COMMIT_AGE_MS), (self._settled_ms, SETTLED_AGE_MS))
        return min((at + age for at, age in waits if at is not None), default=None)

    def commit(self) -> None:
        """Make everything given so far durable; only now may it be shipped."""
        with self.using() as sql:
            if sql.in_transaction:
                sql.execute("COMMIT")
        landed, self._pending = self._pending, []
        self._oldest_ms = self._settled_ms = None
        for one in landed:
            self._shelve(one)

    def _shelve(self, one: Pending) -> None:
        record = one.row.record
        shelf = self.get(one.number) or Shelf(one.number, record.epoch)
        at = run(record.seq, record.seq)
        self.reshelve(
            replace(
                shelf,
                last=record.seq,
                kid=one.row.kid,
                alarms=shelf.alarms | at if one.lane is Lane.ALARM else shelf.alarms,
                pinned=shelf.pinned | at if record.kind in eviction.PINNED else shelf.pinned,
            )
        )

    def rescue(self) -> tuple[Pending, ...]:
        """After `reopen`: the rows of the broken transaction that are not on the disk."""
        with self.using() as sql:
            lost = tuple(one for one in self._pending if not rows.holds(sql, one.row.head))
        self._pending = []
        return lost

    def sound(self, cut: Cut) -> tuple[bytes, ...]:
        """The rows of a cut up to the first that is not what was sealed, which is marked rotten."""
        with self.using() as sql:
            good = rows.sound(sql, cut, self.shelf(cut.number).epoch)
        if len(good) < len(cut):
            self.rot(cut.number, cut.first + len(good))
        return good

    def rot(self, number: int, seq: int) -> None:
        """This row's bytes are no longer what was sealed: out of the way with it, until buried."""
        at = run(seq, seq)
        shelf = self.shelf(number)
        self.rotten[number] = self.rotten.get(number, NONE) | at
        self.reshelve(replace(shelf, aside=shelf.aside | at))

    def mend(self, number: int, seq: int) -> None:
        """This row is no longer rotten: it was healed, or its tombstone is written."""
        at = run(seq, seq)
        shelf = self.shelf(number)
        self.rotten[number] = self.rotten.get(number, NONE) - at
        self.reshelve(replace(shelf, aside=shelf.aside - at))

    def keep_two_histories(self, known: str, other: str) -> None:
        """Keep two notes that contradict each other, as evidence; proofs stop for good."""
        with self.writing() as sql:
            rows.put_fact(sql, "known-note", known.encode())
            rows.put_fact(sql, "other-note", other.encode())
        self.two_histories = True

    def set_aside(self, number: int, seq: int, problem: str) -> None:
        """The server refused this row for good: it waits apart and does not block the line."""
        with self.writing() as sql:
            rows.put_aside(sql, number, seq, problem)
        shelf = self.shelf(number)
        self.reshelve(replace(shelf, aside=shelf.aside | run(seq, seq)))

    def retry_aside(self) -> None:
        """Once a day every row that was set aside tries again; rotten ones do not."""
        with self.writing() as sql:
            rows.clear_aside(sql)
        for shelf in self.shelves:
            self.reshelve(replace(shelf, aside=self.rotten.get(shelf.number, NONE)))

    def close(self) -> None:
        """Commit what is open, close, unlock; idempotent, never raises."""
        with contextlib.suppress(StorageTrouble):
            self.commit()
        self._drop("closed")
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
