"""The outbox's tables, and every SQL statement that touches them.

One statement per function, on a connection that is handed in; no transaction begins or ends here.
A record's id is its shelf number and its sequence number in one integer, so the newest record is
the largest id, a span is one range scan, and the table needs no second index on the card.
What the statements raise is translated by the caller (`card.translated`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from agent.core import eviction
from agent.core.eviction import Listed
from agent.core.ranges import Ranges
from agent.core.shelf import Cut
from agent.edges.card import APPLICATION_ID, FORMAT
from protocol import merkle
from protocol.errors import ProtocolError
from protocol.opening import Head
from protocol.record import Record, Sealed, open_sealed
from protocol.registry import Kind

PINNED = ", ".join(str(kind.value) for kind in sorted(eviction.PINNED))

SCHEMA = (
    "CREATE TABLE fact (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE epoch (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE)",
    "CREATE TABLE record (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, lane INTEGER NOT NULL,"
    " hash BLOB NOT NULL, sealed BLOB NOT NULL)",
    f"CREATE INDEX pinned ON record (id) WHERE kind IN ({PINNED})",
    "CREATE INDEX alarm ON record (id) WHERE lane = 1",
    "CREATE TABLE proof (place INTEGER PRIMARY KEY, epoch INTEGER NOT NULL,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL, utc_ms INTEGER NOT NULL,"
    " size INTEGER NOT NULL, leaf BLOB NOT NULL, path BLOB NOT NULL)",
    "CREATE INDEX proven ON proof (epoch, first, last, utc_ms)",
    "CREATE TABLE note (size INTEGER PRIMARY KEY, text TEXT NOT NULL)",
    "CREATE TABLE freed (epoch INTEGER, first INTEGER, last INTEGER NOT NULL,"
    " PRIMARY KEY (epoch, first)) WITHOUT ROWID",
    "CREATE TABLE buried (epoch INTEGER, first INTEGER, last INTEGER NOT NULL,"
    " last_hash BLOB NOT NULL, PRIMARY KEY (epoch, first)) WITHOUT ROWID",
    "CREATE TABLE aside (epoch INTEGER, seq INTEGER, problem TEXT NOT NULL,"
    " PRIMARY KEY (epoch, seq)) WITHOUT ROWID",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {FORMAT}",
)

FORMER = (
    "CREATE TABLE IF NOT EXISTS former (epoch INTEGER, first INTEGER, last INTEGER NOT NULL,"
    " PRIMARY KEY (epoch, first)) WITHOUT ROWID"
)
"""Made when a successor is followed: a card that never did needs none, and any version reads it."""

SPARE = "CREATE TABLE IF NOT EXISTS spare (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL)"
"""What never leaves the card stands on it twice. Made with the next start; any version reads it."""

_SEQ_BITS = 32
SEQ_MASK = (1 << _SEQ_BITS) - 1
_HASH = 32


@dataclass(frozen=True, slots=True)
class Proof:
    """A verified receipt: `leaf` is entry `place` of the log and covers first..last of a shelf.

    `path` is its inclusion path under the checkpoint of `size` leaves.
    """

    number: int
    first: int
    last: int
    place: int
    size: int
    leaf: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """The newest verified checkpoint: size, root, and its note (None before the first)."""

    size: int
    root: bytes
    note: str | None


NOTHING = Kept(0, merkle.EMPTY, None)
"""Trust at the start: the empty tree."""


def row_id(number: int, seq: int) -> int:
    """Pack a place into one integer; unpack with `place`."""
    return number << _SEQ_BITS | seq


def place(row: int) -> tuple[int, int]:
    """(shelf number, seq) of a row id."""
    return row >> _SEQ_BITS, row & SEQ_MASK


def create(sql: sqlite3.Connection) -> None:
    """Make the tables of a fresh file."""
    for statement in SCHEMA:
        sql.execute(statement)


def is_fresh(sql: sqlite3.Connection) -> bool:
    """Whether the file has no tables yet."""
    return not sql.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()


def fact(sql: sqlite3.Connection, name: str) -> bytes | None:
    """One named value."""
    found = sql.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
    return bytes(found[0]) if found else None


def put_fact(sql: sqlite3.Connection, name: str, value: bytes) -> None:
    """Set one named value."""
    sql.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))


def drop_fact(sql: sqlite3.Connection, name: str) -> None:
    """Forget one named value."""
    sql.execute("DELETE FROM fact WHERE name = ?", (name,))


def put_kept(sql: sqlite3.Connection, kept: Kept) -> None:
    """Remember the newest verified checkpoint."""
    put_fact(sql, "size", kept.size.to_bytes(8, "big"))
    put_fact(sql, "root", kept.root)
    put_fact(sql, "note", (kept.note or "").encode())


def add_epoch(sql: sqlite3.Connection, epoch: bytes) -> int:
    """Give an epoch the next shelf number."""
    number = sql.execute("SELECT coalesce(max(number), 0) + 1 FROM epoch").fetchone()[0]
    sql.execute("INSERT INTO epoch VALUES (?, ?)", (number, epoch))
    return int(number)


def add_record(sql: sqlite3.Connection, number: int, row: Sealed, lane: int) -> None:
    """Write one sealed record exactly as it is; on an opening hangs all that comes after: twice."""
    record = row.record
    if record.kind in eviction.PINNED:
        sql.execute(SPARE)
        sql.execute("INSERT INTO spare VALUES (?, ?)", (row_id(number, record.seq), row.sealed))
    sql.execute(
        "INSERT INTO record VALUES (?, ?, ?, ?, ?)",
        (row_id(number, record.seq), record.kind.value, int(lane), row.hash, row.sealed),
    )


def newest(sql: sqlite3.Connection) -> Head | None:
    """The head of the chain: the newest record whose bytes are still what was sealed.

    A newer row that has rotted is passed over, which the next opening then tells by itself: it
    names the older head.
    """
    rows = sql.execute(
        "SELECT e.id, r.id, r.hash, r.sealed FROM record r JOIN epoch e ON e.number = r.id >> 32"
        " ORDER BY r.id DESC"
    )
    for epoch, row, digest, sealed in rows:
        if sha256(sealed).digest() == digest:
            return Head(epoch, place(row)[1], digest)
    return None


def holds(sql: sqlite3.Connection, head: Head) -> bool:
    """Whether exactly this record is on the disk."""
    found = sql.execute(
        "SELECT r.hash FROM epoch e JOIN record r ON r.id = (e.number << 32 | ?) WHERE e.id = ?",
        (head.seq, head.epoch),
    ).fetchone()
    return bool(found) and found[0] == head.hash


def sealed_at(sql: sqlite3.Connection, number: int, seq: int) -> bytes | None:
    """The bytes of one row, unchecked."""
    found = sql.execute("SELECT sealed FROM record WHERE id = ?", (row_id(number, seq),)).fetchone()
    return bytes(found[0]) if found else None


def spare_at(sql: sqlite3.Connection, number: int, seq: int) -> bytes | None:
    """The second copy of a row's bytes, where there is one, unchecked."""
    if not _has_table(sql, "spare"):
        return None
    found = sql.execute("SELECT sealed FROM spare WHERE id = ?", (row_id(number, seq),)).fetchone()
    return bytes(found[0]) if found else None


