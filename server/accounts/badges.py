"""Badges: a printed code and a PIN, for shared tablets and wet gloves.

The code (128 random bits, its digest kept) is printed as a QR; a scanner types it like a keyboard.
The PIN is chosen at the first scan; what is kept is argon2 over PIN and code together, so that a
stolen table does not help to guess it. Five wrong PINs in a row end the badge. A badge opens the
daily work of one organisation, nothing else.
"""

from __future__ import annotations

import re
from hashlib import sha256

from django.db.models import QuerySet

from server.accounts import deeds, limits, passwords
from server.accounts.deeds import Act
from server.accounts.limits import Whence
from server.accounts.models import Badge, Membership
from server.accounts.rules import (
    ALLOWED,
    BADGE_UNUSED_MS,
    PIN_DIGITS,
    PIN_FAILURES,
    Reason,
    Refused,
    Try,
    Verdict,
    Who,
    letters,
)
from server.ledger.keys import entropy
from server.ledger.log import writing

CODE = re.compile("[a-z2-7]{26}")
PIN = re.compile(rf"\d{{{PIN_DIGITS}}}", re.ASCII)


def issue(who: Who, organisation: str, person: str, now_ms: int) -> str | Refused:
    """Make a member's badge, in place of an older one; return its code, for the only time."""
    code = letters(entropy(16))
    with writing():
        member = Membership.objects.filter(
            organisation=organisation, person=person, until_ms=None
        ).exists()
        if not member:
            return Refused(Reason.NOT_FOUND)
        _open(organisation, person).update(ended_ms=now_ms)
        badge = Badge.objects.create(
            id=letters(entropy(10)),
            person_id=person,
            organisation_id=organisation,
            digest=_digest(code),
            made_ms=now_ms,
        )
        act = Act("accounts", "badge-made", organisation, person, badge.id)
        deeds.record(who, act, now_ms)
    return code


def end(who: Who, organisation: str, person: str, now_ms: int) -> Verdict:
    """End a member's badge: lost, or not needed any more."""
    with writing():
        if not _open(organisation, person).update(ended_ms=now_ms):
            return Refused(Reason.NOT_FOUND)
        deeds.record(who, Act("accounts", "badge-ended", organisation, person), now_ms)
    return ALLOWED


def is_new(code: str, now_ms: int) -> bool:
    """Whether this code is a badge whose PIN is still to be chosen. A wrong code is not."""
    badge = _found(code)
    return badge is not None and not badge.pin and _unusable(badge, now_ms) is None


def sign_in(code: str, pin: str, address: str, now_ms: int) -> Badge | Refused:
    """The badge of this code and PIN; the first PIN given to a new badge becomes its PIN.

    WRONG for a wrong code as for a wrong PIN, TOO_MANY, EXPIRED, REVOKED after five wrong PINs.
    """
    plain = plain_code(code)
    tries = limits.tried(Try.PIN, Whence(plain, address), now_ms)
    if isinstance(tries, Refused):
        return tries
    badge = _found(plain)
    refused = _refused(badge, plain, pin, now_ms)
    if badge is None or refused not in (None, Reason.WRONG):
        return limits.failed("badge", "", refused or Reason.WRONG, now_ms)
    kept = "" if refused or badge.pin else passwords.sealed(_joined(pin, plain))
    with writing():
        refused = _count(badge, kept, refused, now_ms)
    return limits.failed("badge", badge.id, refused, now_ms) if refused else badge


def open_of(organisation: str) -> QuerySet[Badge]:
    """The badges of an organisation that still open something."""
    return Badge.objects.filter(organisation=organisation, ended_ms=None)


def plain_code(text: str) -> str:
    """A code as it is kept, from however it was typed or scanned; "" for what is none."""
    plain = re.sub(r"[\s-]", "", text).lower()
    return plain if CODE.fullmatch(plain) else ""


def _refused(badge: Badge | None, code: str, pin: str, now_ms: int) -> Reason | None:
    if not PIN.fullmatch(pin):
        return Reason.BAD_INPUT
    is_new = badge is not None and not badge.pin
    right = is_new or passwords.fits(_joined(pin, code), badge.pin if badge else "")
    if badge is None:
        return Reason.WRONG
    return _unusable(badge, now_ms) or (None if right else Reason.WRONG)


def _unusable(badge: Badge, now_ms: int) -> Reason | None:
    if badge.ended_ms is not None or badge.failures >= PIN_FAILURES:
        return Reason.REVOKED
    is_stale = not badge.pin and badge.made_ms + BADGE_UNUSED_MS <= now_ms
    return Reason.EXPIRED if is_stale else None


def _count(badge: Badge, kept: str, refused: Reason | None, now_ms: int) -> Reason | None:
    """Keep the PIN that was chosen, count a wrong one, forget the wrong ones after a right one.

    Of two who choose a PIN at once, the second one's is wrong.
    """
    row = Badge.objects.select_for_update().get(id=badge.id)
    if refused or (kept and row.pin):
        row.failures += 1
        row.ended_ms = now_ms if row.failures >= PIN_FAILURES else row.ended_ms
        refused = Reason.WRONG
    else:
        row.failures, row.pin = 0, row.pin or kept
    row.save(update_fields=["failures", "ended_ms", "pin"])
    return refused


def _joined(pin: str, code: str) -> str:
    return f"{pin}:{code}"


def _found(code: str) -> Badge | None:
    return Badge.objects.filter(digest=_digest(plain_code(code))).first()


def _open(organisation: str, person: str) -> QuerySet[Badge]:
    return open_of(organisation).filter(person=person)


def _digest(code: str) -> bytes:
    return sha256(f"badge {code}".encode()).digest()
