"""My organisation: members and roles, duties, keys, inspectors, webhook, record of acts."""

from __future__ import annotations

from collections.abc import Mapping

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from server.accounts import (
    apikeys,
    badges,
    guests,
    invitations,
    links,
    members,
    pages,
    refusals,
    webhooks,
    who,
)
from server.accounts.door import guarded
from server.accounts.models import Kind, Organisation, Webhook
from server.accounts.rules import DAY_MS, HOUR_MS, Allowed, Need, Reason, Refused, Role, may
from server.accounts.views.frame import answered, asking, field, number, page
from server.ledger.tick import now_ms
from server.web import shell, shown

MOST_DAYS, MOST_HOURS = 366, 168

Told = Mapping[str, object]
"""What a page says besides what it always says."""


@guarded(Need.SELF)
@require_safe
def organisations(request: HttpRequest) -> HttpResponse:
    """All of mine."""
    places = pages.places(asking(request), shell.language(request))
    return page(request, "organisations.html", {"places": places})


@guarded(Need.SEE)
@require_safe
def organisation(request: HttpRequest, organisation: str) -> HttpResponse:
    """One of mine: members, roles and duties."""
    return _members(request, organisation, {})


@guarded(Need.ADMINISTER)
@require_POST
def role(request: HttpRequest, organisation: str, person: str) -> HttpResponse:
    """Change a member's role, or end the membership (an empty role)."""
    try:
        wanted = Role(field(request, "role")) if field(request, "role") else None
    except ValueError:
        return refusals.answer(request, Refused(Reason.BAD_INPUT))
    done = members.give_role(asking(request), organisation, person, wanted, now_ms())
    return answered(request, done, f"/organisations/{organisation}")


@guarded(Need.ADMINISTER)
@require_POST
def invite(request: HttpRequest, organisation: str) -> HttpResponse:
    """Invite somebody; without an address, the link is shown once."""
    try:
        wanted = Role(field(request, "role"))
    except ValueError:
        return refusals.answer(request, Refused(Reason.BAD_INPUT))
    offer = invitations.Offer(wanted, field(request, "contact"), shell.language(request))
    made = invitations.invite(asking(request), organisation, offer, now_ms())
    if isinstance(made, Refused):
        return refusals.answer(request, made)
    told: Told = {"sent": True} if made.person_id else {"link": links.address(made.id)}
    return _members(request, organisation, told)


@guarded(Need.ADMINISTER)
@require_POST
def invitation_end(request: HttpRequest, organisation: str, link: str) -> HttpResponse:
    """Take an invitation back."""
    done = invitations.withdraw(asking(request), organisation, link, now_ms())
    return answered(request, done, f"/organisations/{organisation}")


@guarded(Need.ADMINISTER)
@require_POST
def duty(request: HttpRequest, organisation: str) -> HttpResponse:
    """Give a duty to a holder and a deputy."""
    post = members.Post(*(field(request, one) for one in ("name", "holder", "deputy", "handover")))
    done = members.set_duty(asking(request), organisation, post, now_ms())
    return answered(request, done, f"/organisations/{organisation}")


@guarded(Need.ADMINISTER)
@require_POST
def duty_end(request: HttpRequest, organisation: str, duty: str) -> HttpResponse:
    """End a duty."""
    done = members.end_duty(asking(request), organisation, int(duty), now_ms())
    return answered(request, done, f"/organisations/{organisation}")


@guarded(Need.ADMINISTER)
@require_POST
def badge(request: HttpRequest, organisation: str, person: str) -> HttpResponse:
    """A new badge, shown once, to be printed."""
    code = badges.issue(asking(request), organisation, person, now_ms())
    if isinstance(code, Refused):
        return refusals.answer(request, code)
    name = next(
        one.name
        for one in pages.seats(organisation, asking(request), shell.language(request))
        if one.person == person
    )
    content = {"code": shown.grouped(code), "qr": _qr(code.upper()), "name": name}
    return page(request, "badge_print.html", {**content, **_place(request, organisation)})


@guarded(Need.ADMINISTER)
@require_POST
def badge_end(request: HttpRequest, organisation: str, person: str) -> HttpResponse:
    """A badge that opens nothing any more."""
    done = badges.end(asking(request), organisation, person, now_ms())
    return answered(request, done, f"/organisations/{organisation}")


@guarded(Need.ADMINISTER)
@require_safe
def access(request: HttpRequest, organisation: str) -> HttpResponse:
    """Keys for programs, codes for inspectors, the webhook."""
    return _access(request, organisation, {})


