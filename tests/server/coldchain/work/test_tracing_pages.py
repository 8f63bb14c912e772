"""An inspector's search, its tenants, and the evidence file that the agent's own check accepts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from agent.cli import main
from protocol import bundle
from server.accounts import links
from server.accounts.models import Link
from server.coldchain.actions import custody, quality
from server.coldchain.handing import Answer
from server.coldchain.models import Place
from server.coldchain.rules import Basis
from server.coldchain.shopper import evidence, picking
from tests.server.coldchain.rig import KG, Chain, done
from tests.server.coldchain.shopper.stall import stall
from tests.server.coldchain.work.harbour import Hands

pytestmark = pytest.mark.django_db


def test_an_authority_finds_every_lot_by_lot_truck_place_and_time(harbour: Chain) -> None:
    lot, beside = harbour.land(), harbour.land()
    half, _ = harbour.split(lot, 500 * KG, 500 * KG)
    harbour.load("truck 1", half, beside)
    hands = Hands(harbour, "agency")
    said = hands.at(f"/trace?find={half.code}")
    for title in ("찾은 로트 1", "어디서 왔나 1", "접촉 가능: 같은 차·방, 같은 시간 1"):
        assert title in said
    assert re.search(r"찾는 데 [0-9]+ ms", said) and beside.code in said
    said = hands.at(f"/trace?room_no={harbour.rooms['truck 1']}")
    assert "찾은 로트 2" in said and "어디서 왔나 1" in said
    said = hands.at(f"/trace?place_id={Place.objects.get(name='cooperative 1').id}")
    assert lot.code in said and beside.code in said
    for nothing in ("find=XX", "room_no=999999", "room_no=abc", "place_id=zz", "find=a&from=b"):
        assert "볼 수 있는 로트가 없습니다" in hands.at(f"/trace?{nothing}"), nothing


def test_others_find_their_own_lots_only(harbour: Chain) -> None:
    mine, theirs = harbour.land("plant"), harbour.land()
    hands = Hands(harbour, "plant")
    assert mine.code in hands.at(f"/trace?find={mine.code}")
    for asked in (f"find={theirs.code}", f"find={theirs.ref}", f"place_id={harbour.market.id}"):
        assert theirs.code not in hands.at(f"/trace?{asked}").replace(asked, ""), asked
    for page in ("record", "record.pdf", "evidence"):
        assert hands.client.get(f"{hands.home}/lots/{theirs.ref}/{page}").status_code == 404


def test_a_found_lot_is_held_released_and_printed_from_there(harbour: Chain) -> None:
    lot, hands = harbour.land(), Hands(harbour, "agency")
    page = hands.at(f"/trace?find={lot.ref}", language="en")
    assert "sales hold" in page.lower()
    done(quality.hold(harbour.desk("agency"), (lot.ref,), Basis.FOOD_SANITATION, "확인"))
    hands.at(f"/trace?find={lot.ref}")
    assert f"/lots/{lot.ref}/release" in hands.last.content.decode()
    assert "구간별 온도 기록서" in hands.at(f"/lots/{lot.ref}/record")
    assert "우리 없이" not in hands.at(f"/lots/{lot.ref}/evidence", 404)


def test_the_evidence_of_a_found_lot_is_accepted_by_the_agents_own_check(
    harbour: Chain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lot = stall(harbour, Client()).on_sale(hours=1)
    hands = Hands(harbour, "agency")
    answer = hands.client.get(f"{hands.home}/lots/{lot.ref}/evidence")
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    file = tmp_path / "lot.evidence"
    file.write_bytes(answer.content)
    assert main(["verify", str(file)]) == 0, capsys.readouterr()
    file.write_bytes(answer.content[:-9] + b"x" + answer.content[-8:])
    assert main(["verify", str(file)]) != 0


def test_whoever_is_signed_in_gets_every_reading_and_a_stranger_what_a_phone_can_check(
    harbour: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = stall(harbour, Client())
    shop.span = 20
    lot = shop.on_sale(hours=3)
    monkeypatch.setattr(picking, "BLOCK", 20)
    monkeypatch.setattr(evidence, "MAX_BYTES", 12_000)
    for name in ("agency", "shop"):
        hands = Hands(harbour, name)
        whole = hands.client.get(f"{hands.home}/lots/{lot.ref}/evidence").content
        assert records(whole) == 90 + 1, name  # and the opening of the truck's epoch
    assert 0 < records(Client().get(f"/q/{lot.ref}/evidence").content) < 91


def records(data: bytes) -> int:
    """How many records a file holds."""
    return sum(len(one.records) for one in bundle.read_chapters(data))


def test_the_live_page_is_small_has_no_script_and_says_when_it_is_over(harbour: Chain) -> None:
    lot = harbour.land()
    row = harbour.offer(lot, "cooperative", "shop")
    harbour.load("truck 1", lot, name="carrier")
    address = f"/live/{links.token(Link.objects.get(purpose='live').id)}"
    for language, said in (("ko", "도착 예정 미정"), ("en", "Arrival not yet told")):
        answer = Client().get(f"{address}?lang={language}")
        page = answer.content.decode()
        assert answer.status_code == 200 and said in page and lot.code in page
        assert "<script" not in page and 'http-equiv="refresh"' in page
        assert len(answer.content) < 20_000
    assert "기록 없음" in Client().get(f"{address}?lang=ko").content.decode()
    done(custody.accept(harbour.desk("shop"), (Answer(row.id),)))
    page = Client().get(f"{address}?lang=ko").content.decode()
    assert "끝난 링크입니다" in page and lot.code not in page and "refresh" not in page
