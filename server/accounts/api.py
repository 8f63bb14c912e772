# ruff: noqa: ARG001  every handler is given its request, used or not
"""People and organisations for programs: JSON under /api/accounts, with a session or an API key.

What a key may not do (administer) is said by its way in, not hidden. A body with a field too many
is refused whole. Refusals are problem documents with the reasons of docs/accounts.md.
"""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict

from server.accounts import apikeys, guests, invitations, links, members, refusals, webhooks
from server.accounts.door import guarded_api
from server.accounts.models import ApiKey, Deed, GuestCode, Membership, Organisation
from server.accounts.rules import (
    DAY_MS,
    GUEST_LONGEST_MS,
    HOUR_MS,
    KEY_LIFE_MS,
    MAX_ROWS,
    Need,
    Refused,
    Role,
    Who,
)
from server.ledger.tick import now_ms

ORG = "/organisations/{organisation}"

Id = Annotated[str, Path(pattern="^[a-z2-7]{16}$")]
Cursor = Annotated[int, Query(ge=0, le=2**53 - 1, description="`id` of the last one seen")]
Answer = HttpResponse | Any


class Body(Schema):
    """What a program sends: these fields and no other."""

    model_config = ConfigDict(extra="forbid")


class RoleBody(Body):
    """A role to give."""

    role: Role


class InvitationBody(Body):
    """Whom to invite as what: an e-mail address, a phone number, or nothing to get the link."""

    role: Role
    contact: str = Field("", max_length=200)
    language: str = Field("ko", pattern="^(ko|en)$")


