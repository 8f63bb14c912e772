"""One-time links: whoever holds one may do one thing once, before it expires.

A token is 130 bits, derived from the link's id, so that a message can be sent again without the
token ever being stored; the table holds its digest. A GET only looks, because messengers fetch
links before people do; the POST uses. A purpose is the front of the address, like "link/join": the
room that serves it asks `look` and `use`. Spec: docs/architecture.md, "Who may do what".
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings

from server.accounts import deeds
from server.accounts.deeds import Act
from server.accounts.masters import SUBJECTS, derived
from server.accounts.models import Link
from server.accounts.rules import Actor, Reason, Refused, Who, letters
from server.ledger.keys import entropy

TOKEN = 26
BY_LINK = Who(actor=Actor.LINK)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A link to be made: for what, whose, in which organisation, as what, and until when."""

    purpose: str
    life_ms: int
    person: str | None = None
    organisation: str | None = None
    role: str = ""
    target: str = ""


def make(wanted: Wanted, now_ms: int) -> Link:
    """Make a link, in the caller's transaction."""
    name = letters(entropy(10))
    return Link.objects.create(
        id=name,
        digest=_digest(token(name)),
        purpose=wanted.purpose,
        person_id=wanted.person,
        organisation_id=wanted.organisation,
        role=wanted.role,
        target=wanted.target,
        made_ms=now_ms,
        expires_ms=now_ms + wanted.life_ms,
    )


def token(link: str) -> str:
    """The secret part of a link's address."""
    return letters(hmac.digest(derived(SUBJECTS, "link"), link.encode(), "sha256"))[:TOKEN]


def address(link: str) -> str:
    """The whole address of a link, for a message or a QR code. Raises Link.DoesNotExist."""
    row = Link.objects.get(id=link)
    return f"{settings.JAGALCHI.address}/{row.purpose}/{token(link)}"


def end_all(purpose: str, now_ms: int, **whose: object) -> int:
    """Withdraw the unused links of a purpose, in the caller's transaction; return how many."""
    rows = Link.objects.filter(purpose=purpose, used_ms=None, ended_ms=None, **whose)
    return rows.update(ended_ms=now_ms)


def look(token: str, purpose: str, now_ms: int) -> Link | Refused:
    """The link of this token, if it can still be used for this purpose; changes nothing."""
    return _usable(Link.objects.filter(digest=_digest(token), purpose=purpose).first(), now_ms)


def use(token: str, purpose: str, now_ms: int) -> Link | Refused:
    """Use a link up, in the caller's transaction: of two at once, one gets it."""
    locked = Link.objects.select_for_update().filter(digest=_digest(token), purpose=purpose)
    found = locked.first()
    row = _usable(found, now_ms)
    if isinstance(row, Link):
        row.used_ms = now_ms
        row.save(update_fields=["used_ms"])
        return row
    act = Act("accounts", "link-refused", target=found.id if found else "", detail=purpose)
    deeds.record(BY_LINK, act, now_ms, row.reason)
    return row


def _usable(row: Link | None, now_ms: int) -> Link | Refused:
    if row is None:
        return Refused(Reason.NOT_FOUND)
    if row.ended_ms is not None or (row.organisation and row.organisation.ended_ms is not None):
        return Refused(Reason.REVOKED)
    if row.used_ms is not None:
        return Refused(Reason.USED)
    if row.expires_ms <= now_ms:
        return Refused(Reason.EXPIRED)
    return row


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
