"""Coming in and going out: the ways of `rules.Actor`, each ending in one session of one person."""

from __future__ import annotations

from django.contrib.auth import SESSION_KEY, login, logout
from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from server.accounts import who
from server.accounts.models import Person
from server.accounts.rules import Actor


class Backend(BaseBackend):
    """Django's door to our people; who somebody is was decided before `let_in`."""

    def get_user(self, user_id: str) -> Person | None:
        """The person of a session, unless erased."""
        return Person.objects.filter(id=user_id, erased_ms=None).first()


def let_in(request: HttpRequest, person: Person, actor: Actor) -> None:
    """Begin a session under a new key; whatever was in the one before is gone."""
    if SESSION_KEY in request.session:
        logout(request)
    login(request, person)
    request.session[who.ACTOR] = str(actor)


def let_out(request: HttpRequest) -> None:
    """End the session here and on the server."""
    logout(request)
