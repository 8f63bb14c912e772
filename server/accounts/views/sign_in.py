"""Coming in: passkey, password, badge, guest's code, recovery code, link; and going out.

Every refusal is one of a closed list, and says no more than that: whether an account exists is
answered to nobody.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from server.accounts import badges, guests, limits, passkeys, passwords, recovery, refusals, signin
from server.accounts.door import guarded
from server.accounts.limits import Whence, address_of
from server.accounts.models import Kind
from server.accounts.rules import Actor, Need, Reason, Refused, Try
from server.accounts.views.frame import answered, field, go, next_of, page, site
from server.ledger.tick import now_ms

SCRIPT = Path(__file__).parents[1] / "static" / "accounts" / "accounts.js"
CHALLENGE = "challenge"
"""Session key: the challenge of a ceremony under way, and until when it is good (ms)."""
CHALLENGE_MS = 300_000
HOME = "/"
WORKING = frozenset({Kind.COOPERATIVE, Kind.PLANT, Kind.CARRIER, Kind.WHOLESALER, Kind.SHOP})
"""Organisations whose badges open the work pages: a tablet begins with what is to be done."""


@guarded(Need.OPEN)
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The page, and sign-in by password."""
    if request.method != "POST":
        return _page(request)
    account, password = field(request, "account"), field(request, "password")
    found = passwords.sign_in(account, password, address_of(request), now_ms())
    if isinstance(found, Refused):
        return _page(request, found)
    signin.let_in(request, found, Actor.PERSON)
    return go(next_of(request, HOME))


@guarded(Need.OPEN)
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Going out."""
    signin.let_out(request)
    return go(HOME)


@guarded(Need.OPEN)
@require_POST
def ask_for_link(request: HttpRequest) -> HttpResponse:
    """A sign-in link by message: the same answer to everybody."""
    asked = signin.ask_for_link(field(request, "account"), address_of(request), now_ms())
    if isinstance(asked, Refused):
        return refusals.answer(request, asked)
    return page(request, "link_sent.html", {})


@guarded(Need.OPEN)
@require_POST
def by_recovery_code(request: HttpRequest) -> HttpResponse:
    """Sign-in by a code on paper."""
    found = recovery.sign_in(field(request, "code"), address_of(request), now_ms())
    if isinstance(found, Refused):
        return _page(request, found)
    signin.let_in(request, found, Actor.PERSON)
    return go("/me")


@guarded(Need.OPEN)
@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs to ask for a passkey; names nobody."""
    tries = limits.tried(Try.CEREMONY, Whence(address=address_of(request)), now_ms())
    if isinstance(tries, Refused):
        return told(request, tries, "")
    challenge, options = passkeys.begin_sign_in(site(request))
    keep_challenge(request, challenge)
    return HttpResponse(options, "application/json")


@guarded(Need.OPEN)
@require_POST
def by_passkey(request: HttpRequest) -> HttpResponse:
    """The passkey's answer; the reply says where to go, or why not."""
    challenge, answer = taken_challenge(request), answer_of(request)
    if not challenge or answer is None:
        return told(request, Refused(Reason.EXPIRED if answer else Reason.BAD_INPUT), "")
    here, address = site(request), address_of(request)
    found = passkeys.sign_in(answer, challenge, here, address, now_ms())
    if isinstance(found, Refused):
        return told(request, found, "")
    signin.let_in(request, found, Actor.PERSON)
    return told(request, None, next_of(request, HOME))


@guarded(Need.OPEN)
@require_http_methods(["GET", "HEAD", "POST"])
def badge(request: HttpRequest) -> HttpResponse:
    """Scan, then PIN. A scan ends the session of whoever was here before, right or wrong."""
    if request.method != "POST":
        return page(request, "badge.html", {"code": ""})
    signin.let_out(request)
    code, pin = badges.plain_code(field(request, "code")), field(request, "pin")
    content = {"code": code, "is_new": badges.is_new(code, now_ms())}
    if not code:
        return page(request, "badge.html", content, Refused(Reason.WRONG))
    if not pin:
        return page(request, "badge.html", content)
    found = badges.sign_in(code, pin, address_of(request), now_ms())
    if isinstance(found, Refused):
        return page(request, "badge.html", content, found)
    signin.let_badge_in(request, found)
    works = found.organisation.kind in WORKING
    return go(f"/{'work' if works else 'organisations'}/{found.organisation_id}")


@guarded(Need.OPEN)
@require_http_methods(["GET", "HEAD", "POST"])
def guest(request: HttpRequest, code: str = "") -> HttpResponse:
    """An inspector comes in by a code, typed or scanned; a GET only shows it."""
    if request.method != "POST":
        return page(request, "guest.html", {"code": code})
    at_ms = now_ms()
    found = guests.enter(field(request, "code"), address_of(request), at_ms)
    if isinstance(found, Refused):
        return page(request, "guest.html", {"code": ""}, found)
    signin.let_guest_in(request, found, at_ms)
    return answered(request, None, f"/organisations/{found.organisation_id}")


@guarded(Need.OPEN)
@require_safe
def script(_request: HttpRequest) -> HttpResponse:
    """The one script of these pages: passkeys, and the PIN pad. All else works without it."""
    response = HttpResponse(_script(), "text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def keep_challenge(request: HttpRequest, challenge: bytes) -> None:
    """Remember the challenge of a ceremony, in place of an older one."""
    request.session[CHALLENGE] = [challenge.hex(), now_ms() + CHALLENGE_MS]
    if not request.session.get_expire_at_browser_close() and "actor" not in request.session:
        request.session.set_expiry(CHALLENGE_MS // 1000)


def taken_challenge(request: HttpRequest) -> bytes:
    """The challenge under way, which is then no more; empty if there is none in time."""
    kept = request.session.pop(CHALLENGE, None)
    if kept is None or kept[1] <= now_ms():
        return b""
    return bytes.fromhex(kept[0])


def answer_of(request: HttpRequest) -> dict[str, Any] | None:
    """What a browser's passkey said; None for what is no JSON object."""
    try:
        answer = json.loads(request.body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def told(request: HttpRequest, refused: Refused | None, where: str) -> HttpResponse:
    """The answer to our script: where to go, or what to say."""
    if refused is None:
        return HttpResponse(json.dumps({"go": where}), "application/json")
    from server.web import shell

    said = refusals.said(refused.reason, shell.language(request))
    body = json.dumps({"said": said, "reason": refused.reason}, ensure_ascii=False)
    return HttpResponse(body, "application/json", status=refusals.status_of(refused))


def _page(request: HttpRequest, refused: Refused | None = None) -> HttpResponse:
    where = next_of(request, "")
    content = {"passkeys": site(request).holds_passkeys, "next": where}
    return page(request, "sign_in.html", content, refused)


@cache
def _script() -> bytes:
    return SCRIPT.read_bytes()
