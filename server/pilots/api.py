# ruff: noqa: ARG001  every handler is given its request, used or not
"""Pilots for programs: JSON under /api/pilots, with a session or an API key, or by a personal link.

A body with a field too many is refused whole. Refusals are problem documents with the reasons of
docs/pilots.md. A number that is null is undecided (미정): it is never 0 and never "unlimited".
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from server.accounts import limits, refusals
from server.accounts.contacts import Contact
from server.accounts.door import guarded_api
from server.accounts.limits import Whence, address_of
from server.accounts.links import BY_LINK
from server.accounts.rules import Need, Refused, Try
from server.accounts.views.frame import asking
from server.ledger.tick import now_ms
from server.pilots import personal, policy, snapshot
from server.pilots.acting import Desk
from server.pilots.actions import board, joining, papers, phases, switch
from server.pilots.actions.papers import File, Filed
from server.pilots.actions.phases import Planned
from server.pilots.days import Period
from server.pilots.decide import Action
from server.pilots.door import in_pilot_api
from server.pilots.models import Participant, Phase, Pilot
from server.pilots.rules import PhaseKind, PhaseState, Reason, Right, Service
from server.pilots.schemas import (
    ApplicationBody,
    Asked,
    BoardOut,
    ConsentBody,
    FileBody,
    FlagBody,
    FlagOut,
    LinkBody,
    LinkOut,
    Made,
    NoticeBody,
    PhaseBody,
    PhaseOut,
    PilotOut,
    PlanBody,
    ReadinessBody,
    Receipt,
    RescheduleBody,
    SignOffBody,
    Standing,
    Verdict,
)

PILOT = "/{service}"

Name = Annotated[Service, Path(description="which pilot")]
Answer = HttpResponse | Any


router = Router(tags=["pilots"])


# What everybody may read


@router.get("", response=list[PilotOut], summary="All pilots, with phases and notices")
@guarded_api(Need.OPEN, service="pilots")
def pilots(request: HttpRequest) -> Answer:
    """Dates and numbers as announced."""
    return [_pilot(row) for row in Pilot.objects.order_by("made_ms", "service")]


# What participants do, by a link


@router.post("/applications", response={201: LinkOut}, summary="Apply by an invitation")
@guarded_api(Need.OPEN, service="pilots")
def apply(request: HttpRequest, body: ApplicationBody) -> Answer:
    """The personal link comes back here, or goes to the contact."""
    at_ms = now_ms()
    verdict = limits.tried(Try.ASK_LINK, Whence(address=address_of(request)), at_ms)
    if isinstance(verdict, Refused):
        return refusals.answer(request, verdict)
    found = joining.invitation_of(body.token, at_ms)
    if isinstance(found, Reason):
        return refusals.answer(request, Refused(found))
    contact = Contact(body.contact.strip(), body.language)
    joined = joining.apply(Desk(BY_LINK, found.phase.pilot_id, at_ms), body.token, contact)
    if isinstance(joined, Refused):
        return refusals.answer(request, joined)
    return 201, LinkOut(link=joined.link)


@router.post("/consents", response={201: Receipt}, summary="Give a consent, or take it back")
@guarded_api(Need.OPEN, service="pilots")
def consent(request: HttpRequest, body: ConsentBody) -> Answer:
    """One at a time."""
    found = _holder(request, body.link)
    if isinstance(found, HttpResponse):
        return found
    desk, name = Desk(BY_LINK, found.pilot_id, now_ms()), found.subject
    if not body.given:
        done = joining.take_back(desk, name, body.purpose)
        return refusals.answer(request, done) if done else (201, Receipt(receipt=""))
    given = joining.consent(desk, name, body.purpose, body.version)
    if isinstance(given, Refused):
        return refusals.answer(request, given)
    return 201, Receipt(receipt=given.receipt)


@router.post("/seats", response={201: Standing}, summary="Take a seat")
@guarded_api(Need.OPEN, service="pilots")
def seat(request: HttpRequest, body: LinkBody) -> Answer:
    """If there is one."""
    return _step(request, body.link, joining.enrol)


@router.post("/waiting", response={201: Standing}, summary="Join the waiting list")
@guarded_api(Need.OPEN, service="pilots")
def wait(request: HttpRequest, body: LinkBody) -> Answer:
    """The next free seat goes to who has waited longest."""
    return _step(request, body.link, joining.wait)


@router.post("/withdrawals", response={201: Standing}, summary="Leave a pilot")
@guarded_api(Need.OPEN, service="pilots")
def withdraw(request: HttpRequest, body: LinkBody) -> Answer:
    """At any time, in any mode; it cannot be undone."""
    return _step(request, body.link, joining.withdraw)


# What is said and done under one pilot: below every fixed address, or it would hide it


@router.get(PILOT, response=PilotOut, summary="One pilot")
@guarded_api(Need.OPEN, service="pilots")
def pilot(request: HttpRequest, service: Name) -> Answer:
    """Dates and numbers as announced."""
    row = Pilot.objects.filter(service=service).first()
    return _pilot(row) if row else refusals.answer(request, Refused(Reason.NOT_FOUND))


@router.get(f"{PILOT}/allow", response=Verdict, summary="May this be done?")
@in_pilot_api(Right.SEE)
def allow(request: HttpRequest, service: Name, asked: Annotated[Asked, Query()]) -> Answer:
    """The one question that every service asks first; asking here writes nothing down."""
    at_ms = now_ms() if asked.at_ms is None else asked.at_ms
    wish = Action(asked.name, asked.kind, asked.phase, asked.zone, tuple(asked.purpose))
    decision = policy.weigh(asked.subject, service, wish, at_ms)
    if isinstance(decision.verdict, Refused):
        reason = str(decision.verdict.reason)
        text = refusals.said(reason, "ko")
        return Verdict(allowed=False, reason=reason, text=text, generation=decision.generation)
    return Verdict(allowed=True, reason=None, text="", generation=decision.generation)


@router.post(f"{PILOT}/notices", response={201: Made}, summary="File a public notice")
@in_pilot_api(Right.RUN)
def file_notice(request: HttpRequest, service: Name, body: NoticeBody) -> Answer:
    """Number, date and file; what it announces follows with /plans."""
    file = _file(body.file)
    if file is None:
        return refusals.answer(request, Refused(Reason.BAD_INPUT))
    filed = Filed(body.number, body.day, file, body.changes, body.supersedes)
    return _made(request, papers.file_notice(_desk(request, service), filed))


@router.post(f"{PILOT}/plans", response={201: Made}, summary="Announce a phase under a notice")
@in_pilot_api(Right.RUN)
def announce(request: HttpRequest, service: Name, body: PlanBody) -> Answer:
    """Dates and numbers, where the phase has none now."""
    return _made(request, phases.announce(_desk(request, service), body.phase, _planned(body)))


@router.post(f"{PILOT}/amendments", response={201: Made}, summary="Change numbers by a notice")
@in_pilot_api(Right.RUN)
def amend(request: HttpRequest, service: Name, body: PlanBody) -> Answer:
    """The days stay."""
    return _made(request, phases.amend(_desk(request, service), body.phase, _planned(body)))


@router.post(f"{PILOT}/reschedules", response={201: Made}, summary="Postpone a phase")
@in_pilot_api(Right.RUN)
def reschedule(request: HttpRequest, service: Name, body: RescheduleBody) -> Answer:
    """The days end at once; the new ones come by a notice, with /plans."""
    return _made(request, phases.reschedule(_desk(request, service), body.phase, body.reason))


@router.post(f"{PILOT}/openings", response={201: Made}, summary="Let a phase run")
@in_pilot_api(Right.RUN)
def open_phase(request: HttpRequest, service: Name, body: PhaseBody) -> Answer:
    """After everything that it needs."""
    return _made(request, phases.open_phase(_desk(request, service), body.phase))


@router.post(f"{PILOT}/closings", response={201: Made}, summary="Close a phase")
@in_pilot_api(Right.RUN)
def close_phase(request: HttpRequest, service: Name, body: PhaseBody) -> Answer:
    """Once its page is signed."""
    return _made(request, phases.close_phase(_desk(request, service), body.phase))


@router.post(f"{PILOT}/signoffs", response={201: Made}, summary="Write or sign a sign-off page")
@in_pilot_api(Right.SIGN)
def sign_off(request: HttpRequest, service: Name, body: SignOffBody) -> Answer:
    """Signing takes a person, and another one than who wrote the page."""
    desk = _desk(request, service)
    if body.sign:
        return _made(request, phases.sign_off(desk, body.phase))
    checked, defects = tuple(body.checked), tuple(body.defects)
    return _made(request, phases.prepare_sign_off(desk, body.phase, checked, defects))


@router.post(f"{PILOT}/readiness", response={201: BoardOut}, summary="Sign a step on the board")
@in_pilot_api(Right.RUN)
def readiness(request: HttpRequest, service: Name, body: ReadinessBody) -> Answer:
    """The step that is due, passed or failed."""
    file = _file(body.file)
    if file is None:
        return refusals.answer(request, Refused(Reason.BAD_INPUT))
    desk = _desk(request, service)
    row = board.note_readiness(desk, body.name, body.step, body.passed, file)
    if isinstance(row, Refused):
        return refusals.answer(request, row)
    return 201, BoardOut(name=row.name, done=row.done)


@router.post(f"{PILOT}/flags", response={201: FlagOut}, summary="Move the switch")
@in_pilot_api(Right.RUN)
def flip(request: HttpRequest, service: Name, body: FlagBody) -> Answer:
    """Out of HALT it only asks."""
    return _flag(request, switch.flip(_desk(request, service), body.mode, body.reason))


@router.post(f"{PILOT}/flags/{{flag}}/confirmation", response={201: FlagOut}, summary="Lift HALT")
@in_pilot_api(Right.RUN)
def confirm(request: HttpRequest, service: Name, flag: Annotated[int, Path(ge=1)]) -> Answer:
    """As a second person."""
    return _flag(request, switch.confirm(_desk(request, service), flag))


def _desk(request: HttpRequest, service: str) -> Desk:
    return Desk(asking(request), service, now_ms())


def _holder(request: HttpRequest, link: str) -> Participant | HttpResponse:
    found = personal.holder(link, now_ms())
    if not isinstance(found, Refused):
        return found
    tries = limits.tried(Try.LINK, Whence(address=address_of(request)), now_ms())
    return refusals.answer(request, tries if isinstance(tries, Refused) else found)


def _step(request: HttpRequest, link: str, act: Any) -> Answer:
    found = _holder(request, link)
    if isinstance(found, HttpResponse):
        return found
    done = act(Desk(BY_LINK, found.pilot_id, now_ms()), found.subject)
    return refusals.answer(request, done) if isinstance(done, Refused) else (201, done)


def _made(request: HttpRequest, made: Any) -> Answer:
    return refusals.answer(request, made) if isinstance(made, Refused) else (201, made)


def _flag(request: HttpRequest, made: Any) -> Answer:
    if isinstance(made, Refused):
        return refusals.answer(request, made)
    return 201, FlagOut(id=made.id, mode=made.mode, in_force=made.number is not None)


def _file(body: FileBody) -> File | None:
    """The file, or None if it is no base64."""
    try:
        return File(body.name, base64.b64decode(body.base64, validate=True))
    except binascii.Error:
        return None


def _planned(body: PlanBody) -> Planned:
    period = Period(body.from_day, body.to_day)
    return Planned(body.notice, period, body.target_min, body.cap, tuple(body.zone))


def _pilot(row: Pilot) -> PilotOut:
    rows = Phase.objects.filter(pilot=row).select_related("plan__notice").order_by("number")
    return PilotOut(
        service=Service(row.service),
        name=row.name,
        name_en=row.name_en,
        mode=snapshot.mode(row.service),
        phases=[_phase(phase) for phase in rows],
    )


def _phase(row: Phase) -> PhaseOut:
    plan = row.plan
    return PhaseOut(
        number=row.number,
        kind=PhaseKind(row.kind),
        state=PhaseState(row.state),
        notice=plan.notice.number if plan else None,
        from_day=plan.from_day if plan else None,
        to_day=plan.to_day if plan else None,
        target_min=plan.target_min if plan else None,
        cap=row.cap,
        taken=row.taken if plan and row.kind == PhaseKind.OPEN else None,
    )


