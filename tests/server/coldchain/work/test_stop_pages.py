"""판매 중지 and 회수 by forms alone: what covers everything, what a shop does, and a recall from
its opening to its signature."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from server.accounts.contacts import Contact
from server.accounts.models import Deed
from server.accounts.rules import Actor
from server.coldchain.actions import quality, recalls, strangers
from server.coldchain.actions.recalls import Order
from server.coldchain.models import Event, Lot, Recall, RecallHolder, Room
from server.coldchain.recalling import Scope
from server.coldchain.rules import (
    Basis,
    HolderState,
    Kind,
    RecallState,
    RecallWhy,
    SampleState,
    Side,
    Status,
)
from server.coldchain.taking import Amount
from tests.server.coldchain.rig import KG, Chain, again, done
from tests.server.coldchain.work.harbour import Hands, read

pytestmark = pytest.mark.django_db

STOP = "회수: 판매를 멈추세요"


def opened(harbour: Chain, lot: Lot, name: str = "cooperative") -> str:
    """A recall of a lot by one who made it, its holders told."""
    order = Order(RecallWhy.HISTAMINE, Basis.OWN, 1)
    event = done(recalls.open_recall(harbour.desk(name), Scope((lot.ref,)), order))
    row = Recall.objects.get(opened=event)
    done(recalls.notify(harbour.desk(name), row.id))
    return row.id


def test_a_recall_covers_every_page_until_it_is_acknowledged_then_says_what_to_do(
    harbour: Chain,
) -> None:
    lot = harbour.hand(harbour.land(), "cooperative", "shop")
    recall, hands = opened(harbour, lot), Hands(harbour, "shop")
    for path in ("", "/lots", f"/lots/{lot.ref}", "/shelf", "/inbox", "/land", "/recalls"):
        text = hands.at(path)
        assert STOP in text and lot.code in text and "판매대" not in text, path
    covered = hands.client.post(f"{hands.home}/lots/{lot.ref}/scrap", {"key": "d" * 16})
    assert STOP in read(covered) and again(lot).status == Status.RECEIVED
    answer = hands.client.post(
        f"{hands.home}/acknowledge", {"kind": "recall", "id": recall, "key": "e" * 16}
    )
    assert answer.headers["Location"].startswith(f"{hands.home}/recalled/{recall}")
    text = hands.at(f"/recalled/{recall}")
    assert "따로, 차게 보관하고" in text and "보관 중인 양 1000 kg" in text
    assert RecallHolder.objects.get(organisation=harbour.ids["shop"]).state == "acknowledged"
    assert "보관 중인 회수 물건 1" in hands.at("")
    hands.does(f"/recalled/{recall}", do="send", recovered="900", destroyed="100")
    assert RecallHolder.objects.get(organisation=harbour.ids["shop"]).recovered == 900 * KG


def test_a_shared_tablet_acknowledges_by_badge_and_a_viewer_sees_the_cover_without_a_key(
    harbour: Chain,
) -> None:
    lot = harbour.hand(harbour.land(), "cooperative", "shop")
    opened(harbour, lot)
    text = Hands(harbour, "shop", Actor.BADGE).at("")
    assert STOP in text and "확인했습니다. 할 일 보기" in text


def test_a_hold_by_an_authority_covers_until_somebody_knows_and_who_knew_is_written_down(
    harbour: Chain,
) -> None:
    lot = harbour.hand(harbour.land(), "cooperative", "shop")
    done(quality.hold(harbour.desk("agency"), (lot.ref,), Basis.FOOD_SANITATION))
    hands = Hands(harbour, "shop")
    text = hands.at("/shelf")
    assert "판매 중지: 판매를 멈추세요" in text and "식품위생법" in text and "agency" in text
    found = re.search(r'name="id" value="(\d+)"', hands.last.content.decode())
    assert found is not None
    hands.client.post(f"{hands.home}/acknowledge", {"kind": "hold", "id": found[1]})
    deed = Deed.objects.get(act="hold-acknowledged")
    assert (deed.who, deed.organisation) == (harbour.people["shop"].id, harbour.ids["shop"])
    assert "판매 중지된 물건 1" in hands.at("")
    assert "따로, 차게 보관하고" in hands.at("/stopped")
    keys = re.findall(rf"/lots/{lot.ref}/([a-z-]+)", _page(hands, f"/lots/{lot.ref}"))
    assert [key for key in keys if key not in ("record", "evidence")] == ["scrap"]
    bad = hands.client.post(f"{hands.home}/acknowledge", {"kind": "hold", "id": "999"})
    assert bad.status_code == 404


def test_a_hold_on_what_ours_came_from_covers_our_pages_and_names_no_stranger(
    harbour: Chain,
) -> None:
    lot = harbour.land()
    mine = harbour.hand(harbour.hand(lot, "cooperative", "plant", 9 * KG), "plant", "shop", 5 * KG)
    hands = Hands(harbour, "shop")
    done(quality.hold(harbour.desk("cooperative"), (lot.ref,), Basis.OWN))
    text = hands.at("/shelf")
    assert "판매 중지: 판매를 멈추세요" in text and mine.code in text and lot.code not in text
    assert "이 로트가 나온 로트를 가진 곳" in text and "cooperative" not in text
    found = re.search(r'name="id" value="(\d+)"', hands.last.content.decode())
    assert found is not None
    hands.client.post(f"{hands.home}/acknowledge", {"kind": "hold", "id": found[1]})
    assert "판매 중지된 물건 1" in hands.at("")
    assert "이 로트가 나온 로트를 가진 곳" in hands.at(f"/lots/{mine.ref}")
    agency = harbour.desk("agency")
    taken = done(quality.take_sample(agency, lot.ref, "검사소"))
    done(quality.report_sample(agency, taken.ref, SampleState.FAILED))
    assert "수거검사 · 이 로트가 나온 로트에서" in hands.at(f"/lots/{mine.ref}")
    done(quality.hold(agency, (lot.ref,), Basis.FOOD_SANITATION))
    assert "agency" in hands.at("/shelf")


def test_ones_own_caution_holds_and_releases_and_covers_nothing(harbour: Chain) -> None:
    lot, hands = harbour.land(), Hands(harbour, "cooperative")
    hands.does(f"/lots/{lot.ref}/hold", basis="own", said="냄새 확인")
    assert again(lot).side == Side.HELD
    assert "■ 판매 중지" in hands.at(f"/lots/{lot.ref}")
    refused = hands.not_done(f"/lots/{lot.ref}/sort", 409, do="send", out_grams=["1000"])
    assert "판매 중지된 로트입니다" in refused
    hands.does(f"/lots/{lot.ref}/release")
    assert again(lot).side == Side.FREE


def test_a_shop_puts_on_sale_splits_and_sells_out_in_two_taps(harbour: Chain) -> None:
    lot, hands = harbour.hand(harbour.land(), "cooperative", "shop"), Hands(harbour, "shop")
    assert "판매할 것 1" in hands.at("")
    hands.does(f"/lots/{lot.ref}/split", do="send", out_trade=["팩"], out_grams=["0.4"])
    tray = Lot.objects.get(event__kind=Kind.SPLIT)
    assert (tray.grams, again(lot).left_grams) == (400, 1000 * KG - 400)
    for one in (lot, tray):
        hands.does(f"/lots/{one.ref}/on-sale")
    asked = hands.at(f"/lots/{tray.ref}/sold-out")
    assert "이 로트가 품절되었나요?" in asked
    where = hands.does(f"/lots/{tray.ref}/sold-out")
    assert "✓ 품절 · 완료" in hands.at(where.removeprefix(hands.home))
    hands.does(f"/lots/{lot.ref}/scrap")
    assert (again(tray).status, again(lot).status) == (Status.SOLD_OUT, Status.SCRAPPED)
    assert hands.send(f"/lots/{lot.ref}/sold-out").status_code == 409


def test_an_inspection_keeps_whose_side_it_is_and_a_sample_its_result(harbour: Chain) -> None:
    lot = harbour.land()
    hands, agency = Hands(harbour, "cooperative"), Hands(harbour, "agency")
    path = f"/lots/{lot.ref}/inspect"
    assert "비어 있습니다" in hands.not_done(path, side="seller", score="", out_of="23")
    over = hands.not_done(path, side="seller", score="30", out_of="23")
    assert "점수가 최고점보다 높습니다" in over
    hands.does(path, side="seller", score="5", out_of="23")
    agency.does(path, side="independent", score="3", out_of="23")
    text = hands.at(f"/lots/{lot.ref}")
    assert "QIM 점수 · 판매자 5 / 23" in text and "독립 점검원 3 / 23" in text
    agency.does(f"/lots/{lot.ref}/sample", laboratory="부산 보건환경연구원")
    sampled = Event.objects.get(kind=Kind.SAMPLED).ref
    agency.does(f"/lots/{lot.ref}/sample", sampled=sampled, state="failed")
    assert "✕ 부적합" in agency.at(f"/lots/{lot.ref}")


def test_a_recall_is_rehearsed_without_anybody_being_told(harbour: Chain) -> None:
    lot, hands = harbour.land(), Hands(harbour, "cooperative")
    fields = {"lot": [lot.ref], "why": "temperature", "basis": "own", "grade": "2"}
    where = hands.does("/recalls/open", do="rehearse", **fields)
    text = hands.at(where.removeprefix(hands.home))
    assert "◇ 연습" in text and "통지 연습" in text
    assert again(lot).side == Side.FREE
    assert Recall.objects.get().rehearsal


def test_an_authority_recalls_by_lot_and_by_anybodys_truck_place_and_time(harbour: Chain) -> None:
    lot, other = harbour.land(), harbour.land("plant")
    harbour.load("truck 1", lot)
    harbour.load("plant room", other, name="plant")
    harbour.later(30)
    hands = Hands(harbour, "agency")
    assert lot.code in hands.at(f"/recalls/open?lot={lot.ref}")
    form = hands.at("/recalls/open")
    assert "truck 1" in form and "cooperative 1" in form
    since = {"from": "2020-01-01T00:00", "grade": "1", "why": "histamine"}
    since |= {"basis": "food-sanitation-act", "do": "open"}
    hands.does("/recalls/open", room=str(harbour.rooms["truck 1"]), **since)
    assert (again(lot).side, again(other).side) == (Side.RECALLED, Side.FREE)
    place = Room.objects.get(id=harbour.rooms["plant room"]).place_id
    hands.does("/recalls/open", where=place, **since)
    assert again(other).side == Side.RECALLED
    mine = Hands(harbour, "shop").at("/recalls/open")
    assert "truck 1" not in mine and "plant 1" not in mine


def test_a_recall_goes_from_its_opening_over_the_unreached_to_its_signature(
    harbour: Chain,
) -> None:
    lot = harbour.land()
    shop = harbour.hand(lot, "cooperative", "shop", 300 * KG)
    near = harbour.land()
    harbour.load("cooperative room", lot, near)
    offer = done(
        strangers.offer_by_link(
            harbour.desk("cooperative"), (Amount(lot.ref, 50 * KG),), Contact("")
        )
    )
    token = strangers.link_of(offer).rpartition("/")[2]
    assert Client().post(f"/goods/{token}", {"do": "accept"}).status_code == 200
    hands = Hands(harbour, "cooperative")
    fields: dict[str, Any] = {"why": "histamine", "basis": "own", "grade": "1"}
    assert "로트가 없습니다" in hands.not_done("/recalls/open", do="open", **fields)
    where = hands.does("/recalls/open", do="open", lot=[lot.ref], **fields)
    path = re.sub(r"\?.*", "", where.removeprefix(hands.home))
    text = hands.at(path)
    assert "접촉 가능성 1" in text and near.code in text and "확인한 보유자 0 /" in text
    assert hands.send(path, do="close").status_code == 409
    hands.does(path, do="notify")
    text = hands.at(path)
    top = text.partition("보유자")[2]
    assert top.index("▲ 연락 안 됨") < top.index("◐ 통지함, 답 없음")
    assert "입니다. 받으신 물건을 회수합니다(히스타민)" in text and "/recall/" in text
    link = re.search(r"/recall/[a-z2-7]{26}", hands.last.content.decode())
    assert link is not None
    client = Client()
    assert STOP in read(client.get(link[0], {"lang": "ko"}))
    told = client.post(link[0], {"do": "known", "recovered": "", "destroyed": "", "gone": "50"})
    assert "답변을 기록했습니다" in read(told)
    assert client.get(link[0]).status_code == 403
    covered = Hands(harbour, "shop")
    recall = Recall.objects.get()
    covered.client.post(f"{covered.home}/acknowledge", {"kind": "recall", "id": recall.id})
    assert "회수·폐기·소진의 합" in hands.not_done(
        path, 409, do="count", holder=_of(harbour, "shop"), recovered="301"
    )
    hands.does(path, do="count", holder=_of(harbour, "shop"), recovered="300")
    mine = _of(harbour, "cooperative")
    assert "무게가 아닙니다" in hands.not_done(path, do="count", holder=mine)
    assert f"{hands.home}/recalled/{recall.id}" in _page(hands, path)
    hands.does(f"/recalled/{recall.id}", do="send", destroyed="650")
    for one in RecallHolder.objects.exclude(state=HolderState.ACKNOWLEDGED):
        if one.state != HolderState.UNREACHED:
            hands.does(path, do="unreached", holder=one.id)
    badge = Hands(harbour, "cooperative", Actor.BADGE)
    assert "사람의 서명이 필요합니다" in badge.not_done(path, 403, do="close")
    hands.does(path, do="close", said="끝")
    assert "회수율 95.0 %" in hands.at(path) and "✓ 종료" in hands.at(path)
    assert Recall.objects.get().state == RecallState.CLOSED and again(shop).side == Side.RECALLED


def _of(harbour: Chain, name: str) -> str:
    return RecallHolder.objects.get(organisation=harbour.ids[name]).id


def _page(hands: Hands, path: str) -> str:
    hands.at(path)
    return str(hands.last.content.decode())
