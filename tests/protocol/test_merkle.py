"""The tree against its definition: a naive recursion straight from RFC 6962, section 2.1."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import merkle
from protocol.merkle import CompactRange, NodeId

LARGEST = 3000
ALL_SIZES = range(131)


def data(index: int) -> bytes:
    return b"leaf %d" % index


LEAVES = [merkle.leaf_hash(data(index)) for index in range(LARGEST)]


def split(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


@cache
def naive_root(low: int, high: int) -> bytes:
    if high == low:
        return sha256(b"").digest()
    if high - low == 1:
        return sha256(b"\x00" + data(low)).digest()
    middle = low + split(high - low)
    return sha256(b"\x01" + naive_root(low, middle) + naive_root(middle, high)).digest()


def naive_path(index: int, low: int, high: int) -> list[bytes]:
    if high - low == 1:
        return []
    middle = low + split(high - low)
    if index < middle:
        return [*naive_path(index, low, middle), naive_root(middle, high)]
    return [*naive_path(index, middle, high), naive_root(low, middle)]


def naive_consistency(old: int, low: int, high: int, *, known: bool = True) -> list[bytes]:
    if old == high:
        return [] if known else [naive_root(low, high)]
    middle = low + split(high - low)
    if old <= middle:
        head = naive_consistency(old, low, middle, known=known)
        return [*head, naive_root(middle, high)]
    head = naive_consistency(old, middle, high, known=False)
    return [*head, naive_root(low, middle)]


EDGE, MADE = CompactRange().extend(LEAVES)
STORE: dict[NodeId, bytes] = {(level, index): digest for level, index, digest in MADE}


def node(level: int, index: int) -> bytes:
    return STORE[level, index]


def inclusion(index: int, size: int) -> list[bytes]:
    return merkle.inclusion_proof(index, size, node)


def included(index: int, size: int, path: Sequence[bytes]) -> bool:
    return merkle.verify_inclusion(LEAVES[index], index, size, path, naive_root(0, size))


def consistent(old: int, size: int, path: Sequence[bytes]) -> bool:
    return merkle.verify_consistency(old, naive_root(0, old), size, naive_root(0, size), path)


sizes = st.integers(1, LARGEST)


@st.composite
def places(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(sizes)
    return draw(st.integers(0, size - 1)), size


@st.composite
def growths(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(sizes)
    return draw(st.integers(0, size)), size


@pytest.mark.parametrize("size", ALL_SIZES)
def test_root_is_the_definitions(size: int) -> None:
    assert merkle.root(LEAVES[:size]) == naive_root(0, size)


def test_known_roots_of_the_rfc_6962_reference_leaves() -> None:
    leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    hashes = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in leaves]
    hashes.append(merkle.leaf_hash(bytes(range(0x60, 0x70))))
    assert merkle.EMPTY.hex().startswith("e3b0c44298fc1c14")
    assert merkle.root(hashes[:1]).hex().startswith("6e340b9cffb37a98")
    assert merkle.root(hashes[:3]).hex().startswith("aeb6bcfe274b70a1")
    assert merkle.root(hashes).hex() == (
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    )


@pytest.mark.parametrize("size", ALL_SIZES)
def test_every_inclusion_proof_is_the_definitions_and_verifies(size: int) -> None:
    for index in range(size):
        path = inclusion(index, size)
        assert path == naive_path(index, 0, size)
        assert included(index, size, path)


@pytest.mark.parametrize("size", ALL_SIZES)
def test_every_consistency_proof_is_the_definitions_and_verifies(size: int) -> None:
    for old in range(1, size + 1):
        path = merkle.consistency_proof(old, size, node)
        assert path == naive_consistency(old, 0, size)
        assert consistent(old, size, path)


@given(places())
def test_inclusion_in_large_trees(place: tuple[int, int]) -> None:
    path = inclusion(*place)
    assert path == naive_path(place[0], 0, place[1])
    assert included(*place, path)


@given(growths())
def test_consistency_of_large_trees(growth: tuple[int, int]) -> None:
    path = merkle.consistency_proof(*growth, node)
    assert growth[0] == 0 or path == naive_consistency(growth[0], 0, growth[1])
    assert consistent(*growth, path)


@given(places(), growths())
def test_the_nodes_named_first_are_exactly_those_read(
    place: tuple[int, int], growth: tuple[int, int]
) -> None:
    for names, prove, arguments in (
        (merkle.inclusion_nodes, merkle.inclusion_proof, place),
        (merkle.consistency_nodes, merkle.consistency_proof, growth),
    ):
        wanted = names(*arguments)
        fetched = {name: STORE[name] for name in wanted}
        read: list[NodeId] = []

        def take(level: int, index: int) -> bytes:
            read.append((level, index))  # noqa: B023 - called within this round
            return fetched[level, index]  # noqa: B023

        prove(*arguments, take)
        assert read == wanted
        assert len(set(wanted)) == len(wanted)


def test_every_node_made_is_complete_and_named_once() -> None:
    assert len(STORE) == len(MADE)
    for (level, index), digest in STORE.items():
        assert digest == naive_root(index << level, (index + 1) << level)


@given(st.lists(st.integers(0, 40), max_size=8))
def test_any_way_of_appending_gives_the_same_edge_and_nodes(steps: list[int]) -> None:
    edge, made, at = CompactRange(), [], 0
    for step in steps:
        edge, new = edge.extend(LEAVES[at : at + step])
        made += new
        at += step
    assert (edge, made) == CompactRange().extend(LEAVES[:at])
    assert edge.root() == naive_root(0, at)


@pytest.mark.parametrize("size", ALL_SIZES)
def test_append_one_by_one_and_reload_from_the_store(size: int) -> None:
    edge = CompactRange.load(size, node)
    assert edge.root() == naive_root(0, size)
    grown, new = edge.append(LEAVES[size])
    assert grown == CompactRange.load(size + 1, node)
    assert all(STORE[level, index] == digest for level, index, digest in new)


@pytest.mark.parametrize(("size", "count"), [(0, 1), (1, 0), (3, 1), (4, 2), (-1, 0), (-1, 1)])
def test_an_impossible_edge_is_refused(size: int, count: int) -> None:
    with pytest.raises(ValueError, match="cannot be the edge"):
        CompactRange(size, (bytes(32),) * count)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 4), (4, 4), (5, 4)])
def test_there_is_no_proof_for_a_leaf_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion(index, size)
    assert not merkle.verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])


@pytest.mark.parametrize(("old", "size"), [(5, 4), (-1, 4)])
def test_there_is_no_proof_that_a_tree_shrank(old: int, size: int) -> None:
    with pytest.raises(ValueError, match="cannot extend"):
        merkle.consistency_proof(old, size, node)
    assert not merkle.verify_consistency(old, LEAVES[0], size, LEAVES[0], [])


def spoilt(path: list[bytes]) -> list[list[bytes]]:
    """The path with one bit, one hash or one place wrong, in every way there is."""
    wrong = [[*path, extra] for extra in (bytes(32), LEAVES[0], *path)]
    for at, digest in enumerate(path):
        flipped = bytes([digest[0] ^ 1]) + digest[1:]
        head, tail = path[:at], path[at + 1 :]
        wrong += [head + tail, [*head, flipped, *tail], [*head, bytes(32), digest, *tail]]
        wrong += [[*head, digest[:-1], *tail], [*head, digest + b"\x00", *tail]]
        wrong += [path[:at], [*head, digest[:-1] + bytes([digest[-1] ^ 0x80]), *tail]]
        if tail and tail[0] != digest:
            wrong.append([*head, tail[0], digest, *tail[1:]])
    return wrong


@pytest.mark.parametrize("size", range(1, 35))
def test_every_spoilt_inclusion_proof_is_refused(size: int) -> None:
    for index in range(size):
        path = inclusion(index, size)
        assert not any(included(index, size, wrong) for wrong in spoilt(path))
        others = [other for other in range(size) if other != index]
        root = naive_root(0, size)
        for other in others:
            assert not included(other, size, path)
            assert not merkle.verify_inclusion(LEAVES[index], other, size, path, root)


@pytest.mark.parametrize("size", range(1, 35))
def test_every_spoilt_consistency_proof_is_refused(size: int) -> None:
    for old in range(size + 1):
        path = merkle.consistency_proof(old, size, node)
        assert not any(consistent(old, size, wrong) for wrong in spoilt(path))


@given(growths(), st.integers(0, LARGEST))
def test_a_proof_does_not_speak_for_other_roots(growth: tuple[int, int], other: int) -> None:
    old, size = growth
    path = merkle.consistency_proof(old, size, node)
    stranger = merkle.leaf_hash(b"stranger %d" % other)
    before, after = naive_root(0, old), naive_root(0, size)
    assert not merkle.verify_consistency(old, stranger, size, after, path)
    assert old == 0 or not merkle.verify_consistency(old, before, size, stranger, path)


@given(places(), st.binary(max_size=40))
def test_a_proof_does_not_speak_for_other_leaves(place: tuple[int, int], other: bytes) -> None:
    index, size = place
    path, root = inclusion(index, size), naive_root(0, size)
    for leaf in (other, merkle.leaf_hash(other)):
        assert not merkle.verify_inclusion(leaf, index, size, path, root)


@given(places(), st.integers(1, 63))
def test_moving_the_border_between_two_hashes_is_refused(place: tuple[int, int], cut: int) -> None:
    # node_hash concatenates: 31 + 33 bytes would give the same digest as 32 + 32.
    index, size = place
    path, root = inclusion(index, size), naive_root(0, size)
    if not path or cut == 32:
        return
    leaf, sibling = LEAVES[index], path[0]
    both = leaf + sibling if index % 2 == 0 else sibling + leaf
    left, right = both[:cut], both[cut:]
    moved = (left, right) if index % 2 == 0 else (right, left)
    assert not merkle.verify_inclusion(moved[0], index, size, [moved[1], *path[1:]], root)


def test_from_nothing_every_tree_grows_but_only_with_an_empty_proof() -> None:
    assert merkle.consistency_proof(0, 7, node) == []
    assert consistent(0, 7, [])
    assert not consistent(0, 7, [LEAVES[0]])
    assert not merkle.verify_consistency(0, LEAVES[0], 7, naive_root(0, 7), [])
    assert merkle.verify_consistency(0, merkle.EMPTY, 0, merkle.EMPTY, [])
