"""Pilots for programs: typed bodies, problem documents, and nothing half done."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from server.accounts import apikeys
from server.accounts.rules import CLOCKWORK, HOUR_MS, Role
from server.ledger.tick import now_ms
from server.pilots.actions import joining
from server.pilots.days import day_of
from server.pilots.models import BoardRow, Denial, Flip, Invitation, Notice, Participant
from server.pilots.rules import CHECKLIST, Part
from tests.server.pilots.rig import Rig, live

pytestmark = pytest.mark.django_db

FILE = {"name": "공고.pdf", "base64": base64.b64encode(b"%PDF-1.4 y").decode()}


class Program:
    """A program with a key of one organisation."""

    def __init__(self, organisation: str, role: Role = Role.OPERATOR) -> None:
        wanted = apikeys.Wanted(role, frozenset({"pilots"}), HOUR_MS)
        key = apikeys.make(CLOCKWORK, organisation, wanted, now_ms())
        self.headers = {"Authorization": f"Bearer {key}"}

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST JSON below /api/pilots."""
        return Client(headers=self.headers).post(
            f"/api/pilots/{path}", body, content_type="application/json"
        )

    def get(self, path: str, query: dict[str, str] | None = None) -> Any:
        """GET below /api/pilots."""
        return Client(headers=self.headers).get(f"/api/pilots/{path}".rstrip("/"), query or {})


def post(path: str, body: dict[str, Any]) -> Any:
    """What anybody posts."""
    return Client().post(f"/api/pilots/{path}", body, content_type="application/json")


def reason(answer: Any) -> str:
    """The reason of a problem document."""
    assert answer["Content-Type"] == "application/problem+json", answer.content
    assert answer.json()["status"] == answer.status_code
    return str(answer.json()["type"].rpartition(":")[2])


def test_a_program_files_announces_opens_and_halts() -> None:
    rig = live()
    program = Program(rig.organisations[Part.OPERATOR])
    day = day_of(rig.now_ms)
    filed = program.post("tours/notices", {"number": "제7호", "day": str(day), "file": FILE})
    assert filed.status_code == 201
    moved = program.post("tours/reschedules", {"phase": 2, "reason": "city"})
    assert moved.status_code == 201
    plan = {
        "phase": 2,
        "notice": filed.json()["id"],
        "from_day": str(day),
        "to_day": str(day + timedelta(5)),
        "cap": None,
        "zone": ["해운대구"],
    }
    assert program.post("tours/plans", plan).status_code == 201
    assert program.post("tours/amendments", {**plan, "cap": 4}).status_code == 201
    assert program.post("tours/openings", {"phase": 2}).status_code == 201
    phase = program.get("tours").json()["phases"][1]
    assert (phase["state"], phase["cap"], phase["target_min"]) == ("running", 4, None)
    flag = program.post("tours/flags", {"mode": "halt", "reason": "load"}).json()
    assert (flag["mode"], flag["in_force"]) == ("halt", True)
    assert program.get("").json()[0]["mode"] == "halt"
    # A program may stop a pilot; people start it again.
    lift = program.post("tours/flags", {"mode": "normal", "reason": "resolved"})
    assert reason(lift) == "role"
    assert reason(program.post("tours/closings", {"phase": 2})) == "no-signoff"
    page = {"phase": 2, "checked": list(CHECKLIST), "defects": [["김하나", "안내판"]]}
    assert program.post("tours/signoffs", page).status_code == 201
    assert reason(program.post("tours/signoffs", {"phase": 2, "sign": True})) == "role"


def test_a_program_keeps_the_board() -> None:
    rig = live()
    program = Program(rig.organisations[Part.OPERATOR])
    BoardRow.objects.create(pilot_id="tours", kind="truck", name="부산 81바 1234")
    step = {"name": "부산 81바 1234", "step": 1, "passed": True, "file": FILE}
    assert program.post("tours/readiness", step).json() == {"name": "부산 81바 1234", "done": 1}
    assert reason(program.post("tours/readiness", {**step, "step": 3})) == "wrong-step"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("tours/flags", {"mode": "halt", "reason": "load", "quietly": True}),
        ("tours/flags", {"mode": "faster", "reason": "load"}),
        ("tours/notices", {"number": "", "day": "2020-04-20", "file": FILE}),
        ("tours/notices", {"number": "1", "day": "yesterday", "file": FILE}),
        ("tours/notices", {"number": "1", "day": "2020-04-20", "file": {**FILE, "base64": "!"}}),
        ("tours/plans", {"phase": 2, "notice": 1, "from_day": "2020-06-15"}),
        ("tours/plans", {"phase": 2, "notice": 1, "from_day": 5, "to_day": None, "cap": 0}),
        ("tours/signoffs", {"phase": 2, "checked": ["everything"]}),
    ],
    ids=str,
)
def test_a_body_that_makes_no_sense_is_refused_whole(
    rig: Rig, path: str, body: dict[str, Any]
) -> None:
    answer = Program(rig.organisations[Part.OPERATOR]).post(path, body)
    assert (answer.status_code, reason(answer)) == (422, "bad-input")
    assert not Notice.objects.exists() and not Flip.objects.exists()


