"""Coming in and going out: the ways of `rules.Actor`, each ending in one session of one person."""

from __future__ import annotations

from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from server.accounts import deeds, limits, links, vault, who
from server.accounts.deeds import Act
from server.accounts.limits import Whence
from server.accounts.models import Badge, GuestCode, Person, Session
from server.accounts.rules import (
    ALLOWED,
    SESSION_MS,
    SIGN_IN_LINK_MS,
    Actor,
    Refused,
    Try,
    Verdict,
    Who,
)
from server.ledger.log import writing
from server.messages import outbox

LINK = "link/sign-in"


class Backend(BaseBackend):
    """Django's door to our people; who somebody is was decided before `let_in`."""

    def get_user(self, user_id: str) -> Person | None:
        """The person of a session, unless erased."""
        return Person.objects.filter(id=user_id, erased_ms=None).first()


def let_in(request: HttpRequest, person: Person, actor: Actor) -> None:
    """Begin a session under a new key; whatever was in the one before is gone."""
    request.session.flush()
    login(request, person)
    request.session[who.ACTOR] = str(actor)
    request.session.set_expiry(SESSION_MS[actor] // 1000)


def let_badge_in(request: HttpRequest, badge: Badge) -> None:
    """Begin a badge's session; the one of whoever was at this tablet before ends."""
    let_in(request, badge.person, Actor.BADGE)
    request.session[who.BADGE] = badge.id


def let_guest_in(request: HttpRequest, guest: GuestCode, now_ms: int) -> None:
    """Begin a guest's session, which ends with the code."""
    request.session.flush()
    request.session[who.GUEST] = guest.id
    left_ms = min(SESSION_MS[Actor.GUEST], guest.expires_ms - now_ms)
    request.session.set_expiry(max(left_ms // 1000, 1))


def let_out(request: HttpRequest) -> None:
    """End the session here and on the server."""
    request.session.flush()


def let_stay(request: HttpRequest, person: Person) -> None:
    """After a new password: this session goes on, under a new key; all others have ended."""
    actor = Actor.PERSON
    update_session_auth_hash(request, person)
    request.session[who.ACTOR] = str(actor)
    request.session.set_expiry(SESSION_MS[actor] // 1000)


def ask_for_link(account: str, address: str, now_ms: int) -> Verdict:
    """Send a sign-in link to whoever has this address; the same answer where nobody has."""
    plain = account.strip().lower()[:200]
    tries = limits.tried(Try.ASK_LINK, Whence(plain, address), now_ms)
    if isinstance(tries, Refused):
        return tries
    person = vault.find(vault.kind_of(plain), plain)
    with writing():
        if person:
            links.end_all(LINK, now_ms, person=person)
            link = links.make(links.Wanted(LINK, SIGN_IN_LINK_MS, person), now_ms)
            outbox.send(person, "sign-in", {"link": link.id}, now_ms)
    return ALLOWED


def by_link(token: str, now_ms: int) -> Person | Refused:
    """Whose sign-in link this is, and use it up."""
    with writing():
        link = links.use(token, LINK, now_ms)
        if isinstance(link, Refused):
            return link
        assert link.person is not None
        asking = Who(link.person.id, Actor.LINK)
        deeds.record(asking, Act("accounts", "link-used", target=link.id, detail=LINK), now_ms)
        return link.person


def end_sessions(asking: Who, keep: str | None, now_ms: int) -> None:
    """End every session of one's own but the one with this key."""
    with writing():
        Session.objects.filter(person=asking.id).exclude(session_key=keep).delete()
        deeds.record(asking, Act("accounts", "sessions-ended", target=asking.id), now_ms)
