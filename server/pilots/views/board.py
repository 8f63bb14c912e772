"""The readiness board: a row for each truck and plant, a column for each step, a file for each."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from server.pilots import desk, pages
from server.pilots.acting import Desk
from server.pilots.actions import board as acts
from server.pilots.door import in_pilot
from server.pilots.forms import BadForm, Form, posted
from server.pilots.models import Phase, Readiness
from server.pilots.rules import BoardKind, PhaseKind, ReadinessStep, Right
from server.pilots.views.frame import SEE, choices, download, page, pilot_of
from server.pilots.words import BOARD_KINDS, STEPS
from server.web import shell
from server.web.words import say

PAGE = "board"


@SEE
@require_safe
def board(request: HttpRequest, service: str) -> HttpResponse:
    """Who is ready, beside the day on which the open phase starts."""
    pilot, language = pilot_of(service), shell.language(request)
    phase = Phase.objects.select_related("plan__notice__document")
    opening = pages.stage(phase.get(pilot=pilot, kind=PhaseKind.OPEN), language)
    content = {
        "lines": desk.board(pilot, language),
        "steps": [say(text, language) for text in STEPS.values()],
        "kinds": choices(BOARD_KINDS, language),
        "opening": opening,
    }
    return page(request, pilot, PAGE, content)


@posted(Right.RUN, PAGE)
def row(desk: Desk, form: Form) -> object:
    """List a truck or plant."""
    return acts.list_row(desk, form.word("kind", BoardKind), form.text("name"))


@posted(Right.RUN, PAGE)
def step(desk: Desk, form: Form) -> object:
    """Sign the step that is due, passed or failed."""
    number = form.number("step")
    if number not in list(ReadinessStep):
        raise BadForm("step")
    passed = form.text("result") == "passed"
    name = form.text("name")
    return acts.note_readiness(desk, name, ReadinessStep(number), passed, form.file("file"))


@in_pilot(Right.SEE)
@require_safe
def file(request: HttpRequest, service: str, step: str) -> HttpResponse:  # noqa: ARG001
    """The file of a step."""
    rows = Readiness.objects.filter(row__pilot=service).select_related("document")
    return download(get_object_or_404(rows, id=int(step)).document)
