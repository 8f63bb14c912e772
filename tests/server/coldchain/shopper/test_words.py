"""The page's own words: both languages, spoken style, and the words that are never used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from protocol.registry import Text
from science import histamine, spoilage, verdict
from science.histamine import Risk
from science.marks import UNVERIFIED, Figure
from science.species import Form, Kept, Product, Species
from science.spoilage import Grade
from science.verdict import FORMULAS, History
from server.coldchain.rules import (
    DISPUTES,
    Basis,
    Gear,
    PlaceKind,
    ProblemKind,
    RecallWhy,
    RoomKind,
)
from server.coldchain.shopper import formulas, journey, shown, views, words
from server.coldchain.shopper.journey import Leg, Stage, between, hours, joined, provinces, stage_of
from server.coldchain.shopper.views import STATIC
from server.coldchain.work.shows import amount
from server.counting import Counted

KG = 1_000
NEVER_KO = ("블록체인", "해시", "머클", "안전", "정상", "정품", "인증", "최고", "기준 이하")
"""최고 stands for the highest temperature alone."""
NEVER_EN = ("blockchain", "hash", "merkle", "safe", "guarantee", "certified", "best")


def texts() -> Iterator[tuple[str, Text]]:
    """Every text of the page, named."""
    yield from words.WORDS.items()
    for table in (words.FORMS, words.KEPT, words.GEARS, words.PROBLEMS, words.RECALLS, words.BASES):
        yield from ((str(key), text) for key, text in table.items())
    yield from ((str(key), text) for key, text in journey.STAGES.items())
    yield from ((who.en, text) for who, what in words.VOUCHED for text in (who, what))
    yield from chain(words.ORIGINS.items(), words.AREAS.items(), formulas.WHAT.items())


@pytest.mark.parametrize(("name", "text"), list(texts()))
def test_each_text_is_in_its_own_language_and_never_says_what_is_never_said(
    name: str, text: Text
) -> None:
    assert re.search("[가-힣]|A4", text.ko), name
    assert not re.search("[가-힣]", text.en), name
    korean = text.ko if name != "highest" else ""
    assert [one for one in NEVER_KO if one in korean] == []
    assert [one for one in NEVER_EN if re.search(rf"\b{one}\b", text.en.lower())] == []


def test_the_script_says_nothing_that_is_never_said() -> None:
    script = (STATIC / "proof" / "words.js").read_text(encoding="utf-8")
    catalogues = script[script.index("const KO") : script.index("export const")]
    korean, english = catalogues.split("const EN")
    keys = [re.findall(r"(?m)^  ([a-z_]+):", one) for one in (korean, english)]
    assert keys[0] == keys[1] and len(keys[0]) > 40
    assert len(re.findall("[가-힣]+", korean)) > 50 and not re.search("[가-힣]", english)
    assert [one for one in NEVER_KO if one in catalogues] == []
    assert [one for one in NEVER_EN if re.search(rf"\b{one}\b", catalogues.lower())] == []


def test_every_word_of_a_closed_list_has_its_own() -> None:
    for kind, table in (
        (Form, words.FORMS),
        (Kept, words.KEPT),
        (Gear, words.GEARS),
        (set(ProblemKind) - set(DISPUTES), words.PROBLEMS),
        (RecallWhy, words.RECALLS),
        (Basis, words.BASES),
        (Stage, journey.STAGES),
    ):
        assert set(table) == set(kind)


def test_one_is_one_and_more_are_more() -> None:
    def scans(n: int) -> str:
        return words.WORDS["scans"].en.format(n=Counted(n), days=Counted(n), regions=Counted(n))

    assert scans(1) == "Looked at 1 time so far, on 1 day, from 1 region."
    assert scans(2) == "Looked at 2 times so far, on 2 days, from 2 regions."
    assert "whole lot of 1 box:" in words.WORDS["same_lot"].en.format(n=Counted(1))
    assert words.WORDS["same_lot"].ko.format(n=Counted(1)).startswith("이 코드는 상자 1개로")
    assert (amount(KG, 1, "en"), amount(KG, 3, "en")) == ("1 kg · 1 box", "1 kg · 3 boxes")
    assert amount(KG, 1, "ko") == "1 kg · 1 상자"


def test_the_words_of_the_agreed_glossary_are_used_and_no_others() -> None:
    for key, korean in {
        "lot": "로트 번호",
        "trace": "이력번호",
        "origin": "원산지",
        "catch_area": "어획 해역",
        "gap": "기록 없음",
        "proof": "기록 확인(위변조 없음)",
    }.items():
        assert words.WORDS[key].ko == korean
    assert words.WORDS["recall"].ko.startswith("회수")
    assert words.WORDS["hold"].ko.startswith("판매 중지")
    assert words.WORDS["copied"].ko == "복제 QR 의심"


def test_every_stage_has_a_picture_and_every_picture_is_drawn() -> None:
    folder = Path(views.__file__).parents[1] / "templates/coldchain/shopper"
    icons = (folder / "_icons.html").read_text(encoding="utf-8")
    drawn = set(re.findall(r'id="i-([a-z]+)"', icons))
    assert set(shown.SHAPES) == set(Stage) and set(shown.SHAPES.values()) == drawn


def test_every_room_is_a_stage() -> None:
    for room in RoomKind:
        for place in (None, *PlaceKind):
            assert stage_of(room, place) in Stage


HOUR = 3_600_000
BARE = verdict.judge(History(product=Product((Species.LOPHIUS_LITULON,)), sections=(), until_ms=1))
JUDGED = replace(BARE, grade=Grade.GOOD, life_shown=1, histamine=Risk.LOW)
BUSAN, SEOUL = Text("Busan", "부산 서구"), Text("Seoul", "서울 송파구")


def test_what_is_one_stage_is_one_leg_and_what_is_not_stays_two() -> None:
    cold = [Leg(Stage.STORED, HOUR * at, HOUR * (at + 1), BUSAN) for at in range(3)]
    assert joined(reversed(cold)) == (Leg(Stage.STORED, 0, 3 * HOUR, BUSAN),)
    later = Leg(Stage.STORED, 9 * HOUR, None, BUSAN)
    assert joined([*cold, later])[1:] == (later,)
    assert len(joined([cold[0], Leg(Stage.CARRIED, HOUR, 2 * HOUR)])) == 2
    night = [Leg(Stage.LANDED, at, at, BUSAN) for at in (1, HOUR, 9 * HOUR)]
    assert joined(night) == (Leg(Stage.LANDED, 1, HOUR, BUSAN), night[2])
    gutted = Leg(Stage.GUTTED, HOUR, HOUR, BUSAN)
    assert joined([*cold, gutted]) == (Leg(Stage.STORED, 0, 3 * HOUR, BUSAN), gutted)


def test_two_trucks_are_two_stages_and_so_is_one_that_was_left_meanwhile() -> None:
    first, second = (Leg(Stage.CARRIED, HOUR, 2 * HOUR, truck=one) for one in (1, 2))
    again = Leg(Stage.CARRIED, 2 * HOUR + 1, 3 * HOUR, truck=1)
    assert joined([again, first, second]) == (first, second, again)
    into = Leg(Stage.CARRIED, 2 * HOUR, 3 * HOUR, truck=2)
    assert joined([first, into]) == (first, replace(into, stage=Stage.MOVED))
    split = Leg(Stage.CARRIED, 2 * HOUR, 3 * HOUR, truck=1)
    assert joined([first, split]) == (Leg(Stage.CARRIED, HOUR, 3 * HOUR, truck=1),)


def test_a_very_long_way_says_that_not_all_of_it_is_listed() -> None:
    deeds = [Leg(Stage.SPLIT, HOUR * at, HOUR * at) for at in range(100)]
    found = joined(deeds)
    assert len(found) == journey.MOST_LEGS
    (rest,) = (one for one in found if one.stage is Stage.MORE)
    place = found.index(rest)
    assert found[:place] == tuple(deeds[:place])
    assert found[place + 1 :] == tuple(deeds[-(len(found) - place - 1) :])
    assert (rest.from_ms, rest.until_ms) == (deeds[place].from_ms, found[place + 1].from_ms)


def test_from_each_stage_to_the_next_no_time_is_counted_twice_or_left_out() -> None:
    legs = [Leg(Stage.LANDED, 1, 1), Leg(Stage.STORED, 4, 9), Leg(Stage.GUTTED, 6, 6)]
    assert [tuple(one) for one in between(legs, 8)] == [(1, 4), (4, 6), (6, 8)]
    assert [tuple(one) for one in between(legs, 5)] == [(1, 4), (4, 5), (5, 5)]
    assert list(between([], 5)) == []


def test_times_are_told_to_the_hour_in_korea() -> None:
    morning = 1_767_225_600_000 + 17 * 60_000  # 2026-01-01 09:17 in Korea
    assert hours(Leg(Stage.CARRIED, morning, morning + 4 * HOUR), "ko") == "1월 1일 9시–13시"
    assert hours(Leg(Stage.CARRIED, morning, morning + 4 * HOUR), "en") == "1 Jan, 09–13 h"
    assert hours(Leg(Stage.SHOWN, morning, None), "ko") == "1월 1일 9시 – 현재까지"
    assert hours(Leg(Stage.SHOWN, morning, morning + 20 * HOUR), "ko") == (
        "1월 1일 9시 – 1월 2일 5시"
    )


def test_the_map_has_each_change_of_province_once() -> None:
    legs = [
        Leg(Stage.LANDED, 0, 0, BUSAN),
        Leg(Stage.CARRIED, 1, 2),
        Leg(Stage.STORED, 3, 4, BUSAN),
        Leg(Stage.SHOWN, 5, None, SEOUL),
        Leg(Stage.SHOWN, 6, None, Text("Elsewhere", "어딘가")),
    ]
    assert provinces(legs) == ["부산", "서울"]
    assert journey.sketch(legs[-1:], "지도", {}) == ""


def test_every_figure_that_nobody_has_verified_is_named_below_its_formula() -> None:
    rooms = {"histamine-clock": histamine, "rrs-square-root": spoilage}
    for formula, room in rooms.items():
        figures = [one for one in vars(room).values() if isinstance(one, Figure)]
        unsure = [one for one in figures if one.mark in UNVERIFIED]
        assert unsure and sorted(formulas.UNSURE[formula], key=str) == sorted(unsure, key=str)
    for language, mark in (("ko", "아직 확인되지 않음"), ("en", "not verified yet")):
        told = list(formulas.lines(JUDGED, language))
        assert sum(one.endswith(mark) for one in told) == 5
        assert len(told) == len(formulas.WHAT) + 5
    assert list(formulas.lines(None, "ko")) == []


def test_the_formulas_are_those_whose_figures_stand_on_the_page() -> None:
    assert {one.id for one in FORMULAS} - set(formulas.WHAT) == {"mkt"}
    told = [one.split(" ")[0] for one in formulas.lines(replace(JUDGED, life_shown=None), "ko")]
    assert "grade/1" in told and "remaining-life/1" not in told
    assert [one.split(" ")[0] for one in formulas.lines(BARE, "ko")] == ["hold/1"]


NAMES = "SSSP Ratkowsky Charm McMeekin EFSA Emborg Dalgaard"


def test_a_korean_reader_reads_of_the_formulas_in_korean_but_for_names_of_papers() -> None:
    ids = {word for one in FORMULAS for word in one.id.split("-")}
    for line in formulas.lines(JUDGED, "ko"):
        words = set(re.findall("[A-Za-z]{2,}", line))
        assert words <= ids | set(NAMES.split()), line
        assert not re.search("[가-힣]", "".join(formulas.lines(JUDGED, "en")))
