"""The envelope: one layout, low-S, one purpose per signature; keys that are points."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import cbor, cose
from protocol.errors import Problem, ProtocolError
from tests.protocol import build

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
KEY = build.key()
PAYLOAD = cbor.encode({0: 1})
SEALED = cose.seal(PAYLOAD, KEY.kid, cose.RECORD_DOMAIN, KEY.sign)
SIGNATURE = SEALED[-64:]
PROTECTED = {1: -7, 4: KEY.kid}


def message(
    protected: object = PROTECTED,
    unprotected: object = None,
    payload: object = PAYLOAD,
    signature: object = SIGNATURE,
) -> bytes:
    parts = [cbor.encode(protected), unprotected or {}, payload, signature]
    return b"\xd2" + cbor.encode(parts)


def with_s(s: int) -> bytes:
    return message(signature=SIGNATURE[:32] + s.to_bytes(32, "big"))


def with_r(r: int) -> bytes:
    return message(signature=r.to_bytes(32, "big") + SIGNATURE[32:])


S = int.from_bytes(SIGNATURE[32:], "big")

REFUSED = [
    ("nothing", b"", Problem.MALFORMED),
    ("no tag", SEALED[1:], Problem.MALFORMED),
    ("another tag", b"\xd1" + SEALED[1:], Problem.MALFORMED),
    ("the tag in two bytes", b"\xd8\x12" + SEALED[1:], Problem.MALFORMED),
    ("a trailing byte", SEALED + b"\x00", Problem.MALFORMED),
    ("cut short", SEALED[:-1], Problem.MALFORMED),
    ("an unprotected kid", message(unprotected={4: KEY.kid}), Problem.UNPROTECTED_HEADER),
    ("an unprotected unknown", message(unprotected={99: 0}), Problem.UNPROTECTED_HEADER),
    ("another algorithm", message({1: -8, 4: KEY.kid}), Problem.MALFORMED),
    ("no kid", message({1: -7}), Problem.MALFORMED),
    ("a kid of 7 bytes", message({1: -7, 4: KEY.kid[:7]}), Problem.MALFORMED),
    ("a kid of 9 bytes", message({1: -7, 4: KEY.kid + b"x"}), Problem.MALFORMED),
    ("one more protected header", message({**PROTECTED, 5: 0}), Problem.MALFORMED),
    ("a detached payload", message(payload=None), Problem.MALFORMED),
    ("a signature of 63 bytes", message(signature=SIGNATURE[1:]), Problem.MALFORMED),
    ("a signature of 65 bytes", message(signature=SIGNATURE + b"x"), Problem.MALFORMED),
    ("high S", with_s(ORDER - S), Problem.HIGH_S),
    ("S just above half", with_s(ORDER // 2 + 1), Problem.HIGH_S),
    ("S of the order", with_s(ORDER), Problem.HIGH_S),
    ("S of zero", with_s(0), Problem.MALFORMED),
    ("R of zero", with_r(0), Problem.MALFORMED),
    ("R of the order", with_r(ORDER), Problem.MALFORMED),
    ("an indefinite array", b"\xd2\x9f" + SEALED[2:] + b"\xff", Problem.NOT_DETERMINISTIC),
    ("a longer array head", b"\xd2\x98\x04" + SEALED[2:], Problem.NOT_DETERMINISTIC),
    ("10,000 lists", b"\xd2" + b"\x81" * 10_000, Problem.TOO_DEEP),
    ("17 KiB", message(payload=bytes(17 * 1024)), Problem.TOO_LARGE),
]


@pytest.mark.parametrize(
    ("sealed", "problem"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_a_foreign_layout_is_refused_by_its_name(sealed: bytes, problem: Problem) -> None:
    with pytest.raises(ProtocolError) as caught:
        cose.parse(sealed)
    assert caught.value.problem is problem


@given(st.binary(max_size=700))
def test_any_payload_comes_back_and_verifies(payload: bytes) -> None:
    sealed = cose.seal(payload, KEY.kid, cose.RECORD_DOMAIN, KEY.sign)
    envelope = cose.parse(sealed)
    assert (envelope.payload, envelope.kid, envelope.sealed) == (payload, KEY.kid, sealed)
    cose.check(envelope, KEY.xy, cose.RECORD_DOMAIN, build.verify_es256)


@pytest.mark.parametrize("size", [0, 1, 23, 24, 255, 256, 257, 16_298])
def test_payloads_at_every_length_of_head(size: int) -> None:
    sealed = cose.assemble(bytes(size), KEY.kid, SIGNATURE)
    assert cose.parse(sealed).payload == bytes(size)


@given(st.binary(max_size=300), st.sampled_from(cose.DOMAINS))
def test_the_signed_bytes_are_the_sig_structure_of_rfc_9052(payload: bytes, domain: bytes) -> None:
    structure = ["Signature1", cbor.encode(PROTECTED), domain, payload]
    assert cose.to_be_signed(payload, KEY.kid, domain) == cbor.encode(structure)


@pytest.mark.parametrize("signed", cose.DOMAINS)
@pytest.mark.parametrize("wanted", cose.DOMAINS)
def test_a_signature_serves_one_purpose_only(signed: bytes, wanted: bytes) -> None:
    envelope = cose.parse(cose.seal(PAYLOAD, KEY.kid, signed, KEY.sign))
    if signed == wanted:
        cose.check(envelope, KEY.xy, wanted, build.verify_es256)
        return
    with pytest.raises(ProtocolError) as caught:
        cose.check(envelope, KEY.xy, wanted, build.verify_es256)
    assert caught.value.problem is Problem.WRONG_DOMAIN


def test_another_key_does_not_verify() -> None:
    with pytest.raises(ProtocolError) as caught:
        cose.check(
            cose.parse(SEALED), build.key("thief").xy, cose.RECORD_DOMAIN, build.verify_es256
        )
    assert caught.value.problem is Problem.BAD_SIGNATURE


@settings(max_examples=40)
@given(st.binary(max_size=40))
def test_sealing_lowers_s_whatever_the_signer_gives(payload: bytes) -> None:
    def high(data: bytes) -> bytes:
        low = cose.low_s(KEY.sign(data))
        s = ORDER - int.from_bytes(low[32:], "big")
        return low[:32] + s.to_bytes(32, "big")

    assert cose.seal(payload, KEY.kid, cose.RECORD_DOMAIN, high) == cose.seal(
        payload, KEY.kid, cose.RECORD_DOMAIN, KEY.sign
    )


def test_a_key_survives_its_encoding() -> None:
    assert cose.decode_key(KEY.cose_key) == KEY.xy
    assert len(KEY.cose_key) == cose.KEY_BYTES


def test_names_come_from_the_key_alone() -> None:
    thumbprint = hashlib.sha256(KEY.cose_key).digest()
    assert thumbprint.startswith(KEY.kid)
    assert len(KEY.device) == 16
    assert KEY.device == KEY.device.lower()


BAD_KEYS = [
    ("nothing", b""),
    ("cut short", KEY.cose_key[:-1]),
    ("one byte more", KEY.cose_key + b"\x00"),
    ("another curve", KEY.cose_key.replace(b"\x20\x01", b"\x20\x02", 1)),
    ("not on the curve", KEY.cose_key[:-1] + bytes([KEY.cose_key[-1] ^ 1])),
    ("x beyond the field", cose.encode_key(b"\xff" * 32 + KEY.xy[32:])),
    ("zero", cose.encode_key(bytes(64))),
]


@pytest.mark.parametrize("key", [k[1] for k in BAD_KEYS], ids=[k[0] for k in BAD_KEYS])
def test_what_is_not_a_point_on_p256_is_refused(key: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        cose.decode_key(key)
    assert caught.value.problem is Problem.MALFORMED


def test_our_own_mistakes_are_not_called_the_peers() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        cose.encode_key(bytes(63))
    with pytest.raises(ValueError, match="kid"):
        cose.assemble(b"", b"short", SIGNATURE)
