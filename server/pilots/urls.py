"""Addresses of the pilots' pages."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import URLPattern, re_path

from server.pilots.rules import Service
from server.pilots.views import board, desk, mine, people, plan, public

PILOT = f"^pilots/(?P<service>{'|'.join(Service)})"
TOKEN = "(?P<token>[a-z2-7]{26})"


def of_pilot(address: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
    """An address below one pilot."""
    return re_path(f"{PILOT}{address}$", view, name=name)


urlpatterns = [
    re_path("^pilots$", public.pilots, name="pilots"),
    of_pilot("", public.pilot, "pilot"),
    of_pilot("/notices/(?P<notice>[0-9]{1,9})", public.notice, "pilot-notice"),
    of_pilot("/desk", desk.desk, "pilot-desk"),
    of_pilot("/desk/flip", desk.flip, "pilot-flip"),
    of_pilot("/desk/confirm", desk.confirm, "pilot-confirm"),
    of_pilot("/desk/incident", desk.incident, "pilot-incident"),
    of_pilot("/desk/incident/close", desk.incident_close, "pilot-incident-close"),
    of_pilot("/plan", plan.plan, "pilot-plan"),
    of_pilot("/plan/notice", plan.file_notice, "pilot-file-notice"),
    of_pilot("/plan/announce", plan.announce, "pilot-announce"),
    of_pilot("/plan/amend", plan.amend, "pilot-amend"),
    of_pilot("/plan/reschedule", plan.reschedule, "pilot-reschedule"),
    of_pilot("/plan/open", plan.open_phase, "pilot-open"),
    of_pilot("/plan/close", plan.close_phase, "pilot-close"),
    of_pilot("/plan/prepare", plan.prepare, "pilot-prepare"),
    of_pilot("/plan/sign", plan.sign, "pilot-sign"),
    of_pilot("/plan/exemption", plan.exemption, "pilot-exemption"),
    of_pilot("/plan/exemption/revoke", plan.exemption_revoke, "pilot-exemption-revoke"),
    of_pilot("/plan/insurance", plan.insurance, "pilot-insurance"),
    of_pilot("/plan/consent", plan.consent, "pilot-consent"),
    of_pilot("/board", board.board, "pilot-board"),
    of_pilot("/board/row", board.row, "pilot-board-row"),
    of_pilot("/board/step", board.step, "pilot-board-step"),
    of_pilot("/board/steps/(?P<step>[0-9]{1,9})", board.file, "pilot-board-file"),
    of_pilot("/people", people.people, "pilot-people"),
    of_pilot("/people/invite", people.invite, "pilot-invite"),
    of_pilot("/people/cohort", people.cohort, "pilot-cohort"),
    of_pilot("/people/remove", people.remove, "pilot-remove"),
    of_pilot(
        "/people/invitations/(?P<invitation>[0-9]{1,9})", people.invitation, "pilot-invitation"
    ),
    re_path(f"^join/{TOKEN}$", mine.join, name="pilot-join"),
    re_path(f"^mine/{TOKEN}$", mine.mine, name="pilot-mine"),
    re_path(f"^mine/{TOKEN}/agree$", mine.agree, name="pilot-agree"),
    re_path(f"^mine/{TOKEN}/take-back$", mine.take_back, name="pilot-take-back"),
    re_path(f"^mine/{TOKEN}/enrol$", mine.enrol, name="pilot-enrol"),
    re_path(f"^mine/{TOKEN}/wait$", mine.wait, name="pilot-wait"),
    re_path(f"^mine/{TOKEN}/leave$", mine.leave, name="pilot-leave"),
]