def test_the_office_and_strangers_are_refused_with_a_reason(rig: Rig) -> None:
    halt = {"mode": "halt", "reason": "drill"}
    office = Program(rig.organisations[Part.OFFICE])
    assert reason(office.post("tours/flags", halt)) == "role"
    assert reason(office.post("vouchers/flags", halt)) == "not-found"
    assert reason(post("tours/flags", halt)) == "signed-out"
    assert office.post("ships/flags", halt).status_code in (404, 422)
    assert not Flip.objects.exists()


def test_allow_answers_with_its_reason_in_words_and_writes_nothing() -> None:
    rig = live()
    name, program = rig.enrolled(), Program(rig.organisations[Part.CITY], Role.VIEWER)
    asked = {"subject": name, "name": "ride", "kind": "use-existing"}
    yes = program.get("tours/allow", asked).json()
    assert (yes["allowed"], yes["reason"]) == (True, None)
    late = str(rig.now_ms + 60 * 24 * HOUR_MS)
    no = program.get("tours/allow", {**asked, "at_ms": late}).json()
    assert (no["allowed"], no["reason"]) == (False, "phase-closed")
    assert "실증 기간이 아닙니다" in no["text"]
    assert no["generation"] == yes["generation"] > 0
    assert not Denial.objects.exists()
    assert program.get("tours/allow", {"kind": "x"}).status_code == 422


def test_somebody_takes_part_through_an_app() -> None:
    rig = live(cap=1)
    token = joining.address(rig.invite()).rpartition("/")[2]
    link = post("applications", {"token": token}).json()["link"].rpartition("/")[2]
    given = {"link": link, "purpose": "data", "version": 1, "given": True}
    assert reason(post("seats", {"link": link})) == "consent-missing"
    assert reason(post("consents", {**given, "version": 2})) == "consent-outdated"
    receipt = post("consents", given)
    assert (receipt.status_code, len(receipt.json()["receipt"])) == (201, 16)
    assert post("seats", {"link": link}).json() == {"state": "enrolled"}
    other = post("applications", {"token": token}).json()["link"].rpartition("/")[2]
    assert reason(post("waiting", {"link": other})) == "wrong-step"  # is waiting already
    assert post("consents", {**given, "given": False}).json() == {"receipt": ""}
    assert post("withdrawals", {"link": link}).json() == {"state": "withdrawn"}
    assert reason(post("seats", {"link": link})) == "withdrawn"
    assert reason(post("seats", {"link": "a" * 26})) == "not-found"
    assert Participant.objects.filter(state="withdrawn").count() == 1


def test_an_invitation_that_does_not_serve_is_told_and_many_are_stopped() -> None:
    rig = live()
    used = rig.invite(uses=1)
    Invitation.objects.update(used=1)
    body = {"token": joining.address(used).rpartition("/")[2]}
    assert reason(post("applications", body)) == "invitation-used"
    assert reason(post("applications", {"token": "a" * 26})) == "invitation-unknown"
    assert reason(post("applications", {"token": "short"})) == "bad-input"
    found = [reason(post("applications", body)) for _ in range(20)]
    assert found[-1] == "too-many"


def test_the_document_of_the_api_describes_all_of_it() -> None:
    paths = Client().get("/api/openapi.json").json()["paths"]
    ours = {path for path in paths if path.startswith("/api/pilots")}
    for name in ("applications", "consents", "withdrawals", "{service}/notices"):
        assert f"/api/pilots/{name}" in ours
    for name in ("signoffs", "readiness", "reschedules", "flags", "allow"):
        assert f"/api/pilots/{{service}}/{name}" in ours
