"""Records of every kind: what is sealed opens to the same, and nothing else opens at all."""

from __future__ import annotations

import hashlib
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import cbor, cose, record
from protocol.bodies import Closing, Gossip, Head, Opening, Rotation
from protocol.errors import Problem, ProtocolError
from protocol.record import Record, Sealed
from protocol.registry import Kind, Reason, TimeSource
from tests.protocol import build, generate

KEY = build.key()
CHAIN = build.chain(4)
READING = CHAIN[1]


def payload_of(sealed: Sealed) -> dict[int, Any]:
    content: dict[int, Any] = cbor2.loads(cose.parse(sealed.sealed).payload)
    return content


def changed(sealed: Sealed, **fields: object) -> bytes:
    """The payload with fields replaced (f3=... is key 3), added, or left out (...)."""
    content = payload_of(sealed)
    for name, value in fields.items():
        content[int(name[1:])] = value
    return cbor.encode({key: value for key, value in content.items() if value is not ...})


def problem_of(payload: bytes) -> Problem:
    with pytest.raises(ProtocolError) as caught:
        record.decode(payload)
    return caught.value.problem


@pytest.mark.parametrize("kind", Kind)
@given(data=st.data())
@settings(max_examples=40)
def test_a_record_of_every_kind_survives_its_encoding(kind: Kind, data: st.DataObject) -> None:
    original = data.draw(generate.records(kind))
    assert record.decode(record.encode(original)) == original


@pytest.mark.parametrize("kind", Kind)
@given(data=st.data())
@settings(max_examples=30)
def test_no_change_of_a_sealed_record_is_accepted(kind: Kind, data: st.DataObject) -> None:
    sealed = record.seal(data.draw(generate.records(kind)), KEY.kid, KEY.sign).sealed
    at = data.draw(st.integers(0, len(sealed) - 1))
    flipped = bytearray(sealed)
    flipped[at] ^= data.draw(st.integers(1, 255))
    for other in (bytes(flipped), sealed[:at], sealed[at + 1 :], sealed[:at] + sealed[at + 1 :]):
        assert_refused(other)
    assert_refused(sealed + data.draw(st.binary(min_size=1, max_size=3)))
    assert_refused(sealed[:at] + b"\x00" + sealed[at:])


def assert_refused(sealed: bytes) -> None:
    with pytest.raises(ProtocolError):
        record.verify(record.open_sealed(sealed), KEY.xy, build.verify_es256)


def test_every_byte_of_a_reading_matters() -> None:
    for at in range(len(READING.sealed)):
        for bits in (0x01, 0x20, 0x80):
            flipped = bytearray(READING.sealed)
            flipped[at] ^= bits
            assert_refused(bytes(flipped))


def test_every_cut_of_a_reading_is_refused_unverified() -> None:
    for size in range(len(READING.sealed)):
        with pytest.raises(ProtocolError):
            record.open_sealed(READING.sealed[:size])


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_garbage_is_a_typed_refusal(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        record.open_sealed(data)
    with pytest.raises(ProtocolError):
        record.decode(data)


shapes: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | generate.signed | st.binary(max_size=40) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(st.integers(0, 12), inner, max_size=11)
    ),
    max_leaves=25,
)


@settings(max_examples=300)
@given(shapes, st.sampled_from(Kind))
def test_any_body_of_any_shape_is_read_or_refused_but_never_crashes(
    body: object, kind: Kind
) -> None:
    payload = changed(READING, f1=kind, f3=0 if kind is Kind.OPENING else 1, f10=body)
    try:
        opened = record.decode(payload)
    except ProtocolError:
        return
    assert record.encode(opened) == payload


