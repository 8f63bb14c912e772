"""Is every row of the log what it must be? Derived anew from bytes, compared, and told.

`tree` needs the database alone: leaves, their hashes, every node, every checkpoint's root. `journal`
compares entries, bodies and checkpoints with the journal, frame by frame, and tells a database that
was rolled back. A finding has the index of the leaf where there is one.
It changes nothing, believes no stored hash, and stops at no finding. What the log once published
and was then removed from database *and* journal shows only against a checkpoint that somebody else
kept: `published`. Specification: docs/protocol.md, "Log".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from protocol import checkpoint as c2sp
from protocol.errors import ProtocolError
from protocol.merkle import EMPTY, CompactRange, leaf_hash
from server.ledger import nodes, rows
from server.ledger.journal import Batch, Journal, Mark
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
        return self.text if self.index is None else f"leaf {self.index}: {self.text}"


def tree(done: Progress) -> Iterator[Finding]:
    """Derive hashes, nodes and roots from the leaves' bytes, and compare."""
    heads = rows.fetch("SELECT size, previous, root FROM ledger_checkpoint ORDER BY size")
    yield from _sequence_of(heads)
    size = heads[-1][0] if heads else 0
    roots = {head[0]: bytes(head[2]) for head in heads}
    edge, high = CompactRange(), {}
    for start in range(0, size, BLOCK):
        count = min(BLOCK, size - start)
        hashes = yield from _hashes(start, count)
        if len(hashes) != count:
            return
        derived: dict[int, bytes] = {}
        for low, up in pairwise(sorted({0, count, *_within(roots, start, count)})):
            edge, made = edge.extend(hashes[low:up])
            for level, index, digest in made:
                kept = derived if level <= LEVELS else high
                kept[nodes.position(level, index)] = digest
            if roots.get(edge.size, edge.root()) != edge.root():
                yield Finding(edge.size - 1, f"the checkpoint of size {edge.size} has another root")
        yield from _compare_nodes(start, derived)
        done(start + count)
    if roots.get(0, EMPTY) != EMPTY:
        yield Finding(None, "the checkpoint of size 0 has another root")
    yield from _high_nodes(high, size)


def _within(roots: dict[int, bytes], start: int, count: int) -> Iterator[int]:
    return (at for at in range(1, count) if start + at in roots)


def _sequence_of(heads: Sequence[rows.Row]) -> Iterator[Finding]:
    if not heads or heads[0][:2] != (0, None):
        yield Finding(None, "the checkpoint that began the log is missing")
    for before, head in pairwise(heads):
        if head[1] != before[0]:
            text = f"the checkpoint of size {head[0]} does not follow that of size {before[0]}"
            yield Finding(None, text)
    beyond = "SELECT number FROM {0} WHERE number < 0 OR number >= %s ORDER BY number LIMIT 3"
    size = heads[-1][0] if heads else 0
    for table in ("ledger_entry", "ledger_body"):
        for (number,) in rows.fetch(beyond.format(table), [size]):
            yield Finding(number, f"{table} has it, but the newest checkpoint ends before")


def _hashes(start: int, count: int) -> Iterator[Finding] | object:
    """Findings about the entries' own columns; returns the leaf hashes derived from the bytes."""
    sql = "SELECT number, leaf_hash, leaf FROM ledger_entry WHERE number >= %s AND number < %s"
    found = rows.fetch(sql + " ORDER BY number", [start, start + count])
    if len(found) != count:
        here = {row[0] for row in found}
        gone = next(number for number in range(start, start + count) if number not in here)
        yield Finding(gone, "is missing from ledger_entry")
    hashes = [leaf_hash(bytes(leaf)) for _, _, leaf in found]
    if hashes != [stored for _, stored, _ in found]:
        for (number, stored, _), digest in zip(found, hashes, strict=True):
            if bytes(stored) != digest:
                yield Finding(number, "its bytes do not have the hash that is stored with them")
    return hashes
