"""The people of a demonstration: made-up organisations, and an account for each role.

They exist in a demonstration's database only. `make` refuses to make them anywhere else, and
`leftovers` lets a production server refuse a database that holds any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from server.accounts import members, organisations, passwords, vault
from server.accounts.models import Organisation, Person
from server.accounts.rules import CLOCKWORK, Datum, Role, letters
from server.ledger.keys import entropy
from server.ledger.log import writing

MARK = "demodemo"
"""How the ids of all of them begin; a random id would, once in 10^12."""
HOST = "demo.example"
PLACES = (
    ("operator", "데모 운영", "Demo operator"),
    ("carrier", "데모 운송", "Demo carrier"),
    ("cooperative", "데모 수협", "Demo cooperative"),
    ("plant", "데모 가공장", "Demo plant"),
    ("wholesaler", "데모 중도매인", "Demo wholesaler"),
    ("shop", "데모 소매점", "Demo shop"),
    ("agency", "데모 검사기관", "Demo inspectorate"),
)
NAMES = {
    Role.VIEWER: "열람 데모",
    Role.OPERATOR: "업무 데모",
    Role.AUDITOR: "감사 데모",
    Role.ADMINISTRATOR: "관리 데모",
}


class NotHere(Exception):
    """This is no demonstration."""


@dataclass(frozen=True, slots=True)
class Made:
    """The accounts in words; one password for all; the organisations by kind."""

    accounts: str
    password: str
    places: Mapping[str, str]


def make(now_ms: int) -> Made:
    """Make them all. Raises NotHere."""
    if not settings.JAGALCHI.demo:
        raise NotHere("demonstration accounts are made in a demonstration only")
    password = letters(entropy(10))
    kept, places = passwords.sealed(password), {}
    for kind, *names in PLACES:
        place = organisations.add(CLOCKWORK, kind, (names[0], names[1]), now_ms)
        assert isinstance(place, Organisation)
        places[kind] = place.id
        for role in Role:
            with writing():
                _member(place.id, role, f"{role}@{kind}.{HOST}", kept, now_ms)
    accounts = f"ROLE@PLACE.{HOST} ({', '.join(Role)}; {', '.join(places)})"
    return Made(accounts, password, places)


def leftovers() -> bool:
    """Whether this database holds any of them."""
    return Person.objects.filter(id__startswith=MARK).exists()


def _member(place: str, role: Role, account: str, kept: str, now_ms: int) -> None:
    name = MARK + letters(entropy(5))
    Person.objects.create(id=name, language="ko", password=kept, made_ms=now_ms)
    vault.put(name, Datum.NAME, NAMES[role])
    vault.put(name, Datum.EMAIL, account)
    members.seat(name, place, role, now_ms)
