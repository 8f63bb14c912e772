"""What is personal, in one place: sealed under a key of its person's, found by a blind index.

A datum is sealed by AES-256-GCM under its person's random data key, and bound to person and kind;
the data key is sealed under the vault's. To find a person by an address, its HMAC is compared: the
table tells nothing without `keys/vault`. Erasing deletes key, salt, data and every way in; the
opaque id stays, because the log names it. It refuses to hand a datum to the log: nothing here is
ever put into a deed. Spec: docs/architecture.md, "Who may do what"; docs/adr/0009.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterable
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db.models import Q, QuerySet

from server.accounts import deeds
from server.accounts.deeds import Act
from server.accounts.masters import SUBJECTS, VAULT, derived
from server.accounts.models import (
    Badge,
    Certificate,
    Duty,
    Link,
    Membership,
    Passkey,
    Person,
    Personal,
    RecoveryCode,
    Session,
    Subject,
    VaultKey,
    ending,
)
from server.accounts.rules import CLOCKWORK, Datum, Who, letters
from server.ledger.keys import KeyRefused, entropy
from server.ledger.log import writing

KEY_BYTES, NONCE, SALT = 32, 12, 16
LONGEST = 200
NUMBER = 26
"""Letters of a certificate's number."""
ERASED = "person-erased"
FOUND_BY = frozenset({Datum.EMAIL, Datum.PHONE})


class Erased(LookupError):
    """This person's data are gone, and no new ones are taken."""


class Taken(ValueError):
    """Somebody else has this address."""


def check() -> None:
    """Refuse a vault's key that does not open what is here; makes both keys at a first start.

    Raises keys.KeyRefused.
    """
    wrapping = _wrapping()
    derived(SUBJECTS, "subject")
    row = VaultKey.objects.first()
    try:
        if row is not None:
            _open_bytes(wrapping, bytes(row.sealed), _bound(row.person_id, "key"))
    except InvalidTag:
        raise KeyRefused("keys/vault is not the key of this database: put the right one") from None


def put(person: str, kind: Datum, text: str) -> None:
    """Keep one datum, in place of an older one of its kind; "" forgets it.

    Raises Erased; Taken for an address that is another person's; ValueError for a misspelt one.
    """
    plain = spelled(kind, text)
    with writing():
        rows = Personal.objects.filter(person=person, kind=kind)
        key = _data_key(person)
        if not plain:
            rows.delete()
            return
        if find(kind, plain) not in (None, person):
            raise Taken(kind)
        sealed = _seal(key, plain, _bound(person, kind))
        Personal.objects.update_or_create(
            person_id=person, kind=kind, defaults={"sealed": sealed, "blind": _blind(kind, plain)}
        )


def get(person: str, kind: Datum) -> str | None:
    """One datum, or None where there is none."""
    return _opened(person, Personal.objects.filter(person=person, kind=kind)).get(kind)


def kind_of(address: str) -> Datum:
    """Whether an address is an e-mail address or a phone number, by its look."""
    return Datum.EMAIL if "@" in address else Datum.PHONE


def names(people: Iterable[str]) -> dict[str, str]:
    """Names of people by id; who has none, or was erased, is missing from the answer."""
    found = {person: get(person, Datum.NAME) for person in set(people)}
    return {person: name for person, name in found.items() if name}


def find(kind: Datum, text: str) -> str | None:
    """Whose address this is; None for nobody's, and for a misspelt one."""
    try:
        blind = _blind(kind, spelled(kind, text))
    except ValueError:
        return None
    row = Personal.objects.filter(kind=kind, blind=blind).first() if blind else None
    return row.person_id if row else None


def export(person: str) -> dict[str, str]:
    """All data of one person, by kind."""
    return dict(_opened(person, Personal.objects.filter(person=person)))


def salt(person: str) -> bytes:
    """What makes this person's pseudonyms unguessable, and theirs no more once it is deleted.

    Raises Erased.
    """
    with writing():
        return bytes(_row(person).salt)


def erase(person: str, now_ms: int, who: Who = CLOCKWORK) -> Certificate:
    """Delete key, salt, data and every way in, and say so in the log; again gives the same answer.

    What stays: the opaque id, and which roles it had from when to when. One transaction: a crash
    leaves all of it or nothing.
    """
    with writing():
        made = Certificate.objects.filter(person=person).first()
        if made is not None:
            return made
        deleted = _delete(person, now_ms)
        told = " ".join(f"{name}:{count}" for name, count in deleted.items())
        leaf = deeds.record(who, Act("accounts", ERASED, target=person, detail=told), now_ms)
        return _certified(person, now_ms, deleted, leaf)


def erase_again(person: str, at_ms: int, told: str, leaf: bytes) -> None:
    """After a restore: do what the log says was done. In the caller's transaction."""
    if Person.objects.filter(id=person).exists():
        _delete(person, at_ms)
    counts = (word.rpartition(":") for word in told.split())
    _certified(person, at_ms, {name: int(count) for name, _, count in counts}, leaf)


