"""The envelope: COSE_Sign1 (RFC 9052), tagged, ES256, one permitted byte layout.

It knows where a signature goes and which bytes it covers; it neither signs nor verifies: `Sign` and
`Verify` are passed in, so the truck and the server may use different libraries. A message is parsed
by assembling it again from its parts: any difference is a refusal. Only low-S signatures exist.
Spec: docs/protocol.md, section "Envelope" and section "Keys".
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Final, NamedTuple

from protocol import cbor
from protocol.errors import ProtocolError
from protocol.registry import Problem

Verify = Callable[[bytes, bytes, bytes], bool]
"""(public key, message, signature) -> does it verify. ES256: x||y of 64 bytes and r||s of 64 bytes;
Ed25519: 32 bytes and 64 bytes."""

Sign = Callable[[bytes], bytes]
"""message -> r||s, 64 bytes, over SHA-256 of the message."""

RECORD_DOMAIN: Final = b"jagalchi/record/1"
ENROL_DOMAIN: Final = b"jagalchi/enrol/1"
ROTATE_DOMAIN: Final = b"jagalchi/rotate/1"
DOMAINS: Final = (RECORD_DOMAIN, ENROL_DOMAIN, ROTATE_DOMAIN)

MAX_SEALED: Final = 16 * 1024

# NIST P-256 (FIPS 186-5): field prime, curve constant, group order.
_P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_N: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_HALF_N: Final = (_N // 2).to_bytes(32, "big")
_ORDER: Final = _N.to_bytes(32, "big")
_ZERO: Final = bytes(32)

_PROTECTED: Final = b"\xa2\x01\x26\x04\x48"  # {1: -7 (ES256), 4: kid of 8 bytes}
_BEFORE_KID: Final = b"\xd2\x84\x4d" + _PROTECTED  # tag 18, array of 4, bytes of 13
_BEFORE_CONTEXT: Final = b"\x84\x6aSignature1\x4d" + _PROTECTED
_AFTER_KID: Final = b"\xa0"  # no unprotected header
_BEFORE_SIGNATURE: Final = b"\x58\x40"
_OVERHEAD: Final = len(_BEFORE_KID) + 8 + len(_AFTER_KID) + len(_BEFORE_SIGNATURE) + 64

_KEY_X: Final = b"\xa4\x01\x02\x20\x01\x21\x58\x20"  # {1: 2 (EC2), -1: 1 (P-256), -2: x, ...
_KEY_Y: Final = b"\x22\x58\x20"  # ... -3: y}
KEY_BYTES: Final = 75


class Envelope(NamedTuple):
    """One sealed message in its parts: kid 8 bytes, signature r||s 64 bytes."""

    kid: bytes
    payload: bytes
    signature: bytes
    sealed: bytes


def encode_key(xy: bytes) -> bytes:
    """Return the COSE_Key (75 bytes) of a P-256 public key given as x||y (64 bytes)."""
    if len(xy) != 64:
        raise ValueError("a P-256 public key is 64 bytes, x||y")
    return _KEY_X + xy[:32] + _KEY_Y + xy[32:]


def decode_key(cose_key: bytes) -> bytes:
    """Return x||y of a COSE_Key; refuses any other layout and points that are not on P-256."""
    xy = cose_key[8:40] + cose_key[43:]
    if len(xy) != 64 or encode_key(xy) != cose_key:
        raise ProtocolError(Problem.MALFORMED, "not the COSE_Key of a P-256 public key")
    x, y = int.from_bytes(xy[:32], "big"), int.from_bytes(xy[32:], "big")
    if max(x, y) >= _P or (y * y - (x * x * x - 3 * x + _B)) % _P:
        raise ProtocolError(Problem.MALFORMED, "the key is not a point on P-256")
    return xy


def key_id(cose_key: bytes) -> bytes:
    """Return the kid: the first 8 bytes of the key's thumbprint (RFC 9679). A hint, not a proof."""
    return hashlib.sha256(cose_key).digest()[:8]


def device_id(first_cose_key: bytes) -> str:
    """Return the device's permanent name: 16 characters from the thumbprint of its first key."""
    return base64.b32encode(hashlib.sha256(first_cose_key).digest()[:10]).decode().lower()


def to_be_signed(payload: bytes, kid: bytes, domain: bytes) -> bytes:
    """Return the Sig_structure of RFC 9052 section 4.4, `domain` being the external_aad."""
    return b"".join(
        (_BEFORE_CONTEXT, kid, _head(len(domain)), domain, _head(len(payload)), payload)
    )


