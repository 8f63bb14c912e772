"""One write transaction at a time, and the only place that moves SQLite's WAL into its file.

SQLite takes one writer. Threads that met at its own lock would wait in growing sleeps, so the
threads of this process queue here instead. SQLite before 3.51.3 may also damage a database when
one connection writes while another checkpoints; automatic checkpoints are therefore off, and
`fold()` runs one while it holds the write lock itself. PostgreSQL needs neither.

It refuses to retry: a lock not had in time is the caller's error to report.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from django.db import Error, connection, transaction

FOLD_ENTRIES = 8192
FOLD_BYTES = 32 << 20

_turn = threading.RLock()
_folded = (0, 0)


@contextmanager
def writing(*, durable: bool = False) -> Iterator[None]:
    """One transaction that writes; `durable` refuses to be part of another one."""
    if connection.vendor != "sqlite":
        with transaction.atomic(durable=durable):
            yield
        return
    with _turn, transaction.atomic(durable=durable):
        yield


@contextmanager
def staging() -> Iterator[None]:
    """One transaction that lasts only when a round of the log that began after it has ended.

    For what is answered no earlier than that: the round's own sync takes SQLite's write-ahead log
    along, this transaction's part of it included, and one sync is saved. A power cut before it
    takes the whole transaction. What the journal then has of it is brought back by the next start.
    PostgreSQL syncs for many transactions at once, and may fail alone: there this is `writing`.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with writing():
            yield
        return
    with _turn:
        _synchronous("NORMAL")
        try:
            with transaction.atomic():
                yield
        finally:
            _synchronous("FULL")


def _synchronous(level: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA synchronous={level}")


def abandon() -> None:
    """Let go of this thread's connection after a failure; the next use of it begins afresh.

    Rolled back first: a closed connection of SQLite's lives on, its write lock included, for as
    long as anything (a traceback, say) refers to a statement of it that was not read to the end.
    """
    with suppress(Error):
        connection.rollback()
    connection.close()


def fold() -> None:
    """Move SQLite's write-ahead log into the database file; nothing to do elsewhere.

    Not inside a transaction. Readers are not disturbed and what they still need stays.
    """
    if connection.vendor != "sqlite":
        return
    name = str(connection.settings_dict["NAME"])
    # Holding the write lock keeps every writer out, those of other processes included.
    with writing(durable=True), closing(sqlite3.connect(name)) as folder:
        folder.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def fold_if_grown(entries: int, size: int) -> None:
    """Fold when the log, of that many entries and journalled bytes, has grown enough since."""
    global _folded
    grown = (entries - _folded[0], size - _folded[1])
    if not (0 <= grown[0] < FOLD_ENTRIES and 0 <= grown[1] < FOLD_BYTES):
        _folded = (entries, size)
        fold()
