"""The tree's nodes as rows of one table, keyed by one number.

A complete node (level, index) stands at its in-order position: leaves at even numbers, a parent
midway between its children. Appending to the log then appends to the table, on either database.
Specification: docs/protocol.md, "Log".
"""

from __future__ import annotations

from collections.abc import Iterable

from protocol.merkle import CompactRange, Node, NodeId, ReadNode, range_nodes
from server.ledger import rows


def position(level: int, index: int) -> int:
    """In-order position of the complete node (level, index)."""
    return ((2 * index + 1) << level) - 1


def placed(made: Iterable[Node]) -> dict[int, bytes]:
    """The hashes of many nodes by their positions."""
    return {((2 * index + 1) << level) - 1: digest for level, index, digest in made}


def read(ids: Iterable[NodeId]) -> ReadNode:
    """Fetch those nodes by one query; the answer looks one up and raises KeyError for another."""
    wanted = sorted({position(level, index) for level, index in ids})
    sql = "SELECT position, hash FROM ledger_node WHERE position IN"
    found: dict[int, bytes] = dict(rows.select(sql, wanted))
    return lambda level, index: bytes(found[position(level, index)])


def edge(size: int) -> CompactRange:
    """The right edge of the tree of ``size`` leaves."""
    return CompactRange.load(size, read(range_nodes(size)))


def add(made: Iterable[Node]) -> None:
    """Insert nodes that came to be."""
    pairs = [(position(level, index), digest) for level, index, digest in made]
    rows.insert("ledger_node", {"position": "bigint", "hash": "bytea"}, pairs)