def between(
    sql: sqlite3.Connection, number: int, first: int, last: int
) -> Iterator[tuple[int, bytes, bytes]]:
    """(seq, hash, sealed) of the rows of a run that are on the card, in order, unchecked."""
    rows = sql.execute(
        "SELECT id, hash, sealed FROM record WHERE id BETWEEN ? AND ? ORDER BY id",
        (row_id(number, first), row_id(number, last)),
    )
    for row, digest, sealed in rows:
        yield place(row)[1], digest, sealed


def sound(sql: sqlite3.Connection, cut: Cut, epoch: bytes) -> tuple[bytes, ...]:
    """The rows of a cut before the first that is missing, altered, or not where it belongs."""
    good: list[bytes] = []
    prev: bytes | None = None
    for seq, digest, sealed in between(sql, cut.number, cut.first, cut.last):
        if seq != cut.first + len(good) or sha256(sealed).digest() != digest:
            break
        record = _opened(sealed)
        if record is None or (record.epoch, record.seq) != (epoch, seq):
            break
        if prev not in (None, record.prev):
            break
        good.append(sealed)
        prev = digest
    return tuple(good)


def _opened(sealed: bytes) -> Record | None:
    try:
        return open_sealed(sealed).record
    except ProtocolError:
        return None


def listed(sql: sqlite3.Connection) -> Iterator[Listed]:
    """(shelf number, seq, kind, lane) of all rows, from the oldest."""
    for row, kind, lane in sql.execute("SELECT id, kind, lane FROM record ORDER BY id"):
        yield (*place(row), kind, lane)


