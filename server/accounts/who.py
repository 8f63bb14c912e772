"""From a request to somebody: the session's person, or nobody; and how a refusal is told.

Roles are read from the open memberships at each request, so that a role that is taken away is gone
at once. It refuses to guess: a session whose person was erased is nobody's.
"""

from __future__ import annotations

from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponse

from server.accounts.models import Membership, Person
from server.accounts.rules import NOBODY, Actor, Reason, Refused, Role, Who
from server.accounts.words import REASONS, WORDS
from server.web import shell

ACTOR = "actor"
"""Session key: how its person came in."""

STATUS = {Reason.SIGNED_OUT: 401, Reason.NOT_FOUND: 404, Reason.TOO_MANY: 429}


def of(request: HttpRequest) -> Who:
    """Who asks."""
    person = get_user(request)
    if not isinstance(person, Person):
        return NOBODY
    actor = Actor(request.session.get(ACTOR, Actor.PERSON))
    return Who(person.id, actor, roles_of(person.id), language=person.language)


def roles_of(person: str) -> dict[str, Role]:
    """The open memberships of a person in organisations that have not ended."""
    rows = Membership.objects.filter(
        person=person, until_ms=None, organisation__ended_ms=None
    ).values_list("organisation", "role")
    return {organisation: Role(role) for organisation, role in rows}


def turn_away(request: HttpRequest, refused: Refused) -> HttpResponse:
    """Say no in the asker's language, and what to do next; 403 unless the reason says otherwise."""
    status = STATUS.get(Reason(refused.reason), 403)
    spoken = shell.language(request)
    text = REASONS[Reason(refused.reason)]
    content = {"said": text.ko if spoken == "ko" else text.en, "reason": str(refused.reason)}
    return shell.page(request, "accounts/refused.html", content, WORDS, status=status)