def _delete(person: str, now_ms: int) -> dict[str, int]:
    _leave(person, now_ms)
    return {name: rows.delete()[0] for name, rows in _all_of(person).items() if rows.exists()}


def _certified(person: str, at_ms: int, deleted: dict[str, int], leaf: bytes) -> Certificate:
    """Its number follows from the entry, so that it is the same after a restore."""
    number = letters(hmac.digest(derived(SUBJECTS, "certificate"), leaf, "sha256"))[:NUMBER]
    return Certificate.objects.create(
        id=number, person=person, at_ms=at_ms, deleted=deleted, leaf_hash=leaf
    )


def _leave(person: str, now_ms: int) -> None:
    row = Person.objects.select_for_update().get(id=person)
    row.erased_ms = now_ms
    row.set_unusable_password()
    row.save(update_fields=["erased_ms", "password"])
    Membership.objects.filter(person=person, until_ms=None).update(until_ms=ending(now_ms))
    open_duties = Duty.objects.filter(until_ms=None)
    held = open_duties.filter(Q(holder=person) | Q(deputy=person))
    held.update(until_ms=ending(now_ms), handover="")


def _all_of(person: str) -> dict[str, QuerySet[Any]]:
    """Every row that is deleted with a person, by what a certificate calls it."""
    return {
        "key-and-salt": VaultKey.objects.filter(person=person),
        "data": Personal.objects.filter(person=person),
        "pseudonyms": Subject.objects.filter(person=person),
        "passkeys": Passkey.objects.filter(person=person),
        "recovery-codes": RecoveryCode.objects.filter(person=person),
        "badges": Badge.objects.filter(person=person),
        "links": Link.objects.filter(person=person),
        "sessions": Session.objects.filter(person=person),
    }


def spelled(kind: Datum, text: str) -> str:
    """The one spelling under which a datum is kept and found; "" is fine. Raises ValueError.

    An e-mail address in lower case; a phone number as +, country and digits, Korea if none is said.
    """
    plain = " ".join(text.split())
    if len(plain) > LONGEST or not plain.isprintable():
        raise ValueError(f"{kind}: too long, or not text")
    if not plain or kind is Datum.NAME:
        return plain
    is_email = kind is Datum.EMAIL or (kind is Datum.PENDING and "@" in plain)
    return _email(plain) if is_email else _phone(plain)


def _email(text: str) -> str:
    lower = text.lower()
    if not re.fullmatch(r"[^@\s<>\"',;:]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+", lower):
        raise ValueError("email: expected name@host")
    return lower


def _phone(text: str) -> str:
    digits = re.sub(r"[ ().-]", "", text)
    if re.fullmatch(r"0\d{8,10}", digits):
        digits = "+82" + digits[1:]
    if not re.fullmatch(r"\+[1-9]\d{7,14}", digits):
        raise ValueError("phone: expected digits, like 010-1234-5678")
    return digits


def _opened(person: str, rows: Iterable[Personal]) -> dict[str, str]:
    found = list(rows)
    if not found:
        return {}
    key = _data_key(person)
    return {row.kind: _open(key, bytes(row.sealed), _bound(person, row.kind)) for row in found}


def _data_key(person: str) -> bytes:
    """The person's data key, made at the first datum. Raises Erased."""
    return _open_bytes(_wrapping(), bytes(_row(person).sealed), _bound(person, "key"))


def _row(person: str) -> VaultKey:
    row = VaultKey.objects.filter(person=person).first()
    if row is not None:
        return row
    if not Person.objects.filter(id=person, erased_ms=None).exists():
        raise Erased(person)
    sealed = _seal_bytes(_wrapping(), entropy(KEY_BYTES), _bound(person, "key"))
    new = {"sealed": sealed, "salt": entropy(SALT)}
    return VaultKey.objects.get_or_create(person_id=person, defaults=new)[0]


def _wrapping() -> bytes:
    return derived(VAULT, "wrap")


def _blind(kind: Datum | str, plain: str) -> bytes | None:
    if kind not in FOUND_BY or not plain:
        return None
    return hmac.digest(derived(VAULT, f"blind/{kind}"), plain.encode(), "sha256")


def _bound(person: str, kind: str) -> bytes:
    return json.dumps([person, kind]).encode()


def _seal(key: bytes, plain: str, bound: bytes) -> bytes:
    return _seal_bytes(key, plain.encode(), bound)


def _seal_bytes(key: bytes, plain: bytes, bound: bytes) -> bytes:
    nonce = entropy(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def _open(key: bytes, sealed: bytes, bound: bytes) -> str:
    return _open_bytes(key, sealed, bound).decode()


def _open_bytes(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], bound)
