"""Recovery codes: ten codes on paper, each good for one sign-in when the phone is lost.

A code has 130 bits, so it needs no account's name beside it. A new set ends the old one.
"""

from __future__ import annotations

from hashlib import sha256

from server.accounts import badges, deeds, limits
from server.accounts.deeds import Act
from server.accounts.limits import Whence
from server.accounts.models import Person, RecoveryCode
from server.accounts.rules import Actor, Reason, Refused, Try, Who, letters
from server.ledger.keys import entropy
from server.ledger.log import writing

COUNT = 10


def renew(who: Who, now_ms: int) -> list[str]:
    """Make a new set and return it, for the only time."""
    codes = [letters(entropy(16)) for _ in range(COUNT)]
    with writing():
        RecoveryCode.objects.filter(person=who.id).delete()
        RecoveryCode.objects.bulk_create(
            RecoveryCode(person_id=who.id, digest=_digest(code)) for code in codes
        )
        deeds.record(who, Act("accounts", "recovery-codes-made", target=who.id), now_ms)
    return codes


def sign_in(code: str, address: str, now_ms: int) -> Person | Refused:
    """Whose code this is, and use it up; WRONG or TOO_MANY."""
    plain = badges.plain_code(code)
    tries = limits.tried(Try.RECOVERY, Whence(plain, address), now_ms)
    if isinstance(tries, Refused):
        return tries
    with writing():
        rows = RecoveryCode.objects.select_for_update().filter(digest=_digest(plain))
        row = rows.filter(used_ms=None, person__erased_ms=None).first()
        if row is not None:
            row.used_ms = now_ms
            row.save(update_fields=["used_ms"])
            who = Who(row.person_id, Actor.PERSON)
            deeds.record(who, Act("accounts", "recovery-code-used", target=who.id), now_ms)
    return row.person if row else limits.failed("recovery", "", Reason.WRONG, now_ms)


def left(person: str) -> int:
    """How many codes are still good."""
    return RecoveryCode.objects.filter(person=person, used_ms=None).count()


def _digest(code: str) -> bytes:
    return sha256(f"recovery {code}".encode()).digest()
