"""What people outside say, and what came of it: a shopper's problem, a fisher's receipt; the live
link that a giver passes on; excursions that are over."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from server.accounts.contacts import Contact
from server.accounts.models import Link
from server.coldchain import excursions
from server.coldchain.actions import reports, selling, strangers
from server.coldchain.actions.reports import Outcome
from server.coldchain.excursions import Disposition, Measure, Stage
from server.coldchain.models import Event, Excursion, Lot, Problem
from server.coldchain.rules import Kind, ProblemKind
from server.coldchain.taking import Amount
from server.ledger.tick import now_ms
from server.messages.models import Message
from tests.server.coldchain.rig import Chain, done, no, refused_by_the_database
from tests.server.coldchain.work.harbour import KEY, Hands, read
from tests.server.coldchain.work.test_landing_pages import LANDED

pytestmark = pytest.mark.django_db

SAYS = re.compile("문을 닫고 냉동기를 확인하세요|물건을 어떻게 할지 정하세요|종료하고 서명하세요")
FISHER = {"fisher": "010-5555-1234", "fisher_agrees": "yes"}


def test_a_report_is_closed_by_who_looked_with_what_came_of_it(harbour: Chain) -> None:
    lot = harbour.hand(harbour.land(), "cooperative", "shop")
    done(selling.report_problem(harbour.stranger(), lot.ref, ProblemKind.SMELL, "시큼해요"))
    for name in ("cooperative", "shop"):
        assert "신고 1" in Hands(harbour, name).at("")
    hands, row = Hands(harbour, "shop"), Problem.objects.get()
    assert "시큼해요" in hands.at("/problems")
    assert "선택하지 않았습니다" in hands.not_done(
        "/problems/close", report=row.event.ref, said="봄"
    )
    sent = {"report": row.event.ref, "outcome": "withdrawn", "said": "진열대에서 뺐음"}
    key = hands.form("/problems/close")
    for _ in range(2):
        hands.does("/problems/close", key=key, **sent)
    text = hands.at("/problems")
    assert "판매에서 뺌 · 진열대에서 뺐음" in text and "✓ 없습니다" in text
    again = hands.send("/problems/close", key="e" * 16, report=row.event.ref, outcome="unfounded")
    assert again.status_code == 409
    assert Event.objects.filter(kind=Kind.REPORT_CLOSED).count() == 1
    other = Hands(harbour, "cooperative").at("/problems")
    assert "판매에서 뺌" in other and "진열대에서 뺐음" not in other
    assert Hands(harbour, "plant").send("/problems/close", key="f" * 16, **sent).status_code in (
        403,
        404,
    )


def test_the_database_keeps_a_report_closed_with_its_outcome_or_open_without(
    harbour: Chain,
) -> None:
    lot = harbour.land()
    done(selling.report_problem(harbour.stranger(), lot.ref, ProblemKind.WARM))
    rows = Problem.objects.all()
    for half in ({"closed_ms": 1}, {"outcome": "unfounded"}):
        assert refused_by_the_database(
            lambda half=half: rows.update(**half), "report_closed_with_outcome"
        )


def receipt_of(harbour: Chain, **more: str) -> tuple[Lot, str]:
    """A landing with a receipt, and the path of its link."""
    Hands(harbour, "cooperative").does("/land", **{**LANDED, **FISHER, **more})
    from server.accounts import links

    link = Link.objects.get(purpose=reports.PURPOSE)
    return Lot.objects.get(), f"/receipt/{links.token(link.id)}"


def test_a_fisher_who_agrees_gets_a_text_with_what_was_entered(harbour: Chain) -> None:
    hands = Hands(harbour, "cooperative")
    assert "선택하지 않았습니다" in hands.not_done("/land", 422, **LANDED, fisher="010-5555-1234")
    assert "전화번호나 이메일이 아닙니다" in hands.not_done("/land", 422, **LANDED, fisher="바다")
    assert Lot.objects.count() == 0
    receipt_of(harbour)
    message = Message.objects.get(template="landing-receipt")
    assert (message.values["kilograms"], message.values["boxes"]) == ("1250.5", 60)
    assert "5555" not in str(message.values) + Event.objects.get(kind=Kind.LANDED).told


@pytest.mark.parametrize("kilograms", ["1234.567", "1000", "0.5"])
def test_a_fishers_text_says_the_weight_to_the_gram(harbour: Chain, kilograms: str) -> None:
    receipt_of(harbour, grams=kilograms)
    message = Message.objects.get(template="landing-receipt")
    assert message.values["kilograms"] == kilograms


def test_a_fisher_says_what_is_wrong_and_the_cooperative_answers(harbour: Chain) -> None:
    lot, path = receipt_of(harbour)
    fisher = Client()
    text = read(fisher.get(path))
    assert "1250.5 kg · 60 상자" in text and "수량이 다릅니다" in text
    for language, said in (("en", "Receipt of a landing"), ("ko", "양륙 확인")):
        assert said in read(fisher.get(f"{path}?lang={language}"))
    key = KEY.search(fisher.get(path).content.decode())
    assert key is not None
    sent = {"key": key[1], "lot": lot.ref, "kind": "quantity", "told": "62상자였음"}
    assert "수협에 전했습니다" in read(fisher.post(path, sent))
    assert "수협에 전했습니다" in read(fisher.post(path, sent))
    assert Problem.objects.get().kind == ProblemKind.QUANTITY
    assert read(fisher.post(path, {**sent, "key": "c" * 16}), 409)
    assert "선택하지 않았습니다" in read(
        fisher.post(path, {"lot": lot.ref, "kind": "weather"}), 422
    )
    assert read(fisher.post(path, {**sent, "key": "d" * 16, "kind": "smell"}), 422)
    event = Event.objects.get(kind=Kind.DISPUTED)
    assert (event.corrects, "62" in event.told) == (Event.objects.get(kind=Kind.LANDED), False)
    hands = Hands(harbour, "cooperative")
    assert "어업인: 수량이 다름" in hands.at("/problems") and "62상자였음" in hands.at("/problems")
    hands.does("/problems/close", report=Problem.objects.get().event.ref, outcome="put-right")
    assert "✓ 맞아서 바로잡음" in read(fisher.get(path))
    lot.refresh_from_db()
    assert lot.boxes == 60


def test_a_receipts_link_that_is_none_or_over_leads_nowhere(harbour: Chain) -> None:
    _, path = receipt_of(harbour)
    assert "더 이상 쓸 수 없는 링크" in read(Client().get(f"/receipt/{'a' * 26}"), 404)
    Link.objects.filter(purpose=reports.PURPOSE).update(expires_ms=now_ms())
    assert "더 이상 쓸 수 없는 링크" in read(Client().get(path), 403)


def test_a_dispute_is_of_a_lot_of_that_landing_alone(harbour: Chain) -> None:
    lot, path = receipt_of(harbour)
    other, token = harbour.land(), path.rpartition("/")[2]
    kinds = ((other.ref, ProblemKind.TIME, "not-found"), (lot.ref, ProblemKind.WARM, "bad-input"))
    for ref, kind, why in kinds:
        assert no(reports.dispute(harbour.stranger(), token, ref, kind)) == why
    shopper = selling.report_problem(harbour.stranger(), lot.ref, ProblemKind.QUANTITY)
    assert no(shopper) == "bad-input"
    done(reports.dispute(harbour.stranger(), token, lot.ref, ProblemKind.TIME))
    row = Problem.objects.get()
    done(reports.close_report(harbour.desk("cooperative"), row.event.ref, Outcome.UNFOUNDED))
    done(reports.dispute(harbour.stranger(), token, lot.ref, ProblemKind.TIME))


def test_the_giver_passes_the_live_link_on_also_to_who_has_no_address(harbour: Chain) -> None:
    lot, hands = harbour.land(), Hands(harbour, "cooperative")
    desk = harbour.desk("cooperative")
    done(strangers.offer_by_link(desk, (Amount(lot.ref),), Contact("")))
    assert "지켜보는 링크" not in hands.at("/given")
    harbour.load("own truck 1", lot)
    text = hands.at("/given")
    html = hands.last.content.decode()
    assert "운송 중: 지켜보는 링크" in text and 'href="sms:?&amp;body=' in html
    address = re.search(r'value="https?://[^"/]+(/live/[a-z2-7]{26})"', html)
    assert address is not None
    assert lot.code in read(Client().get(address[1]))
    harbour.unload("own truck 1", lot)
    done(strangers.leave(harbour.later().desk("cooperative"), (_waiting(),)))
    token = strangers.link_of(Event.objects.get(kind=Kind.OFFERED)).rpartition("/")[2]
    done(strangers.answer(harbour.stranger(), token, ()))
    assert "지켜보는 링크" not in hands.at("/given")


def _waiting() -> str:
    from server.coldchain.models import Handover

    return Handover.objects.get().id


def test_an_excursion_that_is_signed_stays_to_be_read_with_who_did_what(harbour: Chain) -> None:
    lot = harbour.land()
    row = Excursion.objects.create(
        room_id=harbour.rooms["truck 1"], limit="kr_chilled", from_ms=1, peak_milli=12_400
    )
    row.lots.add(lot)
    desk = harbour.desk("carrier")
    steps = ((Stage.KNOWN, ""), (Stage.ACTED, Measure.MOVED), (Stage.DISPOSED, Disposition.KEPT))
    hands, asked = Hands(harbour, "carrier"), []
    for stage, word in (*steps, (Stage.SIGNED, "")):
        asked.append(SAYS.findall(hands.at("/alarms")))
        assert excursions.take(desk, row.id, stage, word) is not None
    warm, goods, sign = (
        "문을 닫고 냉동기를 확인하세요",
        "물건을 어떻게 할지 정하세요",
        "종료하고 서명하세요",
    )
    assert asked == [[warm], [warm], [goods], [sign]]
    text = hands.at("/alarms")
    assert "처리할 온도 이탈이 없습니다" in text
    for part in ("최근 종료", "더 찬 곳으로 옮김", "그대로 유통", "종료·서명함"):
        assert part in text, part
