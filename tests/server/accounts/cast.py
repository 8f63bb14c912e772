"""People and organisations for tests, and clients that are signed in as them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from django.test import Client

from server.accounts import badges, guests, members, organisations, vault, who
from server.accounts.models import Organisation, Person
from server.accounts.rules import (
    CLOCKWORK,
    HOUR_MS,
    SERVICES,
    Actor,
    Datum,
    Refused,
    Role,
    Who,
)
from server.ledger.tick import now_ms

PASSWORD = "a long enough password"
PIN = "246802"
_addresses = count(1)


def organisation(name: str = "다대수협", kind: str = "cooperative") -> Organisation:
    """A new organisation."""
    made = organisations.add(CLOCKWORK, kind, (name, ""), now_ms())
    assert isinstance(made, Organisation)
    return made


def person(name: str = "", **data: str) -> Person:
    """Somebody new, with what the vault is told of them."""
    made = members.new_person("ko", now_ms())
    for kind, text in {"name": name, **data}.items():
        vault.put(made.id, Datum(kind), text)
    return made


def member(place: Organisation, role: Role = Role.VIEWER, name: str = "", **data: str) -> Person:
    """Somebody new with a role."""
    made = person(name, **data)
    members.seat(made.id, place.id, role, now_ms())
    return made


def as_who(one: Person, actor: Actor = Actor.PERSON) -> Who:
    """Somebody as the actions see them."""
    return Who(one.id, actor, who.roles_of(one.id))


def client_of(one: Person, actor: Actor = Actor.PERSON) -> Client:
    """A browser in which this person is signed in, without the way there."""
    client = Client(raise_request_exception=False)
    client.force_login(one)
    session = client.session
    session[who.ACTOR] = str(actor)
    session.save()
    return client


def elsewhere() -> Client:
    """A browser at an address of its own, whose tries are counted apart."""
    number = next(_addresses)
    return Client(raise_request_exception=False, REMOTE_ADDR=f"10.0.{number // 250}.{number % 250}")


def badge_client(place: Organisation, one: Person) -> Client:
    """A tablet at which this member has scanned and entered a PIN."""
    code = badges.issue(CLOCKWORK, place.id, one.id, now_ms())
    assert isinstance(code, str)
    client = elsewhere()
    assert client.post("/badge", {"code": code, "pin": PIN}).status_code == 303
    return client


def guest_client(place: Organisation, scopes: frozenset[str] = frozenset(SERVICES)) -> Client:
    """An inspector's browser."""
    code = guests.issue(CLOCKWORK, place.id, guests.Wanted(scopes, HOUR_MS), now_ms())
    assert isinstance(code, str)
    client = elsewhere()
    assert client.post("/guest", {"code": code}).status_code == 303
    return client


def not_refused(verdict: object) -> None:
    """Fail with the reason where something was refused."""
    assert not isinstance(verdict, Refused), verdict


@dataclass
class Cast:
    """One organisation with somebody in each role."""

    place: Organisation = field(default_factory=organisation)

    def __post_init__(self) -> None:
        self.people = {role: member(self.place, role, f"사람 {role}") for role in Role}

    def who(self, role: Role) -> Who:
        """The member in that role."""
        return as_who(self.people[role])

    def client(self, role: Role, actor: Actor = Actor.PERSON) -> Client:
        """Their browser."""
        return client_of(self.people[role], actor)
