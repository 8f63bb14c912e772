"""The Merkle tree of RFC 6962 and RFC 9162: roots, proofs and their verification.

It works on leaf hashes and *complete nodes*. The complete node ``(level, index)`` covers the leaves
``index * 2**level`` up to ``(index + 1) * 2**level`` and never changes once all of them exist, so a
store needs one table that is only ever added to, and every proof is made of rows of that table.
``inclusion_nodes`` and ``consistency_nodes`` name those rows first: one query fetches them all.

It refuses to do any IO, to keep state, or to raise while verifying: a bad proof is ``False``.
Specification: docs/protocol.md, section "The tree".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

HASH_SIZE = 32
EMPTY = sha256(b"").digest()

NodeId = tuple[int, int]
"""(level, index) of a complete node; level 0 are the leaf hashes."""

Node = tuple[int, int, bytes]
"""(level, index, hash) of a complete node, as a store keeps it."""

ReadNode = Callable[[int, int], bytes]
"""Reads the hash of the complete node (level, index)."""

Range = tuple[int, int]
"""Leaves from the first on, up to and without the second. The hash over them is that of the tree
which they would be, in any tree that holds them as a node."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of one leaf's bytes: SHA-256(0x00 || data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Root over leaf hashes (not leaf bytes); ``EMPTY`` for none."""
    row = list(leaf_hashes)
    if not row:
        return EMPTY
    while len(row) > 1:
        # Pairing level by level, the odd last one rising unchanged, is the RFC's recursive split.
        odd = row[-1:] if len(row) % 2 else []
        pairs = zip(row[0::2], row[1::2], strict=False)
        row = [sha256(b"\x01" + left + right).digest() for left, right in pairs] + odd
    return row[0]


