"""The log as the rest of the server sees it: stage, sequence, and read with proof.

    with staging():                 # one transaction with the caller's own rows
        log.stage(leaf, body)
    log.sequence(now_ms)            # afterwards: a checkpoint that covers what was staged

Whoever answers before that, or never sequences, takes `writing()` instead.

It refuses to know what a leaf means. Sizes count leaves, indexes start at 0, hashes are 32 bytes,
times are UTC milliseconds. Specification: docs/protocol.md, "Log".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.conf import settings

from protocol import merkle
from protocol.tiles import MAX_ENTRY_BYTES
from protocol.wire import Receipt
from server.ledger import nodes, rows, sequencing
from server.ledger.grouping import Rounds
from server.ledger.journal import Journal
from server.ledger.keys import current
from server.ledger.sequencing import Checkpoint, LogBroken, LogUnavailable
from server.ledger.writing import fold_if_grown, staging, writing

__all__ = ["Checkpoint", "LogBroken", "LogUnavailable", "staging", "writing"]

_STAGED = {"leaf_hash": "bytea", "leaf": "bytea", "body": "bytea"}
_LOGGED = "EXISTS (SELECT 1 FROM ledger_entry AS old WHERE old.leaf_hash = new.leaf_hash)"

_rounds: Rounds[Checkpoint] = Rounds()


def stage(leaf: bytes, body: bytes = b"") -> bytes:
    """Queue one leaf and its body; return the leaf hash. Idempotent.

    Runs in the caller's transaction (`with writing():`) and lasts when that commits; the body is
    whatever the leaf commits to, kept and journalled with it. Raises ValueError for a leaf of
    64 KiB or more.
    """
    return stage_all([(leaf, body)])[0]


def stage_all(items: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    """Queue many (leaf, body) pairs, in this order, in one statement; see `stage`."""
    if any(len(leaf) > MAX_ENTRY_BYTES for leaf, _ in items):
        raise ValueError("a leaf must stay below 64 KiB")
    hashes = [merkle.leaf_hash(leaf) for leaf, _ in items]
    staged = [(digest, *item) for digest, item in zip(hashes, items, strict=True)]
    rows.insert("ledger_staged", _STAGED, staged, unless=_LOGGED)
    return hashes


def sequence(now_ms: int) -> Checkpoint:
    """Extend the log by everything staged before this call; return a checkpoint that covers it.

    Callers meeting here share one round. Never inside a transaction. Raises LogUnavailable (what
    was staged stays staged; a later call takes it along) or LogBroken.
    """
    return _rounds.join(lambda: _lead(now_ms))


def _lead(now_ms: int) -> Checkpoint:
    checkpoint = sequencing.extend(journal(), current(), now_ms)
    fold_if_grown(checkpoint.size, checkpoint.mark.end)
    return checkpoint


def waiting() -> bool:
    """Whether anything is staged."""
    return bool(rows.fetch("SELECT 1 FROM ledger_staged LIMIT 1"))


def newest() -> Checkpoint:
    """The newest checkpoint; size 0 in a new log. Raises LogBroken in one never begun."""
    checkpoint = sequencing.newest()
    if checkpoint is None:
        raise LogBroken("this log was never begun")
    return checkpoint


def note_of(size: int) -> str | None:
    """The checkpoint that was signed when the log had just that size; None if none was."""
    found = rows.fetch("SELECT note FROM ledger_checkpoint WHERE size = %s", [size])
    return str(found[0][0]) if found else None


def root_at(size: int) -> bytes:
    """Root of the log when it had ``size`` leaves. KeyError if it never had as many."""
    return nodes.edge(size).root()


def index_of(leaf_hashes: Iterable[bytes]) -> dict[bytes, int]:
    """Where those leaves stand; one that is not sequenced yet is missing from the answer."""
    sql = "SELECT leaf_hash, number FROM ledger_entry WHERE leaf_hash IN"
    return {bytes(digest): number for digest, number in rows.select(sql, list(leaf_hashes))}


def inclusion(indexes: Sequence[int], size: int) -> list[list[bytes]]:
    """Inclusion paths of those leaves in the tree of ``size``, fetched by one query."""
    ids = {node for index in indexes for node in merkle.inclusion_nodes(index, size)}
    node = nodes.read(ids)
    return [merkle.inclusion_proof(index, size, node) for index in indexes]


def consistency(old_size: int, size: int) -> list[bytes]:
    """Proof that the tree of ``size`` extends the tree of ``old_size``."""
    node = nodes.read(merkle.consistency_nodes(old_size, size))
    return merkle.consistency_proof(old_size, size, node)


def receipts(leaf_hashes: Sequence[bytes], size: int) -> list[Receipt]:
    """Receipts of those of the leaves that the tree of ``size`` holds, in the order given."""
    sql = "SELECT leaf_hash, number, leaf FROM ledger_entry WHERE leaf_hash IN"
    found = {bytes(digest): entry for digest, *entry in rows.select(sql, list(leaf_hashes))}
    held = [found[digest] for digest in leaf_hashes if found.get(digest, [size])[0] < size]
    paths = inclusion([index for index, _ in held], size)
    return [
        Receipt(leaf=bytes(leaf), index=index, path=tuple(path))
        for (index, leaf), path in zip(held, paths, strict=True)
    ]


def leaves(first: int, count: int) -> list[bytes]:
    """Bytes of ``count`` leaves from index ``first``; fewer at the end of the log."""
    sql = "SELECT leaf FROM ledger_entry WHERE number >= %s AND number < %s ORDER BY number"
    return [bytes(leaf) for (leaf,) in rows.fetch(sql, [first, first + count])]


def body(leaf_hash: bytes) -> bytes | None:
    """The body staged with that leaf, sequenced or not; None for an unknown leaf."""
    found = rows.fetch(
        "SELECT coalesce(b.body, %s) FROM ledger_entry AS e LEFT JOIN ledger_body AS b"
        " ON b.number = e.number WHERE e.leaf_hash = %s"
        " UNION ALL SELECT body FROM ledger_staged WHERE leaf_hash = %s LIMIT 1",
        [b"", leaf_hash, leaf_hash],
    )
    return bytes(found[0][0]) if found else None


def journal() -> Journal:
    """The journal of this installation."""
    return Journal(settings.JAGALCHI.journal)
