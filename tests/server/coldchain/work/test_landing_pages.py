"""From the vessel to the label, by forms alone: landing, list, sorting, auction, label, one step
back; a form that is sent twice, and one that comes back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from science.species import Species
from server.coldchain.actions import labels, landing, loading, undoing
from server.coldchain.actions.landing import Sold
from server.coldchain.models import Award, Event, Label, Lot, Room
from server.coldchain.rules import Kind, Source, Status
from server.coldchain.taking import Amount
from tests.server.coldchain.recorder import row
from tests.server.coldchain.rig import HOUR, KG, MINUTE, Chain, again, done
from tests.server.coldchain.work.harbour import Hands

pytestmark = pytest.mark.django_db

LANDED = {
    "species": "scomber-japonicus",
    "grams": "1250.5",
    "boxes": "60",
    "catch_by": "fisher",
    "ice": "iced",
    "ice_ratio": "1:2",
    "form": "whole",
    "kept": "chilled",
    "gear": "purse-seine",
    "vessel": "제7대한호",
    "area": "61",
    "origin": "연근해산",
}
LIST = """어종,학명,무게(kg),상자수,위판번호,선박명
고등어,Scomber japonicus,"1,250.5",60,1,제7대한호
아귀,,320,16,2,제7대한호
고등어,Scomber japonicus,많음,3,3,제7대한호
고등어,Scomber nobody,10,1,4,제7대한호
고등어,Scomber japonicus,10,1,1,제7대한호
합계,,1600,,,
"""


def test_a_landing_is_entered_and_its_page_offers_sorting_first(harbour: Chain) -> None:
    hands = Hands(harbour, "cooperative")
    where = hands.does("/land", **LANDED)
    lot = Lot.objects.get()
    assert where.startswith(f"{hands.home}/lots/{lot.ref}?done=")
    assert (lot.grams, lot.boxes, lot.catch_ms, lot.catch_by) == (1_250_500, 60, None, "")
    text = hands.at(f"/lots/{lot.ref}")
    assert "어획 시각 미상" in text and "1250.5 kg · 60 상자" in text
    keys = re.findall(rf'href="{hands.home}/lots/{lot.ref}/([a-z-]+)"', hands.last.content.decode())
    assert keys[0] == "sort"
    assert "제7대한호" not in text


def test_a_known_catch_says_who_told_it(harbour: Chain) -> None:
    Hands(harbour, "cooperative").does("/land", **LANDED, catch="2026-01-02T03:04")
    lot = Lot.objects.get()
    assert (lot.catch_ms, lot.catch_by) == (1_767_290_640_000, Source.FISHER)


def test_a_form_sent_twice_is_done_once(harbour: Chain) -> None:
    hands = Hands(harbour, "cooperative")
    key = hands.form("/land")
    first = hands.send("/land", key=key, **LANDED)
    second = hands.send("/land", key=key, **LANDED)
    assert first.headers["Location"] == second.headers["Location"]
    assert Lot.objects.count() == 1
    changed = hands.send("/land", key=key, **{**LANDED, "grams": "7"})
    assert changed.status_code == 409 and "새로고침" in changed.content.decode()
    assert Lot.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("grams", "열두 상자", "무게가 아닙니다"),
        ("grams", "", "비어 있습니다"),
        ("boxes", "3.5", "정수가 아닙니다"),
        ("species", "whale", "선택하지 않았습니다"),
        ("catch", "어제", "시각이 아닙니다"),
        ("catch", "2099-01-01T00:00", "미래의 시각입니다"),
        ("gtin", "8801234567890", "검사 숫자가 맞지 않습니다"),
    ],
)
def test_a_wrong_field_comes_back_with_what_happened_and_what_was_typed(
    harbour: Chain, field: str, value: str, said: str
) -> None:
    hands = Hands(harbour, "cooperative")
    answer = hands.send("/land", **{**LANDED, field: value})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text and "저장된 것은 없습니다" in text
    assert 'value="제7대한호"' in text and "checked" in text
    assert Lot.objects.count() == 0
    assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', text)


def test_sorting_makes_size_classes_and_a_sum_that_does_not_close_is_told(harbour: Chain) -> None:
    lot, hands = harbour.land(), Hands(harbour, "cooperative")
    path = f"/lots/{lot.ref}/sort"
    typed: dict[str, Any] = {
        "out_trade": ["대", "중"],
        "out_boxes": ["20", "25"],
        "out_grams": ["400", "500"],
        "feed": "20",
        "waste": "5",
    }
    looked = hands.send(path, do="add", **typed)
    assert looked.status_code == 200 and "수량 불일치" in looked.content.decode()
    assert (
        'value="400"' in looked.content.decode()
        and Event.objects.filter(kind="sorted").count() == 0
    )
    where = hands.does(path, do="send", **typed)
    text = hands.at(where.removeprefix(hands.home))
    assert "△ 선별 · 수량 불일치" in text
    made = list(Lot.objects.filter(event__kind=Kind.SORTED).values_list("trade", "grams", "feed"))
    assert made == [
        ("고등어 대", 400 * KG, False),
        ("고등어 중", 500 * KG, False),
        ("고등어 사료용", 20 * KG, True),
    ]
    assert again(lot).left_grams == 0


def test_more_out_than_in_is_refused_with_every_line_kept(harbour: Chain) -> None:
    lot, hands = harbour.land(), Hands(harbour, "cooperative")
    boxes, grams = ["1", "2"], ["900", "300"]
    typed: dict[str, Any] = {"out_trade": ["대", "중"], "out_boxes": boxes, "out_grams": grams}
    text = hands.not_done(f"/lots/{lot.ref}/sort", do="send", **typed)
    assert "나온 무게가 들어간 무게보다 무겁습니다" in text
    assert 'value="900"' in hands.last.content.decode()
    assert Event.objects.filter(kind=Kind.SORTED).count() == 0


def test_the_last_act_is_undone_by_who_did_it_and_by_nobody_else(harbour: Chain) -> None:
    lot, hands = harbour.land(), Hands(harbour, "cooperative")
    hands.does(f"/lots/{lot.ref}/sort", do="send", out_trade=["대"], out_grams=["1000"])
    event = Event.objects.get(kind=Kind.SORTED).ref
    hands.at("")
    assert f'name="event" value="{event}"' in hands.last.content.decode()
    key = hands.form("/undo")
    for _ in range(2):
        hands.does("/undo", key=key, event=event)
    assert again(lot).left_grams == 1000 * KG
    assert Event.objects.filter(kind=Kind.UNDONE).count() == 1
    assert hands.send("/undo", key="b" * 16, event=event).status_code == 409
    assert "되돌릴 작업이 없습니다" in hands.at("/undo")


def test_one_step_back_names_its_step_so_that_another_window_undoes_nothing_else(
    harbour: Chain,
) -> None:
    lot, hands = harbour.land(), Hands(harbour, "cooperative")
    event = Event.objects.get(kind=Kind.LANDED).ref
    hands.does(f"/lots/{lot.ref}/waste", grams="10")
    assert hands.send("/undo", event=event).status_code == 409
    assert Event.objects.filter(kind=Kind.UNDONE).count() == 0


def test_a_list_is_looked_at_first_then_taken_in_and_taken_in_again_changes_nothing(
    harbour: Chain,
) -> None:
    hands = Hands(harbour, "cooperative")
    file = SimpleUploadedFile("위판.csv", LIST.encode("cp949"))
    text = hands.send("/lists", do="add", file=file).content.decode()
    assert Lot.objects.count() == 0
    for part in (
        "정상 2",
        "이미 있음 1",
        "거절 2",
        "중량(kg) “많음”: 쓸 수 없는 숫자",
        "2행과 번호가 같",
    ):
        assert part in _words(text), part
    fields = {**_chosen(text), "do": "import"}
    assert fields["col_kilograms"] == "무게(kg)"
    key = hands.form("/lists")
    for _ in range(2):
        hands.does("/lists", key=key, **fields)
    found = list(Lot.objects.order_by("id").values_list("trade", "species", "grams"))
    assert found == [
        ("고등어", Species.SCOMBER_JAPONICUS, 1_250_500),
        ("아귀", Species.MONKFISH, 320 * KG),
    ]
    again_ = hands.send("/lists", do="add", rows=LIST).content.decode()
    assert "정상 0" in _words(again_) and "이미 있음 3" in _words(again_)


def test_a_column_that_was_not_understood_is_chosen_once_and_remembered(harbour: Chain) -> None:
    hands = Hands(harbour, "cooperative")
    text = hands.send("/lists", do="add", rows="이름\t잰 것\n고등어\t12.5\n").content.decode()
    assert "어느 열인지 정하세요: 어종, 중량(kg)" in _words(text)
    columns = {"col_trade": "이름", "col_kilograms": "잰 것"}
    hands.does("/lists", do="import", **{**_chosen(text), **columns})
    next_night = hands.send("/lists", do="add", rows="이름\t잰 것\n아귀\t3\n").content.decode()
    assert "정상 1" in _words(next_night) and _chosen(next_night)["col_trade"] == "이름"
    assert Lot.objects.get().grams == 12_500


def test_what_is_no_list_says_so_and_what_to_do(harbour: Chain) -> None:
    hands = Hands(harbour, "cooperative")
    for body, said in ((b"\xd0\xcf\x11\xe0", ".xlsx로 저장"), (b"PK\x03\x04", "읽을 수 없는 파일")):
        file = SimpleUploadedFile("x.xlsx", body)
        assert said in hands.send("/lists", do="add", file=file).content.decode()
    assert "파일이 없거나" in hands.not_done("/lists", do="import")
    assert Lot.objects.count() == 0


def test_winning_bids_and_lots_without_a_bid_are_entered_in_one_list(harbour: Chain) -> None:
    one, two, hands = harbour.land(), harbour.land(), Hands(harbour, "cooperative")
    lots = [two.ref, one.ref]
    hands.does("/auction", do="award", lot=lots, dealer=["77", ""], krw=["1,250,000", ""])
    assert Award.objects.get().krw == 1_250_000 and again(two).status == Status.AWARDED
    hands.does("/auction", do="pass-in", lot=lots, passed=[one.ref])
    assert again(one).status == Status.PASSED_IN
    assert "비어 있습니다" in hands.not_done("/auction", do="award", lot=[one.ref], dealer=[""])


def test_labels_are_stuck_first_and_bound_by_scan_later(harbour: Chain) -> None:
    lot, hands = harbour.land(), Hands(harbour, "cooperative")
    done(landing.award(harbour.desk("cooperative"), (Sold(lot.ref, "1"),)))
    done(labels.make_roll(harbour.desk("cooperative"), 3))
    one, two, three = Label.objects.order_by("serial").values_list("serial", flat=True)
    assert "라벨 붙일 것 1" in hands.at("")
    read = hands.send("/labels", do="add", lot=lot.ref, code=f"https://j.kr/c/{one.lower()}")
    assert f'name="serial" value="{one}"' in read.content.decode()
    twice = hands.send("/labels", do="add", lot=lot.ref, serial=[one], code=one)
    assert "이미 읽은 라벨" in twice.content.decode()
    none = hands.send("/labels", do="add", lot=lot.ref, code="AAAA-AAAA").content.decode()
    assert "등록되지 않은 라벨" in none or "라벨 코드가 아닙니다" in none
    where = hands.does("/labels", do="send", lot=lot.ref, serial=[one, two])
    assert where.startswith(f"{hands.home}/lots/{lot.ref}")
    assert Label.objects.filter(lot=lot).count() == 2
    assert "이미 로트에 연결된" in hands.not_done(
        "/labels", 409, do="send", lot=lot.ref, serial=[one]
    )
    hands.does("/rolls", labels="5")
    assert Label.objects.count() == 8 and three in hands.at(f"/labels?serial={three}")
    hands.at("/rolls")
    sheets = re.findall(r'href="(/organisations/[^"]+)"', hands.last.content.decode())
    printed = [hands.client.get(one).content.decode() for one in sheets]
    assert len(printed) == 2 and any(three in one and "<svg" in one for one in printed)


def test_a_label_from_the_wrong_box_leads_to_no_lot(harbour: Chain) -> None:
    lot, hands = harbour.land(), Hands(harbour, "cooperative")
    done(labels.make_roll(harbour.desk("cooperative"), 1))
    serial = Label.objects.get().serial
    hands.does("/labels", do="send", lot=lot.ref, serial=[serial])
    assert hands.client.get(f"{hands.home}/find?code={serial}").status_code == 303
    done(undoing.undo(harbour.desk("cooperative")))
    for who in (hands, Hands(harbour, "agency")):
        who.at(f"/find?code={serial}")  # and no way on to a lot
        assert lot.code not in who.at(f"/trace?find={serial}")


def test_a_lot_that_was_in_two_trucks_at_once_says_so(harbour: Chain) -> None:
    lot, hands = harbour.land(), Hands(harbour, "cooperative")
    harbour.load("own truck 1", lot)
    harbour.later(60).unload("own truck 1", lot)
    assert "두 곳에" not in hands.at(f"/lots/{lot.ref}")
    desk = harbour.desk("cooperative", at_ms=harbour.now_ms - 30 * MINUTE)
    done(loading.load(desk, harbour.rooms["own truck 2"], (Amount(lot.ref),)))
    for who in (hands, Hands(harbour, "agency")):
        said = who.at(f"/lots/{lot.ref}")
        assert "같은 시각에 두 곳에 있던 것으로 기록됨: own truck 1, own truck 2" in said
    assert "in two places at once" in hands.at(f"/lots/{lot.ref}", language="en")


def test_a_lots_page_says_the_air_of_each_stay_and_what_was_not_recorded(harbour: Chain) -> None:
    lot, hands = harbour.land(), Hands(harbour, "cooperative")
    harbour.now_ms -= 2 * HOUR
    Lot.objects.filter(pk=lot.pk).update(made_ms=harbour.now_ms, catch_ms=None)
    harbour.load("truck 1", lot)
    asset = Room.objects.get(id=harbour.rooms["truck 1"]).asset
    beats = [(harbour.now_ms + at * MINUTE, 1_000 + 2_000 * (at > 15)) for at in range(31)]
    row(asset, beats).save()
    harbour.later(60).unload("truck 1", lot)
    harbour.load("truck 2", lot)
    harbour.later(10).unload("truck 2", lot)
    said = hands.at(f"/lots/{lot.ref}")
    assert "1.0~3.0 ℃ · 평균 동적 온도 (mkt/1): 2.6 ℃ · 기록 없음 30 분" in said
    assert "기록 없음 · 평균 동적 온도 (mkt/1): 기록 없음 · 기록 없음 10 분" in said
    english = Hands(harbour, "agency").at(f"/lots/{lot.ref}", language="en")
    assert "1.0 to 3.0 °C · mean kinetic temperature (mkt/1): 2.6 °C" in english


def test_a_correction_says_why_and_stays_in_the_history(harbour: Chain) -> None:
    lot, hands = harbour.land(), Hands(harbour, "cooperative")
    path = f"/lots/{lot.ref}/correct"
    assert "비어 있습니다" in hands.not_done(path, grams="990", boxes="50")
    hands.does(path, grams="990", boxes="50", why="저울 오류")
    assert again(lot).grams == 990 * KG
    text = hands.at(f"/lots/{lot.ref}")
    assert "정정" in text and "저울 오류" not in text


def _chosen(html: str) -> dict[str, str]:
    """The kept list and its columns, as the form would send them again."""
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', html)
    assert digest is not None
    named = re.findall(r'<select name="(col_[\w-]+)">(.*?)</select>', html, re.DOTALL)
    columns = {name: re.search(r"<option selected>(.*?)</option>", rest) for name, rest in named}
    chosen = {name: hit[1] for name, hit in columns.items() if hit}
    return {"digest": digest[1], "mapped": "yes", **chosen}


def _words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())