HASH = bytes(32)
MISSHAPEN = [
    ("not a map", cbor.encode([1, 2]), Problem.MALFORMED),
    ("an empty map", cbor.encode({}), Problem.MALFORMED),
    ("version 2", changed(READING, f0=2), Problem.UNSUPPORTED_VERSION),
    ("version 0", changed(READING, f0=0), Problem.UNSUPPORTED_VERSION),
    ("version 2 with other keys", cbor.encode({0: 2, 77: 1}), Problem.UNSUPPORTED_VERSION),
    ("version true", changed(READING, f0=True), Problem.UNSUPPORTED_VERSION),
    ("kind 0", changed(READING, f1=0), Problem.UNKNOWN_KIND),
    ("kind 10", changed(READING, f1=10), Problem.UNKNOWN_KIND),
    ("kind null", changed(READING, f1=None), Problem.UNKNOWN_KIND),
    ("epoch of 7 bytes", changed(READING, f2=bytes(7)), Problem.MALFORMED),
    ("epoch as text", changed(READING, f2="12345678"), Problem.MALFORMED),
    ("seq of 2^32", changed(READING, f3=2**32), Problem.OUT_OF_RANGE),
    ("seq of -1", changed(READING, f3=-1), Problem.OUT_OF_RANGE),
    ("seq true", changed(READING, f3=True), Problem.MALFORMED),
    ("prev of 31 bytes", changed(READING, f4=bytes(31)), Problem.MALFORMED),
    ("boot time null", changed(READING, f5=None), Problem.MALFORMED),
    ("boot time negative", changed(READING, f5=-1), Problem.OUT_OF_RANGE),
    ("boot time of 2^53", changed(READING, f5=2**53), Problem.OUT_OF_RANGE),
    ("no time but a source", changed(READING, f6=None), Problem.MALFORMED),
    ("a time without a source", changed(READING, f7=0), Problem.MALFORMED),
    ("an unknown source", changed(READING, f7=6), Problem.OUT_OF_RANGE),
    ("no uncertainty", changed(READING, f8=None), Problem.MALFORMED),
    ("an uncertainty alone", changed(READING, f6=None, f7=0), Problem.MALFORMED),
    ("simulated 0", changed(READING, f9=0), Problem.MALFORMED),
    ("simulated true", changed(READING, f9=True), Problem.MALFORMED),
    ("no body", changed(READING, f10=...), Problem.MALFORMED),
    ("a key 11", changed(READING, f11=0), Problem.MALFORMED),
    ("a body that is a list", changed(READING, f10=[]), Problem.MALFORMED),
    ("a body of another kind", changed(READING, f1=4), Problem.MALFORMED),
    ("a reading as record 0", changed(READING, f3=0), Problem.MALFORMED),
    ("an opening as record 1", changed(CHAIN[0], f3=1), Problem.MALFORMED),
]


@pytest.mark.parametrize(
    ("payload", "problem"), [m[1:] for m in MISSHAPEN], ids=[m[0] for m in MISSHAPEN]
)
def test_a_payload_out_of_shape_is_refused_by_its_name(payload: bytes, problem: Problem) -> None:
    assert problem_of(payload) is problem


def body(kind: Kind, *values: object) -> bytes:
    return changed(READING, f1=kind, f10=dict(enumerate(values)))


def measured(*values: object) -> bytes:
    return body(Kind.READING, [list(values)])


def opened(at: int, value: object) -> bytes:
    content = payload_of(CHAIN[0])[10]
    return changed(CHAIN[0], f10={**content, at: value})


def evicted(at: int, value: object) -> bytes:
    values: list[object] = [bytes(8), 5, 9, HASH, HASH, 5, 1, []]
    values[at] = value
    return body(Kind.TOMBSTONE, [values])


