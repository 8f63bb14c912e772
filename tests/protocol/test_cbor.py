"""The strict decoder: one encoding per value, and a typed reason for every other byte string."""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import cbor
from protocol.errors import Problem, ProtocolError

integers = st.integers(-cbor.MAX_INT, cbor.MAX_INT)
scalars = st.one_of(
    integers, st.binary(max_size=300), st.text(max_size=40), st.booleans(), st.none()
)


def containers(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    natural = st.integers(0, cbor.MAX_INT)
    return st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(natural, inner, max_size=4),
        st.dictionaries(st.text(max_size=30), inner, max_size=4),
    )


values = st.recursive(scalars, containers, max_leaves=12)

REFUSED = [
    ("nothing", "", Problem.MALFORMED),
    ("a number cut short", "19 01", Problem.MALFORMED),
    ("bytes cut short", "43 0102", Problem.MALFORMED),
    ("text cut short inside a character", "63 eab0", Problem.MALFORMED),
    ("a list cut short", "83 01 02", Problem.MALFORMED),
    ("a list of 2^64-1 items", "9b ffffffffffffffff 01", Problem.MALFORMED),
    ("bytes of 2^64-1", "5b ffffffffffffffff 01", Problem.MALFORMED),
    ("a map cut short after a key", "a1 01", Problem.MALFORMED),
    ("a trailing byte", "01 00", Problem.MALFORMED),
    ("1 in two bytes", "18 01", Problem.NOT_DETERMINISTIC),
    ("23 in two bytes", "18 17", Problem.NOT_DETERMINISTIC),
    ("255 in three bytes", "19 00ff", Problem.NOT_DETERMINISTIC),
    ("65535 in five bytes", "1a 0000ffff", Problem.NOT_DETERMINISTIC),
    ("2^32-1 in nine bytes", "1b 00000000ffffffff", Problem.NOT_DETERMINISTIC),
    ("-1 in two bytes", "38 00", Problem.NOT_DETERMINISTIC),
    ("a long length of bytes", "58 01 00", Problem.NOT_DETERMINISTIC),
    ("a long length of text", "78 01 61", Problem.NOT_DETERMINISTIC),
    ("a long length of a list", "98 01 00", Problem.NOT_DETERMINISTIC),
    ("a long length of a map", "b8 01 00 00", Problem.NOT_DETERMINISTIC),
    ("an indefinite list", "9f 01 ff", Problem.NOT_DETERMINISTIC),
    ("an indefinite map", "bf 01 02 ff", Problem.NOT_DETERMINISTIC),
    ("indefinite bytes", "5f 41 00 ff", Problem.NOT_DETERMINISTIC),
    ("indefinite text", "7f 61 61 ff", Problem.NOT_DETERMINISTIC),
    ("keys out of order", "a2 02 00 01 00", Problem.NOT_DETERMINISTIC),
    ("long keys out of order", "a2 1818 00 01 00", Problem.NOT_DETERMINISTIC),
    ("text keys out of order", "a2 6162 00 6161 00", Problem.NOT_DETERMINISTIC),
    ("a key twice", "a2 01 00 01 00", Problem.NOT_DETERMINISTIC),
    ("a key in two bytes", "a1 1801 00", Problem.NOT_DETERMINISTIC),
    ("2^53", "1b 0020000000000000", Problem.OUT_OF_RANGE),
    ("-2^53", "3b 001fffffffffffff", Problem.OUT_OF_RANGE),
    ("2^64-1", "1b ffffffffffffffff", Problem.OUT_OF_RANGE),
    ("a half float", "f9 3c00", Problem.MALFORMED),
    ("a double", "fb 3ff0000000000000", Problem.MALFORMED),
    ("a float inside a list", "81 fa 3f800000", Problem.MALFORMED),
    ("undefined", "f7", Problem.MALFORMED),
    ("a simple value", "e0", Problem.MALFORMED),
    ("false in two bytes", "f8 14", Problem.MALFORMED),
    ("a stop code", "ff", Problem.MALFORMED),
    ("a bignum", "c2 41 01", Problem.MALFORMED),
    ("a date", "c1 00", Problem.MALFORMED),
    ("a long tag", "d9 d9f7 00", Problem.MALFORMED),
    ("a shared reference", "d8 1c 81 d8 1d 00", Problem.MALFORMED),
    ("a reserved length", "1c", Problem.MALFORMED),
    ("a negative key", "a1 20 00", Problem.MALFORMED),
    ("a key of bytes", "a1 41 00 00", Problem.MALFORMED),
    ("a key that is a list", "a1 80 00", Problem.MALFORMED),
    ("a key that is true", "a1 f5 00", Problem.MALFORMED),
    ("text that is not UTF-8", "61 ff", Problem.MALFORMED),
    ("a surrogate in text", "63 eda080", Problem.MALFORMED),
    ("nine lists", "81" * 9 + "00", Problem.TOO_DEEP),
    ("nine maps", "a100" * 9 + "00", Problem.TOO_DEEP),
]


