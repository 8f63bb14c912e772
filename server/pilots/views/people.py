"""Participants: funnel by source, invitations with their QR codes, named lists, postponements."""

from __future__ import annotations

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from server.ledger.tick import now_ms
from server.pilots import crowd
from server.pilots.acting import Desk
from server.pilots.actions import joining, papers
from server.pilots.actions.joining import Invited
from server.pilots.days import DAY_MS
from server.pilots.door import in_pilot
from server.pilots.forms import BadForm, Form, posted
from server.pilots.models import Cohort, Invitation
from server.pilots.rules import Right, Source
from server.pilots.views.frame import SEE, choices, page, pilot_of
from server.pilots.words import SOURCES
from server.web import shell

PAGE = "people"
LONGEST_DAYS = 731


@SEE
@require_safe
def people(request: HttpRequest, service: str) -> HttpResponse:
    """Who came how far, by source, and where participants stand."""
    pilot, language, at_ms = pilot_of(service), shell.language(request), now_ms()
    cohorts = Cohort.objects.filter(phase__pilot=pilot).order_by("name")
    content = {
        "ways": crowd.ways(pilot, language, at_ms),
        "states": crowd.by_state(pilot, language),
        "told": crowd.told(pilot),
        "invitations": crowd.invitations(pilot, language, at_ms),
        "cohorts": list(cohorts.values_list("name", flat=True)),
        "sources": choices(SOURCES, language),
    }
    return page(request, pilot, PAGE, content)


@in_pilot(Right.RUN)
@require_safe
def invitation(request: HttpRequest, service: str, invitation: str) -> HttpResponse:
    """The address and QR code of an invitation, to be printed or sent."""
    rows = Invitation.objects.filter(phase__pilot=service).select_related("phase")
    row = get_object_or_404(rows, id=int(invitation))
    address = joining.address(row)
    svg = segno.make(address, error="m").svg_inline(omitsize=True, svgclass="qr")
    content = {"address": address, "qr": svg, "number": row.phase.number}
    return page(request, pilot_of(service), "invitation", content)


@posted(Right.RUN, PAGE)
def invite(desk: Desk, form: Form) -> object:
    """Make an invitation."""
    days = form.number("days")
    if not 0 < days <= LONGEST_DAYS:
        raise BadForm("days")
    wanted = Invited(
        phase=form.number("phase"),
        source=form.word("source", Source),
        life_ms=days * DAY_MS,
        cost_krw=form.number("cost_krw"),
        uses=form.number_if_any("uses"),
        cohort=form.text("cohort"),
    )
    return joining.invite(desk, wanted)


@posted(Right.RUN, PAGE)
def cohort(desk: Desk, form: Form) -> object:
    """Begin a named list."""
    return papers.add_cohort(desk, form.number("phase"), form.text("name"))


@posted(Right.RUN, PAGE)
def remove(desk: Desk, form: Form) -> object:
    """Take a participant out."""
    return joining.remove(desk, form.text("subject"))