def assemble(payload: bytes, kid: bytes, signature: bytes) -> bytes:
    """Return the sealed message made of these parts (kid 8 bytes, signature 64 bytes)."""
    if len(kid) != 8 or len(signature) != 64:
        raise ValueError("a kid is 8 bytes and a signature 64")
    return b"".join(
        (_BEFORE_KID, kid, _AFTER_KID, _head(len(payload)), payload, _BEFORE_SIGNATURE, signature)
    )


def seal(payload: bytes, kid: bytes, domain: bytes, sign: Sign) -> bytes:
    """Sign the payload for one purpose and return the sealed message, with a low S."""
    signature = sign(to_be_signed(payload, kid, domain))
    return assemble(payload, kid, low_s(signature))


def low_s(signature: bytes) -> bytes:
    """Return r||s with the smaller of the two equivalent S, the only one permitted."""
    s = int.from_bytes(signature[32:], "big")
    return signature[:32] + min(s, _N - s).to_bytes(32, "big")


def parse(sealed: bytes) -> Envelope:
    """Take a sealed message apart without verifying it.

    Raises ProtocolError: TOO_LARGE, UNPROTECTED_HEADER, HIGH_S, MALFORMED and what `cbor` raises.
    """
    if len(sealed) > MAX_SEALED:
        raise ProtocolError(Problem.TOO_LARGE, f"{len(sealed)} bytes, at most {MAX_SEALED}")
    kid, payload, signature = sealed[8:16], _payload(sealed), sealed[-64:]
    if len(sealed) < _OVERHEAD + 1 or assemble(payload, kid, signature) != sealed:
        raise _diagnose(sealed)
    check_signature_form(signature)
    return Envelope(kid, payload, signature, sealed)


def check_signature_form(signature: bytes) -> None:
    """Refuse an ES256 signature that is not r||s with 0 < r < n and 0 < s <= n/2."""
    if len(signature) != 64:
        raise ProtocolError(Problem.MALFORMED, "a signature is 64 bytes")
    r, s = signature[:32], signature[32:]
    if s > _HALF_N:
        raise ProtocolError(Problem.HIGH_S, "the signature's S is above half the group order")
    if not _ZERO < r < _ORDER or s == _ZERO:
        raise ProtocolError(Problem.MALFORMED, "the signature's numbers are outside the group")


def check(envelope: Envelope, xy: bytes, domain: bytes, verify: Verify) -> None:
    """Verify the signature; a signature of another domain of ours is named as such.

    Raises ProtocolError: BAD_SIGNATURE, WRONG_DOMAIN.
    """
    if _signed(envelope, xy, domain, verify):
        return
    if any(_signed(envelope, xy, other, verify) for other in DOMAINS if other != domain):
        raise ProtocolError(Problem.WRONG_DOMAIN, f"not signed for {domain.decode()}")
    raise ProtocolError(Problem.BAD_SIGNATURE, "the signature does not verify")


def _signed(envelope: Envelope, xy: bytes, domain: bytes, verify: Verify) -> bool:
    message = to_be_signed(envelope.payload, envelope.kid, domain)
    return verify(xy, message, envelope.signature)


def _head(size: int) -> bytes:
    if size < 24:
        return bytes((0x40 | size,))
    if size < 1 << 8:
        return bytes((0x58, size))
    return b"\x59" + size.to_bytes(2, "big")


def _payload(sealed: bytes) -> bytes:
    """Return where the payload must stand, judged by the total length alone."""
    rest = len(sealed) - _OVERHEAD
    head = 1 if rest <= 24 else 2 if rest <= 257 else 3
    return sealed[17 + head : -66]


# The slow path: the message is refused already, this finds out why.


def _diagnose(sealed: bytes) -> ProtocolError:
    if sealed[:1] != b"\xd2":
        return ProtocolError(Problem.MALFORMED, "not a tagged COSE_Sign1")
    try:
        return _find_fault(cbor.decode(sealed[1:], max_bytes=MAX_SEALED))
    except ProtocolError as error:
        return error


def _find_fault(parts: object) -> ProtocolError:
    match parts:
        case [bytes() as protected, dict() as unprotected, bytes(), bytes() as signature]:
            if unprotected:
                return ProtocolError(Problem.UNPROTECTED_HEADER, "the unprotected header is used")
            if len(signature) != 64:
                return ProtocolError(Problem.MALFORMED, "a signature is 64 bytes")
            cbor.decode(protected, max_bytes=MAX_SEALED)
            return ProtocolError(Problem.MALFORMED, "the protected header is not {1: -7, 4: kid}")
    return ProtocolError(Problem.MALFORMED, "not a COSE_Sign1 with an attached payload")
