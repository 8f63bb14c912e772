"""How the log grows: one numbered argument that no crash, at any line, can make it sign twice.

    1 choose    the batch that the journal holds unfinished, else the oldest staged leaves
    2 grow      the new nodes and the root that this batch leads to
    3 journal   leaves, bodies and root, synced
    4 sign      size and root
    5 swap      one transaction: checkpoint, entries, nodes, bodies, and nothing staged of it
    6 publish   the transaction's end is what makes the checkpoint readable

What is signed is therefore always in the journal, and what is in the journal is finished before
anything else is begun: one size never gets two roots. Recovery is not another path but step 1.
It refuses to go on when database, journal and key disagree. Spec: docs/protocol.md, "Log".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from django.db import DatabaseError, IntegrityError, InterfaceError, connection

from protocol import checkpoint as c2sp
from protocol.merkle import Node, leaf_hash
from server.ledger import nodes, rows
from server.ledger.journal import Batch, Journal, JournalDamaged, Mark
from server.ledger.keys import Keys
from server.ledger.writing import writing

BATCH_LEAVES = 4096
BATCH_BYTES = 16 << 20
LOCK = 0x6A61_6761_6C63_6869
"""Number of PostgreSQL's advisory lock for sequencing."""


class LogUnavailable(Exception):
    """The log cannot be extended just now (busy, disk, lost connection); asking again is right."""


class LogBroken(Exception):
    """Database, journal and key contradict each other: this log stops growing until repaired."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed tree head; `mark` is where the journal stood behind its last batch."""

    size: int
    root: bytes
    note: str
    utc_ms: int
    mark: Mark


def newest() -> Checkpoint | None:
    """The newest checkpoint; None before the first start has finished. Raises LogBroken."""
    found = rows.fetch(
        "SELECT size, root, note, utc_ms, journal_end, journal_chain FROM ledger_checkpoint"
        " ORDER BY size DESC LIMIT 1"
    )
    if not found:
        return None
    if None in found[0]:  # a column that the table refuses to leave empty: the pages are damaged
        raise LogBroken("the newest checkpoint in the database is damaged")
    size, root, note, utc_ms, end, chain = found[0]
    return Checkpoint(size, bytes(root), note, utc_ms, Mark(end, bytes(chain)))


def extend(journal: Journal, keys: Keys, now_ms: int) -> Checkpoint:
    """Sequence everything that is staged now, in as many rounds as that takes."""
    full = True
    while full:
        checkpoint, full = next_round(journal, keys, now_ms)
    return checkpoint


def next_round(journal: Journal, keys: Keys, now_ms: int) -> tuple[Checkpoint, bool]:
    """One round; says whether there may be more to do. Raises LogUnavailable or LogBroken."""
    try:
        with _alone(journal):
            return _round(journal, keys, now_ms)
    except IntegrityError as error:
        raise LogBroken(f"the database refused a second successor: {error}") from error
    except JournalDamaged as error:
        raise LogBroken(str(error)) from error
    except (DatabaseError, InterfaceError, OSError) as error:
        raise LogUnavailable(str(error)) from error


def _round(journal: Journal, keys: Keys, now_ms: int) -> tuple[Checkpoint, bool]:
    old = _trusted(journal)

    # 1 choose. Nothing is changed yet; a crash leaves everything as it was.
    unfinished = journal.after(old.mark)
    batch, more = (unfinished, True) if unfinished else _drain(old.size, now_ms)
    if not batch.leaves:
        return old, more

    # 2 grow. In memory only. An unfinished batch must lead to the root it was journalled with.
    root, made = _grow(old, batch)
    if unfinished and (batch.root != root or batch.first != old.size):
        raise LogBroken("the journal's last batch does not continue this database")
    batch = replace(batch, root=root)

    # 3 journal. A crash before the sync leaves a torn frame, cut off by the next round, or a whole
    #   one, adopted by it. From here on this batch, and no other, stands at these numbers.
    mark = journal.append(old.mark, batch)

    # 4 sign. A crash leaves the batch in the journal; adopting it signs the same root again.
    new = signed(keys, batch, mark)

    # 5 swap. A crash, or a commit whose answer is lost, leaves all of it or nothing.
    _swap(old, new, batch, made)

    # 6 publish: leaving the transaction commits. Whoever reads from now on finds the new head.
    return new, more