@dataclass(frozen=True, slots=True)
class CompactRange:
    """The right edge of a tree: all that is needed to append to it and to know its root.

    ``hashes`` are the complete nodes named by ``range_nodes(size)``, the largest (leftmost) first.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a pair that cannot be a tree's edge."""
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise ValueError(f"{len(self.hashes)} hashes cannot be the edge of size {self.size}")

    @classmethod
    def load(cls, size: int, node: ReadNode) -> CompactRange:
        """Read the edge of a tree of ``size`` leaves from a store of complete nodes."""
        return cls(size, tuple(node(level, index) for level, index in range_nodes(size)))

    def append(self, leaf: bytes) -> tuple[CompactRange, list[Node]]:
        """Append one leaf hash; return the new edge and the complete nodes that came to be."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> tuple[CompactRange, list[Node]]:
        """Append many leaf hashes; the new nodes come in order of completion, leaves included."""
        edge, size, made = list(self.hashes), self.size, []
        for leaf in leaves:
            level, index, digest = 0, size, leaf
            made.append((level, index, digest))
            while index & 1:
                digest = sha256(b"\x01" + edge.pop() + digest).digest()
                level, index = level + 1, index >> 1
                made.append((level, index, digest))
            edge.append(digest)
            size += 1
        return CompactRange(size, tuple(edge)), made

    def root(self) -> bytes:
        """Root of the tree; ``EMPTY`` at size 0."""
        return _fold(self.hashes) if self.hashes else EMPTY


def range_nodes(size: int) -> list[NodeId]:
    """Complete nodes that make up a tree of ``size`` leaves, the largest (leftmost) first."""
    return _nodes_of((0, size))


def inclusion_nodes(index: int, size: int) -> list[NodeId]:
    """Every complete node that ``inclusion_proof(index, size, ...)`` will read."""
    return [node for span in _inclusion_ranges(index, size) for node in _nodes_of(span)]


def inclusion_proof(index: int, size: int, node: ReadNode) -> list[bytes]:
    """Audit path of leaf ``index`` in the tree of ``size`` leaves, from the leaf upwards.

    Raises ValueError unless ``0 <= index < size``.
    """
    return [_read(span, node) for span in _inclusion_ranges(index, size)]


def consistency_nodes(old_size: int, size: int) -> list[NodeId]:
    """Every complete node that ``consistency_proof(old_size, size, ...)`` will read."""
    return [node for span in _consistency_ranges(old_size, size) for node in _nodes_of(span)]


def consistency_proof(old_size: int, size: int, node: ReadNode) -> list[bytes]:
    """Proof that the tree of ``size`` leaves extends the tree of ``old_size`` leaves.

    Empty when ``old_size`` is 0 or equals ``size``. Raises ValueError unless
    ``0 <= old_size <= size``.
    """
    return [_read(span, node) for span in _consistency_ranges(old_size, size)]


def inclusion_hashes(
    leaf: bytes, index: int, size: int, path: Sequence[bytes]
) -> Iterator[tuple[Range, bytes]]:
    """The hash over every range of leaves that a valid path names or makes, the root last."""
    span, digest = (index, index + 1), leaf
    yield span, digest
    for beside, sibling in zip(_inclusion_ranges(index, size), path, strict=True):
        yield beside, sibling
        left = beside < span
        digest = node_hash(sibling, digest) if left else node_hash(digest, sibling)
        span = (beside[0], span[1]) if left else (span[0], beside[1])
        yield span, digest


def hash_over(known: Mapping[Range, bytes], span: Range) -> bytes | None:
    """The hash over a range of leaves, as far as it follows from those that are known."""
    low, high = span
    if span in known or high - low < 2:
        return known.get(span)
    middle = low + _split(high - low)
    left = hash_over(known, (low, middle))
    right = None if left is None else hash_over(known, (middle, high))
    return None if left is None or right is None else node_hash(left, right)


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Whether ``path`` proves that leaf hash ``leaf`` is number ``index`` under ``size, root``.

    RFC 9162 section 2.1.3.2. A missing, extra or wrongly sized hash is ``False``.
    """
    if not 0 <= index < size or not _all_hashes(path) or len(leaf) != HASH_SIZE:
        return False
    number, last, digest = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if number & 1 or number == last:
            digest = node_hash(sibling, digest)
            number, last = _skip_lone_levels(number, last)
        else:
            digest = node_hash(digest, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and digest == root


def verify_consistency(
    old_size: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether ``path`` proves that ``size, root`` extends ``old_size, old_root``.

    RFC 9162 section 2.1.4.2. From size 0 every tree is an extension, provided that ``old_root`` is
    ``EMPTY`` and the path is empty. A missing, extra or wrongly sized hash is ``False``.
    """
    if not 0 <= old_size <= size or not _all_hashes(path):
        return False
    if old_size == size:
        return not path and old_root == root
    if old_size == 0:
        return not path and old_root == EMPTY
    return _consistent(old_size, old_root, size, root, path)


def _consistent(
    old_size: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]
) -> bool:
    # When the old tree is itself a complete node the proof leaves its root out: we know it.
    hashes = [old_root, *path] if old_size & (old_size - 1) == 0 else list(path)
    if not path:
        return False
    number, last = old_size - 1, size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    old_digest = digest = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            old_digest, digest = node_hash(sibling, old_digest), node_hash(sibling, digest)
            number, last = _skip_lone_levels(number, last)
        else:
            digest = node_hash(digest, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and old_digest == old_root and digest == root


def _skip_lone_levels(number: int, last: int) -> tuple[int, int]:
    # On the right edge a node without a sibling rises unchanged: those levels have no hash.
    while number and not number & 1:
        number, last = number >> 1, last >> 1
    return number, last


def _all_hashes(path: Sequence[bytes]) -> bool:
    # Two hashes of 31 and 33 bytes would concatenate to the same preimage.
    return all(len(digest) == HASH_SIZE for digest in path)


def _inclusion_ranges(index: int, size: int) -> list[Range]:
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    low, high, ranges = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return ranges[::-1]


def _consistency_ranges(old_size: int, size: int) -> list[Range]:
    if not 0 <= old_size <= size:
        raise ValueError(f"a tree of {size} cannot extend one of {old_size}")
    if old_size == 0:
        return []
    low, high, ranges = 0, size, []
    while high != old_size:
        middle = low + _split(high - low)
        if old_size <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    if low:
        ranges.append((low, high))
    return ranges[::-1]


def _split(count: int) -> int:
    """Largest power of two smaller than ``count`` (at least 2)."""
    return 1 << (count - 1).bit_length() - 1


def _nodes_of(span: Range) -> list[NodeId]:
    # Every range of a proof starts at a multiple of a power of two not smaller than itself.
    low, high = span
    nodes = []
    while low < high:
        level = (high - low).bit_length() - 1
        nodes.append((level, low >> level))
        low += 1 << level
    return nodes


def _read(span: Range, node: ReadNode) -> bytes:
    return _fold([node(level, index) for level, index in _nodes_of(span)])


def _fold(hashes: Sequence[bytes]) -> bytes:
    digest = hashes[-1]
    for left in hashes[-2::-1]:
        digest = node_hash(left, digest)
    return digest