BAD_BODIES = [
    ("no measurement", body(Kind.READING, []), Problem.OUT_OF_RANGE),
    ("65 measurements", body(Kind.READING, [[1, 1, 0, 0, 1]] * 65), Problem.OUT_OF_RANGE),
    ("four elements", measured(1, 1, 0, 0), Problem.MALFORMED),
    ("seven elements", measured(1, 1, 0, 0, 1, 2, 3), Problem.MALFORMED),
    ("sensor 256", measured(256, 1, 0, 0, 1), Problem.OUT_OF_RANGE),
    ("an unknown quantity", measured(1, 99, 0, 0, 1), Problem.OUT_OF_RANGE),
    ("an unknown status", measured(1, 1, 0, 99, 1), Problem.OUT_OF_RANGE),
    ("a value beyond 32 bits", measured(1, 1, 2**31, 0, 1), Problem.OUT_OF_RANGE),
    ("a null that is ok", measured(1, 1, None, 0, 1), Problem.MALFORMED),
    ("a value that gave no answer", measured(1, 1, 5, 2, 1), Problem.MALFORMED),
    ("no try at all", measured(1, 1, 0, 0, 0), Problem.OUT_OF_RANGE),
    ("16 tries", measured(1, 1, 0, 0, 16), Problem.OUT_OF_RANGE),
    ("raw null", measured(1, 1, 0, 0, 1, None), Problem.MALFORMED),
    ("raw without value", measured(1, 1, None, 2, 1, 5), Problem.MALFORMED),
    ("a value as text", measured(1, 1, "0", 0, 1), Problem.MALFORMED),
    ("a position in a reading", body(Kind.READING, [[1, 1, 0, 0, 1]], 0), Problem.MALFORMED),
    ("latitude 91", body(Kind.POSITION, 910_000_000, 0, 0, 0, 3, 1, 1, 0), Problem.OUT_OF_RANGE),
    ("no fix at 0,0", body(Kind.POSITION, 0, 0, 0, 0, 0, 1, 1, 0), Problem.MALFORMED),
    ("a fix without place", body(Kind.POSITION, None, None, 0, 0, 3, 1, 1, 0), Problem.MALFORMED),
    ("half a place", body(Kind.POSITION, 0, None, 0, 0, 3, 1, 1, 0), Problem.MALFORMED),
    ("course 360", body(Kind.POSITION, 0, 0, 0, 36_000, 3, 1, 1, 0), Problem.OUT_OF_RANGE),
    ("fix 1", body(Kind.POSITION, 0, 0, 0, 0, 1, 1, 1, 0), Problem.OUT_OF_RANGE),
    ("an unknown event", body(Kind.EVENT, 99, None, {}, None), Problem.OUT_OF_RANGE),
    ("an unknown param", body(Kind.EVENT, 1, None, {99: 1}, None), Problem.OUT_OF_RANGE),
    ("a param of bytes", body(Kind.EVENT, 1, None, {1: b""}, None), Problem.MALFORMED),
    ("params as a list", body(Kind.EVENT, 1, None, [], None), Problem.MALFORMED),
    ("a short event epoch", body(Kind.EVENT, 1, None, {}, b"1234567"), Problem.MALFORMED),
    ("an anchor without source", body(Kind.ANCHOR, 1, 1, 0, 1), Problem.OUT_OF_RANGE),
    ("gossip of an empty log", body(Kind.GOSSIP, 0, HASH), Problem.OUT_OF_RANGE),
    ("gossip with a short root", body(Kind.GOSSIP, 1, bytes(31)), Problem.MALFORMED),
    ("an unknown reason", body(Kind.CLOSING, 99), Problem.OUT_OF_RANGE),
    ("a new key off the curve", body(Kind.ROTATION, bytes(75), b"\x01" * 64), Problem.MALFORMED),
    (
        "a new signature that is high",
        body(Kind.ROTATION, KEY.cose_key, b"\xff" * 64),
        Problem.HIGH_S,
    ),
    ("no range", body(Kind.TOMBSTONE, []), Problem.OUT_OF_RANGE),
    ("17 ranges", body(Kind.TOMBSTONE, [[]] * 17), Problem.OUT_OF_RANGE),
    ("a range backwards", evicted(2, 4), Problem.OUT_OF_RANGE),
    ("more than fits", evicted(5, 6), Problem.OUT_OF_RANGE),
    ("nothing evicted", evicted(5, 0), Problem.OUT_OF_RANGE),
    ("a mean below the minimum", evicted(7, [[1, 1, 5, 4, 6]]), Problem.OUT_OF_RANGE),
    ("a maximum below", evicted(7, [[1, 1, 5, 5, 4]]), Problem.OUT_OF_RANGE),
    ("a device in capitals", opened(0, "A" * 16), Problem.MALFORMED),
    ("an empty origin", opened(1, ""), Problem.MALFORMED),
    ("an origin of two lines", opened(1, "a\nb"), Problem.MALFORMED),
    ("an origin of 256 bytes", opened(1, "a" * 256), Problem.TOO_LARGE),
    ("a boot id of 15 bytes", opened(2, bytes(15)), Problem.MALFORMED),
    ("a head of two", opened(4, [bytes(8), 1]), Problem.MALFORMED),
    ("a head it does not hang on", opened(4, [bytes(8), 1, HASH]), Problem.BROKEN_CHAIN),
    (
        "a head in its own epoch",
        opened(4, [CHAIN[0].record.epoch, 1, CHAIN[0].record.prev]),
        Problem.BROKEN_CHAIN,
    ),
    ("a checkpoint of size 0", opened(5, [0, HASH]), Problem.OUT_OF_RANGE),
    ("sensors out of order", opened(6, [[2, "b"], [1, "a"]]), Problem.MALFORMED),
    ("a sensor twice", opened(6, [[1, "b"], [1, "a"]]), Problem.MALFORMED),
]


