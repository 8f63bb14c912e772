"""A look at the outbox from outside, beside a running agent or without.

The command line uses this where it may not ask the agent, or where the agent is down. A running
agent lets nobody in, and then a copy is looked at; so nothing here can hold up the agent for longer
than a look takes, and nothing can write.
"""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from agent.core.shelf import Counters, count
from agent.edges import contents, following, rows, snapshot, stock
from agent.edges.card import APPLICATION_ID, FORMAT
from agent.edges.outbox import Owner
from agent.edges.stock import Stock
from agent.exits import RefusedError
from protocol.checkpoint import LogKey
from protocol.errors import ProtocolError
from protocol.record import Record, open_sealed
from protocol.wire import EnrolAnswer


class NoOutboxError(RefusedError):
    """There is no outbox here, or nothing can be read in it."""


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What lies on the card: whose it is, the balance, what is trusted, the newest record, room."""

    device: str
    origin: str
    counters: Counters
    size: int
    root: bytes
    newest: Record | None
    stock: Stock


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Lend a read-only connection. Raises NoOutboxError also for what fails inside."""
    try:
        path.stat()
    except FileNotFoundError:
        raise NoOutboxError(f"{path}: there is no outbox here yet") from None
    except OSError as error:
        raise NoOutboxError(f"{path}: cannot be read: {error.strerror}") from None
    with contextlib.ExitStack() as doors:
        try:
            sql = _open(path, doors)
            _insist_on_ours(sql, path)
            sql.text_factory = bytes  # as in card.py
            yield sql
        except sqlite3.Error as error:
            raise NoOutboxError(f"{path}: cannot be read: {error}") from None


def _open(path: Path, doors: contextlib.ExitStack) -> sqlite3.Connection:
    """Where SQLite is not let in, by the agent or by a read-only disk, a copy is opened."""
    name = "file:" + quote(str(path))
    sql = sqlite3.connect(f"{name}?mode=ro", uri=True, isolation_level=None, timeout=0)
    doors.callback(sql.close)
    try:
        sql.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        sql.close()
        return _open_copy(path, doors)
    return sql


def _open_copy(path: Path, doors: contextlib.ExitStack) -> sqlite3.Connection:
    folder = Path(doors.enter_context(tempfile.TemporaryDirectory(prefix="jagalchi-")))
    try:
        snapshot.copy(path, folder / path.name)
    except OSError as error:
        why = f"{error.strerror or error}; TMPDIR names where copies are made"
        raise NoOutboxError(f"{path}: cannot be copied to {folder}: {why}") from None
    sql = sqlite3.connect(folder / path.name, isolation_level=None)
    doors.callback(sql.close)
    return sql


def _insist_on_ours(sql: sqlite3.Connection, path: Path) -> None:
    found = tuple(
        sql.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    if found != (APPLICATION_ID, FORMAT):
        raise NoOutboxError(f"{path}: not an outbox of this program")


def glimpse(path: Path) -> Glimpse:
    """Look once. Raises NoOutboxError."""
    with reading(path) as sql:
        shelves = contents.shelves(sql).values()
        return Glimpse(
            device=_text(sql, "device"),
            origin=_text(sql, "note").partition("\n")[0] or _text(sql, "origin"),
            counters=count(shelves, {}),
            size=int.from_bytes(rows.fact(sql, "size") or b"", "big"),
            root=rows.fact(sql, "root") or b"",
            newest=_newest(sql),
            stock=stock.look(sql, shelves, path),
        )


def believed(sql: sqlite3.Connection, agreed: EnrolAnswer) -> LogKey:
    """The log that this card's device believes: the one it enrolled at, or a successor."""
    owner = Owner(agreed.device, agreed.log_key(), agreed.recovery_key())
    return following.believed(sql, owner)[1]


def _text(sql: sqlite3.Connection, name: str) -> str:
    return (rows.fact(sql, name) or b"").decode("utf-8", "replace")


def _newest(sql: sqlite3.Connection) -> Record | None:
    found = sql.execute("SELECT sealed FROM record ORDER BY id DESC LIMIT 1").fetchone()
    try:
        return open_sealed(bytes(found[0])).record if found else None
    except ProtocolError:
        return None
