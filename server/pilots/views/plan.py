"""Phases and papers: notices, dates and numbers, sign-off pages, exemption, insurance, consents."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from server.pilots import crowd, desk, pages
from server.pilots.acting import Desk
from server.pilots.actions import papers, phases
from server.pilots.actions.papers import Filed, Wording
from server.pilots.actions.phases import Planned
from server.pilots.forms import Form, posted
from server.pilots.models import Phase
from server.pilots.rules import CHECKLIST, ConsentKind, Dropped, Right
from server.pilots.views.frame import SEE, choices, page, pilot_of
from server.pilots.words import CHECKS, CONSENT_KINDS, DROPPED
from server.web import shell
from server.web.words import say

PAGE = "plan"


@SEE
@require_safe
def plan(request: HttpRequest, service: str) -> HttpResponse:
    """What is announced, signed and filed."""
    pilot, language = pilot_of(service), shell.language(request)
    phases_of = Phase.objects.filter(pilot=pilot).order_by("number")
    reasons = {one: text for one, text in DROPPED.items() if one is not Dropped.AMENDED}
    content = {
        "stages": [
            (stage, desk.sign_off(row, language))
            for stage, row in zip(pages.stages(pilot, language), phases_of, strict=True)
        ],
        "notices": pages.notices(pilot),
        "exemptions": pages.exemptions(pilot),
        "insurances": pages.insurances(pilot),
        "consents": crowd.consents(pilot, language),
        "checks": [(one, say(CHECKS[one], language)) for one in CHECKLIST],
        "reasons": choices(reasons, language),
        "kinds": choices(CONSENT_KINDS, language),
    }
    return page(request, pilot, PAGE, content)


@posted(Right.RUN, PAGE)
def file_notice(desk: Desk, form: Form) -> object:
    """File a notice."""
    filed = Filed(
        number=form.text("number"),
        day=form.day("day"),
        file=form.file("file"),
        changes=form.text("changes"),
        supersedes=form.text("supersedes"),
    )
    return papers.file_notice(desk, filed)


@posted(Right.RUN, PAGE)
def announce(desk: Desk, form: Form) -> object:
    """Rest a phase on a notice."""
    return phases.announce(desk, form.number("phase"), _planned(form))


@posted(Right.RUN, PAGE)
def amend(desk: Desk, form: Form) -> object:
    """Change numbers by a notice."""
    return phases.amend(desk, form.number("phase"), _planned(form))


@posted(Right.RUN, PAGE)
def reschedule(desk: Desk, form: Form) -> object:
    """Postpone a phase."""
    return phases.reschedule(desk, form.number("phase"), form.word("reason", Dropped))


@posted(Right.RUN, PAGE)
def open_phase(desk: Desk, form: Form) -> object:
    """Let a phase run."""
    return phases.open_phase(desk, form.number("phase"))


@posted(Right.RUN, PAGE)
def close_phase(desk: Desk, form: Form) -> object:
    """Close a phase."""
    return phases.close_phase(desk, form.number("phase"))


@posted(Right.RUN, PAGE)
def prepare(desk: Desk, form: Form) -> object:
    """Write a sign-off page."""
    checked = tuple(str(one) for one in form.request.POST.getlist("checked"))
    return phases.prepare_sign_off(desk, form.number("phase"), checked, form.pairs("defects"))


@posted(Right.SIGN, PAGE)
def sign(desk: Desk, form: Form) -> object:
    """Sign a sign-off page."""
    return phases.sign_off(desk, form.number("phase"))


@posted(Right.RUN, PAGE)
def exemption(desk: Desk, form: Form) -> object:
    """File an exemption."""
    return papers.add_exemption(desk, form.text("law"), form.text("conditions"), form.period())


@posted(Right.RUN, PAGE)
def exemption_revoke(desk: Desk, form: Form) -> object:
    """End an exemption at once."""
    return papers.revoke_exemption(desk, form.number("exemption"))


@posted(Right.RUN, PAGE)
def insurance(desk: Desk, form: Form) -> object:
    """File an insurance."""
    return papers.add_insurance(desk, form.text("insurer"), form.text("policy_no"), form.period())


@posted(Right.RUN, PAGE)
def consent(desk: Desk, form: Form) -> object:
    """Word a consent anew."""
    wording = Wording(
        purpose=form.text("purpose"),
        kind=form.word("kind", ConsentKind),
        text=form.text("text"),
        text_en=form.text("text_en"),
        items=form.text("items"),
        retention=form.text("retention"),
        recipient=form.text("recipient"),
    )
    return papers.word_consent(desk, wording)


def _planned(form: Form) -> Planned:
    return Planned(
        notice=form.number("notice"),
        period=form.period(),
        target_min=form.number_if_any("target_min"),
        cap=form.number_if_any("cap"),
        zone=form.lines("zone"),
    )
