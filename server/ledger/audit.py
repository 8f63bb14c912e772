"""Is every row of the log what it must be? Derived anew from bytes, compared, and told.

`tree` needs the database alone: leaves, their hashes, every node, every checkpoint's root.
`against` compares entries, bodies and checkpoints with the journal, frame by frame, and tells a
database that was rolled back. A finding has the index of the leaf where there is one.
It changes nothing, believes no stored hash, and goes on after a finding. What the log published and
then lost from database *and* journal shows only against a checkpoint that somebody else kept:
`published`. Specification: docs/protocol.md, "Log".
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from protocol import checkpoint as c2sp
from protocol.errors import ProtocolError
from protocol.merkle import EMPTY, CompactRange, leaf_hash
from server.ledger import nodes, rows
from server.ledger.journal import Batch, Journal, JournalDamaged, Mark
from server.ledger.keys import Keys, verify_ed25519

LEVELS = 12
BLOCK = 1 << LEVELS
"""Leaves looked at together; aligned, so that their subtree is one run of positions."""

Progress = Callable[[int], None]
"""Told how many leaves are done."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be; `index` of the leaf, if it is about one."""

    index: int | None
    text: str

    def __str__(self) -> str:
        """One line for the operator."""
        return self.text if self.index is None else f"leaf {self.index}: {self.text}"


def tree(done: Progress) -> Iterator[Finding]:
    """Derive hashes, nodes and roots from the leaves' bytes, and compare."""
    heads = rows.fetch("SELECT size, previous, root FROM ledger_checkpoint ORDER BY size")
    yield from _sequence_of(heads)
    size = heads[-1][0] if heads else 0
    roots = {head[0]: bytes(head[2]) for head in heads}
    if roots.get(0, EMPTY) != EMPTY:
        yield Finding(None, "the checkpoint of size 0 has another root")
    edge, high = CompactRange(), dict[int, bytes]()
    for start in range(0, size, BLOCK):
        hashes = yield from _hashes(start, min(BLOCK, size - start))
        if start + len(hashes) < min(start + BLOCK, size):
            return
        derived: dict[int, bytes] = {}
        for low, up in pairwise(_cuts(roots, start, len(hashes))):
            edge, made = edge.extend(hashes[low:up])
            derived |= nodes.placed(made)
            if edge.size in roots and roots[edge.size] != edge.root():
                yield Finding(edge.size - 1, f"the checkpoint of size {edge.size} has another root")
        # The last nodes to be completed may stand above the block, outside its run of positions.
        high |= {at: derived.pop(at) for at in _above(derived, start)}
        yield from _node_block(2 * start, derived)
        done(edge.size)
    yield from _high_nodes(high, size)


def end_of(before: int) -> int:
    """How far to read a journal that may be growing: to `before`, its end as it was before the
    database was looked at, or to where that says the journal stood, whichever is later."""
    sql = "SELECT journal_end FROM ledger_checkpoint ORDER BY size DESC LIMIT 1"
    return max(before, *(end for (end,) in rows.fetch(sql) if isinstance(end, int)), 0)


def against(journal: Journal, end: int, keys: Keys, done: Progress) -> Iterator[Finding]:
    """Compare the database with what the journal holds up to `end`, checkpoints' notes included."""
    heads = {head.size: head for head in _heads()}
    newest = max(heads, default=0)
    size, unfinished = 0, 0
    begun = journal.inception()
    if begun is None or begun[:2] != (keys.origin, keys.log.vkey):
        yield Finding(None, "the journal is missing, or is not of the log whose key is here")
        return
    yield from _head(heads.pop(0, None), _Head(0, EMPTY, 0, begun[2]), keys)
    try:
        for batch, mark in frames(journal, end):
            first, size = size, size + len(batch.leaves)
            if batch.first != first:
                yield Finding(first, f"the journal goes on with leaf {batch.first}")
            if first >= newest:
                unfinished += 1
                yield from _unfinished(batch, unfinished)
                continue
            must = _Head(size, batch.root, batch.utc_ms, mark)
            yield from _head(heads.pop(size, None), must, keys)
            yield from _entries(batch)
            done(size)
    except JournalDamaged as error:
        yield Finding(size, str(error))
    for left in sorted(heads):
        yield Finding(left - 1, f"the journal does not hold what the checkpoint of {left} signed")


def frames(journal: Journal, end: int) -> Iterator[tuple[Batch, Mark]]:
    """Every batch of the journal up to `end`, and the mark behind it. Raises JournalDamaged."""
    begun = journal.inception()
    following = journal.following(begun[2]) if begun else None
    while following and following[1].end <= end:
        yield following
        following = journal.following(following[1])


def published(note: str, keys: Keys) -> Iterator[Finding]:
    """Compare the log with a checkpoint of it that was kept elsewhere."""
    try:
        told = c2sp.open_checkpoint(note, keys.log, verify_ed25519)
        root = nodes.edge(told.size).root()
    except ProtocolError as error:
        yield Finding(None, f"the checkpoint given is not of this log: {error}")
    except KeyError:
        yield Finding(None, f"the log ends before size {told.size}, which it once signed")
    else:
        if root != told.root:
            yield Finding(told.size - 1, "the log once signed another root for its size here")


def _above(derived: dict[int, bytes], start: int) -> list[int]:
    end = 2 * (start + BLOCK) - 1
    return [at for at in derived if not 2 * start <= at < end]


def _cuts(roots: dict[int, bytes], start: int, count: int) -> list[int]:
    """Where in this block the root has to be known: behind every checkpoint's last leaf."""
    return [0, *(at for at in range(1, count) if start + at in roots), count]


