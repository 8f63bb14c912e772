"""Operation: the switch, duties, incidents."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from server.accounts.views.frame import asking
from server.pilots import desk as shown
from server.pilots import snapshot
from server.pilots.acting import Desk
from server.pilots.actions import board, switch
from server.pilots.forms import Form, posted
from server.pilots.rules import FlipReason, IncidentKind, Mode, Right
from server.pilots.views.frame import SEE, choices, page, pilot_of
from server.pilots.words import FLIP_REASONS, INCIDENTS, MODES
from server.web import shell


@SEE
@require_safe
def desk(request: HttpRequest, service: str) -> HttpResponse:
    """How the pilot runs, and who is on duty."""
    pilot, language = pilot_of(service), shell.language(request)
    now = snapshot.mode(service)
    others = {one: badge.word for one, badge in MODES.items() if one is not now}
    content = {
        "moves": shown.moves(pilot, language),
        "waiting": shown.waiting_move(pilot, language, asking(request).id),
        "tasks": shown.tasks(pilot, language),
        "incidents": shown.incidents(pilot, language),
        "modes": choices(others, language),
        "reasons": choices(FLIP_REASONS, language),
        "kinds": choices(INCIDENTS, language),
    }
    return page(request, pilot, "desk", content)


@posted(Right.RUN, "desk")
def flip(desk: Desk, form: Form) -> object:
    """Move the switch."""
    return switch.flip(desk, form.word("mode", Mode), form.word("reason", FlipReason))


@posted(Right.RUN, "desk")
def confirm(desk: Desk, form: Form) -> object:
    """Lift HALT as the second person."""
    return switch.confirm(desk, form.number("flip"))


@posted(Right.RUN, "desk")
def incident(desk: Desk, form: Form) -> object:
    """Report an incident."""
    return board.report_incident(desk, form.word("kind", IncidentKind), form.text("told"))


@posted(Right.RUN, "desk")
def incident_close(desk: Desk, form: Form) -> object:
    """Close an incident."""
    return board.close_incident(desk, form.number("incident"), form.text("outcome"))