@pytest.mark.parametrize(
    ("payload", "problem"), [b[1:] for b in BAD_BODIES], ids=[b[0] for b in BAD_BODIES]
)
def test_a_body_out_of_shape_is_refused_by_its_name(payload: bytes, problem: Problem) -> None:
    assert problem_of(payload) is problem


@pytest.mark.parametrize(
    "wrong",
    [
        READING.record._replace(seq=2**32),
        READING.record._replace(epoch=b""),
        READING.record._replace(utc_ms=None),
        READING.record._replace(kind=Kind.CLOSING),
        READING.record._replace(body=Gossip(0, HASH)),
        READING.record._replace(source=TimeSource.NONE),
    ],
)
def test_nothing_is_signed_that_would_be_refused(wrong: Record) -> None:
    with pytest.raises(ValueError, match="not a valid record") as caught:
        record.seal(wrong, KEY.kid, KEY.sign)
    assert not isinstance(caught.value, ProtocolError)


def test_the_hash_is_that_of_the_sealed_bytes() -> None:
    assert READING.hash == hashlib.sha256(READING.sealed).digest()
    assert record.open_sealed(READING.sealed) == READING


def test_a_reading_stays_near_190_bytes() -> None:
    assert len(READING.sealed) < 200


def test_simulated_is_inside_the_signed_bytes() -> None:
    plain, simulated = build.chain(2)[1], build.chain(2, simulated=True)[1]
    assert simulated.record.simulated
    assert 9 not in payload_of(plain)
    assert payload_of(simulated)[9] == 1


def rotation(new: build.Key, head: Head, device: str) -> Rotation:
    message = record.rotation_message(device, head, new.cose_key)
    return Rotation(new.cose_key, cose.low_s(new.sign(message)))


def test_a_new_key_proves_itself_at_its_place_only() -> None:
    new, device = build.key("next"), KEY.device
    good = build.append(CHAIN, rotation(new, CHAIN[-1].head, device))[-1].record
    assert record.verify_rotation(good, device, build.verify_es256) == new.xy
    elsewhere = build.append(CHAIN, rotation(new, CHAIN[-2].head, device))[-1].record
    other_device = build.append(CHAIN, rotation(new, CHAIN[-1].head, new.device))[-1].record
    for bad in (elsewhere, other_device):
        with pytest.raises(ProtocolError) as caught:
            record.verify_rotation(bad, device, build.verify_es256)
        assert caught.value.problem is Problem.PROOF_OF_POSSESSION


def test_an_opening_hangs_on_the_head_it_names() -> None:
    second = build.chain(2, epoch="epoch 2", head=CHAIN[-1].head)
    first_body = second[0].record.body
    assert isinstance(first_body, Opening)
    assert first_body.head == CHAIN[-1].head
    assert second[0].record.prev == CHAIN[-1].hash


def test_a_closing_says_why() -> None:
    closed = build.append(CHAIN, Closing(Reason.STOP))[-1]
    assert record.open_sealed(closed.sealed).record.body == Closing(Reason.STOP)