def _sequence_of(heads: Sequence[rows.Row]) -> Iterator[Finding]:
    if not heads or heads[0][:2] != (0, None):
        yield Finding(None, "the checkpoint that began the log is missing")
    for before, head in pairwise(heads):
        if head[1] != before[0]:
            text = f"the checkpoint of size {head[0]} does not follow that of size {before[0]}"
            yield Finding(before[0], text)
    size = heads[-1][0] if heads else 0
    for table in ("ledger_entry", "ledger_body"):
        beyond = f"SELECT number FROM {table} WHERE number < 0 OR number >= %s LIMIT 3"
        for (number,) in rows.fetch(beyond, [size]):
            yield Finding(number, f"{table} has it, but the newest checkpoint ends before")


def _hashes(start: int, count: int) -> Generator[Finding, None, list[bytes]]:
    """Tell what is wrong with the entries' columns; return the hashes that their bytes have."""
    sql = "SELECT number, leaf_hash, leaf FROM ledger_entry WHERE number >= %s AND number < %s"
    found = rows.fetch(sql + " ORDER BY number", [start, start + count])
    if len(found) != count:
        here = {number for number, _, _ in found}
        gone = next(number for number in range(start, start + count) if number not in here)
        yield Finding(gone, "is missing from ledger_entry")
    hashes = [leaf_hash(_bytes(leaf)) for _, _, leaf in found]
    told = [] if hashes == [stored for _, stored, _ in found] else found
    for (number, stored, _), digest in zip(told, hashes, strict=False):
        if _bytes(stored) != digest:
            yield Finding(number, "its bytes do not have the hash that is stored with them")
    return hashes


def _node_block(start: int, derived: dict[int, bytes]) -> Iterator[Finding]:
    sql = "SELECT position, hash FROM ledger_node WHERE position >= %s AND position < %s"
    stored: dict[int, bytes] = dict(rows.fetch(sql, [start, start + 2 * BLOCK - 1]))
    yield from _nodes(stored, derived)


def _high_nodes(derived: dict[int, bytes], size: int) -> Iterator[Finding]:
    """Nodes above the blocks, and any that no tree of this size has."""
    end = 2 * BLOCK * -(-size // BLOCK)
    sql = "SELECT position, hash FROM ledger_node WHERE (position + 1) %% %s = 0"
    stored: dict[int, bytes] = dict(
        rows.fetch(sql + " OR position < 0 OR position >= %s", [2 * BLOCK, end])
    )
    yield from _nodes(stored, derived)


def _nodes(stored: dict[int, bytes], derived: dict[int, bytes]) -> Iterator[Finding]:
    if stored == derived:
        return
    for position in sorted(stored.keys() | derived.keys()):
        if position not in derived:
            yield Finding(position // 2, f"ledger_node has one too many, at position {position}")
        elif position not in stored or _bytes(stored[position]) != derived[position]:
            yield Finding(position // 2, f"a node above it is wrong, at position {position}")


@dataclass(frozen=True, slots=True)
class _Head:
    """A checkpoint's row, or what the journal says that it must be."""

    size: int
    root: bytes
    utc_ms: int
    mark: Mark
    note: str = ""


def _heads() -> list[_Head]:
    sql = "SELECT size, root, utc_ms, journal_end, journal_chain, note FROM ledger_checkpoint"
    return [
        _Head(size, _bytes(root), utc_ms, Mark(end, _bytes(chain)), note)
        for size, root, utc_ms, end, chain, note in rows.fetch(sql)
    ]


def _head(row: _Head | None, must: _Head, keys: Keys) -> Iterator[Finding]:
    index = max(must.size - 1, 0)
    if row is None:
        yield Finding(index, f"the checkpoint of size {must.size} is missing")
        return
    if (row.root, row.mark) != (must.root, must.mark) or (must.size and row.utc_ms != must.utc_ms):
        yield Finding(index, f"the checkpoint of size {must.size} is not as the journal has it")
    text = c2sp.encode(c2sp.Checkpoint(keys.origin, must.size, must.root))
    # Ed25519 makes the same signature each time, and making it is quicker than checking it.
    if row.note != c2sp.sign_note(text, [keys.signer]):
        yield Finding(index, f"the note of the checkpoint of size {must.size} is not what we sign")


def _entries(batch: Batch) -> Iterator[Finding]:
    yield from _column("leaf", "ledger_entry", batch.first, batch.leaves)
    yield from _column("body", "ledger_body", batch.first, batch.bodies)


def _column(name: str, table: str, first: int, must: Sequence[bytes]) -> Iterator[Finding]:
    sql = f"SELECT number, {name} FROM {table} WHERE number >= %s AND number < %s"
    stored: dict[int, bytes] = dict(rows.fetch(sql, [first, first + len(must)]))
    for index, data in enumerate(must, first):
        found = stored.get(index, b"")
        # An empty body has no row.
        if (index in stored) != bool(data or name == "leaf") or _bytes(found) != data:
            yield Finding(index, f"{table} does not hold what the journal has")


def _unfinished(batch: Batch, count: int) -> Iterator[Finding]:
    """One batch may be under way, and then its leaves wait in the database: all else is loss."""
    hashes = [leaf_hash(leaf) for leaf in batch.leaves]
    sql = "SELECT leaf_hash FROM ledger_staged WHERE leaf_hash IN"
    staged = {_bytes(digest) for (digest,) in rows.select(sql, hashes)}
    if count > 1 or not staged.issuperset(hashes):
        text = "is in the journal and not in the database, which was rolled back or is an old copy"
        yield Finding(batch.first, text)


def _bytes(value: object) -> bytes:
    """What a column holds; whatever is no bytes at all equals nothing."""
    return bytes(value) if isinstance(value, bytes | memoryview) else repr(value).encode()
