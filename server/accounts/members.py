"""Who belongs to an organisation, in which role; who holds a duty, and who stands in.

Each function is one transaction and one deed, done or refused. Nobody changes their own role, and
an organisation keeps an administrator (rules.may_seat).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from server.accounts import deeds, rules
from server.accounts.deeds import Act
from server.accounts.models import Badge, Duty, Membership, Organisation, Person, ending
from server.accounts.rules import (
    ALLOWED,
    Allowed,
    Reason,
    Refused,
    Role,
    Seat,
    Verdict,
    Who,
    letters,
)
from server.ledger.keys import entropy
from server.ledger.log import writing

NAMES = 40
HANDOVER = 2000


@dataclass(frozen=True, slots=True)
class Post:
    """A duty: its name, who holds it, who is the deputy, and the hand-over note."""

    name: str
    holder: str
    deputy: str
    handover: str = ""


def new_person(language: str, now_ms: int) -> Person:
    """Somebody of whom nothing is known yet; in the caller's transaction."""
    person = Person(id=letters(entropy(10)), language=language, made_ms=now_ms)
    person.set_unusable_password()
    person.save(force_insert=True)
    return person


def seat(person: str, organisation: str, role: Role, now_ms: int) -> None:
    """Give somebody who has none a role, in the caller's transaction, which has asked `rules`."""
    Membership.objects.create(
        person_id=person, organisation_id=organisation, role=role, from_ms=now_ms
    )


def give_role(who: Who, organisation: str, person: str, role: Role | None, now_ms: int) -> Verdict:
    """Change a member's role; None: end the membership, and the badge with it."""
    with writing():
        verdict = _may_seat(who, organisation, person, role)
        if isinstance(verdict, Allowed):
            _unseat(organisation, person, now_ms)
            if role is not None:
                seat(person, organisation, role, now_ms)
        act = Act("accounts", "role-changed", organisation, person, role or "none")
        deeds.record(who, act, now_ms, _reason(verdict))
    return verdict


def set_duty(who: Who, organisation: str, post: Post, now_ms: int) -> Verdict:
    """Give a duty to a holder and a deputy, both members; it passes from whoever had it."""
    with writing():
        verdict = _may_post(organisation, post)
        name = post.name.strip()
        if isinstance(verdict, Allowed):
            open_duties(organisation).filter(name=name).update(until_ms=ending(now_ms))
            Duty.objects.create(
                organisation_id=organisation,
                name=name,
                holder_id=post.holder,
                deputy_id=post.deputy,
                handover=post.handover.strip()[:HANDOVER],
                from_ms=now_ms,
            )
        act = Act("accounts", "duty-given", organisation, post.holder[:16], post.deputy[:16])
        deeds.record(who, act, now_ms, _reason(verdict))
    return verdict


def end_duty(who: Who, organisation: str, duty: int, now_ms: int) -> Verdict:
    """End a duty: nobody holds it any more."""
    with writing():
        ended = open_duties(organisation).filter(id=duty).update(until_ms=ending(now_ms))
        verdict: Verdict = ALLOWED if ended else Refused(Reason.NOT_FOUND)
        act = Act("accounts", "duty-ended", organisation, str(duty))
        deeds.record(who, act, now_ms, _reason(verdict))
    return verdict


def open_duties(organisation: str) -> QuerySet[Duty]:
    """The duties of an organisation today."""
    return Duty.objects.filter(organisation=organisation, until_ms=None)


def seats(organisation: str) -> tuple[Seat, ...]:
    """The open memberships of an organisation, the oldest first."""
    rows = Membership.objects.filter(organisation=organisation, until_ms=None).order_by("id")
    return tuple(Seat(row.person_id, Role(row.role)) for row in rows)


def _may_seat(who: Who, organisation: str, person: str, role: Role | None) -> Verdict:
    # The lock makes two administrators who end each other wait for one another.
    Organisation.objects.select_for_update().filter(id=organisation).first()
    here = seats(organisation)
    if all(one.person != person for one in here):
        return Refused(Reason.NOT_FOUND)
    return rules.may_seat(who.id, person, role, here)


def _unseat(organisation: str, person: str, now_ms: int) -> None:
    rows = Membership.objects.filter(organisation=organisation, person=person, until_ms=None)
    rows.update(until_ms=ending(now_ms))
    Badge.objects.filter(organisation=organisation, person=person, ended_ms=None).update(
        ended_ms=now_ms
    )


def _may_post(organisation: str, post: Post) -> Verdict:
    people = {one.person for one in seats(organisation)}
    if not {post.holder, post.deputy} <= people:
        return Refused(Reason.NOT_FOUND)
    if post.holder == post.deputy:
        return Refused(Reason.SAME_PERSON)
    name = post.name.strip()
    return ALLOWED if 0 < len(name) <= NAMES else Refused(Reason.BAD_INPUT)


def _reason(verdict: Verdict) -> Reason | None:
    return Reason(verdict.reason) if isinstance(verdict, Refused) else None
