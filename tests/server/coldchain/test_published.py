"""What is published, to the letter: the agreed Korean sentences, the glossary, and what is never
said. The tables here were written from the agreed wording, not from the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from protocol.registry import Text
from science import limits, spoilage, verdict
from science.histogram import Bin, Exposure, State
from science.limits import Class, Found
from science.marks import UNVERIFIED, Mark
from science.species import Kept
from science.verdict import History, Section, Where
from server.coldchain import published, saying
from server.coldchain.published import Said
from tests.science.test_invariants import histories
from tests.science.trips import DAY, MACKEREL, MONKFISH, NOW, history, spent

AGREED = {
    Said.ICE_RATIO: "얼음 비율 기록 있음",
    Said.START_UNKNOWN: "어획 시각 미상 – 잔여 기간 계산 안 함",
    Said.SPECIES_UNKNOWN: "종 미확인",
    Said.FORM_NOT_GRADED: "이 제품 형태는 신선도 등급 대상이 아닙니다",
    Said.TRANSPORT_RECORD: "운송 구간 기록",
    Said.WHOLE_HISTORY: "전체 이력: 기록 없는 시간 {n}시간",
    Said.ESTIMATE: "온도 이력으로 계산한 추정값",
    Said.REMAINING: "예상 잔여 신선기간(추정). 표시된 소비기한이 우선합니다",
    Said.REFERENCE: "참고값",
    Said.EXPORT: "수출용 참고 정보",
    Said.ICE_SEEN: "얼음 충분(사진)",
    Said.CHECK_SENSOR: "센서 점검 필요",
    Said.SECTIONS: "구간별 온도 기록서 – 공기 온도 기준, 법적 책임 판단 아님",
    Said.BALANCE: "수량 불일치를 표시합니다. 종·원산지를 증명하지 않습니다",
    Said.PROOF: "기록이 나중에 바뀌지 않았음을 확인합니다. 처음 입력이 사실임을 뜻하지 않습니다",
    Said.HISTAMINE: "히스타민 위험 지표",
    Said.REGION: "지역은 대략적으로만 판단하며 IP를 보관하지 않습니다",
    Said.AFTER_DISPATCH: "출고 이후 온도 기록 없음",
    Said.DELAY: "기록 지연 {n}분",
    Said.UNANSWERED: "수령 미확인",
}
GLOSSARY = """
양륙 landing|위판 consigned sale at landing market|위판장 landing market|경매 auction
경매사 auctioneer|낙찰 winning bid|(산지)중도매인 licensed market wholesaler|선별 sorting|상자 box
로트(묶음) lot|로트 번호 lot number|이력번호 state traceability number|원산지 origin
어획 해역 catch area|선어(생물) fresh chilled fish|손질(내장 제거) gutting|소분 split
합침(혼합) merge|상차 loading|하차 unloading|환적 transshipment|운행 trip|인수인계 custody transfer
인수 확인 acceptance|인수 거부 refusal|검수 receiving inspection|적재고 cargo hold
예냉 pre-cooling|온도 이탈 excursion|알림 alarm notice|기록 없음 unknown, no record
조치 corrective action|처분 disposition|회수 recall|판매 중지 sales hold
교정 성적서 calibration certificate|신선도(추정) estimated freshness
히스타민 위험 지표 histamine risk indicator|기록 확인(위변조 없음) proof check|실증 pilot
"""
TABLES: list[Mapping[Any, Text]] = [
    published.SENTENCES,
    spoilage.GRADES,
    published.RISKS,
    published.CLASSES,
    published.FOUND,
    published.EXPORTS,
    published.CERTIFICATES,
    published.WHERES,
    published.STARTS,
    published.MARKS,
    {key: text for key, text in published.WITHOUT.items() if key},
]
HANGUL = re.compile("[가-힣]")
NEVER = re.compile(
    r"블록체인|해시|머클|안전|부적합|최고|blockchain|hash|merkle|\bsafe\b|mg/kg", re.I
)


@pytest.mark.parametrize(("said", "korean"), AGREED.items())
def test_the_agreed_sentences_stand_to_the_letter(said: Said, korean: str) -> None:
    assert published.SENTENCES[said].ko == korean


def test_grades_states_and_classes_to_the_letter() -> None:
    assert [one.ko for one in spoilage.GRADES.values()] == [
        "매우 좋음",
        "좋음",
        "보통",
        "주의",
        "기준 이탈 – 판매 보류 권고",
    ]
    assert [one.ko for one in published.RISKS.values()] == ["낮음", "주의", "높음", "판단 불가"]
    assert [one.ko for one in published.CLASSES.values()] == ["법령·고시", "가이드", "자체 기준"]


def test_a_chilled_lot_shows_two_lines_and_never_one_pass() -> None:
    section = Section(Where.TRANSPORT, spent((4_000, 5)))
    made = verdict.judge(History(product=MACKEREL, sections=(section,), until_ms=NOW))
    said = {one.about: one.text.ko for one in saying.spoken(made)}
    assert said["kr_chilled"] == "냉장식품 기준(0~10 ℃): 충족"
    assert said["melting_ice"] == "선어 권장(0~2 ℃, 당사 기준): 이탈"


def test_the_glossary_to_the_letter() -> None:
    rows = [row for line in GLOSSARY.strip().splitlines() for row in line.split("|")]
    found = [f"{one.ko} {one.en}" for one in published.GLOSSARY]
    assert found == rows and len(rows) == 40


def test_one_word_has_one_meaning() -> None:
    for language in ("ko", "en"):
        words = [getattr(one, language) for one in published.GLOSSARY]
        assert len(set(words)) == len(words)


@pytest.mark.parametrize("table", TABLES, ids=range(len(TABLES)))
def test_each_text_is_in_its_own_language_and_says_nothing_that_is_never_said(
    table: Mapping[Any, Text],
) -> None:
    for text in table.values():
        assert text.en and not HANGUL.search(text.en)
        assert HANGUL.search(text.ko) or text.ko.startswith("L.N.")
        assert not NEVER.search(text.ko + text.en)


@pytest.mark.parametrize("table", TABLES, ids=range(len(TABLES)))
def test_every_word_of_a_closed_list_is_said(table: Mapping[Any, Text]) -> None:
    kind = type(next(iter(table)))
    assert set(table) == {one for one in kind if one}


@given(histories())
def test_every_verdict_can_be_said_in_both_languages(made: History) -> None:
    for one in saying.spoken(verdict.judge(made)):
        assert one.text.en and HANGUL.search(one.text.ko)
        assert not NEVER.search(one.text.ko + one.text.en + one.beside.ko + one.beside.en)


def said(made: History) -> dict[str, tuple[str, str]]:
    found = saying.spoken(verdict.judge(made))
    return {one.about: (one.text.ko, one.beside.ko) for one in found}


def test_a_number_has_its_unit_interval_and_version_beside_it() -> None:
    words = said(history())
    assert words["grade"] == (
        "보통",
        "온도 이력으로 계산한 추정값 (얼음 기준 3.3–3.3일 / 6일, grade/1; 2026-09-21 23시 기준)",
    )
    assert words["life"] == (
        "예상 잔여 신선기간(추정). 표시된 소비기한이 우선합니다",
        "2026-09-21 23시부터 얼음에서 2.6일 (2.6–2.6일; L0 6일; remaining-life/1)",
    )
    assert words["histamine"] == ("히스타민 위험 지표: 낮음", "")


def test_a_limit_that_was_met_says_for_how_long_nobody_knows() -> None:
    silence = Exposure({Bin(State.UNKNOWN, 3_000, 0): DAY + 1})
    recorded = Section(Where.TRANSPORT, spent((1_000, 1)))
    made = History(
        product=MONKFISH, sections=(recorded, Section(Where.STORED, silence)), until_ms=NOW
    )
    assert said(made)["kr_chilled"] == (
        "냉장식품 기준(0~10 ℃): 충족",
        "법령·고시: 식약처 안내서 2022-12, 공개 자료에서 확인."
        " 기록 없는 시간 25시간은 판정하지 않음",
    )
    assert "판정하지 않음" not in said(replace(made, sections=(recorded,)))["kr_chilled"][1]


def test_what_is_unknown_is_said_in_two_lines() -> None:
    words = said(history())
    assert words["transport"] == ("운송 구간 기록", "1440분, 기록 없음 0분")
    assert words["whole"] == ("전체 이력: 기록 없는 시간 48시간", "어획 시각부터 계산")
    gone = Exposure({Bin(State.UNKNOWN, 3_000, 0): DAY})
    blind = History(product=MACKEREL, sections=(Section(Where.TRANSPORT, gone),), until_ms=NOW)
    words = said(blind)
    assert words["transport"][1] == "0분, 기록 없음 1440분"
    assert words["kr_chilled"][0] == "냉장식품 기준(0~10 ℃): 기록 없음"
    assert words["life"][0] == "어획 시각 미상 – 잔여 기간 계산 안 함"
    assert words["histamine"][0] == "히스타민 위험 지표: 판단 불가"


def test_the_facts_of_the_air_and_from_when_they_are_known() -> None:
    words = said(history(known_from_ms=1_790_000_000_000))
    assert words["air"] == ("기록된 공기 온도", "0.0~12.0 ℃, 평균 1.3 ℃")
    assert words["known"] == ("기록 시작", "2026-09-21 23시")
    nothing = said(History(product=MACKEREL, sections=(), until_ms=NOW))
    assert (nothing["air"][1], nothing["known"][1]) == ("기록 없음", "기록 없음")
    cold = History(
        product=replace(MACKEREL, kept=Kept.FROZEN),
        sections=(Section(Where.STORED, spent((-16_000, 3), (-19_050, 5))),),
        until_ms=NOW,
    )
    frozen = [one.text.ko for one in saying.spoken(verdict.judge(cold)) if one.about == "frozen"]
    assert frozen == ["-18 ℃ 초과 3시간", "-15 ℃ 초과 0시간", "-12 ℃ 초과 0시간"]
    assert said(cold)["air"][1] == "-19.0~-16.0 ℃, 평균 -17.9 ℃"


def test_what_is_computed_for_export_says_so_and_is_on_no_page() -> None:
    made = verdict.judge(history())
    about = [one.about for one in saying.spoken(made)]
    found = saying.exports(made)
    assert found and not {one.about for one in found} & set(about)
    assert all(one.text.ko.startswith("수출용 참고 정보: ") for one in found)


def test_monkfish_has_temperature_facts_only() -> None:
    words = said(history(MONKFISH))
    assert "histamine" not in words
    assert words["grade"][0].startswith("온도 사실만 표시합니다")


def test_a_class_stands_beside_every_line_and_unverified_sources_say_so() -> None:
    for line in limits.LINES.values():
        result = limits.Result(line, Found.MET, 0, 0, 0, 0)
        beside = saying._line(result).beside
        assert beside.ko.startswith(published.CLASSES[line.kind].ko)
        assert beside.ko.endswith(published.MARKS[line.source.mark].ko)
    assert published.MARKS[Mark.MEMORY].ko == "아직 확인되지 않음"
    assert {Mark.MEMORY, Mark.RECHECK} == UNVERIFIED
    law = [one for one in limits.REFERENCES if one.kind is Class.LAW]
    assert {one.mark for one in law} <= UNVERIFIED