class KeyBody(Body):
    """A key to make."""

    role: Role
    services: list[str] = Field(min_length=1, max_length=16)
    days: int = Field(ge=1, le=KEY_LIFE_MS // DAY_MS)


class GuestBody(Body):
    """An inspector's code to make."""

    services: list[str] = Field(min_length=1, max_length=16)
    hours: int = Field(ge=1, le=GUEST_LONGEST_MS // HOUR_MS)


class WebhookBody(Body):
    """Where to post this organisation's messages."""

    url: str = Field(max_length=webhooks.LONGEST)


class Me(Schema):
    """Who asks. `services`: null means all."""

    id: str
    way: str
    roles: dict[str, Role]
    services: list[str] | None


class Place(Schema):
    """An organisation."""

    id: str
    kind: str
    name: str
    name_en: str


class Member(Schema):
    """A member; names are for people, on pages."""

    person: str
    role: Role
    from_ms: int


class Issued(Schema):
    """A key, code or invitation: what is kept of it. `ended_ms` null: it opens something."""

    id: str
    role: str
    services: list[str]
    made_ms: int
    expires_ms: int
    ended_ms: int | None


class Secret(Schema):
    """What is told once and kept by nobody here."""

    secret: str


class Act(Schema):
    """A deed, done or refused (`reason`); `leaf_hash` is its entry in the public log."""

    id: int
    at_ms: int
    who: str
    way: str
    service: str
    act: str
    target: str
    detail: str
    reason: str
    leaf_hash: str


router = Router(tags=["accounts"])


@router.get("/me", response=Me, summary="Who asks")
@guarded_api(Need.OPEN)
def me(request: HttpRequest) -> Answer:
    """Id, way in and roles; an empty id is nobody's, as is that of a key that opens nothing."""
    who = _who(request)
    services = None if who.scopes is None else sorted(who.scopes)
    return Me(id=who.id, way=who.actor, roles=dict(who.roles), services=services)


@router.get(ORG, response=Place, summary="An organisation of one's own")
@guarded_api(Need.SEE)
def organisation(request: HttpRequest, organisation: Id) -> Answer:
    """Kind and names."""
    return Organisation.objects.get(id=organisation)


@router.get(f"{ORG}/members", response=list[Member], summary="Members and roles")
@guarded_api(Need.SEE)
def list_members(request: HttpRequest, organisation: Id) -> Answer:
    """Ids only: whose they are is shown to people, not to programs."""
    rows = Membership.objects.filter(organisation=organisation, until_ms=None).order_by("id")
    found = rows.values_list("person", "role", "from_ms")[:MAX_ROWS]
    return [Member(person=one, role=Role(role), from_ms=at) for one, role, at in found]


@router.put(f"{ORG}/members/{{person}}", response={204: None}, summary="Change a role")
@guarded_api(Need.ADMINISTER)
def give_role(request: HttpRequest, organisation: Id, person: Id, body: RoleBody) -> Answer:
    """Of a member, not of oneself."""
    done = members.give_role(_who(request), organisation, person, body.role, now_ms())
    return _answered(request, done)


@router.delete(f"{ORG}/members/{{person}}", response={204: None}, summary="End a membership")
@guarded_api(Need.ADMINISTER)
def end_member(request: HttpRequest, organisation: Id, person: Id) -> Answer:
    """Not one's own, and not the last administrator's."""
    done = members.give_role(_who(request), organisation, person, None, now_ms())
    return _answered(request, done)


@router.get(f"{ORG}/invitations", response=list[Issued], summary="Invitations that wait")
@guarded_api(Need.ADMINISTER)
def list_invitations(request: HttpRequest, organisation: Id) -> Answer:
    """Whom they are for is not told."""
    rows = invitations.waiting(organisation, now_ms())[:MAX_ROWS]
    return [_issued(one, one.role, []) for one in rows]


@router.post(f"{ORG}/invitations", response={201: Secret}, summary="Invite somebody")
@guarded_api(Need.ADMINISTER)
def invite(request: HttpRequest, organisation: Id, body: InvitationBody) -> Answer:
    """The link, where no address was given; else it is sent there, and `secret` is empty."""
    offer = invitations.Offer(body.role, body.contact, body.language)
    made = invitations.invite(_who(request), organisation, offer, now_ms())
    if isinstance(made, Refused):
        return refusals.answer(request, made)
    return Status(201, Secret(secret="" if made.person_id else links.address(made.id)))


@router.delete(f"{ORG}/invitations/{{link}}", response={204: None}, summary="Take it back")
@guarded_api(Need.ADMINISTER)
def end_invitation(request: HttpRequest, organisation: Id, link: Id) -> Answer:
    """One that nobody has used."""
    done = invitations.withdraw(_who(request), organisation, link, now_ms())
    return _answered(request, done)


@router.get(f"{ORG}/keys", response=list[Issued], summary="Keys for programs")
@guarded_api(Need.ADMINISTER)
def list_keys(request: HttpRequest, organisation: Id) -> Answer:
    """Newest first; never the secrets."""
    rows = ApiKey.objects.filter(organisation=organisation).order_by("-made_ms")
    return [_issued(one, one.role, one.scopes) for one in rows[:MAX_ROWS]]


@router.post(f"{ORG}/keys", response={201: Secret}, summary="Make a key")
@guarded_api(Need.ADMINISTER)
def make_key(request: HttpRequest, organisation: Id, body: KeyBody) -> Answer:
    """The key, for the only time."""
    wanted = apikeys.Wanted(body.role, frozenset(body.services), body.days * DAY_MS)
    made = apikeys.make(_who(request), organisation, wanted, now_ms())
    return _told(request, made)


@router.delete(f"{ORG}/keys/{{key}}", response={204: None}, summary="Revoke a key")
@guarded_api(Need.ADMINISTER)
def end_key(request: HttpRequest, organisation: Id, key: Id) -> Answer:
    """From the next request on."""
    return _answered(request, apikeys.end(_who(request), organisation, key, now_ms()))


@router.get(f"{ORG}/guests", response=list[Issued], summary="Inspectors' codes")
@guarded_api(Need.ADMINISTER)
def list_guests(request: HttpRequest, organisation: Id) -> Answer:
    """Newest first; never the codes."""
    rows = GuestCode.objects.filter(organisation=organisation).order_by("-made_ms")
    return [_issued(one, Role.VIEWER, one.scopes) for one in rows[:MAX_ROWS]]


@router.post(f"{ORG}/guests", response={201: Secret}, summary="Make an inspector's code")
@guarded_api(Need.ADMINISTER)
def make_guest(request: HttpRequest, organisation: Id, body: GuestBody) -> Answer:
    """The code, for the only time."""
    wanted = guests.Wanted(frozenset(body.services), body.hours * HOUR_MS)
    return _told(request, guests.issue(_who(request), organisation, wanted, now_ms()))


@router.delete(f"{ORG}/guests/{{guest}}", response={204: None}, summary="End a guest's access")
@guarded_api(Need.ADMINISTER)
def end_guest(request: HttpRequest, organisation: Id, guest: Id) -> Answer:
    """At once."""
    return _answered(request, guests.end(_who(request), organisation, guest, now_ms()))


@router.put(f"{ORG}/webhook", response={204: None}, summary="Set the webhook")
@guarded_api(Need.ADMINISTER)
def set_webhook(request: HttpRequest, organisation: Id, body: WebhookBody) -> Answer:
    """Its signing key is shown on the page."""
    return _answered(request, webhooks.put(_who(request), organisation, body.url, now_ms()))


@router.delete(f"{ORG}/webhook", response={204: None}, summary="End the webhook")
@guarded_api(Need.ADMINISTER)
def end_webhook(request: HttpRequest, organisation: Id) -> Answer:
    """Nothing is posted any more."""
    return _answered(request, webhooks.end(_who(request), organisation, now_ms()))


@router.get(f"{ORG}/deeds", response=list[Act], summary="The record of acts")
@guarded_api(Need.AUDIT)
def deeds(request: HttpRequest, organisation: Id, after: Cursor = 0) -> Answer:
    """Oldest first, from `after` on."""
    rows: QuerySet[Deed] = Deed.objects.filter(organisation=organisation, id__gt=after)
    return [_act(one) for one in rows.order_by("id")[:MAX_ROWS]]


def _who(request: HttpRequest) -> Who:
    who: Who = request.who  # type: ignore[attr-defined]
    return who


def _answered(request: HttpRequest, verdict: object) -> Answer:
    return refusals.answer(request, verdict) if isinstance(verdict, Refused) else Status(204, None)


def _told(request: HttpRequest, made: str | Refused) -> Answer:
    if isinstance(made, Refused):
        return refusals.answer(request, made)
    return Status(201, Secret(secret=made))


def _issued(row: Any, role: str, services: list[str]) -> Issued:
    times = {name: getattr(row, name) for name in ("made_ms", "expires_ms", "ended_ms")}
    return Issued(id=row.id, role=role, services=services, **times)


def _act(row: Deed) -> Act:
    plain = {name: getattr(row, name) for name in Act.model_fields if hasattr(row, name)}
    return Act(**{**plain, "way": row.actor, "leaf_hash": bytes(row.leaf_hash).hex()})
