"""Spreadsheets of a lot: what is known, blanks honest, and nothing for strangers."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from openpyxl import load_workbook

from server.coldchain.epcis import ids
from server.coldchain.export import inspector
from server.coldchain.models import Room
from server.coldchain.rules import Kind, RoomKind
from server.coldchain.words import EVENTS, ROOMS
from tests.server.coldchain import live
from tests.server.coldchain.live import Program
from tests.server.coldchain.recorder import row
from tests.server.coldchain.rig import HOUR, KG, Chain, mackerel

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(installation: object) -> Chain:
    """A chain whose pilot runs today."""
    return live.chain()


def book(answer: Any) -> dict[str, list[list[Any]]]:
    assert answer.status_code == 200, answer.content
    found = load_workbook(io.BytesIO(answer.content))
    return {sheet.title: [[c.value for c in r] for r in sheet.rows] for sheet in found.worksheets}


def table(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.content
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_key_data_elements_follow_a_lot_to_where_it_came_from(chain: Chain) -> None:
    lot = chain.land("cooperative", mackerel(chain, vessel='=HYPERLINK("x")'))
    part, _rest = chain.split(lot, 300 * KG, 700 * KG)
    chain.hand(part, "cooperative", "shop")
    market = Program(chain.ids["cooperative"])
    answer = market.get(f"lots/{part.ref}/fsma204.csv")
    assert f'filename="{part.code}.csv"' in answer["Content-Disposition"]
    rows = table(answer)
    kinds = [one["critical_tracking_event"] for one in rows]
    assert kinds == [
        "first land-based receiving", "transformation", "transformation", "shipping", "receiving",
    ]  # fmt: skip
    landed, first, shipped = rows[0], rows[1], rows[3]
    assert landed["vessel"] == '\'=HYPERLINK("x")'
    assert (landed["scientific_name"], landed["catch_area"]) == ("Scomber japonicus", "61")
    assert first["input_lot_codes"] == ids.lot(lot.gtin, lot.code)
    assert shipped["ship_to"] == ids.party(chain.ids["shop"])
    theirs = table(Program(chain.ids["shop"]).get(f"lots/{part.ref}/fsma204.csv"))
    assert {one["vessel"] for one in theirs} == {""}
    assert "first land-based receiving" not in {one["critical_tracking_event"] for one in theirs}


def test_the_workbook_says_what_was_recorded_and_what_was_not(chain: Chain) -> None:
    chain.now_ms -= 3 * HOUR
    lot = chain.land()
    chain.load("own truck 1", lot)
    room = Room.objects.get(id=chain.rooms["own truck 1"])
    beats = [(chain.now_ms + beat * 60_000, 1_000 + 500 * (beat % 2)) for beat in range(30)]
    row(room.asset, beats).save()
    chain.later(60).unload("own truck 1", lot)
    found = book(Program(chain.ids["agency"]).get(f"lots/{lot.ref}/records.xlsx"))
    assert list(found) == ["로트", "온도기록", "점검", "온도 이탈", "이력"]
    assert ["로트 번호", lot.code] in found["로트"] and ["알림", inspector.NOTE] in found["로트"]
    air = dict(zip(*found["온도기록"][:2], strict=True))
    assert (air["구간"], air["최저(℃)"], air["최고(℃)"]) == ("차량", 1, 1.5)
    assert air["기록 없는 시간(분)"] >= 20 and air["평균 동적 온도(mkt/1)"] == "1.4 ℃"
    assert [one[2] for one in found["이력"]] == ["일", "양륙", "상차", "하차"]


def test_a_room_without_a_record_says_so_and_is_never_filled_in(chain: Chain) -> None:
    lot = chain.land()
    chain.load("truck 1", lot)
    chain.now_ms += 1
    chain.unload("truck 1", lot, name="carrier")
    found = book(Program(chain.ids["cooperative"]).get(f"lots/{lot.ref}/records.xlsx"))
    assert found["온도기록"][1][4:8] == [inspector.NONE] * 4


def test_strangers_get_no_file(chain: Chain) -> None:
    lot = chain.land()
    for name in ("fsma204.csv", "records.xlsx"):
        assert Program(chain.ids["shop"]).get(f"lots/{lot.ref}/{name}").status_code == 404


def test_every_room_and_event_of_a_lot_has_its_word() -> None:
    assert set(ROOMS) == set(RoomKind)
    assert set(EVENTS) == set(Kind)
    assert len({one.ko for one in EVENTS.values()}) == len(EVENTS)
