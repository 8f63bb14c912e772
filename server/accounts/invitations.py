"""Invitations: an administrator offers a role; whoever holds the link takes it, once, in 7 days.

The address goes into the vault, under a person made for it, and into no row of the outbox. An
address that is known already leads to its person, and the answer is the same. What nobody took is
swept away with the person it was made for.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from server.accounts import deeds, links, members, vault
from server.accounts.deeds import Act
from server.accounts.models import Link, Organisation, Person
from server.accounts.rules import (
    ALLOWED,
    CLOCKWORK,
    INVITATION_MS,
    Actor,
    Datum,
    Reason,
    Refused,
    Role,
    Verdict,
    Who,
)
from server.accounts.webhooks import ORGANISATION
from server.ledger.log import writing
from server.messages import outbox

PURPOSE = "link/join"


@dataclass(frozen=True, slots=True)
class Offer:
    """A role, and where to send the link: e-mail address, phone number, or "" to hand it on."""

    role: Role
    contact: str = ""
    language: str = "ko"


def invite(who: Who, organisation: str, offer: Offer, now_ms: int) -> Link | Refused:
    """Make an invitation, and send it where it has an address."""
    kind = vault.kind_of(offer.contact)
    try:
        contact = vault.spelled(kind, offer.contact)
    except ValueError:
        return Refused(Reason.BAD_INPUT)
    with writing():
        person = _person(kind, contact, offer.language, now_ms) if contact else None
        wanted = links.Wanted(PURPOSE, INVITATION_MS, person, organisation, offer.role)
        link = links.make(wanted, now_ms)
        deeds.record(who, Act("accounts", "invited", organisation, link.id, offer.role), now_ms)
        if person:
            name = Organisation.objects.get(id=organisation).name
            outbox.send(person, "invitation", {"organisation": name, "link": link.id}, now_ms)
    return link


def withdraw(who: Who, organisation: str, link: str, now_ms: int) -> Verdict:
    """Take an invitation back that nobody has used."""
    with writing():
        ended = links.end_all(PURPOSE, now_ms, id=link, organisation=organisation)
        if not ended:
            return Refused(Reason.NOT_FOUND)
        deeds.record(who, Act("accounts", "invitation-ended", organisation, link), now_ms)
    return ALLOWED


def accept(token: str, asking: Who, language: str, now_ms: int) -> Person | Refused:
    """Take up the role. Whoever is signed in takes it, unless it was sent to somebody.

    The person still has to choose a way to come in: nothing but one's own matters opens by a link.
    """
    with writing():
        link = links.look(token, PURPOSE, now_ms)
        known = _known(link, asking) if isinstance(link, Link) else None
        if isinstance(link, Link) and known and _is_member(known, link):
            return _already(known, link, now_ms)
        link = links.use(token, PURPOSE, now_ms)
        if isinstance(link, Refused):
            return link
        person = known or members.new_person(language, now_ms)
        members.seat(person.id, str(link.organisation_id), Role(link.role), now_ms)
        act = Act("accounts", "joined", str(link.organisation_id), link.id, link.role)
        deeds.record(Who(person.id, Actor.LINK), act, now_ms)
        told = {"person": person.id, "role": link.role}
        outbox.send(f"{ORGANISATION}{link.organisation_id}", "member-joined", told, now_ms)
    return person


def waiting(organisation: str, now_ms: int) -> QuerySet[Link]:
    """Invitations that can still be taken up."""
    rows = Link.objects.filter(purpose=PURPOSE, organisation=organisation)
    return rows.filter(used_ms=None, ended_ms=None, expires_ms__gt=now_ms).order_by("made_ms")


def sweep(now_ms: int) -> int:
    """Erase the people of invitations that nobody took and that lead nowhere now; return how many.

    Only who never was a member, has no way in and no pseudonym was made for the invitation alone.
    """
    gone = Link.objects.filter(purpose=PURPOSE, used_ms=None, person__erased_ms=None).filter(
        Q(expires_ms__lte=now_ms) | ~Q(ended_ms=None)
    )
    people = Person.objects.filter(
        links__in=gone, memberships=None, passkeys=None, subjects=None, password__startswith="!"
    ).exclude(links__in=Link.objects.filter(used_ms=None, ended_ms=None, expires_ms__gt=now_ms))
    found = list(people.distinct().values_list("id", flat=True)[:100])
    for person in found:
        vault.erase(person, now_ms, CLOCKWORK)
    return len(found)


def _person(kind: Datum, contact: str, language: str, now_ms: int) -> str:
    known = vault.find(kind, contact)
    if known:
        return known
    person = members.new_person(language, now_ms)
    vault.put(person.id, kind, contact)
    return person.id


def _known(link: Link, asking: Who) -> Person | None:
    """Whom the link was made for, else who is signed in."""
    if link.person is not None:
        return link.person
    is_person = asking.actor in (Actor.PERSON, Actor.LINK)
    return Person.objects.get(id=asking.id) if is_person else None


def _is_member(person: Person, link: Link) -> bool:
    return person.memberships.filter(organisation=link.organisation, until_ms=None).exists()


def _already(person: Person, link: Link, now_ms: int) -> Refused:
    """The link stays good: whoever it was meant for may still come."""
    act = Act("accounts", "joined", str(link.organisation_id), link.id, link.role)
    deeds.record(Who(person.id, Actor.LINK), act, now_ms, Reason.TAKEN)
    return Refused(Reason.TAKEN)
