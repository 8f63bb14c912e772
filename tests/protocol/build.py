"""Builders for tests: deterministic keys, sealed records of every kind, chains of a device.

Everything is derived from names and numbers: same arguments, same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from ecdsa import NIST256p, SigningKey

from protocol import cose
from protocol.bodies import Body, Closing, Head, Measured, Opening, Reading, SensorLabel, TreeHead
from protocol.record import Record, Sealed, seal
from protocol.registry import Kind, Quantity, Reason, Status, TimeSource

ORIGIN = "log.test/jagalchi"
START_UTC_MS = 1_767_225_600_000
PERIOD_MS = 10_000


@dataclass(frozen=True)
class Key:
    """A P-256 key made from a name; signs by RFC 6979, with the faster of the two libraries."""

    secret: SigningKey

    @cached_property
    def _fast(self) -> ec.EllipticCurvePrivateKey:
        secret = int.from_bytes(self.secret.to_string(), "big")
        return ec.derive_private_key(secret, ec.SECP256R1())

    @property
    def xy(self) -> bytes:
        """x||y, 64 bytes."""
        return bytes(self.secret.verifying_key.to_string())

    @property
    def cose_key(self) -> bytes:
        """The public COSE_Key."""
        return cose.encode_key(self.xy)

    @property
    def kid(self) -> bytes:
        """The kid, 8 bytes."""
        return cose.key_id(self.cose_key)

    @property
    def device(self) -> str:
        """The name of the device whose first key this is."""
        return cose.device_id(self.cose_key)

    def sign(self, message: bytes) -> bytes:
        """r||s over SHA-256 of the message; S may be high, `cose.seal` lowers it."""
        scheme = ec.ECDSA(SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(self._fast.sign(message, scheme))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@lru_cache
def key(name: str = "truck") -> Key:
    """The key of this name."""
    digest = hashlib.sha256(b"test key " + name.encode()).digest()
    return Key(SigningKey.from_string(digest, curve=NIST256p))


def digest(name: str, size: int = 32) -> bytes:
    """Bytes made from a name: hashes, epochs (size 8), boot ids (size 16)."""
    return hashlib.sha256(name.encode()).digest()[:size]


def verify_es256(xy: bytes, message: bytes, signature: bytes) -> bool:
    """Verify with the independent library."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + xy)
        public.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Verify with the independent library."""
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def opening(
    who: Key, head: Head | None = None, origin: str = ORIGIN, checkpoint: TreeHead | None = None
) -> Opening:
    """An opening body of this device."""
    return Opening(
        device=who.device,
        origin=origin,
        boot_id=digest("boot", 16),
        software="test 1",
        head=head,
        checkpoint=checkpoint,
        sensors=(SensorLabel(1, "air-front"), SensorLabel(2, "door side")),
    )


def reading(number: int) -> Reading:
    """A reading body: two temperatures, the second silent in every seventh record."""
    silent = number % 7 == 3
    second = (
        Measured(2, Quantity.TEMPERATURE, None, Status.NO_ANSWER, 3)
        if silent
        else Measured(2, Quantity.TEMPERATURE, -17_250 + number, Status.OK, 1, -17_000 + number)
    )
    return Reading((Measured(1, Quantity.TEMPERATURE, -18_250 - number, Status.OK), second))


@dataclass(frozen=True)
class Place:
    """Where the next record goes."""

    epoch: bytes
    seq: int
    prev: bytes

    def after(self, sealed: Sealed) -> Place:
        """The place after this record."""
        return Place(self.epoch, sealed.record.seq + 1, sealed.hash)


def record(kind: Kind, body: Body, place: Place, *, simulated: bool = False) -> Record:
    """A record there, dated by its number."""
    return Record(
        kind=kind,
        epoch=place.epoch,
        seq=place.seq,
        prev=place.prev,
        boot_ms=1_000 + place.seq * PERIOD_MS,
        utc_ms=START_UTC_MS + place.seq * PERIOD_MS,
        source=TimeSource.NTP,
        uncertainty_ms=50,
        simulated=simulated,
        body=body,
    )


def chain(
    n: int,
    *,
    who: Key | None = None,
    epoch: str = "epoch 1",
    head: Head | None = None,
    first_prev: bytes | None = None,
    origin: str = ORIGIN,
    checkpoint: TreeHead | None = None,
    simulated: bool = False,
    closing: bool = False,
) -> list[Sealed]:
    """`n` sealed records of one epoch: an opening, readings, and a closing if asked for.

    `head` is the head the opening names (then its hash is prev); `first_prev` the prev without one.
    """
    who = who or key()
    start = head.hash if head else first_prev or digest("enrolment answer")
    place = Place(digest(epoch, 8), 0, start)
    bodies: list[tuple[Kind, Body]] = [
        (Kind.OPENING, opening(who, head, origin, checkpoint)),
        *((Kind.READING, reading(number)) for number in range(1, n)),
    ]
    if closing:
        bodies[-1] = (Kind.CLOSING, Closing(Reason.STOP))
    sealed: list[Sealed] = []
    for kind, body in bodies:
        sealed.append(seal(record(kind, body, place, simulated=simulated), who.kid, who.sign))
        place = place.after(sealed[-1])
    return sealed


def append(
    sealed: Sequence[Sealed], body: Body, *, who: Key | None = None, simulated: bool = False
) -> list[Sealed]:
    """The chain with one more record of this body's kind."""
    who = who or key()
    last = sealed[-1]
    place = Place(last.record.epoch, last.record.seq + 1, last.hash)
    new = record(body.KIND, body, place, simulated=simulated)
    return [*sealed, seal(new, who.kid, who.sign)]


def raw(sealed: Sequence[Sealed]) -> list[bytes]:
    """The bytes of each record, as sent."""
    return [one.sealed for one in sealed]
