"""What the operator and strangers had a part in, as entries of the log: tokens, enrolments,
assignments, revocations, lost predecessors, and evidence against the log itself.

Each function writes its rows and queues one entry, in the caller's transaction; `apply` writes the
same rows from an entry. So the journal alone brings back every device, and no edit of the tables
that let a device in, or a revoked one back, agrees with the log. The entries say nothing in
public: a name or an asset may lead to a person. Time is passed in.
Spec: docs/protocol.md, section "Enrolment, rotation, revocation".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from protocol import configuration, cose, wire
from server.devices.models import (
    Asset,
    Assignment,
    Configuration,
    Device,
    DeviceKey,
    EnrolmentToken,
    Predecessor,
    TwoNotes,
)
from server.ledger import service
from server.ledger.keys import entropy

SERVICE = "devices"
TOKEN, ENROLLED, ASSIGNED, REVOKED = "token", "enrolled", "assigned", "revoked"
TWO_NOTES, PREDECESSOR, READMITTED = "two-notes", "predecessor", "readmitted"
CONFIGURED = "configured"


def add_token(
    token_hash: bytes, asset: str, now_ms: int, expires_ms: int, organisation: str = ""
) -> None:
    """Give leave to enrol once, for an asset, which is made if it is new.

    An organisation, if one is said, has the asset from now on. Entries of before there were any
    are one value shorter, and so are those without.
    """
    whose: list[object] = [organisation] if organisation else []
    _put(TOKEN, [token_hash, asset, now_ms, expires_ms, *whose], token_hash)


def admit(token_hash: bytes, cose_key: bytes, answer: bytes, now_ms: int) -> None:
    """Enrol the device of this key by an unused token."""
    _put(ENROLLED, [token_hash, cose_key, answer, now_ms], token_hash)


def readmit(cose_key: bytes, answer: bytes, now_ms: int) -> None:
    """Admit the device of this key as a predecessor had; the caller has checked its answer."""
    _put(READMITTED, [cose_key, answer, now_ms], answer)


def add_predecessor(origin: str, note: str) -> None:
    """Keep the last known checkpoint of a log that this one follows."""
    _put(PREDECESSOR, [origin, note], note.encode())


def assign(device: str, asset: str, now_ms: int) -> None:
    """Move a device to another asset."""
    _put(ASSIGNED, [device, asset, now_ms], _secret(device))


def revoke(device: str, now_ms: int) -> None:
    """End a device and its keys."""
    _put(REVOKED, [device, now_ms], _secret(device))


def configure(device: str, document: bytes, now_ms: int) -> None:
    """Publish a signed configuration for a device; the caller has chosen its number."""
    _put(CONFIGURED, [device, document, now_ms], _secret(device) + document)


def keep_notes(digest: bytes, size: int, notes: Sequence[str], now_ms: int) -> None:
    """Keep two notes of one size with two roots; the caller has checked them."""
    _put(TWO_NOTES, [digest, size, *notes, now_ms], digest)


def apply(kind: str, private: list[Any]) -> None:
    """Write the rows that an entry of this service speaks of. Again is harmless.

    Raises ValueError for what is no such entry, and Django's DoesNotExist for a device or token
    that no entry before has brought in.
    """
    if kind not in _APPLIED:
        raise ValueError(f"{SERVICE} has no entry of the kind {kind!r}")
    _APPLIED[kind](*private)


def _put(kind: str, private: list[object], secret: bytes) -> None:
    apply(kind, private)
    salt = hashlib.sha256(b"jagalchi/salt\x00" + secret).digest()
    service.stage(SERVICE, kind, private, salt)


def _secret(device: str) -> bytes:
    # Only this server knows the hash of a token: it hides what is said of that device.
    token = EnrolmentToken.objects.filter(used_by=device).first()
    return bytes(token.token_hash) if token else entropy(32)


def _token(
    token_hash: bytes, asset: str, now_ms: int, expires_ms: int, organisation: str = ""
) -> None:
    place = _asset(asset, now_ms)
    _, is_new = EnrolmentToken.objects.get_or_create(
        token_hash=token_hash, defaults={"asset": place, "expires_ms": expires_ms}
    )
    if is_new and organisation:
        place.organisation = organisation
        place.save(update_fields=["organisation"])


def _enrolled(token_hash: bytes, cose_key: bytes, answer: bytes, now_ms: int) -> None:
    token = EnrolmentToken.objects.get(token_hash=token_hash)
    device = _device(cose_key, answer, token.asset, now_ms)
    if device is not None:
        # Who enrols for an asset takes it over: what the card before wrote stays with the asset.
        before = Assignment.objects.filter(asset=token.asset, until_ms=None)
        before.exclude(device=device).update(until_ms=now_ms)
        token.used_by = device
        token.save(update_fields=["used_by"])


def _readmitted(cose_key: bytes, answer: bytes, now_ms: int) -> None:
    asset = wire.decode_enrol_answer(answer).asset
    _device(cose_key, answer, _asset(asset, now_ms), now_ms)


def _device(cose_key: bytes, answer: bytes, asset: Asset, now_ms: int) -> Device | None:
    """The new device of this key; None if it is here already."""
    name = cose.device_id(cose_key)
    if Device.objects.filter(name=name).exists():
        return None
    device = Device.objects.create(name=name, enrolled_ms=now_ms, answer=answer)
    DeviceKey.objects.create(
        device=device, kid=cose.key_id(cose_key), cose_key=cose_key, order=0, since_ms=now_ms
    )
    Assignment.objects.create(asset=asset, device=device, from_ms=now_ms)
    return device


def _predecessor(origin: str, note: str) -> None:
    Predecessor.objects.get_or_create(origin=origin, defaults={"note": note})


def _assigned(device: str, asset: str, now_ms: int) -> None:
    here = Assignment.objects.filter(device=device)
    if here.filter(from_ms=now_ms, asset__name=asset).exists():
        return
    here.filter(until_ms=None).update(until_ms=now_ms)
    place = _asset(asset, now_ms)
    Assignment.objects.create(asset=place, device=Device.objects.get(name=device), from_ms=now_ms)


def _revoked(device: str, now_ms: int) -> None:
    row = Device.objects.get(name=device)
    if row.revoked_ms is None:
        row.revoked_ms = now_ms
        row.save(update_fields=["revoked_ms"])
    DeviceKey.objects.filter(device=row, ended_ms=None).update(ended_ms=now_ms)


def _configured(device: str, document: bytes, now_ms: int) -> None:
    signed = configuration.decode(document)
    if signed.content.device != device:
        raise ValueError("the configuration is another device's")
    rest = {"document": document, "mark": signed.mark, "published_ms": now_ms}
    Configuration.objects.get_or_create(
        device=Device.objects.get(name=device), version=signed.content.version, defaults=rest
    )


def _two_notes(digest: bytes, size: int, one: str, other: str, now_ms: int) -> None:
    rest = {"size": size, "one": one, "other": other, "received_ms": now_ms}
    TwoNotes.objects.get_or_create(digest=digest, defaults=rest)


def _asset(name: str, now_ms: int) -> Asset:
    return Asset.objects.get_or_create(name=name, defaults={"made_ms": now_ms})[0]


_APPLIED: dict[str, Callable[..., None]] = {
    TOKEN: _token,
    ENROLLED: _enrolled,
    ASSIGNED: _assigned,
    REVOKED: _revoked,
    TWO_NOTES: _two_notes,
    PREDECESSOR: _predecessor,
    READMITTED: _readmitted,
    CONFIGURED: _configured,
}
