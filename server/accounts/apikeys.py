"""API keys: a program acts for one organisation, in one role, in named services, for a time.

    Authorization: Bearer jgk_<id>_<secret>

The secret (128 bits) is shown once; its digest is kept. A year is the longest. It refuses to make
an administrator of a program.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256

from django.http import HttpRequest

from server.accounts import deeds, limits
from server.accounts.deeds import Act
from server.accounts.limits import Whence
from server.accounts.models import ApiKey
from server.accounts.rules import (
    ALLOWED,
    KEY_LIFE_MS,
    KEY_ROLES,
    SERVICES,
    Actor,
    Reason,
    Refused,
    Role,
    Try,
    Verdict,
    Who,
    letters,
)
from server.ledger.keys import entropy
from server.ledger.log import writing

HEADER = re.compile(r"Bearer jgk_([a-z2-7]{16})_([a-z2-7]{26})")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key to be made: in which role, for which services, for how long."""

    role: Role
    scopes: frozenset[str]
    life_ms: int


def make(who: Who, organisation: str, wanted: Wanted, now_ms: int) -> str | Refused:
    """Make a key and return its text, for the only time."""
    if not _is_fine(wanted):
        return Refused(Reason.BAD_INPUT)
    name, secret = letters(entropy(10)), letters(entropy(16))
    scopes = sorted(wanted.scopes)
    with writing():
        ApiKey.objects.create(
            id=name,
            organisation_id=organisation,
            digest=_digest(secret),
            role=wanted.role,
            scopes=scopes,
            made_ms=now_ms,
            expires_ms=now_ms + wanted.life_ms,
        )
        detail = f"{wanted.role} {' '.join(scopes)}"
        deeds.record(who, Act("accounts", "key-made", organisation, name, detail), now_ms)
    return f"jgk_{name}_{secret}"


def end(who: Who, organisation: str, key: str, now_ms: int) -> Verdict:
    """Revoke a key; it opens nothing from the next request on. Again is harmless."""
    with writing():
        rows = ApiKey.objects.filter(id=key, organisation=organisation)
        if not rows.exists():
            return Refused(Reason.NOT_FOUND)
        rows.filter(ended_ms=None).update(ended_ms=now_ms)
        deeds.record(who, Act("accounts", "key-ended", organisation, key), now_ms)
    return ALLOWED


def who_of(header: str, request: HttpRequest, now_ms: int) -> Who | Refused:
    """Who a program is by its Authorization header; Refused if that opens nothing."""
    found = HEADER.fullmatch(header)
    row = ApiKey.objects.filter(id=found[1]).first() if found else None
    if row is None or found is None or not hmac.compare_digest(row.digest, _digest(found[2])):
        tries = limits.tried(Try.KEY, Whence(address=limits.address_of(request)), now_ms)
        return tries if isinstance(tries, Refused) else Refused(Reason.WRONG)
    if row.ended_ms is not None or row.organisation.ended_ms is not None:
        return Refused(Reason.REVOKED)
    if row.expires_ms <= now_ms:
        return Refused(Reason.EXPIRED)
    roles = {row.organisation_id: Role(row.role)}
    return Who(row.id, Actor.KEY, roles, frozenset(row.scopes))


def _is_fine(wanted: Wanted) -> bool:
    known = bool(wanted.scopes) and wanted.scopes <= set(SERVICES)
    return known and wanted.role in KEY_ROLES and 0 < wanted.life_ms <= KEY_LIFE_MS


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