@guarded(Need.ADMINISTER)
@require_POST
def key(request: HttpRequest, organisation: str) -> HttpResponse:
    """A new key, shown once."""
    try:
        wanted = Role(field(request, "role"))
    except ValueError:
        return refusals.answer(request, Refused(Reason.BAD_INPUT))
    life_ms = number(request, "days", MOST_DAYS) * DAY_MS
    asked = apikeys.Wanted(wanted, _scopes(request), life_ms)
    made = apikeys.make(asking(request), organisation, asked, now_ms())
    if isinstance(made, Refused):
        return refusals.answer(request, made)
    return _access(request, organisation, {"new_key": made})


@guarded(Need.ADMINISTER)
@require_POST
def key_end(request: HttpRequest, organisation: str, key: str) -> HttpResponse:
    """A key that opens nothing any more."""
    done = apikeys.end(asking(request), organisation, key, now_ms())
    return answered(request, done, f"/organisations/{organisation}/access")


@guarded(Need.ADMINISTER)
@require_POST
def guest(request: HttpRequest, organisation: str) -> HttpResponse:
    """A new code for an inspector, shown once."""
    life_ms = number(request, "hours", MOST_HOURS) * HOUR_MS
    asked = guests.Wanted(_scopes(request), life_ms)
    made = guests.issue(asking(request), organisation, asked, now_ms())
    if isinstance(made, Refused):
        return refusals.answer(request, made)
    where = f"{settings.JAGALCHI.address}/guest/{made}"
    told = {"new_guest": shown.grouped(made), "guest_address": where, "guest_qr": _qr(where)}
    return _access(request, organisation, told)


@guarded(Need.ADMINISTER)
@require_POST
def guest_end(request: HttpRequest, organisation: str, guest: str) -> HttpResponse:
    """An inspector's access that has ended."""
    done = guests.end(asking(request), organisation, guest, now_ms())
    return answered(request, done, f"/organisations/{organisation}/access")


@guarded(Need.ADMINISTER)
@require_POST
def webhook(request: HttpRequest, organisation: str) -> HttpResponse:
    """Where messages are posted to; an empty address ends it."""
    url, here, at_ms = field(request, "url").strip(), asking(request), now_ms()
    if url:
        done = webhooks.put(here, organisation, url, at_ms)
    else:
        done = webhooks.end(here, organisation, at_ms)
    return answered(request, done, f"/organisations/{organisation}/access")


@guarded(Need.AUDIT)
@require_safe
def acts(request: HttpRequest, organisation: str) -> HttpResponse:
    """The record of acts."""
    lines = pages.record(organisation, shell.language(request))
    return page(request, "acts.html", {"lines": lines, **_place(request, organisation)})


@guarded(Need.ADMINISTER)
@require_safe
def messages(request: HttpRequest, organisation: str) -> HttpResponse:
    """Messages that did not arrive, of the whole server: the operator's business."""
    if organisation != who.operator():
        return refusals.answer(request, Refused(Reason.NOT_FOUND))
    content = {"messages": pages.troubled(), **_place(request, organisation)}
    return page(request, "messages.html", content)


def _members(request: HttpRequest, organisation: str, told: Told) -> HttpResponse:
    language, at_ms = shell.language(request), now_ms()
    seats = pages.seats(organisation, asking(request), language)
    named = {one.person: one.name for one in seats}
    content = {
        "members": seats,
        "duties": pages.tasks(organisation, named),
        "invited": pages.invited(organisation, language, at_ms),
        "roles": pages.roles(language),
    }
    return page(request, "members.html", {**content, **_place(request, organisation), **told})


def _access(request: HttpRequest, organisation: str, told: Told) -> HttpResponse:
    language, at_ms = shell.language(request), now_ms()
    hook = Webhook.objects.filter(organisation=organisation).first()
    content = {
        "keys": pages.keys(organisation, language, at_ms),
        "guests": pages.guests(organisation, language, at_ms),
        "webhook": hook,
        "webhook_key": webhooks.secret(hook.id) if hook else "",
        "roles": [one for one in pages.roles(language) if one.value != Role.ADMINISTRATOR],
        "services": pages.services(language),
    }
    return page(request, "access.html", {**content, **_place(request, organisation), **told})


def _place(request: HttpRequest, organisation: str) -> dict[str, object]:
    """What the head of each page of an organisation needs: its name, and which tabs open."""
    here = asking(request)
    row = Organisation.objects.get(id=organisation)
    administers, audits = (
        isinstance(may(here, need, organisation, "accounts"), Allowed)
        for need in (Need.ADMINISTER, Need.AUDIT)
    )
    return {
        "place": pages.place(row, here, shell.language(request)),
        "may_administer": administers,
        "may_audit": audits,
        "may_see_messages": administers and row.kind == Kind.OPERATOR,
    }


def _scopes(request: HttpRequest) -> frozenset[str]:
    return frozenset(request.POST.getlist("services"))


def _qr(text: str) -> str:
    """A QR code as an image's address."""
    return str(segno.make(text, error="m").svg_data_uri(scale=4, border=4))