@pytest.mark.parametrize(("data", "problem"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_everything_but_the_one_encoding_is_refused(data: str, problem: Problem) -> None:
    with pytest.raises(ProtocolError) as caught:
        cbor.decode(bytes.fromhex(data), max_bytes=1000)
    assert caught.value.problem is problem


@pytest.mark.parametrize("opener", [b"\x81", b"\xa1\x00", b"\xa1\x81", b"\x9f", b"\xd8\x1c"])
def test_ten_thousand_levels_are_a_typed_refusal(opener: bytes) -> None:
    with pytest.raises(ProtocolError):
        cbor.decode(opener * 10_000, max_bytes=1_000_000)


def test_ten_thousand_lists_are_too_deep() -> None:
    with pytest.raises(ProtocolError) as caught:
        cbor.decode(b"\x81" * 10_000 + b"\x00", max_bytes=1_000_000)
    assert caught.value.problem is Problem.TOO_DEEP


BUDGET = 9


@pytest.mark.parametrize(
    "many",
    [
        b"\x8a" + b"\x00" * 10,
        b"\x85" + b"\x81\x00" * 5,
        b"\xa5" + bytes(range(10)),
        b"\x9a" + (1 << 20).to_bytes(4, "big") + b"\x80" * (1 << 20),
    ],
)
def test_more_values_than_any_structure_has_are_refused_before_they_are_read(many: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        cbor.decode(many, max_bytes=2 << 20, max_items=BUDGET)
    assert caught.value.problem is Problem.TOO_LARGE


def test_as_many_values_as_are_allowed_are_read() -> None:
    for value in ([0] * 9, [[0], [0], [0], [0], 0], {0: [0, 0], 1: [0, 0], 2: 0}):
        encoded = cbor.encode(value)
        assert cbor.decode(encoded, max_bytes=100, max_items=BUDGET + 1) == value


def test_eight_levels_are_accepted() -> None:
    nested: object = 0
    for _ in range(cbor.MAX_DEPTH):
        nested = [nested]
    assert cbor.decode(cbor.encode(nested), max_bytes=100) == nested


def test_a_byte_too_many_is_too_large_before_anything_is_read() -> None:
    with pytest.raises(ProtocolError) as caught:
        cbor.decode(b"\xff" * 11, max_bytes=10)
    assert caught.value.problem is Problem.TOO_LARGE


@given(values)
def test_what_is_encoded_decodes_to_the_same(value: object) -> None:
    assert cbor.decode(cbor.encode(value), max_bytes=1 << 20, max_depth=99) == value


@given(values)
def test_the_encoding_is_what_the_independent_library_reads(value: object) -> None:
    assert cbor2.loads(cbor.encode(value)) == value


@settings(max_examples=300)
@given(st.binary(max_size=60))
def test_whatever_is_accepted_is_its_own_encoding(data: bytes) -> None:
    try:
        value = cbor.decode(data, max_bytes=60)
    except ProtocolError:
        return
    assert cbor.encode(value) == data


@settings(max_examples=200)
@given(values, st.data())
def test_a_changed_byte_never_gives_the_same_value(value: object, data: st.DataObject) -> None:
    encoded = cbor.encode(value)
    at = data.draw(st.integers(0, len(encoded) - 1))
    changed = bytearray(encoded)
    changed[at] ^= data.draw(st.integers(1, 255))
    try:
        other = cbor.decode(bytes(changed), max_bytes=1 << 20, max_depth=99)
    except ProtocolError:
        return
    assert cbor.encode(other) == bytes(changed)


@given(st.lists(values, max_size=5))
def test_a_sequence_is_read_item_by_item(items: list[object]) -> None:
    data = b"".join(map(cbor.encode, items))
    read, at = [], 0
    while at < len(data):
        value, at = cbor.decode_next(data, at, max_depth=99)
        read.append(value)
    assert read == items
