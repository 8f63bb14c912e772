"""The pages, without script and in both languages: for everybody, operators, participants."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from server.pilots import chores
from server.pilots.actions import joining, phases
from server.pilots.days import day_of
from server.pilots.models import (
    BoardRow,
    Exemption,
    Flip,
    Incident,
    Invitation,
    Notice,
    Participant,
    Phase,
    SignOff,
)
from server.pilots.rules import CHECKLIST, Dropped, Life, Part, PhaseState
from tests.server.pilots.rig import OPEN, Rig, client_of, done, live
from tests.server.web.test_pages import read

pytestmark = pytest.mark.django_db


def page(path: str, language: str = "ko", client: Client | None = None) -> str:
    return read((client or Client()).get(path, {"lang": language}))


def sent(name: str = "공고.pdf", body: bytes = b"%PDF-1.4 x") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, body)


def went(answer: Any, where: str) -> None:
    assert (answer.status_code, answer.headers.get("Location")) == (303, where), answer.content


def test_what_is_unannounced_shows_no_date_and_no_number(rig: Rig) -> None:
    for path in ("/pilots", "/pilots/tours"):
        text = page(path)
        assert "기간 미정 – 공고 예정" in text
        before = text.partition("규제 특례와 보험")[0]
        assert not re.search(r"20\d\d-|정원|목표 인원", before.partition("최신 체크포인트")[0])
        assert "dates undecided – notice to follow" in page(path, "en")


def test_P7_an_undecided_number_says_so_on_every_page_and_never_0(rig: Rig) -> None:
    rig.announce(2, OPEN)
    for path in ("/pilots", "/pilots/tours"):
        assert "목표 인원 미정" in page(path) and "정원 미정" in page(path)
        assert "at most undecided" in page(path, "en")
    api = Client().get("/api/pilots/tours").json()["phases"][1]
    assert (api["cap"], api["target_min"], api["from_day"]) == (None, None, "2020-06-15")
    notice = Notice.objects.get()
    assert notice.number in page("/pilots/tours")


def test_a_postponed_phase_shows_the_old_days_struck_through_with_why(rig: Rig) -> None:
    rig.announce(2, OPEN, target_min=3, cap=9)
    done(phases.reschedule(rig.desk(), 2, Dropped.EPIDEMIC))
    text = page("/pilots/tours")
    assert "△ 일정 변경" in text and "감염병 확산" in text
    assert "2020-06-15 – 2020-06-30 · 3 / 9" in text and "기간 미정 – 공고 예정" in text
    html = Client().get("/pilots/tours").content.decode()
    assert re.search(r"<s><span class=\"nobr\">2020-06-15 – 2020-06-30</span> · 3 / 9</s>", html)


def test_the_file_of_a_notice_is_public_and_is_saved_as_it_was_filed(rig: Rig) -> None:
    number = rig.notice()
    answer = Client().get(f"/pilots/tours/notices/{number}")
    assert answer.content == b"%PDF-1.4 a notice"
    assert answer["Content-Disposition"] == 'attachment; filename="notice.pdf"'
    assert Client().get(f"/pilots/vouchers/notices/{number}").status_code == 404
    assert Client().get("/pilots/vouchers").status_code == 404


@pytest.mark.parametrize("tab", ["desk", "plan", "board", "people"])
def test_the_operators_pages_are_theirs_and_open_to_strangers_in_a_demonstration_only(
    rig: Rig, tab: str, settings: Any
) -> None:
    assert Client().get(f"/pilots/tours/{tab}").status_code == 401
    operator = client_of(rig.people[Part.OPERATOR])
    for language in ("ko", "en"):
        assert page(f"/pilots/tours/{tab}", language, operator)


def test_a_pilot_is_led_from_its_first_notice_to_its_end_by_forms_alone() -> None:
    rig = live()
    operator, second = client_of(rig.people[Part.OPERATOR]), client_of(rig.second)
    base, day = "/pilots/tours", day_of(rig.now_ms)
    later = {"from": str(day + timedelta(30)), "to": str(day + timedelta(50))}
    filed = {"number": "제9호", "day": str(day), "file": sent(), "supersedes": "제2020-2호"}
    went(operator.post(f"{base}/plan/notice", filed), f"{base}/plan")
    storm = {"phase": 2, "reason": "weather"}
    went(operator.post(f"{base}/plan/reschedule", storm), f"{base}/plan")
    plan = {"phase": 2, "notice": Notice.objects.latest("id").id, **later, "cap": "7"}
    went(operator.post(f"{base}/plan/announce", plan), f"{base}/plan")
    amended = {**plan, "cap": "", "target_min": "3", "zone": "해운대구\n수영구"}
    went(operator.post(f"{base}/plan/amend", amended), f"{base}/plan")
    text = page(f"{base}/plan", "ko", operator)
    assert "정원 미정" in text and "해운대구, 수영구" in text and "인원 변경" in text
    went(operator.post(f"{base}/plan/open", {"phase": 2}), f"{base}/plan")
    ready = {"phase": 2, "checked": list(CHECKLIST), "defects": "김하나: 안내판 교체"}
    went(operator.post(f"{base}/plan/prepare", ready), f"{base}/plan")
    assert operator.post(f"{base}/plan/sign", {"phase": 2}).status_code == 403
    went(second.post(f"{base}/plan/sign", {"phase": 2}), f"{base}/plan")
    went(operator.post(f"{base}/plan/close", {"phase": 2}), f"{base}/plan")
    assert rig.phase().state == PhaseState.CLOSED
    assert SignOff.objects.latest("id").defects == "김하나: 안내판 교체"


def test_papers_are_filed_by_forms() -> None:
    rig = live()
    operator, base = client_of(rig.people[Part.OPERATOR]), "/pilots/tours/plan"
    days = {"from": "2020-01-01", "to": "2020-12-31"}
    law = {"law": "전자금융거래법", "conditions": "특구 안", **days}
    went(operator.post(f"{base}/exemption", law), base)
    went(operator.post(f"{base}/insurance", {"insurer": "보험", "policy_no": "9", **days}), base)
    words = {"purpose": "소식", "kind": "optional", "text": "소식을 받습니다", "text_en": "news"}
    kept = {"items": "연락처", "retention": "1년"}
    went(operator.post(f"{base}/consent", {**words, **kept}), base)
    text = page(base, "ko", operator)
    assert "전자금융거래법" in text and "소식을 받습니다" in text
    newest = Exemption.objects.latest("id").id
    went(operator.post(f"{base}/exemption/revoke", {"exemption": newest}), base)
    assert "■ 취소됨" in page(base, "ko", operator)


def test_the_switch_is_moved_and_a_halt_lifted_by_two_browsers() -> None:
    rig = live()
    operator, second = client_of(rig.people[Part.OPERATOR]), client_of(rig.second)
    desk = "/pilots/tours/desk"
    went(operator.post(f"{desk}/flip", {"mode": "halt", "reason": "incident"}), desk)
    assert "◆ 중단" in page("/pilots/tours")
    went(operator.post(f"{desk}/flip", {"mode": "normal", "reason": "resolved"}), desk)
    asked = {"flip": Flip.objects.get(number=None).id}
    assert "두 번째 사람으로 확인" not in page(desk, "ko", operator)
    assert "두 번째 사람으로 확인" in page(desk, "ko", second)
    assert operator.post(f"{desk}/confirm", asked).status_code == 403
    went(second.post(f"{desk}/confirm", asked), desk)
    assert "● 정상" in page("/pilots/tours")


def test_incidents_and_the_board_are_kept_by_forms() -> None:
    rig = live()
    operator, base = client_of(rig.people[Part.OPERATOR]), "/pilots/tours"
    told = {"kind": "outage", "told": "10분 동안 멈춤"}
    went(operator.post(f"{base}/desk/incident", told), f"{base}/desk")
    incident = Incident.objects.get()
    closing = {"incident": incident.id, "outcome": "다시 시작"}
    went(operator.post(f"{base}/desk/incident/close", closing), f"{base}/desk")
    assert "다시 시작" in page(f"{base}/desk", "ko", operator)
    row = {"kind": "truck", "name": "부산 81바 1234"}
    went(operator.post(f"{base}/board/row", row), f"{base}/board")
    for step, result in ((1, "passed"), (2, "failed")):
        signed = {"name": row["name"], "step": step, "result": result, "file": sent()}
        went(operator.post(f"{base}/board/step", signed), f"{base}/board")
    assert BoardRow.objects.get().done == 0
    text = page(f"{base}/board", "ko", operator)
    assert "▲ 불합격" in text and "△ 가장 늦은 곳" in text
    links = re.findall(r"/board/steps/\d+", operator.get(f"{base}/board").content.decode())
    assert operator.get(f"{base}{links[0]}").content == b"%PDF-1.4 x"
    assert Client().get(f"{base}{links[0]}").status_code == 401


BAD = [
    ("desk/flip", {"mode": "faster", "reason": "drill"}),
    ("desk/flip", {"mode": "halt"}),
    ("desk/confirm", {"flip": "-1"}),
    ("desk/confirm", {"flip": "²"}),
    ("plan/notice", {"number": "1", "day": "2020-02-30"}),
    ("plan/announce", {"phase": "2", "notice": "1", "from": "2020-06-15", "to": ""}),
    ("plan/announce", {"phase": "2", "notice": "1", "from": "a", "to": "b", "cap": "lots"}),
    ("plan/reschedule", {"phase": "2", "reason": "amended"}),
    ("plan/prepare", {"phase": "2", "checked": "everything"}),
    ("plan/prepare", {"phase": "2", "defects": "no owner"}),
    ("plan/exemption", {"law": "", "conditions": "", "from": "2020-01-01", "to": "2020-12-31"}),
    ("plan/exemption", {"law": "x", "conditions": "y", "from": "2020-12-31", "to": "2020-01-01"}),
    ("plan/consent", {"purpose": "x" * 25, "kind": "optional", "text": "a", "text_en": "b"}),
    ("board/step", {"name": "x", "step": "9", "result": "passed"}),
    ("board/row", {"kind": "ship", "name": "x"}),
    ("people/invite", {"phase": "2", "source": "poster", "days": "0", "cost_krw": "0"}),
    ("people/invite", {"phase": "2", "source": "poster", "days": "9", "cost_krw": "-5"}),
]


@pytest.mark.parametrize(("where", "fields"), BAD, ids=[f"{w} {f}"[:60] for w, f in BAD])
def test_a_form_that_makes_no_sense_changes_nothing(
    rig: Rig, where: str, fields: dict[str, str]
) -> None:
    rig.announce(2, OPEN, cap=3)
    tables = (Flip, Notice, SignOff, BoardRow, Invitation, Phase)
    before = [list(table.objects.values_list()) for table in tables]
    answer = client_of(rig.people[Part.OPERATOR]).post(f"/pilots/tours/{where}", fields)
    assert answer.status_code == 422
    assert "bad-input" in read(answer, 422)
    assert [list(table.objects.values_list()) for table in tables] == before


def test_somebody_takes_part_from_the_qr_code_to_leaving_without_script_or_account() -> None:
    rig = live()
    operator, base = client_of(rig.people[Part.OPERATOR]), "/pilots/tours/people"
    wanted = {"phase": 2, "source": "shop", "days": "30", "cost_krw": "5000"}
    went(operator.post(f"{base}/invite", wanted), base)
    shown = operator.get(f"{base}/invitations/{Invitation.objects.get().id}")
    assert b"<svg" in shown.content
    url = re.search(r"http://\S+?(/join/[a-z2-7]{26})", read(shown))
    assert url is not None
    somebody = Client()
    assert "신청은 무료" in page(url[1]) and "정원 10" in page(url[1])
    applied = read(somebody.post(url[1], {"contact": ""}))
    mine = re.search(r"/mine/[a-z2-7]{26}", applied)
    assert mine is not None
    assert "◇ 신청함" in page(mine[0])
    went(somebody.post(f"{mine[0]}/agree", {"purpose": "data", "version": "1"}), mine[0])
    went(somebody.post(f"{mine[0]}/enrol"), mine[0])
    assert "● 참여 확정" in page(mine[0]) and "● 동의함" in page(mine[0])
    went(somebody.post(f"{mine[0]}/take-back", {"purpose": "data"}), mine[0])
    assert "필수" in page(mine[0]) and "○ 동의 안 함" in page(mine[0])
    assert somebody.post(f"{mine[0]}/leave").status_code == 422
    went(somebody.post(f"{mine[0]}/leave", {"sure": "yes"}), mine[0])
    assert "■ 탈퇴" in page(mine[0])
    assert Participant.objects.get().state == Life.WITHDRAWN
    chores.do(rig.now_ms)
    assert Client().get(mine[0]).status_code == 404
    assert "상점" in page(base, "ko", operator)


def test_a_full_phase_offers_the_waiting_list() -> None:
    rig = live(cap=1)
    token = joining.address(rig.invite()).rpartition("/")[2]
    rig.enrolled()
    links = []
    for _ in range(2):
        applied = read(Client().post(f"/join/{token}", {"contact": ""}))
        link = re.search(r"/mine/[a-z2-7]{26}", applied)
        assert link is not None
        links.append(link[0])
    assert "◐ 대기 중" in page(links[0])
    client = Client()
    client.post(f"{links[0]}/agree", {"purpose": "data", "version": "1"})
    refused = client.post(f"{links[0]}/enrol")
    assert refused.status_code == 403 and "cap-full" in read(refused, 403)
    assert "정원이 찼습니다" in read(refused, 403)


def test_links_that_lead_nowhere_say_so_and_many_tries_are_stopped(rig: Rig) -> None:
    assert "invitation-unknown" in read(Client().get(f"/join/{'a' * 26}"), 403)
    statuses = [Client().get(f"/mine/{'a' * 26}").status_code for _ in range(30)]
    assert statuses[0] == 404 and statuses[-1] == 429


def test_the_funnel_shows_each_source_with_its_cost_and_second_uses() -> None:
    rig = live()
    poster = rig.invite(cost_krw=30_000)
    names = [rig.enrolled(poster) for _ in range(3)]
    for days in (0, 1):
        joining.used(names[0], rig.service, rig.now_ms + days * 86_400_000)
    joining.used(names[1], rig.service, rig.now_ms)
    text = page("/pilots/tours/people", "ko", client_of(rig.people[Part.CITY]))
    assert "포스터 초대 3 신청 3" in text
    assert "비용 30,000 원 · 이용자 1명당 15,000 원" in text
    assert "다시 이용 50.0 %" in text and "최근 7일 참여 확정 3" in text
    assert f"정원 도달 예상일 {day_of(rig.now_ms) + timedelta(17)}" in text
