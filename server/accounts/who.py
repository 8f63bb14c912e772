"""From a request to somebody: a program's key, a session's person or guest, or nobody.

Roles are read from the open memberships at each request, so that a role that is taken away is gone
at once. It refuses to guess: a session whose person was erased is nobody's, and a key that does
not open says why.
"""

from __future__ import annotations

from django.contrib.auth.middleware import get_user
from django.http import HttpRequest

from server.accounts import apikeys
from server.accounts.models import Badge, GuestCode, Kind, Membership, Organisation, Person
from server.accounts.rules import NOBODY, Actor, Refused, Role, Who
from server.ledger.tick import now_ms

ACTOR, BADGE, GUEST = "actor", "badge", "guest"
"""Session keys: how its person came in; by which badge or code."""

API = "/api/"


def of(request: HttpRequest) -> Who | Refused:
    """Who asks; Refused for a program whose key is wrong, expired or revoked."""
    if request.path.startswith(API) and "Authorization" in request.headers:
        return apikeys.who_of(request.headers["Authorization"], request, now_ms())
    person = get_user(request)
    if isinstance(person, Person):
        return _person(request, person)
    return _guest(str(request.session[GUEST])) if GUEST in request.session else NOBODY


def roles_of(person: str) -> dict[str, Role]:
    """The open memberships of a person in organisations that have not ended."""
    rows = Membership.objects.filter(
        person=person, until_ms=None, organisation__ended_ms=None
    ).values_list("organisation", "role")
    return {organisation: Role(role) for organisation, role in rows}


def operator() -> str:
    """The organisation that runs this server; "" where there is none yet."""
    return str(
        Organisation.objects.filter(kind=Kind.OPERATOR).values_list("id", flat=True).first() or ""
    )


def _person(request: HttpRequest, person: Person) -> Who:
    actor = Actor(request.session.get(ACTOR, Actor.PERSON))
    roles = roles_of(person.id)
    if actor is Actor.BADGE:
        badge = Badge.objects.filter(id=request.session.get(BADGE), ended_ms=None).first()
        if badge is None:
            return NOBODY
        roles = {one: role for one, role in roles.items() if one == badge.organisation_id}
    return Who(person.id, actor, roles, language=person.language)


def _guest(code: str) -> Who:
    row = GuestCode.objects.filter(
        id=code, ended_ms=None, expires_ms__gt=now_ms(), organisation__ended_ms=None
    ).first()
    if row is None:
        return NOBODY
    return Who(row.id, Actor.GUEST, {row.organisation_id: Role.VIEWER}, frozenset(row.scopes))
