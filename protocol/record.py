"""A record: what a device seals into its chain, and the strict way back.

The bytes as sealed are what is stored, hashed, chained and sent; nothing is ever encoded again.
`open_sealed` refuses every other form of the same content but checks no signature: that is
`verify`, with a key the caller trusts. Spec: docs/protocol.md, section "Records".
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from protocol import cbor, cose, fields
from protocol.bodies import READERS, Body, Head, Opening, Rotation
from protocol.errors import ProtocolError
from protocol.registry import Kind, Problem, TimeSource

VERSION: Final = 1

MAX_ITEMS: Final = 8_192
"""Values in a payload; the fullest tombstone has 6,312."""

_KINDS: Final = fields.codes(Kind)
_SOURCES: Final = fields.codes(TimeSource)
_KEYS: Final = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10)
_SIMULATED_KEYS: Final = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)


class Record(NamedTuple):
    """One link of the chain, before sealing or after opening.

    epoch 8 bytes; seq from 0; prev 32 bytes; boot_ms of CLOCK_BOOTTIME; utc_ms, uncertainty_ms and
    source are unknown together (None, None, NONE).
    """

    kind: Kind
    epoch: bytes
    seq: int
    prev: bytes
    boot_ms: int
    utc_ms: int | None
    source: TimeSource
    uncertainty_ms: int | None
    simulated: bool
    body: Body


class Sealed(NamedTuple):
    """A record with its sealed bytes, their SHA-256 (32 bytes) and the kid that sealed it."""

    record: Record
    sealed: bytes
    hash: bytes
    kid: bytes

    @property
    def head(self) -> Head:
        """The place of this record in the chain."""
        return Head(self.record.epoch, self.record.seq, self.hash)


def encode(record: Record) -> bytes:
    """Return the payload. Raises ValueError for a record that `decode` would refuse."""
    content: dict[int, object] = {
        0: VERSION,
        1: record.kind,
        2: record.epoch,
        3: record.seq,
        4: record.prev,
        5: record.boot_ms,
        6: record.utc_ms,
        7: record.source,
        8: record.uncertainty_ms,
        10: dict(enumerate(record.body.values())),
    }
    if record.simulated:
        content[9] = 1
    payload = cbor.encode(content)
    _assert_readable(record, payload)
    return payload


def _assert_readable(record: Record, payload: bytes) -> None:
    # What is signed can never be taken back, so we never sign what the other end would refuse.
    try:
        same = decode(payload) == record
    except ProtocolError as error:
        raise ValueError(f"not a valid record: {error}") from error
    if not same:
        raise ValueError("not a valid record: it does not survive its own encoding")


def decode(payload: bytes) -> Record:
    """Return the record in a payload.

    Raises ProtocolError: UNSUPPORTED_VERSION, UNKNOWN_KIND, OUT_OF_RANGE, BROKEN_CHAIN, MALFORMED
    and what `cbor` raises.
    """
    content = cbor.decode(payload, max_bytes=cose.MAX_SEALED, max_items=MAX_ITEMS)
    if type(content) is not dict:
        raise fields.malformed("the payload is not a map")
    keys = tuple(content)
    if keys != _KEYS and keys != _SIMULATED_KEYS:
        raise _wrong_keys(content)
    record = _read(content, simulated=9 in content)
    if record.seq == 0 or record.kind is Kind.OPENING:
        _check_opening(record)
    return record


def _read(content: dict[object, object], *, simulated: bool) -> Record:
    kind = _kind(content)
    utc_ms, uncertainty_ms = content[6], content[8]
    source = fields.code(_SOURCES, content[7], "time source")
    unknown = source is TimeSource.NONE
    if (utc_ms is None) is not unknown or (uncertainty_ms is None) is not unknown:
        raise fields.malformed("time, source and uncertainty contradict each other")
    return Record(
        kind,
        fields.octets(content[2], 8, "epoch"),
        fields.integer(content[3], 0, fields.U32, "seq"),
        fields.octets(content[4], 32, "prev"),
        fields.count(content[5], "boot_ms"),
        None if unknown else fields.count(utc_ms, "utc_ms"),
        source,
        None if unknown else fields.count(uncertainty_ms, "uncertainty_ms"),
        simulated,
        READERS[kind](content[10]),
    )


def _kind(content: dict[object, object]) -> Kind:
    version, kind = content[0], content[1]
    if version != VERSION or type(version) is not int:
        raise ProtocolError(Problem.UNSUPPORTED_VERSION, f"record version {version}, known: 1")
    if 9 in content and (content[9] != 1 or type(content[9]) is not int):
        raise fields.malformed("simulated is not 1")
    if type(kind) is not int or kind not in _KINDS:
        raise ProtocolError(Problem.UNKNOWN_KIND, f"record kind {kind}")
    return _KINDS[kind]


def _wrong_keys(content: dict[object, object]) -> ProtocolError:
    version = content.get(0)
    if type(version) is int and version != VERSION:
        return ProtocolError(Problem.UNSUPPORTED_VERSION, f"record version {version}, known: 1")
    return fields.malformed(f"the keys are {list(content)[:16]}, not 0..8, perhaps 9, and 10")


def _check_opening(record: Record) -> None:
    """An opening is record 0 of its epoch, nothing else is, and it hangs on the head it names."""
    body = record.body
    if not isinstance(body, Opening) or record.seq != 0:
        raise fields.malformed("record 0 of an epoch, and only that, is an opening")
    if body.head is None:
        return
    if body.head.epoch == record.epoch:
        raise ProtocolError(Problem.BROKEN_CHAIN, "the opening names a head of its own epoch")
    if body.head.hash != record.prev:
        raise ProtocolError(Problem.BROKEN_CHAIN, "the opening does not hang on the head it names")


def seal(record: Record, kid: bytes, sign: cose.Sign) -> Sealed:
    """Sign the record. Raises ValueError for a record that the other end would refuse."""
    sealed = cose.seal(encode(record), kid, cose.RECORD_DOMAIN, sign)
    if len(sealed) > cose.MAX_SEALED:
        raise ValueError(f"a sealed record has at most {cose.MAX_SEALED} bytes")
    return Sealed(record, sealed, hashlib.sha256(sealed).digest(), kid)


def open_sealed(sealed: bytes) -> Sealed:
    """Return the record in sealed bytes, checked in form but not in signature."""
    envelope = cose.parse(sealed)
    record = decode(envelope.payload)
    return Sealed(record, sealed, hashlib.sha256(sealed).digest(), envelope.kid)


def verify(sealed: Sealed, xy: bytes, verify: cose.Verify) -> None:
    """Check the signature with a public key x||y. Raises BAD_SIGNATURE or WRONG_DOMAIN."""
    cose.check(cose.parse(sealed.sealed), xy, cose.RECORD_DOMAIN, verify)


def rotation_message(device: str, head: Head, new_key: bytes) -> bytes:
    """Return the bytes that a new key signs to follow `head`, the record before the rotation."""
    payload = cbor.encode([device, head.values()])
    return cose.to_be_signed(payload, cose.key_id(new_key), cose.ROTATE_DOMAIN)


def verify_rotation(record: Record, device: str, verify: cose.Verify) -> bytes:
    """Return the new key's x||y once it has proved itself. Raises PROOF_OF_POSSESSION."""
    if not isinstance(record.body, Rotation):
        raise TypeError("not a rotation")
    head = Head(record.epoch, record.seq - 1, record.prev)
    message = rotation_message(device, head, record.body.new_key)
    xy = cose.decode_key(record.body.new_key)
    if not verify(xy, message, record.body.new_signature):
        raise ProtocolError(Problem.PROOF_OF_POSSESSION, "the new key did not sign its rotation")
    return xy
