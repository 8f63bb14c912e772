"""The log's tree in memory: what appending and proving cost without a disk."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from protocol import merkle
from tests.bench.figure import Figure, seconds

LEAVES = 100_000
PROOFS = 200


def figures() -> Iterator[Figure]:
    """Measure, one after the other."""
    leaves = [merkle.leaf_hash(number.to_bytes(8, "big")) for number in range(LEAVES)]
    each = LEAVES / seconds(partial(_append_all, leaves), rounds=3)
    name = f"Merkle append, to {LEAVES:,} leaves"
    yield Figure(name, each, "/s", 10_000, "pymerkle ~5,800 at 1M", at_most=False)

    nodes = _nodes(leaves)
    node = partial(_node, nodes)
    step = LEAVES // PROOFS

    def prove() -> None:
        for index in range(0, LEAVES, step):
            merkle.inclusion_proof(index, LEAVES, node)

    millis = seconds(prove) / PROOFS * 1e3
    yield Figure(f"inclusion proof at {LEAVES:,} leaves", millis, "ms", 0.3, "pymerkle ~28 at 1M")


def _append_all(leaves: list[bytes]) -> merkle.CompactRange:
    """One leaf at a time, as a log with a trickle of entries would."""
    tree = merkle.CompactRange(0, ())
    for leaf in leaves:
        tree, _ = tree.append(leaf)
    return tree


def _nodes(leaves: list[bytes]) -> dict[tuple[int, int], bytes]:
    _, made = merkle.CompactRange(0, ()).extend(leaves)
    return {(level, index): digest for level, index, digest in made}


def _node(nodes: dict[tuple[int, int], bytes], level: int, index: int) -> bytes:
    return nodes[level, index]
