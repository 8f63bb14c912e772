"""My data: what is kept of me, how I sign in, and how all of it goes away."""

from __future__ import annotations

import json

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from server.accounts import me, pages, passkeys, passwords, recovery, refusals, signin
from server.accounts.door import guarded
from server.accounts.models import Certificate, Passkey, Person
from server.accounts.rules import Actor, Need, Reason, Refused
from server.accounts.views.frame import answered, asking, field, go, page, site
from server.accounts.views.sign_in import answer_of, keep_challenge, taken_challenge, told
from server.ledger import log
from server.ledger.tick import now_ms
from server.web import shell, shown

ME = "/me"


@guarded(Need.SELF)
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """The page."""
    return _page(request, {})


@guarded(Need.SELF)
@require_POST
def name(request: HttpRequest) -> HttpResponse:
    """Name, and language of messages."""
    new, language = field(request, "name"), field(request, "language")
    done = me.set_name(asking(request), new, language, now_ms())
    return answered(request, done, ME)


@guarded(Need.SELF)
@require_POST
def address(request: HttpRequest) -> HttpResponse:
    """A new address, to be confirmed by its link."""
    done = me.propose_address(asking(request), field(request, "address"), now_ms())
    if isinstance(done, Refused):
        return refusals.answer(request, done)
    return page(request, "link_sent.html", {"to_new_address": True})


@guarded(Need.SELF)
@require_POST
def password(request: HttpRequest) -> HttpResponse:
    """A new password; every other session ends."""
    who = asking(request)
    done = passwords.change(who, field(request, "password"), now_ms())
    if isinstance(done, Refused):
        return refusals.answer(request, done)
    signin.let_stay(request, Person.objects.get(id=who.id))
    return go(ME)


@guarded(Need.SELF)
@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs to make a passkey."""
    who = asking(request)
    name = pages.mine(Person.objects.get(id=who.id)).name
    challenge, options = passkeys.begin_adding(who.id, name, site(request))
    keep_challenge(request, challenge)
    return HttpResponse(options, "application/json")


@guarded(Need.SELF)
@require_POST
def passkey_add(request: HttpRequest) -> HttpResponse:
    """The new passkey's answer. Who came by a link is signed in by it."""
    who = asking(request)
    challenge, answer = taken_challenge(request), answer_of(request)
    if not challenge or answer is None:
        return told(request, Refused(Reason.EXPIRED if answer else Reason.BAD_INPUT), "")
    done = passkeys.add(who, answer, challenge, site(request), now_ms())
    if isinstance(done, Refused):
        return told(request, done, "")
    if who.actor is Actor.LINK:
        signin.let_in(request, Person.objects.get(id=who.id), Actor.PERSON)
    return told(request, None, ME)


@guarded(Need.SELF)
@require_POST
def passkey_remove(request: HttpRequest, passkey: int) -> HttpResponse:
    """One passkey less."""
    return answered(request, passkeys.remove(asking(request), passkey, now_ms()), ME)


@guarded(Need.SELF)
@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """A new set, shown once."""
    codes = [shown.grouped(code) for code in recovery.renew(asking(request), now_ms())]
    return _page(request, {"codes": codes})


@guarded(Need.SELF)
@require_POST
def sessions_end(request: HttpRequest) -> HttpResponse:
    """Signed out everywhere but here."""
    signin.end_sessions(asking(request), request.session.session_key, now_ms())
    return go(ME)


@guarded(Need.SELF)
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """Everything that is kept of oneself, as a file."""
    told = me.export(asking(request), now_ms())
    response = HttpResponse(json.dumps(told, ensure_ascii=False, indent=1), "application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="jagalchi-my-data.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@guarded(Need.SELF)
@require_POST
def erase(request: HttpRequest) -> HttpResponse:
    """Erase oneself, after a tick of the box."""
    if field(request, "sure") != "yes":
        return refusals.answer(request, Refused(Reason.BAD_INPUT))
    done = me.erase(asking(request), now_ms())
    if isinstance(done, Refused):
        return refusals.answer(request, done)
    signin.let_out(request)
    return go(f"/certificates/{done.id}")


@guarded(Need.OPEN)
@require_safe
def certificate(request: HttpRequest, name: str) -> HttpResponse:
    """A certificate of deletion, for whoever has its number; names nobody."""
    row = _certificate(name)
    content = {
        "certificate": row,
        "when": shown.moment(row.at_ms),
        "entry": _entry(row),
        "digest": bytes(row.leaf_hash).hex(),
        "deleted": sorted(row.deleted.items()),
    }
    return page(request, "certificate.html", content)


@guarded(Need.OPEN)
@require_safe
def certificate_file(_request: HttpRequest, name: str) -> HttpResponse:
    """The same for programs; `leaf_hash` is what the public log holds."""
    row = _certificate(name)
    told = {
        "certificate": row.id,
        "person": row.person,
        "at_ms": row.at_ms,
        "deleted": row.deleted,
        "leaf_hash": bytes(row.leaf_hash).hex(),
        "entry": log.index_of([bytes(row.leaf_hash)]).get(bytes(row.leaf_hash)),
    }
    return HttpResponse(json.dumps(told, indent=1), "application/json")


def _certificate(name: str) -> Certificate:
    row = Certificate.objects.filter(id=name).first()
    if row is None:
        raise Http404
    return row


def _entry(row: Certificate) -> str:
    found = log.index_of([bytes(row.leaf_hash)])
    return shown.count(found[bytes(row.leaf_hash)]) if found else ""


def _page(request: HttpRequest, content: dict[str, object]) -> HttpResponse:
    who, language = asking(request), shell.language(request)
    rows = Passkey.objects.filter(person=who.id).order_by("id")
    own = [(row.id, row.site, shown.moment(row.made_ms), row.synced) for row in rows]
    common = {
        "mine": pages.mine(Person.objects.get(id=who.id)),
        "passkeys": own,
        "can_add_passkeys": site(request).holds_passkeys,
        "recovery_left": recovery.left(who.id),
        "places": pages.places(who, language),
        "by_link": who.actor is Actor.LINK,
    }
    return page(request, "me.html", {**common, **content})
