"""Trucks, hand-overs and links, by forms alone: load, unload, propose, accept all, less, refuse,
and somebody without an account who answers in one tap."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from server.accounts.models import Link
from server.accounts.rules import DAY_MS
from server.coldchain.models import Excursion, Handover, Lot, Stay
from server.coldchain.rules import Custody, Status
from server.ledger.tick import now_ms
from tests.server.coldchain.rig import KG, Chain, again
from tests.server.coldchain.work.harbour import Hands, read

pytestmark = pytest.mark.django_db

JPEG = b"\xff\xd8" + b"\xff\xe1\x00\x0aEXIFGPS!" + b"\xff\xdb\x00\x04ab" + b"\xff\xda\x00\x02rest"


def photo(body: bytes = JPEG) -> SimpleUploadedFile:
    return SimpleUploadedFile("상자.jpg", body, "image/jpeg")


def main(answer: Any) -> str:
    """The part of a page that is its task."""
    return str(answer.content.decode().partition("<main")[2].partition("</main>")[0])


def shown(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_a_driver_opens_the_trucks_page_by_the_code_on_its_door(harbour: Chain) -> None:
    room, hands = harbour.rooms["truck 1"], Hands(harbour, "carrier")
    answer = hands.client.get(f"/doors/{room}")
    assert answer.headers["Location"] == f"{hands.home}/rooms/{room}"
    assert Client().get(f"/doors/{room}").headers["Location"] == f"/sign-in?next=/doors/{room}"
    text = hands.at(f"/rooms/{room}")
    assert "예냉: 기록 없음" in text and "비어 있습니다" in text
    assert f"/doors/{room}" in hands.at(f"/rooms/{room}/door")
    found = hands.client.get(f"{hands.home}/find", {"code": f"http://x/doors/{room}"})
    assert found.headers["Location"] == f"{hands.home}/rooms/{room}"


def test_the_twenty_minutes_are_shown_as_a_guide_and_refuse_nothing(harbour: Chain) -> None:
    lot = harbour.land()
    harbour.offer(lot, "cooperative", "wholesaler")
    hands, room = Hands(harbour, "carrier"), harbour.rooms["truck 1"]
    text = hands.at(f"/rooms/{room}/load")
    assert "0 / 20 분 가이드" in text and "법령이 아닙니다" in text and lot.code in text
    late = now_ms() - 31 * 60_000
    text = hands.at(f"/rooms/{room}/load?since={late}")
    assert "31 / 20 분" in text and "가이드의 20분을 넘었습니다" in text
    where = hands.does(f"/rooms/{room}/load", do="send", lot=[lot.ref], since=late)
    text = hands.at(where.removeprefix(hands.home))
    assert "상차·하차 시간 31 분" in text and "✓ 상차 · 완료" in text
    assert Stay.objects.get().grams == 1000 * KG


def test_at_anothers_truck_the_page_leads_to_the_custody_transfer_that_its_driver_then_loads(
    harbour: Chain,
) -> None:
    lot, room = harbour.land(), harbour.rooms["truck 1"]
    giver, driver = Hands(harbour, "cooperative"), Hands(harbour, "carrier")
    why, ask = "그 기관만 상차할 수 있습니다", f'href="{giver.home}/offer?carrier='
    assert why in giver.at(f"/rooms/{room}?lot={lot.ref}") and "상차 시작" not in shown(giver.last)
    assert ask in giver.last.content.decode()
    assert why in giver.at(f"/rooms/{room}/load") and "<form" not in main(giver.last)
    text = giver.not_done(f"/rooms/{room}/load", 403, key="k" * 16, do="send", lot=[lot.ref])
    assert why in text and "not-your-truck" in text and "저장된 것은 없습니다" in text
    found = re.search(r'href="([^"]+/offer\?carrier=[^"]+)"', giver.last.content.decode())
    assert found is not None and not Stay.objects.exists()
    path = found[1].removeprefix(giver.home).replace("&amp;", "&")
    assert path.endswith(f"&lot={lot.ref}") and lot.code in giver.at(path)
    assert f'value="{harbour.ids["carrier"]}" selected' in giver.last.content.decode()
    chosen = {"lot": [lot.ref], "carrier": harbour.ids["carrier"]}
    giver.does("/offer", do="send", to=harbour.ids["shop"], **chosen)
    assert "상차할 것 1" in driver.at("") and lot.code in driver.at(f"/rooms/{room}/load")
    driver.does(f"/rooms/{room}/load", do="send", lot=[lot.ref])
    assert lot.code in giver.at(f"/rooms/{room}")
    assert Stay.objects.get().loaded.organisation == harbour.ids["carrier"]


def test_who_fetches_its_goods_finds_them_at_its_own_truck(harbour: Chain) -> None:
    lot, room = harbour.land("plant"), harbour.rooms["own truck 1"]
    giver, taker = Hands(harbour, "plant"), Hands(harbour, "cooperative")
    giver.at(f"/rooms/{room}")
    assert f"/offer?to={harbour.ids['cooperative']}" in giver.last.content.decode()
    giver.does("/offer", do="send", to=harbour.ids["cooperative"], lot=[lot.ref])
    assert lot.code in taker.at(f"/rooms/{room}/load")
    assert lot.code not in taker.at(f"/rooms/{harbour.rooms['cooperative room']}/load")
    taker.does(f"/rooms/{room}/load", do="send", lot=[lot.ref])


def test_who_runs_a_truck_says_on_the_lots_page_that_it_did_not_leave_then(harbour: Chain) -> None:
    lot = harbour.land()
    harbour.offer(lot, "cooperative", "wholesaler")
    harbour.load("truck 1", lot)
    event = harbour.unload("truck 1", lot, name="wholesaler")
    path = f"/events/{event.ref}/error"
    driver, giver = Hands(harbour, "carrier"), Hands(harbour, "cooperative")
    driver.at(f"/lots/{lot.ref}")
    assert path in driver.last.content.decode()
    giver.at(f"/lots/{lot.ref}")
    assert path not in giver.last.content.decode()
    assert giver.client.get(f"{giver.home}{path}").status_code == 404
    driver.does(path, why="30분 먼저 내림")
    assert "오류 신고" in giver.at(f"/lots/{lot.ref}")


def test_a_load_is_scanned_lot_after_lot_and_nothing_typed_is_lost(harbour: Chain) -> None:
    one, two = harbour.land(), harbour.land()
    for lot in (one, two):
        harbour.offer(lot, "cooperative", "wholesaler")
    hands, room = Hands(harbour, "carrier"), harbour.rooms["truck 1"]
    path = f"/rooms/{room}/load"
    first = hands.send(path, do="add", code=one.code)
    assert (
        "추가했습니다" in shown(first) and f'name="lot" value="{one.ref}"' in first.content.decode()
    )
    typed = {"lot": [one.ref], "part_grams": ["400"], "part_boxes": ["20"]}
    second = hands.send(path, do="add", code=two.ref, **typed).content.decode()
    assert 'name="part_grams" inputmode="decimal" value="400"' in second
    assert "찾지 못했습니다" in shown(hands.send(path, do="add", code="nothing", **typed))
    dropped = hands.send(path, drop=one.ref, **typed).content.decode()
    assert f'type="hidden" name="lot" value="{one.ref}"' not in dropped
    assert Stay.objects.count() == 0
    hands.does(path, do="send", lot=[one.ref, two.ref], part_grams=["400"], part_boxes=["20"])
    assert sorted(Stay.objects.values_list("grams", flat=True)) == [400 * KG, 1000 * KG]
    assert "로트가 없습니다" in hands.not_done(path, do="send")


def test_unloading_ends_what_is_ticked_and_twice_is_told(harbour: Chain) -> None:
    lot = harbour.land()
    harbour.offer(lot, "cooperative", "wholesaler")
    harbour.load("truck 1", lot, name="carrier")
    hands, path = Hands(harbour, "carrier"), f"/rooms/{harbour.rooms['truck 1']}/unload"
    assert "checked" in hands.client.get(f"{hands.home}{path}").content.decode()
    assert "로트가 없습니다" in hands.not_done(path, do="send")
    key = hands.form(path)
    for _ in range(2):
        hands.does(path, do="send", key=key, lot=[lot.ref])
    assert Stay.objects.get().until_ms is not None
    text = hands.send(path, key="c" * 16, do="send", lot=[lot.ref])
    assert text.status_code == 409 and "이미 하차한 로트" in shown(text)


def test_many_lots_are_proposed_and_all_accepted_at_once(harbour: Chain) -> None:
    lots = [harbour.land(), harbour.land()]
    giver, taker = Hands(harbour, "cooperative"), Hands(harbour, "wholesaler")
    fields = {"to": harbour.ids["wholesaler"], "carrier": harbour.ids["carrier"]}
    giver.does("/offer", do="send", lot=[one.ref for one in lots], **fields)
    assert "◐ 답 대기" in giver.at("/given") and "인수할 것 2" in taker.at("")
    assert "상차할 것 2" in Hands(harbour, "carrier").at("")
    ticked = taker.send("/inbox", do="add", code=lots[0].code)
    assert "표시했습니다" in shown(ticked) and ticked.content.decode().count("checked") == 1
    taker.does("/inbox", do="all")
    assert {again(one).holder_id for one in lots} == {harbour.ids["wholesaler"]}
    assert "인수할 것이 없습니다" in taker.at("/inbox")
    assert "● 인수 확인" in giver.at("/given")


def test_less_than_was_said_is_accepted_with_a_photo_that_says_nothing_else(
    harbour: Chain,
) -> None:
    row = harbour.offer(harbour.land(), "cooperative", "wholesaler")
    hands = Hands(harbour, "wholesaler")
    typed: dict[str, Any] = {f"grams_{row.id}": "900", f"boxes_{row.id}": "45", "handover": row.id}
    text = hands.not_done("/inbox", do="accept", **typed)
    assert "거부하려면 사진이 필요합니다" in text and 'value="900"' in hands.last.content.decode()
    bad = hands.not_done("/inbox", do="accept", photo=photo(b"GIF89a"), **typed)
    assert "사진이 없거나 700KB보다 큽니다" in bad
    hands.does("/inbox", do="accept", photo=photo(), why="3상자 눌림", **typed)
    row.refresh_from_db()
    assert (row.status, row.took_grams) == (Custody.PART, 900 * KG)
    kept = hands.client.get(f"{hands.home}/photos/{row.photo}")
    assert kept["Content-Type"] == "image/jpeg" and b"GPS" not in kept.content
    giver, other = Hands(harbour, "cooperative"), Hands(harbour, "shop")
    assert giver.client.get(f"{giver.home}/photos/{row.photo}").status_code == 200
    assert other.client.get(f"{other.home}/photos/{row.photo}").status_code == 404


def test_a_refusal_needs_a_reason_and_a_photo(harbour: Chain) -> None:
    row = harbour.offer(harbour.land(), "cooperative", "wholesaler")
    hands = Hands(harbour, "wholesaler")
    assert "이유가 필요합니다" in hands.not_done("/inbox", do="refuse", handover=row.id)
    fields = {"do": "refuse", "handover": row.id, "why": "냄새", "photo": photo()}
    hands.does("/inbox", **fields)
    row.refresh_from_db()
    assert row.status == Custody.REFUSED
    assert "✕ 인수 거부" in Hands(harbour, "cooperative").at("/given")


def test_an_open_excursion_is_accepted_with_a_reason_or_not_at_all(harbour: Chain) -> None:
    lot = harbour.land()
    harbour.offer(lot, "cooperative", "wholesaler")
    warm = Excursion.objects.create(
        room_id=harbour.rooms["truck 1"], limit="kr_chilled", from_ms=1, peak_milli=12_400
    )
    warm.lots.add(lot)
    hands = Hands(harbour, "wholesaler")
    assert "▲ 온도 이탈" in hands.at("/inbox")
    assert "온도 이탈이 처리되지 않은" in hands.not_done("/inbox", 409, do="all")
    hands.does("/inbox", do="all", why="얼음 충분")
    assert again(lot).holder_id == harbour.ids["wholesaler"]
    text = Hands(harbour, "carrier").at("/alarms")
    assert "12.4 ℃" in text and "문을 닫고 냉동기를 확인하세요" in text
    assert "기록 없음 0 분" in text and "확인됨 0 분" in text


def by_link(harbour: Chain, lot: Lot) -> str:
    """Propose a lot to somebody without an account; the path of their link."""
    hands = Hands(harbour, "cooperative")
    hands.does("/offer", do="send", lot=[lot.ref], to="stranger")
    found = re.search(r"/goods/[a-z2-7]{26}", hands.at("/given"))
    assert found is not None
    return found[0]


def test_somebody_without_an_account_accepts_in_one_tap_and_the_link_is_used_up(
    harbour: Chain,
) -> None:
    lot = harbour.land()
    path, client = by_link(harbour, lot), Client()
    for _ in range(3):
        assert "보낸 곳" in read(client.get(path, {"lang": "ko"})) and again(lot).holder_id
    done = client.post(path, {"do": "accept"})
    assert "인수했습니다" in read(done)
    assert done.headers["Referrer-Policy"] == "same-origin"
    assert Handover.objects.get().status == Custody.ACCEPTED and again(lot).holder_id is None
    for again_ in (client.get(path), client.post(path, {"do": "refuse"})):
        assert again_.status_code == 403 and "더 이상 쓸 수 없는 링크" in shown(again_)


def test_a_stranger_takes_less_or_nothing_with_a_photo(harbour: Chain) -> None:
    path, client = by_link(harbour, harbour.land()), Client()
    row = Handover.objects.get()
    short = {"do": "short", f"grams_{row.id}": "990"}
    refused = client.post(path, short)
    assert refused.status_code == 422 and "사진이 필요합니다" in shown(refused)
    assert client.post(path, {"do": "short"}).status_code == 422
    assert "일부만 인수했습니다" in read(client.post(path, {**short, "photo": photo()}))
    row.refresh_from_db()
    assert (row.status, row.took_grams) == (Custody.PART, 990 * KG)
    other = by_link(harbour, harbour.land())
    assert "거부했습니다" in read(client.post(other, {"do": "refuse", "photo": photo()}))


def test_an_expired_link_and_a_guessed_one_lead_nowhere(harbour: Chain) -> None:
    path = by_link(harbour, harbour.land())
    Link.objects.update(expires_ms=now_ms() - DAY_MS)
    answer = Client().get(path)
    assert answer.status_code == 403 and "더 이상 쓸 수 없는 링크" in shown(answer)
    statuses = [Client().get(f"/goods/{'a' * 26}").status_code for _ in range(30)]
    assert (statuses[0], statuses[-1]) == (404, 429)


def test_goods_left_without_an_answer_are_called_that_on_every_page(harbour: Chain) -> None:
    lot = harbour.land()
    by_link(harbour, lot)
    hands, row = Hands(harbour, "cooperative"), Handover.objects.get()
    hands.does("/given", do="leave", handover=row.id)
    assert "▽ 수령 미확인" in hands.at("/given") and "수령 미확인 1" in hands.at("")
    assert again(lot).status == Status.LANDED and again(lot).holder_id is None
    assert "표시" in hands.at("/given")
    assert "로트가 없습니다" in hands.not_done("/given", do="withdraw")
