"""Forged proofs: the forger picks the path, and even the root, and still gets only what is due.

A path can be folded in every order of left and right; each order gives a root under which *some*
tree would accept it. A verifier must accept exactly one of them when the path has the length that
index and size demand, and none otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import product

import pytest

from protocol import merkle

LEAF = merkle.leaf_hash(b"leaf")
PATH = [merkle.leaf_hash(b"sibling %d" % at) for at in range(5)]
LENGTHS = range(len(PATH) + 1)


def join(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def split(count: int) -> int:
    return max(power for power in (1, 2, 4, 8, 16) if power < count)


def inclusion_length(index: int, low: int, high: int) -> int:
    if high - low == 1:
        return 0
    middle = low + split(high - low)
    low, high = (low, middle) if index < middle else (middle, high)
    return 1 + inclusion_length(index, low, high)


def consistency_length(old: int, low: int, high: int) -> int:
    if old == high:
        return 1 if low else 0
    middle = low + split(high - low)
    low, high = (low, middle) if old <= middle else (middle, high)
    return 1 + consistency_length(old, low, high)


def sides(length: int) -> Iterator[tuple[bool, ...]]:
    return product((False, True), repeat=length)


def folded(path: Sequence[bytes], lefts: Sequence[bool]) -> bytes:
    digest = LEAF
    for sibling, left in zip(path, lefts, strict=True):
        digest = join(sibling, digest) if left else join(digest, sibling)
    return digest


def grown(start: bytes, path: Sequence[bytes], lefts: Sequence[bool]) -> tuple[bytes, bytes]:
    """Old and new root: a sibling on the left is in both trees, one on the right in the new one."""
    old = new = start
    for sibling, left in zip(path, lefts, strict=True):
        old = join(sibling, old) if left else old
        new = join(sibling, new) if left else join(new, sibling)
    return old, new


def growths(path: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Every (old root, new root) that can be made of this path, the old root known or not."""
    for lefts in sides(len(path)):
        yield grown(LEAF, path, lefts)
    for lefts in sides(len(path) - 1) if path else ():
        yield grown(path[0], path[1:], lefts)


@pytest.mark.parametrize("size", range(-1, 14))
def test_one_root_at_most_is_accepted_for_a_path(size: int) -> None:
    for index, length in product(range(-2, size + 3), LENGTHS):
        path = PATH[:length]
        roots = [folded(path, lefts) for lefts in sides(length)]
        accepted = sum(merkle.verify_inclusion(LEAF, index, size, path, root) for root in roots)
        due = 0 <= index < size and length == inclusion_length(index, 0, size)
        assert accepted == due, (index, size, length)


@pytest.mark.parametrize("size", range(-1, 14))
def test_one_pair_of_roots_at_most_is_accepted_for_a_growth(size: int) -> None:
    for old, length in product(range(-2, size + 3), LENGTHS):
        if old == size:
            continue
        path = PATH[:length]
        accepted = sum(
            merkle.verify_consistency(old, before, size, after, path)
            for before, after in growths(path)
        )
        due = 0 < old < size and length == consistency_length(old, 0, size)
        assert accepted == due, (old, size, length)


@pytest.mark.parametrize("wrong", [b"", LEAF[:31], LEAF + b"\x00"])
def test_a_hash_of_another_size_is_refused_even_where_it_adds_up(wrong: bytes) -> None:
    assert not merkle.verify_inclusion(wrong, 0, 1, [], wrong)
    assert not merkle.verify_inclusion(wrong, 0, 2, [LEAF], join(wrong, LEAF))
    assert not merkle.verify_inclusion(LEAF, 0, 2, [wrong], join(LEAF, wrong))
    assert not merkle.verify_consistency(1, LEAF, 2, join(LEAF, wrong), [wrong])
