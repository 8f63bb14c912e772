"""A night's list: every row a landing or a reason, and twice is once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science.species import Ice, Species
from server.coldchain.actions import undoing
from server.coldchain.listing import words
from server.coldchain.listing.columns import Column, Why
from server.coldchain.listing.preview import Plan, Preview, preview
from server.coldchain.listing.sheet import Fault
from server.coldchain.listing.take import Taken, marked, remember, remembered, take
from server.coldchain.models import Event, Lot
from server.coldchain.rules import Gear, Kind
from tests.server.coldchain.listing.test_sheet import xlsx
from tests.server.coldchain.rig import Chain, done, no

NIGHT = date(2020, 6, 2)
NOW_MS = 1_591_070_400_000
PLAN = Plan("cccccooperatives", NIGHT, NOW_MS)
HEADER = "위판번호,어종,학명,중량(kg),상자수,선박명,어획일시,해역,어법,빙장"
ROWS = (
    '1,고등어,Scomber japonicus,"1,250.5",60,제3부산호,2020-06-02 03:20,61,선망,빙장',
    "2,아귀,,80,4,,,,,",
)


def csv(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows]).encode("cp949")


def seen(*rows: str, header: str = HEADER) -> Preview:
    return preview(csv(*rows, header=header), PLAN)


def why(found: Preview) -> list[tuple[int, Column, Why]]:
    return [(line.number, one.column, one.why) for line in found.lines for one in line.rejects]


def test_rows_become_landings_and_blanks_stay_blank() -> None:
    first, second = (line.landing for line in seen(*ROWS).lines)
    assert first is not None and second is not None
    assert (first.species, first.grams, first.boxes) == (Species.SCOMBER_JAPONICUS, 1_250_500, 60)
    assert (first.gear, first.ice, first.area) == (Gear.PURSE_SEINE, Ice.ICED, "61")
    assert first.catch_ms == 1_591_035_600_000  # 18:20 UTC the day before
    assert (second.species, second.catch_ms, second.gear) == (Species.MONKFISH, None, Gear.UNKNOWN)
    assert first.code == "200602CCCCC1"


def test_titles_before_the_headers_and_sums_after_the_rows_are_no_rows() -> None:
    title, total = "2020년 6월 2일 위판 내역,,,,,,,,,", ",합계,,1330.5,64,,,,,"
    data = "\n".join([title, ",,,,,,,,,", HEADER, *ROWS, ",,,,,,,,,", total]).encode()
    found = preview(data, PLAN)
    assert [line.number for line in found.lines] == [4, 5]
    assert found.rejected == ()


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("3,,,80,,,,,,", Column.TRADE, Why.MISSING),
        ("3,고등어,,,4,,,,,", Column.KILOGRAMS, Why.MISSING),
        ("3,고등어,,-5,,,,,,", Column.KILOGRAMS, Why.NUMBER),
        ("3,고등어,,0,,,,,,", Column.KILOGRAMS, Why.NUMBER),
        ("3,고등어,,1e9,,,,,,", Column.KILOGRAMS, Why.NUMBER),
        ("3,고등어,,NaN,,,,,,", Column.KILOGRAMS, Why.NUMBER),
        ("3,고등어,,９,,,,,,", Column.KILOGRAMS, Why.NUMBER),
        ("3,고등어,,=A1*2,,,,,,", Column.KILOGRAMS, Why.FORMULA),
        ("3,=cmd|'/c calc'!A1,,80,,,,,,", Column.TRADE, Why.FORMULA),
        ("3,고등어,,80,2.5,,,,,", Column.BOXES, Why.NUMBER),
        ("3,고등어,Todarodes pacificus,80,,,,,,", Column.SPECIES, Why.WORD),
        ("3,고등어,,80,,,어제 새벽,,,", Column.CAUGHT, Why.TIME),
        ("3,고등어,,80,,,2020-02-30 03:00,,,", Column.CAUGHT, Why.TIME),
        ("3,고등어,,80,,,2020-06-03 03:00,,,", Column.CAUGHT, Why.FUTURE),
        ("3,고등어,,80,,,,,마술,", Column.GEAR, Why.WORD),
        ("3,고등어,,80,,,,,,드라이아이스", Column.ICE, Why.WORD),
        (f"3,고등어,,80,,{'가' * 61},,,,", Column.VESSEL, Why.TOO_LONG),
        ("3,고\u200b등어,,80,,,,,,", Column.TRADE, Why.UNPRINTABLE),
    ],
    ids=str,
)
def test_a_row_says_what_is_wrong_with_it(row: str, column: Column, reason: Why) -> None:
    found = preview("\n".join([HEADER, ROWS[0], row]).encode(), PLAN)
    assert why(found) == [(3, column, reason)]
    assert [line.number for line in found.new] == [2]


def test_a_sheet_of_another_shape_names_the_columns_that_are_missing() -> None:
    found = seen("x,y", header="날짜,온도")
    assert (found.missing, found.headers) == (
        (Column.TRADE, Column.KILOGRAMS), ("날짜", "온도"),
    )  # fmt: skip
    assert found.lines == ()
    assert preview(b"\xff", PLAN).fault is Fault.ENCODING


def test_an_offices_own_headers_are_said_once_and_columns_that_are_gone_are_missing() -> None:
    own = {Column.TRADE: "물고기", Column.KILOGRAMS: "얼마나"}
    data = "얼마나,메모,물고기\n12.5,x,고등어".encode()
    plan = Plan(PLAN.organisation, NIGHT, NOW_MS, own)
    (line,) = preview(data, plan).lines
    assert line.landing is not None and line.landing.grams == 12_500
    assert preview(csv(*ROWS), plan).missing == (Column.TRADE, Column.KILOGRAMS)


def test_a_number_that_stands_twice_is_marked_and_equal_rows_without_one_are_two_lots() -> None:
    found = seen(*ROWS, ROWS[1])
    assert [line.twice_of for line in found.lines] == [None, None, 3]
    assert len(found.new) == 2
    bare = [row.partition(",")[2] for row in (ROWS[1], ROWS[1])]
    found = seen(*bare, header=HEADER.partition(",")[2])
    codes = {line.landing.code for line in found.new if line.landing}
    assert len(codes) == 2 and all(len(code) <= 20 for code in codes)


def test_an_xlsx_says_the_same_as_its_csv() -> None:
    cells: list[tuple[Any, ...]] = [tuple(HEADER.split(",")), (2, "아귀", None, 80, 4)]
    from_book, from_text = preview(xlsx(cells), PLAN), seen(ROWS[1])
    assert [line.landing for line in from_book.lines] == [line.landing for line in from_text.lines]


def test_every_word_of_the_room_is_there_in_two_languages() -> None:
    for table, wanted in ((words.COLUMNS, Column), (words.REJECTS, Why), (words.FAULTS, Fault)):
        assert set(table) == set(wanted)
        assert all(text.ko != text.en for text in table.values())


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=11), min_size=1, max_size=6))
def test_any_cells_become_landings_or_reasons(rows: list[list[str]]) -> None:
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    found = preview("\n".join([HEADER, *lines]).encode(), PLAN)
    for line in found.lines:
        assert (line.landing is None) is bool(line.rejects)


@pytest.mark.django_db
def test_the_same_list_again_lands_nothing_and_a_longer_one_the_rest(chain: Chain) -> None:
    desk = chain.desk("cooperative")
    plan = Plan(desk.organisation, NIGHT, chain.now_ms)
    first = take(desk, preview(csv(*ROWS), plan), chain.market.id)
    assert isinstance(first, Taken) and (first.landed, first.there) == (2, 0)
    lots = list(Lot.objects.values_list("code", "grams"))
    again = take(desk, preview(csv(*ROWS), plan), chain.market.id)
    assert again == Taken(None, 0, 2)
    longer = preview(csv(*ROWS, "3,고등어,,40,2,,,,,", "4,고등어,,x,,,,,,"), plan)
    assert [line.there for line in marked(longer).lines] == [True, True, False, False]
    more = take(desk, longer, chain.market.id)
    assert isinstance(more, Taken) and (more.landed, more.there) == (1, 2)
    assert list(Lot.objects.order_by("id").values_list("code", "grams"))[:2] == lots
    assert Event.objects.filter(kind=Kind.LANDED).count() == 2


@pytest.mark.django_db
def test_a_list_that_was_undone_can_be_landed_again(chain: Chain) -> None:
    desk = chain.desk("cooperative")
    plan = Plan(desk.organisation, NIGHT, chain.now_ms)
    take(desk, preview(csv(*ROWS), plan))
    done(undoing.undo(chain.later(1).desk("cooperative")))
    for landed in (2, 0):
        taken = take(chain.later(1).desk("cooperative"), preview(csv(*ROWS), plan))
        assert isinstance(taken, Taken) and taken.landed == landed
    assert Lot.objects.exclude(status="void").count() == 2


@pytest.mark.django_db
def test_nothing_is_landed_of_a_list_that_is_not_read_or_not_ones_own(chain: Chain) -> None:
    desk = chain.desk("cooperative")
    plan = Plan(desk.organisation, NIGHT, chain.now_ms)
    for data, whose in ((b"\xff", plan), (csv("x", header="날짜"), plan), (csv(*ROWS), PLAN)):
        assert no(take(desk, preview(data, whose))) == "bad-input"
    assert no(take(chain.desk("shop"), preview(csv(*ROWS), Plan(chain.ids["shop"], NIGHT, 1)))) in (
        "bad-input", "not-yours-to-do",
    )  # fmt: skip
    assert not Lot.objects.exists()


@pytest.mark.django_db
def test_columns_are_remembered_for_each_office(chain: Chain) -> None:
    own = {Column.TRADE: "물고기", Column.KILOGRAMS: "얼마나"}
    assert remembered(chain.ids["cooperative"]) is None
    remember(chain.ids["cooperative"], {Column.TRADE: "x"}, 1)
    remember(chain.ids["cooperative"], own, 2)
    assert remembered(chain.ids["cooperative"]) == own
    assert remembered(chain.ids["plant"]) is None


@pytest.mark.django_db
def test_a_night_of_a_thousand_rows_is_landed_at_once(chain: Chain) -> None:
    desk = chain.desk("cooperative")
    rows = [f"{number},고등어,,{20 + number % 7},1,,,,," for number in range(1, 1001)]
    found = preview(csv(*rows), Plan(desk.organisation, NIGHT, chain.now_ms))
    taken = take(desk, found)
    assert isinstance(taken, Taken) and taken.landed == 1000
    assert Event.objects.filter(kind=Kind.LANDED).count() == 1