@contextmanager
def _alone(journal: Journal) -> Iterator[None]:
    with writing(durable=True):
        if connection.vendor == "postgresql":
            limit = "set_config('lock_timeout', '20s', true)"
            rows.execute(f"SELECT {limit}, pg_advisory_xact_lock(%s)", [LOCK])
        with journal.locked():
            yield


def _trusted(journal: Journal) -> Checkpoint:
    """The checkpoint to build on, if the journal is the one that it was built with."""
    old = newest()
    if old is None:
        raise LogBroken("this log was never begun")
    if not journal.holds(old.mark):
        raise LogBroken("the journal ends before the database, or is another log's")
    return old


def _drain(first: int, now_ms: int) -> tuple[Batch, bool]:
    """The oldest staged leaves, at most a batch of them and unrooted; whether there may be more."""
    sizes = rows.fetch(
        "SELECT id, length(leaf) + length(body) FROM ledger_staged ORDER BY id LIMIT %s",
        [BATCH_LEAVES],
    )
    if not sizes:  # somebody else's round took them along
        return Batch(first, now_ms, (), (), b""), False
    # A leaf staged again while it was being sequenced is in the log already.
    rows.execute(
        "DELETE FROM ledger_staged WHERE EXISTS (SELECT 1 FROM ledger_entry"
        " WHERE ledger_entry.leaf_hash = ledger_staged.leaf_hash)"
    )
    last = _last(sizes)
    sql = "SELECT leaf, body FROM ledger_staged WHERE id <= %s ORDER BY id"
    found = rows.fetch(sql, [last])
    leaves, bodies = zip(*found, strict=True) if found else ((), ())
    batch = Batch(first, now_ms, tuple(map(bytes, leaves)), tuple(map(bytes, bodies)), b"")
    return batch, len(sizes) == BATCH_LEAVES or last < sizes[-1][0]


def _last(sizes: list[rows.Row]) -> int:
    """Id of the last leaf that still fits into a batch; one leaf always does."""
    total, last = 0, 0
    for number, size in sizes:
        total += size
        if last and total > BATCH_BYTES:
            break
        last = number
    return last


def _grow(old: Checkpoint, batch: Batch) -> tuple[bytes, list[Node]]:
    edge = nodes.edge(old.size)
    if edge.root() != old.root:
        raise LogBroken("the tree's nodes do not lead to the newest checkpoint's root")
    edge, made = edge.extend(map(leaf_hash, batch.leaves))
    return edge.root(), made


def signed(keys: Keys, batch: Batch, mark: Mark) -> Checkpoint:
    """The checkpoint behind ``batch``; Ed25519 gives the same note each time."""
    size = batch.first + len(batch.leaves)
    text = c2sp.encode(c2sp.Checkpoint(keys.origin, size, batch.root))
    note = c2sp.sign_note(text, [keys.signer])
    return Checkpoint(size, batch.root, note, batch.utc_ms, mark)


def _swap(old: Checkpoint, new: Checkpoint, batch: Batch, made: list[Node]) -> None:
    record(new, old.size)
    hashes = [digest for level, _, digest in made if level == 0]
    entries = list(zip(range(old.size, new.size), hashes, batch.leaves, strict=True))
    rows.insert("ledger_entry", _ENTRY, entries)
    bodies = [(number, body) for number, body in enumerate(batch.bodies, old.size) if body]
    rows.insert("ledger_body", {"number": "bigint", "body": "bytea"}, bodies)
    nodes.add(made)
    rows.delete("DELETE FROM ledger_staged WHERE leaf_hash IN", hashes)


_ENTRY = {"number": "bigint", "leaf_hash": "bytea", "leaf": "bytea"}


def record(new: Checkpoint, previous: int | None) -> None:
    """Insert a checkpoint as the one successor of ``previous``."""
    rows.execute(
        "INSERT INTO ledger_checkpoint"
        " (size, previous, root, note, utc_ms, journal_end, journal_chain)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [new.size, previous, new.root, new.note, new.utc_ms, new.mark.end, new.mark.chain],
    )
