"""Signatures checked with OpenSSL (`cryptography`), in the thread of the request.

Verification releases the interpreter's lock, so two requests use two cores. It signs nothing and
knows no database. Spec: docs/protocol.md, section "Checking a record".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from protocol import record
from protocol.errors import ProtocolError
from protocol.record import Sealed
from protocol.registry import Kind, Problem
from protocol.span import Span, open_at

_ES256 = ec.ECDSA(SHA256())


@lru_cache(maxsize=4096)
def _public_key(xy: bytes) -> ec.EllipticCurvePublicKey:
    """Unpacking a point costs as much as checking a signature: keep those in use."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + xy)


def verify_es256(xy: bytes, message: bytes, signature: bytes) -> bool:
    """Protocol's `Verify` for P-256: xy and signature (r||s) are 64 bytes each."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        _public_key(xy).verify(encode_dss_signature(r, s), message, _ES256)
    except (InvalidSignature, ValueError):
        return False
    return True


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Protocol's `Verify` for Ed25519: public is 32 bytes, signature 64."""
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def open_span(sealed: Sequence[bytes], keys: Mapping[bytes, bytes], device: str) -> Span:
    """Return the span of these records, every one of them signed by this device.

    keys: kid -> x||y. Raises ProtocolError with the index of the first record at fault: what
    `Span.open` raises, and only where that finds nothing what `check` raises. A signature is
    verified as soon as its record is open: threads then take turns at every record, where a whole
    span decoded at one go would keep the others from the interpreter for milliseconds.
    """
    opened: list[Sealed] = []
    refused: ProtocolError | None = None
    for index, one in enumerate(sealed):
        opened.append(open_at(index, one))
        if refused is None:
            refused = _refusal(opened[-1], index, keys.get(opened[0].kid), device)
    span = Span.of(opened)
    if refused is not None:
        raise refused
    return span


def check(span: Span, keys: Mapping[bytes, bytes], device: str) -> None:
    """Verify every record of a span; keys: kid -> x||y of this device.

    Raises ProtocolError with the index of the first record at fault: UNKNOWN_KEY, BAD_SIGNATURE,
    WRONG_DOMAIN, PROOF_OF_POSSESSION.
    """
    xy = keys.get(span.records[0].kid)
    for index, sealed in enumerate(span.records):
        if refused := _refusal(sealed, index, xy, device):
            raise refused


def _refusal(sealed: Sealed, index: int, xy: bytes | None, device: str) -> ProtocolError | None:
    if xy is None:
        text = "no key of this device has this kid"
        return ProtocolError(Problem.UNKNOWN_KEY, text, index=index)
    try:
        record.verify(sealed, xy, verify_es256)
        if sealed.record.kind is Kind.ROTATION:
            record.verify_rotation(sealed.record, device, verify_es256)
    except ProtocolError as refused:
        return refused.at(index=index)
    return None
