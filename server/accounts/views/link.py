"""One-time links: a GET shows what the link does and a button, the POST does it, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from server.accounts import invitations, limits, links, me, refusals, signin
from server.accounts.door import guarded
from server.accounts.limits import Whence, address_of
from server.accounts.models import Link, Person
from server.accounts.rules import Actor, Need, Refused, Role, Try
from server.accounts.views.frame import asking, go, page
from server.accounts.words import ROLES, WORDS
from server.ledger.tick import now_ms
from server.web import shell
from server.web.words import in_language, say


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a link does, and where it leads; `lets_in`: a session begins."""

    words: Mapping[str, str]
    """Keys of the words for `title`, `note` and `button`."""
    act: Callable[[HttpRequest, str, int], Person | Refused]
    where: str
    lets_in: bool


def _join(request: HttpRequest, token: str, at_ms: int) -> Person | Refused:
    return invitations.accept(token, asking(request), shell.language(request), at_ms)


def _sign_in(_request: HttpRequest, token: str, at_ms: int) -> Person | Refused:
    return signin.by_link(token, at_ms)


def _address(_request: HttpRequest, token: str, at_ms: int) -> Person | Refused:
    return me.confirm_address(token, at_ms)


PURPOSES: Mapping[str, Purpose] = {
    invitations.PURPOSE: Purpose(
        {"title": "join", "note": "join_note", "button": "join_accept"}, _join, "/me", True
    ),
    signin.LINK: Purpose({"title": "sign_in", "button": "sign_in"}, _sign_in, "/me", True),
    me.LINK: Purpose(
        {"title": "address_confirm", "note": "address_confirm_note", "button": "confirm"},
        _address,
        "/me",
        False,
    ),
}


@guarded(Need.OPEN)
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, purpose: str, token: str) -> HttpResponse:
    """Look at a link, or use it."""
    purpose, at_ms = f"link/{purpose}", now_ms()
    doing = PURPOSES[purpose]
    if request.method != "POST":
        found = links.look(token, purpose, at_ms)
        if isinstance(found, Refused):
            return _refused(request, found, at_ms)
        return page(request, "link.html", _content(request, doing, found))
    person = doing.act(request, token, at_ms)
    if isinstance(person, Refused):
        return _refused(request, person, at_ms)
    if not doing.lets_in:
        return go(doing.where)
    # Whoever was signed in already stays so: a link opens less than a passkey.
    if asking(request).id != person.id or asking(request).actor is not Actor.PERSON:
        signin.let_in(request, person, Actor.LINK)
    return go(doing.where)


def _content(request: HttpRequest, doing: Purpose, found: Link) -> dict[str, object]:
    language = shell.language(request)
    words = in_language(WORDS, language)
    return {
        **{place: words.get(key, "") for place, key in doing.words.items()},
        "organisation": found.organisation.name if found.organisation else "",
        "role": say(ROLES[Role(found.role)], language) if found.role else "",
    }


def _refused(request: HttpRequest, refused: Refused, at_ms: int) -> HttpResponse:
    tries = limits.tried(Try.LINK, Whence(address=address_of(request)), at_ms)
    return refusals.answer(request, tries if isinstance(tries, Refused) else refused)
