"""Spans and leaves: only a whole, ordered chain of one epoch is a span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import cbor, merkle
from protocol.errors import Problem, ProtocolError
from protocol.record import Sealed
from protocol.span import (
    MAX_RECORDS,
    Leaf,
    ServiceLeaf,
    Span,
    SpanLeaf,
    SuccessorLeaf,
    TickLeaf,
    decode_leaf,
    encode_leaf,
    records_root,
)
from tests.protocol import build, generate

KEY = build.key()
CHAIN = build.chain(12)
SPAN = Span.of(CHAIN)


def refusal(records: Sequence[Sealed]) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        Span.of(records)
    return caught.value


def test_a_chain_is_a_span() -> None:
    assert (SPAN.first, SPAN.last, SPAN.epoch) == (0, 11, CHAIN[0].record.epoch)
    assert (SPAN.prev_hash, SPAN.last_hash) == (CHAIN[0].record.prev, CHAIN[-1].hash)
    assert SPAN.root == merkle.root([merkle.leaf_hash(one.sealed) for one in CHAIN])
    assert Span.open(build.raw(CHAIN)) == SPAN


@given(st.permutations(range(6)))
def test_any_reordering_is_refused(order: list[int]) -> None:
    shuffled = [CHAIN[at] for at in order]
    if order == sorted(order):
        assert Span.of(shuffled).records == tuple(shuffled)
        return
    assert refusal(shuffled).problem is Problem.BROKEN_CHAIN


@given(st.sets(st.integers(0, 11), min_size=1))
def test_any_gap_is_refused_at_the_record_after_it(kept: set[int]) -> None:
    numbers = sorted(kept)
    records = [CHAIN[at] for at in numbers]
    jumps = [at for at in range(1, len(numbers)) if numbers[at] != numbers[at - 1] + 1]
    if not jumps:
        assert len(Span.of(records).records) == len(numbers)
        return
    error = refusal(records)
    assert (error.problem, error.index) == (Problem.BROKEN_CHAIN, jumps[0])


def test_a_repeated_record_is_refused() -> None:
    error = refusal([*CHAIN[:3], CHAIN[2]])
    assert (error.problem, error.index) == (Problem.BROKEN_CHAIN, 3)


def test_a_record_that_hangs_on_another_is_refused() -> None:
    fork = build.append(build.append(CHAIN[:3], build.reading(50)), build.reading(51))
    error = refusal([*CHAIN[:4], fork[-1]])
    assert (error.problem, error.index) == (Problem.BROKEN_CHAIN, 4)


def test_two_epochs_are_two_spans() -> None:
    second = build.chain(2, epoch="epoch 2", head=CHAIN[-1].head)
    error = refusal([*CHAIN, *second])
    assert (error.problem, error.index) == (Problem.MIXED_EPOCHS, 12)


def test_two_keys_are_two_spans() -> None:
    other = build.append(CHAIN, build.reading(12), who=build.key("next"))
    error = refusal(other)
    assert (error.problem, error.index) == (Problem.MIXED_EPOCHS, 12)


def test_nothing_is_not_a_span() -> None:
    assert refusal([]).problem is Problem.MALFORMED


def test_five_hundred_and_one_are_too_many() -> None:
    sealed = [b""] * (MAX_RECORDS + 1)
    with pytest.raises(ProtocolError) as caught:
        Span.open(sealed)
    assert caught.value.problem is Problem.TOO_MANY_RECORDS
    assert refusal(CHAIN[:1] * (MAX_RECORDS + 1)).problem is Problem.TOO_MANY_RECORDS


def test_a_refused_record_is_named_by_its_index() -> None:
    sealed = build.raw(CHAIN)
    sealed[7] += b"\x00"
    with pytest.raises(ProtocolError, match="record 7") as caught:
        Span.open(sealed)
    assert (caught.value.problem, caught.value.index) == (Problem.MALFORMED, 7)


@given(st.tuples(st.integers(0, 11), st.integers(0, 11)))
def test_a_slice_is_the_span_of_those_records(ends: tuple[int, int]) -> None:
    first, last = sorted(ends)
    assert SPAN.slice(first, last) == Span.of(CHAIN[first : last + 1])


@pytest.mark.parametrize("ends", [(-1, 3), (3, 2), (5, 12)])
def test_a_slice_outside_is_our_own_mistake(ends: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="not within"):
        SPAN.slice(*ends)


@given(st.integers(0, 11), st.integers(0, 11))
def test_the_leaf_does_not_depend_on_who_cuts(one: int, other: int) -> None:
    first, last = sorted((one, other))
    cut = SPAN.slice(first, 11).slice(first, last).leaf(KEY.device)
    assert encode_leaf(cut) == encode_leaf(Span.of(CHAIN[first : last + 1]).leaf(KEY.device))


def test_a_span_leaf_stays_near_140_bytes() -> None:
    assert len(encode_leaf(SPAN.leaf(KEY.device))) < 150


def test_the_root_is_over_the_sealed_bytes() -> None:
    assert records_root(build.raw(CHAIN)) == SPAN.root
    assert records_root([]) == merkle.EMPTY


SPAN_LEAF = SPAN.leaf(KEY.device)
HASH = bytes(32)
services = st.builds(
    ServiceLeaf,
    generate.names,
    generate.names,
    st.dictionaries(
        generate.names, generate.signed | generate.names | st.binary(max_size=50), max_size=5
    ),
    generate.hashes,
)
leaves: st.SearchStrategy[Leaf] = st.one_of(
    st.just(SPAN_LEAF),
    services,
    st.builds(TickLeaf, generate.counts),
    st.builds(
        SuccessorLeaf,
        generate.names,
        generate.counts,
        generate.hashes,
        st.binary(min_size=64, max_size=64),
    ),
)


@given(leaves)
def test_every_leaf_survives_its_encoding(leaf: Leaf) -> None:
    assert decode_leaf(encode_leaf(leaf)) == leaf


@given(leaves, st.data())
def test_a_changed_leaf_is_another_leaf_or_none(leaf: Leaf, data: st.DataObject) -> None:
    encoded = bytearray(encode_leaf(leaf))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        other = decode_leaf(bytes(encoded))
    except ProtocolError:
        return
    assert encode_leaf(other) == bytes(encoded)
    assert other != leaf


def span_leaf(at: int, value: object) -> bytes:
    values = cbor.decode(encode_leaf(SPAN_LEAF), max_bytes=1000)
    assert isinstance(values, list)
    values[at] = value
    return cbor.encode(values)


REFUSED_LEAVES = [
    ("nothing", cbor.encode([]), Problem.MALFORMED),
    ("a map", cbor.encode({0: 1}), Problem.MALFORMED),
    ("kind 5", cbor.encode([5, 1]), Problem.UNKNOWN_KIND),
    ("kind true", cbor.encode([True, 1]), Problem.UNKNOWN_KIND),
    ("a tick of three", cbor.encode([3, 1, 1]), Problem.MALFORMED),
    ("a tick before 1970", cbor.encode([3, -1]), Problem.OUT_OF_RANGE),
    ("a span of seven", cbor.encode([1, 2, 3, 4, 5, 6, 7]), Problem.MALFORMED),
    ("another name", span_leaf(1, "nobody"), Problem.MALFORMED),
    ("a short epoch", span_leaf(2, bytes(7)), Problem.MALFORMED),
    ("last before first", span_leaf(3, 12), Problem.OUT_OF_RANGE),
    ("501 records", span_leaf(4, 500), Problem.OUT_OF_RANGE),
    ("a short root", span_leaf(7, bytes(31)), Problem.MALFORMED),
    ("a boolean in public", cbor.encode([2, "a", "b", {"c": True}, HASH]), Problem.MALFORMED),
    ("a list in public", cbor.encode([2, "a", "b", {"c": []}, HASH]), Problem.MALFORMED),
    ("a number as key", cbor.encode([2, "a", "b", {1: 1}, HASH]), Problem.MALFORMED),
    ("a short commitment", cbor.encode([2, "a", "b", {}, b""]), Problem.MALFORMED),
    ("a trailing byte", encode_leaf(SPAN_LEAF) + b"\x00", Problem.MALFORMED),
    ("40 KiB", bytes(40 * 1024), Problem.TOO_LARGE),
]


@pytest.mark.parametrize(
    ("data", "problem"), [r[1:] for r in REFUSED_LEAVES], ids=[r[0] for r in REFUSED_LEAVES]
)
def test_a_leaf_out_of_shape_is_refused_by_its_name(data: bytes, problem: Problem) -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_leaf(data)
    assert caught.value.problem is problem


@pytest.mark.parametrize(
    "leaf",
    [
        replace(SPAN_LEAF, last=600),
        replace(SPAN_LEAF, root=b""),
        TickLeaf(-1),
        ServiceLeaf("", "b", {}, HASH),
    ],
)
def test_no_leaf_is_made_that_would_be_refused(leaf: SpanLeaf | TickLeaf | ServiceLeaf) -> None:
    with pytest.raises(ValueError, match="not a valid leaf"):
        encode_leaf(leaf)
