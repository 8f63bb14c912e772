"""What an operator does to devices: give leave to enrol, assign to an asset, revoke.

Each function is one transaction. Time and chance are passed in. Nothing here deletes: a device's
end is a date, and what it wrote before stays.
"""

from __future__ import annotations

import base64

from server.devices import roster
from server.devices.enrolment import token_hash
from server.devices.models import Assignment, Device
from server.ledger.log import writing

TOKEN_LIFE_MS = 24 * 3600 * 1000
MIN_ENTROPY = 16


class UnknownDevice(LookupError):
    """No device of this name is enrolled here."""


def issue_token(asset: str, *, now_ms: int, entropy: bytes, organisation: str = "") -> str:
    """Make a one-time enrolment token, valid for 24 hours, for an asset, which is made if new.

    organisation: the id of whose asset it is from now on; "" leaves that as it is.
    entropy: at least 16 bytes that nobody can guess. Returns the token's text; only its hash is
    kept. Raises ValueError for an asset's name that is empty or longer than 64 characters.
    """
    name = asset.strip()
    if not 0 < len(name) <= 64:
        raise ValueError("an asset's name has 1 to 64 characters")
    if len(entropy) < MIN_ENTROPY:
        raise ValueError(f"a token is made of at least {MIN_ENTROPY} bytes")
    token = base64.b32encode(entropy).decode().rstrip("=").lower()
    with writing():
        expires_ms = now_ms + TOKEN_LIFE_MS
        roster.add_token(token_hash(token), name, now_ms, expires_ms, organisation)
    return token


def fitted(asset: str) -> list[str]:
    """The devices that measure for an asset now, whom the next to enrol for it will replace."""
    now = Assignment.objects.filter(asset__name=asset.strip(), until_ms=None)
    return list(now.order_by("id").values_list("device_id", flat=True))


def assign(device: str, asset: str, *, now_ms: int) -> None:
    """Move a device to another asset from now on; its earlier records stay with the earlier one."""
    with writing():
        _locked(device)
        roster.assign(device, asset, now_ms)


def revoke(device: str, *, now_ms: int) -> None:
    """End a device: from now on only what is already committed to is accepted. Idempotent.

    Effective with the next request. Raises UnknownDevice.
    """
    with writing():
        if _locked(device).revoked_ms is None:
            roster.revoke(device, now_ms)


def _locked(device: str) -> Device:
    row = Device.objects.select_for_update().filter(name=device).first()
    if row is None:
        raise UnknownDevice(device)
    return row
