"""Guests: an inspector comes in by a code, sees one organisation for a limited time, and no more.

No account and no help of ours is needed. The code (128 random bits) is typed, or scanned as an
address; its digest is kept. Every view of a guest is a deed (door.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from server.accounts import badges, deeds, limits
from server.accounts.deeds import Act
from server.accounts.limits import Whence
from server.accounts.models import GuestCode
from server.accounts.rules import (
    ALLOWED,
    GUEST_LONGEST_MS,
    SERVICES,
    Actor,
    Reason,
    Refused,
    Try,
    Verdict,
    Who,
    letters,
)
from server.ledger.keys import entropy
from server.ledger.log import writing


@dataclass(frozen=True, slots=True)
class Wanted:
    """A code to be made: for which services, for how long."""

    scopes: frozenset[str]
    life_ms: int


def issue(who: Who, organisation: str, wanted: Wanted, now_ms: int) -> str | Refused:
    """Make a code and return it, for the only time."""
    known = bool(wanted.scopes) and wanted.scopes <= set(SERVICES)
    if not known or not 0 < wanted.life_ms <= GUEST_LONGEST_MS:
        return Refused(Reason.BAD_INPUT)
    name, code = letters(entropy(10)), letters(entropy(16))
    scopes = sorted(wanted.scopes)
    with writing():
        GuestCode.objects.create(
            id=name,
            organisation_id=organisation,
            digest=_digest(code),
            scopes=scopes,
            made_ms=now_ms,
            expires_ms=now_ms + wanted.life_ms,
        )
        act = Act("accounts", "guest-invited", organisation, name, " ".join(scopes))
        deeds.record(who, act, now_ms)
    return code


def end(who: Who, organisation: str, guest: str, now_ms: int) -> Verdict:
    """End a guest's access at once. Again is harmless."""
    with writing():
        rows = GuestCode.objects.filter(id=guest, organisation=organisation)
        if not rows.exists():
            return Refused(Reason.NOT_FOUND)
        rows.filter(ended_ms=None).update(ended_ms=now_ms)
        deeds.record(who, Act("accounts", "guest-ended", organisation, guest), now_ms)
    return ALLOWED


def enter(code: str, address: str, now_ms: int) -> GuestCode | Refused:
    """The row of a code that is good now; WRONG, EXPIRED, REVOKED or TOO_MANY."""
    plain = badges.plain_code(code)
    tries = limits.tried(Try.GUEST, Whence(plain, address), now_ms)
    if isinstance(tries, Refused):
        return tries
    row = GuestCode.objects.filter(digest=_digest(plain)).first()
    refused = _refused(row, now_ms)
    if refused or row is None:
        return limits.failed("guest", row.id if row else "", refused or Reason.WRONG, now_ms)
    with writing():
        who = Who(row.id, Actor.GUEST)
        deeds.record(who, Act("accounts", "guest-entered", row.organisation_id, row.id), now_ms)
    return row


def _refused(row: GuestCode | None, now_ms: int) -> Reason | None:
    if row is None:
        return Reason.WRONG
    if row.ended_ms is not None or row.organisation.ended_ms is not None:
        return Reason.REVOKED
    return Reason.EXPIRED if row.expires_ms <= now_ms else None


def _digest(code: str) -> bytes:
    return sha256(f"guest {code}".encode()).digest()
