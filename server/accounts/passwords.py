"""Passwords: the fallback of those without a passkey. argon2id, with the same work for everybody.

An account that does not exist, one without a password and a wrong password cost one check each and
get one answer, so that nobody learns who is known here. At most two checks run at a time: each
takes 19 MiB, and strangers may ask for many.
"""

from __future__ import annotations

import threading
from functools import cache

from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from server.accounts import deeds, limits, vault
from server.accounts.deeds import Act
from server.accounts.limits import Whence
from server.accounts.models import Person
from server.accounts.rules import ALLOWED, Reason, Refused, Try, Verdict, Who
from server.ledger.log import writing
from server.messages import outbox

LONGEST = 200
_two_at_a_time = threading.BoundedSemaphore(2)


class Hasher(Argon2PasswordHasher):
    """argon2id with the parameters that OWASP gives for 19 MiB (Password Storage Cheat Sheet)."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1


def sealed(secret: str) -> str:
    """What is kept of a password or PIN."""
    with _two_at_a_time:
        return make_password(secret)


def fits(secret: str, kept: str) -> bool:
    """Whether a password or PIN is the one; the same work where nothing is kept."""
    with _two_at_a_time:
        known = kept.startswith("argon2")
        return check_password(secret, kept if known else _dummy()) and known


def sign_in(account: str, password: str, address: str, now_ms: int) -> Person | Refused:
    """The person of an e-mail address or phone number and their password; WRONG or TOO_MANY."""
    plain = account.strip().lower()[:LONGEST]
    tries = limits.tried(Try.PASSWORD, Whence(plain, address), now_ms)
    if isinstance(tries, Refused):
        return tries
    person = _person(plain)
    if not fits(password[:LONGEST], person.password if person else "") or person is None:
        return limits.failed("password", person.id if person else "", Reason.WRONG, now_ms)
    return person


def change(who: Who, new: str, now_ms: int) -> Verdict:
    """Give oneself a (new) password; every other session of this person ends."""
    try:
        validate_password(new)
    except ValidationError:
        return Refused(Reason.BAD_INPUT)
    if len(new) > LONGEST:
        return Refused(Reason.BAD_INPUT)
    kept = sealed(new)
    with writing():
        _people().filter(id=who.id).update(password=kept)
        deeds.record(who, Act("accounts", "password-changed", target=who.id), now_ms)
        outbox.send(who.id, "access-changed", {}, now_ms)
    return ALLOWED


def _person(account: str) -> Person | None:
    return _people().filter(id=vault.find(vault.kind_of(account), account)).first()


def _people() -> QuerySet[Person]:
    return Person.objects.filter(erased_ms=None)


@cache
def _dummy() -> str:
    return make_password("nobody's")
