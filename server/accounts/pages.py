"""What stands on this room's pages, word for word: rows of the tables in one language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from protocol.registry import Text
from server.accounts import badges, invitations, members, refusals, vault
from server.accounts.models import ApiKey, Deed, Duty, GuestCode, Membership, Organisation, Person
from server.accounts.rules import Datum, Role, Who
from server.accounts.who import operator
from server.accounts.words import ACTS, KINDS, ROLES, SERVICES, WAYS, WORDS
from server.ledger import log
from server.messages.models import Message, State
from server.web import shown
from server.web.words import say

ACTS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a list to choose from."""

    value: str
    word: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation, and what the reader is there."""

    id: str
    name: str
    kind: str
    role: str


@dataclass(frozen=True, slots=True)
class Member:
    """A member; `is_me`: the reader."""

    person: str
    name: str
    role: str
    roles: tuple[Choice, ...]
    since: str
    is_me: bool
    has_badge: bool


@dataclass(frozen=True, slots=True)
class Task:
    """A duty with who holds it and who stands in."""

    id: int
    name: str
    holder: str
    deputy: str
    handover: str
    since: str


@dataclass(frozen=True, slots=True)
class Pass:
    """A key, a guest's code or an invitation: what it is good for, and until when."""

    id: str
    role: str
    services: str
    until: str
    live: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One deed of the record."""

    when: str
    who: str
    way: str
    what: str
    about: str
    reason: str
    said: str
    entry: str


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A message that did not arrive; where it was to go is nobody's business."""

    number: int
    template: str
    is_dead: bool
    trouble: str
    tries: int
    made: str


@dataclass(frozen=True, slots=True)
class Mine:
    """What is kept of oneself."""

    name: str
    email: str
    phone: str
    pending: str
    language: str
    has_password: bool


def places(who: Who, language: str) -> list[Place]:
    """The organisations of whoever reads."""
    rows = Organisation.objects.filter(id__in=who.roles).order_by("name")
    return [place(row, who, language) for row in rows]


def place(row: Organisation, who: Who, language: str) -> Place:
    """One organisation."""
    name = (row.name_en if language == "en" else "") or row.name
    role = ROLES[who.roles[row.id]]
    return Place(row.id, name, _of(KINDS, row.kind, language), say(role, language))


def seats(organisation: str, who: Who, language: str) -> list[Member]:
    """The members, oldest first."""
    rows = Membership.objects.filter(organisation=organisation, until_ms=None).order_by("id")
    named = vault.names(row.person_id for row in rows)
    with_badge = set(badges.open_of(organisation).values_list("person", flat=True))
    return [
        Member(
            row.person_id,
            named.get(row.person_id, say(WORDS["unnamed"], language)),
            say(ROLES[Role(row.role)], language),
            roles(language, Role(row.role)),
            shown.moment(row.from_ms),
            row.person_id == who.id,
            row.person_id in with_badge,
        )
        for row in rows
    ]


def roles(language: str, chosen: Role | None = None) -> tuple[Choice, ...]:
    """Every role, to choose from."""
    return tuple(Choice(one, say(text, language), one is chosen) for one, text in ROLES.items())


def services(language: str) -> tuple[Choice, ...]:
    """Every service, to choose from."""
    return tuple(Choice(name, say(text, language)) for name, text in SERVICES.items())


def tasks(organisation: str, named: Mapping[str, str]) -> list[Task]:
    """The duties of today."""
    rows: Iterable[Duty] = members.open_duties(organisation).order_by("name")
    return [
        Task(
            row.id,
            row.name,
            named.get(row.holder_id, row.holder_id),
            named.get(row.deputy_id, row.deputy_id),
            row.handover,
            shown.moment(row.from_ms),
        )
        for row in rows
    ]


def keys(organisation: str, language: str, now_ms: int) -> list[Pass]:
    """The API keys, newest first."""
    rows = ApiKey.objects.filter(organisation=organisation).order_by("-made_ms")
    return [_pass(row, say(ROLES[Role(row.role)], language), language, now_ms) for row in rows]


def guests(organisation: str, language: str, now_ms: int) -> list[Pass]:
    """The guests' codes, newest first."""
    rows = GuestCode.objects.filter(organisation=organisation).order_by("-made_ms")
    return [_pass(row, "", language, now_ms) for row in rows]


def invited(organisation: str, language: str, now_ms: int) -> list[Pass]:
    """Invitations that wait."""
    return [
        Pass(row.id, say(ROLES[Role(row.role)], language), "", shown.moment(row.expires_ms), True)
        for row in invitations.waiting(organisation, now_ms)
    ]


def record(organisation: str, language: str) -> list[Line]:
    """The newest deeds in an organisation, with their places in the log.

    The operator's has those of no organisation too: failed sign-ins, limits that were reached.
    """
    places = [organisation, ""] if organisation == operator() else [organisation]
    rows = list(Deed.objects.filter(organisation__in=places).order_by("-id")[:ACTS_SHOWN])
    found = log.index_of(bytes(row.leaf_hash) for row in rows)
    named = vault.names(row.who for row in rows if row.who)
    return [
        Line(
            when=shown.moment(row.at_ms),
            who=named.get(row.who, row.who),
            way=_of(WAYS, row.actor, language),
            what=_of(ACTS, row.act, language),
            about=" · ".join(filter(None, (row.target, row.detail))),
            reason=row.reason,
            said=refusals.said(row.reason, language) if row.reason else "",
            entry=shown.count(found[bytes(row.leaf_hash)])
            if bytes(row.leaf_hash) in found
            else "",
        )
        for row in rows
    ]


def troubled() -> list[Undelivered]:
    """Messages that were given up, and those that failed at least once, newest first."""
    rows = Message.objects.filter(Q(state=State.DEAD) | Q(state=State.WAITING, tries__gt=0))
    return [
        Undelivered(
            row.id, row.template, row.state == State.DEAD, row.trouble, row.tries,
            shown.moment(row.made_ms),
        )
        for row in rows.order_by("-id")[:ACTS_SHOWN]
    ]


def mine(person: Person) -> Mine:
    """One's own data."""
    data = vault.export(person.id)
    return Mine(
        data.get(Datum.NAME, ""),
        data.get(Datum.EMAIL, ""),
        data.get(Datum.PHONE, ""),
        data.get(Datum.PENDING, ""),
        person.language,
        person.has_usable_password(),
    )


def _pass(row: ApiKey | GuestCode, role: str, language: str, now_ms: int) -> Pass:
    live = row.ended_ms is None and row.expires_ms > now_ms
    good_for = ", ".join(_of(SERVICES, one, language) for one in row.scopes)
    until = row.expires_ms if row.ended_ms is None else row.ended_ms
    return Pass(row.id, role, good_for, shown.moment(until), live)


def _of(words: Mapping[str, Text], key: str, language: str) -> str:
    """A word of a table; what another room has put in stands as it is."""
    return say(words[key], language) if key in words else key
