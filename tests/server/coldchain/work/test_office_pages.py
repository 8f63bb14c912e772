"""정산 and its spreadsheet, errors that are only declared, pallets, rework, sites: forms alone."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from openpyxl import load_workbook

from science import gs1
from server.coldchain.actions import landing
from server.coldchain.actions.landing import Sold
from server.coldchain.models import Event, OnPallet, Pallet, Party, Place, Room
from server.coldchain.rules import Kind, Status
from server.devices.models import Asset
from server.ledger.tick import now_ms
from server.pilots.days import day_of
from tests.server.accounts import cast
from tests.server.coldchain.rig import KG, Chain, again, done
from tests.server.coldchain.work.harbour import Hands

pytestmark = pytest.mark.django_db

LIST = "위판번호\t생선\t무게(kg)\t어선명\n7\t고등어\t12.5\t제7대한호\n"


def test_what_was_bid_for_is_settled_and_goes_out_in_the_offices_own_columns(
    harbour: Chain,
) -> None:
    hands = Hands(harbour, "cooperative")
    columns = {"col_trade": "생선", "col_kilograms": "무게(kg)", "col_number": "위판번호"}
    looked = hands.send("/lists", do="add", rows=LIST).content.decode()
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', looked)
    assert digest is not None
    columns |= {"col_vessel": "어선명", "digest": digest[1], "mapped": "yes"}
    hands.does("/lists", do="import", **columns)
    lot = Event.objects.get(kind=Kind.LANDED).made.get()
    assert "정산할 낙찰이 없습니다" in hands.at("/settle")
    hands.does("/auction", do="award", lot=[lot.ref], dealer=["=77"], krw=["1,250,000"])
    assert "1,250,000 원" in hands.at("/settle")
    assert "로트가 없습니다" in hands.not_done("/settle", do="send")
    hands.does("/settle", do="send", lot=[lot.ref])
    assert again(lot).settled_ms is not None
    answer = hands.client.get(f"{hands.home}/settlement.csv")
    header, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert header[:4] == ["위판번호", "생선", "무게(kg)", "어선명"]
    assert row[1:6] == ["고등어", "12.5", "제7대한호", "'=77", "1250000"]
    day = day_of(now_ms()).isoformat()
    sheet = load_workbook(
        io.BytesIO(hands.client.get(f"{hands.home}/settlement.xlsx?day={day}").content)
    )["정산"]
    assert [one.value for one in sheet[2]][4:6] == ["=77", 1_250_000]
    assert sheet.max_row == 2
    empty = hands.client.get(f"{hands.home}/settlement.csv?day=2001-01-01").content
    assert len(empty.decode().splitlines()) == 1


def test_what_is_settled_is_what_was_bid_for_and_no_other_day_than_was_asked(
    harbour: Chain,
) -> None:
    lot, hands = harbour.land(), Hands(harbour, "cooperative")
    done(landing.award(harbour.desk("cooperative"), (Sold(lot.ref, "7"),)))
    harbour.split(lot, lot.grams)
    assert "고등어 · 1000 kg · 50 상자" in hands.at("/settle")
    assert "날짜" in hands.at("/settlement.csv?day=foo", status=422)


def test_prices_are_read_by_who_does_this_work_and_by_nobody_else(harbour: Chain) -> None:
    mine = Hands(harbour, "cooperative")
    for name in ("carrier", "wholesaler"):
        answer = Hands(harbour, name).client.get(f"{mine.home}/settlement.csv")
        assert answer.status_code in (403, 404)
    assert Hands(harbour, "plant").send("/settle", key="a" * 16, lot=["b" * 16]).status_code >= 403


def test_after_the_settlement_an_error_is_declared_with_its_reason_and_nothing_changes(
    harbour: Chain,
) -> None:
    lot, hands = harbour.land(), Hands(harbour, "cooperative")
    done(landing.award(harbour.desk("cooperative"), (Sold(lot.ref, "7"),)))
    done(landing.settle(harbour.desk("cooperative"), (lot.ref,)))
    assert f"/lots/{lot.ref}/correct" not in str(hands.at(f"/lots/{lot.ref}"))
    landed = Event.objects.get(kind=Kind.LANDED)
    path = f"/events/{landed.ref}/error"
    assert f'href="{hands.home}{path}"' in hands.last.content.decode()
    assert "기록은 그대로 두고" in hands.at(path)
    assert "비어 있습니다" in hands.not_done(path)
    where = hands.does(path, why="두 상자를 더 셈")
    assert where.startswith(f"{hands.home}/lots/{lot.ref}")
    declared = Event.objects.get(kind=Kind.DECLARED)
    assert (declared.corrects, declared.said) == (landed, "두 상자를 더 셈")
    assert again(lot).grams == lot.grams
    assert "이미 신고함" in hands.at(path)
    Hands(harbour, "plant").at(path, status=404)


def test_boxes_are_put_on_a_pallet_found_by_its_code_and_taken_off_again(harbour: Chain) -> None:
    one, two, hands = harbour.land(), harbour.land(), Hands(harbour, "cooperative")
    plain = "95212345000000001"
    sscc = plain + gs1.check_digit(plain)
    wrong = {"lot": [one.ref], "part_grams": ["100"], "part_boxes": ["5"]}
    assert hands.send("/pallets/pack", do="send", sscc="123", **wrong).status_code == 422
    where = hands.does(
        "/pallets/pack",
        do="send",
        sscc=f"{sscc[:4]} {sscc[4:]}",
        lot=[one.ref, two.ref],
        part_grams=["100", ""],
        part_boxes=["5", ""],
    )
    pallet = Pallet.objects.get()
    path = f"/pallets/{pallet.id}"
    assert where.split("?")[0] == f"{hands.home}{path}" and sscc in hands.at("/pallets")
    assert "100 kg · 5 상자" in hands.at(path)
    assert f"rooms?lot={one.ref}&amp;lot={two.ref}" in hands.last.content.decode()
    for code in (sscc, f"(00){sscc}", pallet.id):
        found = hands.client.get(f"{hands.home}/find", {"code": code})
        assert found.headers["Location"] == f"{hands.home}{path}", code
    hands.at(f"/rooms?lot={one.ref}&lot={two.ref}")
    key = hands.form(path)
    for _ in range(2):
        hands.does(path, key=key)
    assert OnPallet.objects.filter(off=None).count() == 0
    assert "해체한 팔레트입니다" in hands.at(path)
    Hands(harbour, "plant").at(path, status=404)


def test_what_was_made_is_worked_on_again_and_the_rest_stays(harbour: Chain) -> None:
    lot = harbour.hand(harbour.land(), "cooperative", "plant")
    hands = Hands(harbour, "plant")
    path = f"/lots/{lot.ref}/rework"
    typed = {"out_trade": ["다시"], "out_boxes": ["3"], "out_grams": ["30"]}
    assert hands.send(path, do="send", out_grams=["9000"]).status_code == 422
    hands.does(path, do="send", waste="1", **typed)
    event = Event.objects.get(kind=Kind.REWORKED)
    assert again(lot).left_grams == lot.left_grams - 31 * KG
    assert event.made.get().grams == 30 * KG
    hands.does("/undo", event=event.ref)
    assert again(lot).left_grams == lot.left_grams


def test_a_whole_lot_is_sold_in_two_taps(harbour: Chain) -> None:
    lot = harbour.hand(harbour.land(), "cooperative", "wholesaler")
    hands = Hands(harbour, "wholesaler")
    assert "이 로트를 모두 팔았나요?" in hands.at(f"/lots/{lot.ref}/sell")
    assert hands.does(f"/lots/{lot.ref}/sell").startswith(f"{hands.home}/lots?")
    assert again(lot).status == Status.SOLD


def test_loading_and_unloading_note_their_beginning_and_their_end(harbour: Chain) -> None:
    lot, hands = harbour.land(), Hands(harbour, "cooperative")
    truck = f"/rooms/{harbour.rooms['own truck 1']}"
    began = now_ms() - 17 * 60_000 - 30_000
    hands.does(f"{truck}/load", do="send", lot=[lot.ref], since=began)
    loaded = Event.objects.get(kind=Kind.LOADED)
    assert json.loads(loaded.told)["began_ms"] == began
    hands.does(f"{truck}/unload", do="send", lot=[lot.ref], since="yesterday")
    assert "began_ms" not in Event.objects.get(kind=Kind.UNLOADED).told
    ref = Event.objects.get(kind=Kind.UNLOADED).ref
    assert "상차 걸린 시간 18분" in hands.at(f"/trips/{ref}")


def test_an_administrator_adds_a_place_a_room_and_says_what_the_organisation_is(
    harbour: Chain,
) -> None:
    hands = Hands(harbour, "shop")
    assert "소속 기관의 관리자가 등록합니다" in hands.at("/sites")
    assert hands.client.get(f"{hands.home}/sites/add").status_code == 403
    from server.accounts.models import Person

    boss = Person.objects.get(
        memberships__organisation=harbour.ids["shop"], memberships__role="administrator"
    )
    hands.client = cast.client_of(boss)
    site = {"kind": "shop", "name": "자갈치 2호점", "region": "부산 중구"}
    assert "비어 있습니다" in hands.not_done("/sites/add", kind="shop", region="부산 중구")
    assert hands.send("/sites/add", gln="8801234567890", **site).status_code == 422
    hands.does("/sites/add", **site)
    place = Place.objects.get(name="자갈치 2호점")
    Asset.objects.create(name="진열대 2", made_ms=0, organisation=harbour.ids["shop"])
    room = {"asset": "진열대 2", "kind": "display", "profile": "kr_chilled"}
    assert "선택하지 않았습니다" in hands.not_done("/sites/room", 422, **room)
    hands.does("/sites/room", site=place.id, **room)
    assert Room.objects.get(asset__name="진열대 2").place == place
    hands.does("/sites/party", region="부산 중구", dealer="31")
    assert Party.objects.get(organisation=harbour.ids["shop"]).dealer == "31"
    text = hands.at("/sites")
    assert "자갈치 2호점" in text and "진열대 2" in text and "31" in text