def count_records(sql: sqlite3.Connection) -> int:
    """How many records are on the card."""
    return int(sql.execute("SELECT count(*) FROM record").fetchone()[0])


def used_bytes(sql: sqlite3.Connection) -> int:
    """How much of the file is in use; pages that were freed are used again before it grows."""
    pages, free, size = (
        sql.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def delete_records(sql: sqlite3.Connection, cut: Cut) -> int:
    """Take away the rows of a run, openings and rotations excepted; returns how many went."""
    gone = sql.execute(
        f"DELETE FROM record WHERE id BETWEEN ? AND ? AND kind NOT IN ({PINNED})",
        (row_id(cut.number, cut.first), row_id(cut.number, cut.last)),
    )
    return gone.rowcount


def add_buried(sql: sqlite3.Connection, cut: Cut, last_hash: bytes) -> None:
    """Remember a run that a tombstone stands for, with the hash of its last record."""
    place = (cut.number, cut.first, cut.last)
    sql.execute("INSERT INTO buried VALUES (?, ?, ?, ?)", (*place, last_hash))


def hash_at(sql: sqlite3.Connection, number: int, seq: int) -> bytes | None:
    """The hash of a record that is on the card, or that ended a buried run."""
    found = sql.execute(
        "SELECT hash FROM record WHERE id = ? UNION ALL"
        " SELECT last_hash FROM buried WHERE epoch = ? AND last = ?",
        (row_id(number, seq), number, seq),
    ).fetchone()
    return bytes(found[0]) if found else None


def restore(sql: sqlite3.Connection, number: int, seq: int, sealed: bytes) -> None:
    """Put back what was sealed, with its hash."""
    sql.execute(
        "UPDATE record SET hash = ?, sealed = ? WHERE id = ?",
        (sha256(sealed).digest(), sealed, row_id(number, seq)),
    )


def put_freed(sql: sqlite3.Connection, number: int, freed: Ranges) -> None:
    """Replace what is known to be freed of a shelf; neighbours have become one run."""
    sql.execute("DELETE FROM freed WHERE epoch = ?", (number,))
    for first, last in freed.runs:
        sql.execute("INSERT INTO freed VALUES (?, ?, ?)", (number, first, last))


def put_former(sql: sqlite3.Connection, number: int, former: Ranges) -> None:
    """Replace what is known to have been proved by a log that has a successor now."""
    sql.execute(FORMER)
    sql.execute("DELETE FROM former WHERE epoch = ?", (number,))
    for first, last in former.runs:
        sql.execute("INSERT INTO former VALUES (?, ?, ?)", (number, first, last))


def clear_proofs(sql: sqlite3.Connection) -> None:
    """Take every receipt away, and every note: they are another log's."""
    sql.execute("DELETE FROM proof")
    sql.execute("DELETE FROM note")


def rotations(sql: sqlite3.Connection) -> Iterator[tuple[int, int, bytes]]:
    """(shelf number, seq, sealed) of every key rotation on the card, unchecked."""
    found = sql.execute(f"SELECT id, kind, sealed FROM record WHERE kind IN ({PINNED}) ORDER BY id")
    for row, kind, sealed in found:
        if kind == Kind.ROTATION:
            yield (*place(row), sealed)


def has_former(sql: sqlite3.Connection) -> bool:
    """Whether a successor was ever followed on this card."""
    return _has_table(sql, "former")


def _has_table(sql: sqlite3.Connection, name: str) -> bool:
    return bool(sql.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone())


def put_aside(sql: sqlite3.Connection, number: int, seq: int, problem: str) -> None:
    """Set one row aside: it keeps waiting, but does not block the line."""
    sql.execute("INSERT OR REPLACE INTO aside VALUES (?, ?, ?)", (number, seq, problem))


def asides(sql: sqlite3.Connection) -> list[tuple[str, int]]:
    """(problem, how many rows were set aside for it)."""
    found = sql.execute("SELECT CAST(problem AS BLOB), count(*) FROM aside GROUP BY problem")
    return [(problem.decode("utf-8", "replace"), count) for problem, count in found]


def clear_aside(sql: sqlite3.Connection) -> None:
    """Let every row that was set aside try again."""
    sql.execute("DELETE FROM aside")


def add_proof(sql: sqlite3.Connection, proof: Proof, utc_ms: int) -> None:
    """Keep a verified receipt; `utc_ms` is the server's time when it came."""
    span = (proof.number, proof.first, proof.last)
    sql.execute(
        "INSERT OR REPLACE INTO proof VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (proof.place, *span, utc_ms, proof.size, proof.leaf, b"".join(proof.path)),
    )


def add_note(sql: sqlite3.Connection, size: int, text: str) -> None:
    """Keep the checkpoint that proofs stand under."""
    sql.execute("INSERT OR IGNORE INTO note VALUES (?, ?)", (size, text))


def oldest_proofs(sql: sqlite3.Connection, limit: int) -> list[tuple[int, int, int, int, int]]:
    """(place, shelf number, first, last, utc_ms) of the first proofs in the order of making."""
    return sql.execute(
        "SELECT place, epoch, first, last, utc_ms FROM proof INDEXED BY proven"
        " ORDER BY epoch, first, last LIMIT ?",
        (limit,),
    ).fetchall()


def delete_proofs(sql: sqlite3.Connection, places: Iterable[int]) -> None:
    """Take proofs away, and notes under which none is left."""
    for at in places:
        sql.execute("DELETE FROM proof WHERE place = ?", (at,))
    sql.execute("DELETE FROM note WHERE size < (SELECT coalesce(min(size), 0) FROM proof)")


def proofs(sql: sqlite3.Connection) -> Iterator[Proof]:
    """Every kept receipt, in the order of the records."""
    rows = sql.execute(
        "SELECT epoch, first, last, place, size, leaf, path FROM proof ORDER BY epoch, first, last"
    )
    for number, first, last, at, size, leaf, path in rows:
        hashes = tuple(path[i : i + _HASH] for i in range(0, len(path), _HASH))
        yield Proof(number, first, last, at, size, leaf, hashes)


def newest_proof(sql: sqlite3.Connection) -> tuple[int, int] | None:
    """(place in the log, the server's UTC in ms when it came) of the receipt furthest on."""
    found = sql.execute("SELECT place, utc_ms FROM proof ORDER BY place DESC LIMIT 1").fetchone()
    return (found[0], found[1]) if found else None


def notes(sql: sqlite3.Connection) -> dict[int, str]:
    """Kept notes by size."""
    found = sql.execute("SELECT size, CAST(text AS BLOB) FROM note ORDER BY size")
    return {size: text.decode("utf-8", "replace") for size, text in found}
