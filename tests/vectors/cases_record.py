"""Vectors of bytes: CBOR, keys, sealed records of every kind, spans."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import IntEnum
from typing import Any

from ecdsa import NIST256p

from protocol import bodies, cbor, cose, record, span
from protocol.errors import ProtocolError
from protocol.record import Sealed
from protocol.registry import Event, Fix, Kind, Param, Quantity, Reason, Status, TimeSource
from protocol.wire import decode_batch, encode_batch
from tests.protocol import build
from tests.vectors.outcome import problem_of

CBOR_GOOD: tuple[object, ...] = (
    0, 23, 24, 255, 256, 65_536, 2**32, cbor.MAX_INT, -1, -24, -25, -cbor.MAX_INT,
    b"", b"\x00" * 24, "", "부산", [], [1, [2, [3]]], {}, {0: 1, 24: None, 256: True},
)  # fmt: skip

CBOR_BAD: tuple[tuple[str, str], ...] = (
    ("a number in two bytes that fits in one", "1817"),
    ("a number in three bytes that fits in two", "190018"),
    ("a length in more bytes than it needs", "580161"),
    ("keys out of order", "a201000000"),
    ("a key twice", "a200000000"),
    ("a list of indefinite length", "9f01ff"),
    ("bytes of indefinite length", "5f4101ff"),
    ("bytes after the value", "0000"),
    ("the value ends early", "8201"),
    ("nothing at all", ""),
    ("a float", "f93c00"),
    ("a double", "fb3ff0000000000000"),
    ("undefined", "f7"),
    ("a tag", "c100"),
    ("a bignum", "c249010000000000000000"),
    ("an integer above 2^53-1", "1b0020000000000000"),
    ("an integer below -(2^53-1)", "3b001fffffffffffff"),
    ("text that is not UTF-8", "61ff"),
    ("a negative key", "a12000"),
    ("9 lists inside each other", "81" * 9 + "00"),
    ("10,000 lists inside each other", "81" * 10_000 + "00"),
)


def cbor_file() -> dict[str, object]:
    """Deterministic CBOR: one value, one encoding."""
    return {
        "about": "Values with their only encoding (diagnostic form as Python's repr); depth 8.",
        "golden": [{"value": repr(one), "cbor": cbor.encode(one).hex()} for one in CBOR_GOOD],
        "negative": [
            {"why": why, "cbor": data, "problem": problem_of(_decode, bytes.fromhex(data))}
            for why, data in CBOR_BAD
        ],
    }


def _decode(data: bytes) -> object:
    return cbor.decode(data, max_bytes=16_384)


def keys_file() -> dict[str, object]:
    """Keys, their names, and keys that are none."""
    names = ("truck", "room", "wholesaler")
    good = build.key().cose_key
    off_curve = good[:-1] + bytes([good[-1] ^ 1])
    bad = (
        ("a point that is not on the curve", off_curve),
        ("a byte follows", good + b"\x00"),
        ("keys in another order", b"\xa4\x20\x01\x01\x02" + good[5:]),
        ("another curve", good[:4] + b"\x02" + good[5:]),
    )
    return {
        "about": "P-256 keys: secret scalar d, x||y, COSE_Key, kid, device name.",
        "golden": [_key_case(build.key(name)) for name in names],
        "negative": [
            {"why": why, "cose_key": data.hex(), "problem": problem_of(cose.decode_key, data)}
            for why, data in bad
        ],
    }


def _key_case(key: build.Key) -> dict[str, object]:
    return {
        "d": key.secret.to_string().hex(),
        "xy": key.xy.hex(),
        "cose_key": key.cose_key.hex(),
        "kid": key.kid.hex(),
        "device": key.device,
    }


def every_kind() -> list[Sealed]:
    """One chain that holds a record of every kind."""
    who, new = build.key(), build.key("next key")
    sealed = build.chain(2, who=who)
    for body in _middle_bodies():
        sealed = build.append(sealed, body, who=who)
    message = record.rotation_message(who.device, sealed[-1].head, new.cose_key)
    rotation = bodies.Rotation(new.cose_key, cose.low_s(new.sign(message)))
    sealed = build.append(sealed, rotation, who=who)
    return build.append(sealed, bodies.Closing(Reason.ROTATED), who=who)


def _middle_bodies() -> list[bodies.Body]:
    evicted = bodies.Evicted(
        build.digest("old epoch", 8),
        3,
        514,
        build.digest("before"),
        build.digest("last"),
        512,
        Reason.EVICTED,
        (bodies.Summary(1, Quantity.TEMPERATURE, -19_000, -18_400, -17_100),),
    )
    return [
        bodies.Position(351_028_000, 1_290_364_000, 22_200, 31_550, Fix.FIX_3D, 9, 110, 0),
        bodies.Position(None, None, None, None, Fix.NONE, 0, None, 42_000),
        bodies.EventBody(Event.DOOR_OPENED, 3),
        bodies.EventBody(
            Event.EXCURSION_END,
            1,
            ((Param.LIMIT, 1), (Param.PEAK, 7_250), (Param.CONFIRMED_MS, 600_000)),
        ),
        bodies.Anchor(31_000, build.START_UTC_MS, TimeSource.GNSS, 1_000),
        bodies.Gossip(42, build.digest("root")),
        bodies.Tombstone((evicted,)),
    ]


def records_file() -> dict[str, object]:
    """Every kind sealed by the key "truck", and what must be refused."""
    chain = every_kind()
    return {
        "about": "Sealed records under key 0 of keys.json; negative ones with the first problem "
        "a verifier meets who holds that key and expects a record.",
        "golden": [_record_case(one) for one in chain],
        "negative": [
            {"why": why, "sealed": data.hex(), "problem": problem_of(verify_record, data)}
            for why, data in _bad_records(chain[1])
        ],
    }


def verify_record(sealed: bytes) -> None:
    """What a verifier does who holds the key."""
    record.verify(record.open_sealed(sealed), build.key().xy, build.verify_es256)


def _record_case(sealed: Sealed) -> dict[str, object]:
    envelope = cose.parse(sealed.sealed)
    return {
        "kind": sealed.record.kind.name.lower(),
        "record": _plain(sealed.record),
        "payload": envelope.payload.hex(),
        "to_be_signed": cose.to_be_signed(envelope.payload, sealed.kid, cose.RECORD_DOMAIN).hex(),
        "sealed": sealed.sealed.hex(),
        "hash": sealed.hash.hex(),
    }


def _plain(value: Any) -> object:
    """Dataclasses and named tuples as objects, bytes as hex, codes as their numbers."""
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if hasattr(value, "_asdict"):
        return {name: _plain(one) for name, one in value._asdict().items()}
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return int(value) if isinstance(value, IntEnum) else value


def _bad_records(good: Sealed) -> list[tuple[str, bytes]]:
    return [*_bad_envelopes(good), *_bad_payloads(good)]


def _bad_envelopes(good: Sealed) -> list[tuple[str, bytes]]:
    sealed, key = good.sealed, build.key()
    payload = cose.parse(sealed).payload
    s = int.from_bytes(sealed[-32:], "big")
    high = sealed[:-32] + (NIST256p.order - s).to_bytes(32, "big")
    return [
        ("no tag", sealed[1:]),
        ("an unprotected header", sealed[:16] + b"\xa1\x01\x26" + sealed[17:]),
        ("a byte follows", sealed + b"\x00"),
        ("the last byte is missing", sealed[:-1]),
        ("high S", high),
        ("r is zero", sealed[:-64] + bytes(32) + sealed[-32:]),
        ("another kid", sealed[:8] + bytes(8) + sealed[16:]),
        ("one bit of the payload", sealed[:60] + bytes([sealed[60] ^ 1]) + sealed[61:]),
        ("the enrolment domain", cose.seal(payload, key.kid, cose.ENROL_DOMAIN, key.sign)),
        ("another key", cose.seal(payload, key.kid, cose.RECORD_DOMAIN, build.key("x").sign)),
        ("10,000 lists inside each other", _signed(b"\x81" * 10_000 + b"\x00")),
        ("larger than 16,384 bytes", sealed[:20] + bytes(16_384) + sealed[20:]),
    ]


def _bad_payloads(good: Sealed) -> list[tuple[str, bytes]]:
    content = cbor.decode(cose.parse(good.sealed).payload, max_bytes=16_384)
    assert isinstance(content, dict)
    measured = [1, 1, -18_250, 0, 1]
    changes: list[tuple[str, dict[object, object]]] = [
        ("version 2", {0: 2}),
        ("kind 10", {1: 10}),
        ("an epoch of 7 bytes", {2: bytes(7)}),
        ("seq 2^32", {3: 2**32}),
        ("a time without a source", {7: 0}),
        ("simulated is 0", {9: 0}),
        ("an unknown key", {11: 0}),
        ("seq 0 that is no opening", {3: 0}),
        ("a value without a reason for its absence", {10: {0: [[1, 1, None, 0, 1]]}}),
        ("a value although the sensor did not answer", {10: {0: [[1, 1, -18_250, 2, 1]]}}),
        ("an unknown quantity", {10: {0: [[1, 99, -18_250, 0, 1]]}}),
        ("sensor 256", {10: {0: [[256, *measured[1:]]]}}),
        ("0 tries", {10: {0: [[*measured[:4], 0]]}}),
        ("no measurement", {10: {0: []}}),
        ("65 measurements", {10: {0: [measured] * 65}}),
        ("a body with an unknown key", {10: {0: [measured], 1: 0}}),
    ]
    bad = [(why, _signed(cbor.encode({**content, **change}))) for why, change in changes]
    whole = cbor.encode(content)
    floated = whole.replace(cbor.encode(-18_251), b"\xfb\xc0\xd1\xd2\xc0\x00\x00\x00\x00")
    return [
        *bad,
        ("a float", _signed(floated)),
        ("kind in two bytes", _signed(whole.replace(b"\x01\x02\x02", b"\x01\x18\x02\x02", 1))),
        ("bytes after the map", _signed(whole + b"\x00")),
    ]


def _signed(payload: bytes) -> bytes:
    key = build.key()
    return cose.seal(payload, key.kid, cose.RECORD_DOMAIN, key.sign)


def spans_file() -> dict[str, object]:
    """Batches with the leaves of their spans, and batches with the place of their fault."""
    chain = build.chain(12)
    raw = build.raw(chain)
    other = build.raw(build.chain(3, epoch="epoch 2"))
    slices = ([raw], [raw[:1]], [raw[:5], raw[5:]], [raw[7:9], other])
    swapped = [*raw[:3], raw[4], raw[3], *raw[5:]]
    bad: tuple[tuple[str, bytes], ...] = (
        ("two records change places", encode_batch([swapped])),
        ("a record is missing", encode_batch([raw[:3] + raw[4:]])),
        ("a record twice", encode_batch([[*raw[:4], raw[3]]])),
        ("two epochs in one span", encode_batch([raw[:3] + other])),
        ("the fault is in the second span", encode_batch([raw, [raw[3], raw[2]]])),
        ("the third record is cut", encode_batch([[raw[0], raw[1], raw[2][:-1]]])),
        ("no span", cbor.encode([1, []])),
        ("an empty span", cbor.encode([1, [[]]])),
        ("17 spans", encode_batch([raw[:1]] * 17)),
        ("501 records", encode_batch([[raw[0]] * 501])),
        ("version 2", cbor.encode([2, [raw]])),
        ("a record that is text", cbor.encode([1, [["record"]]])),
    )
    return {
        "about": "Batch bodies of the device of key 0: the leaf of each span, or the problem with "
        "the place (span, index) of the first fault.",
        "golden": [
            {"batch": encode_batch(one).hex(), "leaves": [_leaf(records) for records in one]}
            for one in slices
        ],
        "negative": [
            {"why": why, "batch": data.hex(), **place_of_fault(data)} for why, data in bad
        ],
    }


def _leaf(records: list[bytes]) -> str:
    return span.encode_leaf(span.Span.open(records).leaf(build.key().device)).hex()


def place_of_fault(data: bytes) -> dict[str, object]:
    """The first problem of a batch and where it is."""
    try:
        for number, records in enumerate(decode_batch(data)):
            try:
                span.Span.open(records)
            except ProtocolError as error:
                return {"problem": error.problem.value, "span": number, "index": error.index}
    except ProtocolError as error:
        return {"problem": error.problem.value, "span": error.span, "index": error.index}
    raise AssertionError("a negative vector that is accepted")


__all__ = ["Kind", "Status", "every_kind", "place_of_fault", "verify_record"]
