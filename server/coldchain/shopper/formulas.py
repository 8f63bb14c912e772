"""How a page's figures were calculated: each formula in words, with unit, valid range and source,
and how sure we are of it; below it the figures in it that nobody has verified. Pure.

English is what stands beside the formula in the code; the Korean of each of these phrases is here.
Names of papers and of their authors stay as they were published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from protocol.registry import Text
from science import histamine, spoilage, timeline
from science.marks import Figure, Formula
from science.verdict import FORMULAS, Verdict
from server.coldchain import published
from server.web.words import say

WHAT: Final[Mapping[str, Text]] = {
    timeline.HOLD.id: Text(
        "a reading holds until the next one; longer gaps are time without a record",
        "측정값은 다음 측정까지 이어지는 것으로 보고, 더 길게 비면 기록 없는 시간으로 셉니다",
    ),
    spoilage.RRS.id: Text(
        "how much faster fish spoils than in melting ice: ((T + 10) / 10)²",
        "0 ℃ 얼음 속보다 몇 배 빨리 변하는지: ((T + 10) / 10)²",
    ),
    spoilage.ICE_DAYS.id: Text(
        "all time at its own rate, as days in ice",
        "모든 시간을 그때의 속도로 환산해 더한 얼음 속 날수",
    ),
    spoilage.LIFE.id: Text(
        "days that fish lasts in ice, less those that are spent",
        "얼음 속에서 버티는 날수에서 이미 쓴 날수를 뺀 값",
    ),
    spoilage.GRADE.id: Text(
        "by the share of these days that is spent, at its worse end",
        "쓴 날수의 비율로, 나쁜 쪽 값을 기준으로 정합니다",
    ),
    histamine.CLOCK.id: Text(
        "how far bacteria that make histamine may have grown, at worst; no measurement",
        "히스타민을 만드는 균이 최악의 경우 얼마나 늘 수 있었는지: 측정값이 아닙니다",
    ),
}
"""What is calculated. A formula that is not here has no figure on a shopper's page."""

KOREAN: Final[Mapping[str, str]] = {
    "ms": "밀리초",
    "readings at most 10 min apart": "측정 간격 10분 이하",
    "zero-order hold, capped": "직전 값 유지, 한도 있음",
    "times the rate at 0 °C": "0 ℃ 대비 배수",
    "-2..15 °C, to 25 °C with caution; below -2 °C held at 0.64": (
        "-2~15 ℃, 25 ℃까지는 참고; -2 ℃ 아래는 0.64로 고정"
    ),
    "SSSP; that it is Ratkowsky's of 1982 is from memory": (
        "SSSP(Ratkowsky 1982라는 점은 아직 확인되지 않음)"
    ),
    "d in ice": "얼음 속 일",
    "fresh chilled fish": "선어(생물)",
    "Charm 1972, McMeekin 1988, by SSSP": "Charm 1972, McMeekin 1988(SSSP 인용)",
    "d": "일",
    "fresh chilled mackerel, whole or gutted": "고등어 선어(통마리·내장 제거)",
    "Jagalchi": "자갈치",
    "grade": "등급",
    "G, without unit": "G, 단위 없음",
    "-1..20 °C psychrotolerant, above 2 °C mesophilic; not validated": (
        "저온균 -1~20 ℃, 중온균 2 ℃ 초과; 검증되지 않음"
    ),
    "Jagalchi, anchored on EFSA's worst case; structure of Emborg & Dalgaard 2008": (
        "자갈치, EFSA 최악 조건에 맞춤; 구조는 Emborg & Dalgaard 2008"
    ),
    "mackerel freezes at about -2.2 °C": "고등어는 약 -2.2 ℃에서 언다는 값",
    "placeholder": "임시로 정한 값",
    "milli_celsius": "℃/1000",
    "1e-3 / h at 25 °C": "25 ℃에서 시간당 1/1000",
}
"""By the English phrase. What is only a paper's name has no other form."""

UNSURE: Final[Mapping[str, Sequence[Figure]]] = {
    histamine.CLOCK.id: (
        histamine.PSYCHRO_T_MIN,
        histamine.MESO_T_MIN,
        histamine.MESO_T_REF,
        histamine.MESO_AT_REF,
    ),
    spoilage.RRS.id: (spoilage.FREEZING,),
}
"""Figures in a formula that nobody has verified yet; a test holds them to the code."""


def lines(verdict: Verdict | None, language: str) -> Iterator[str]:
    """Versions of what was calculated, as far as a figure of it stands on the page; nothing
    without a verdict."""
    told = _told(verdict) if verdict else frozenset()
    for one in FORMULAS:
        if one.id in told:
            yield _formula(one, language)
            yield from (_figure(one, figure, language) for figure in UNSURE.get(one.id, ()))


def _told(verdict: Verdict) -> frozenset[str]:
    """The formulas of which the page shows what came out."""
    grade, life = verdict.grade is not None, verdict.life_shown is not None
    shown = {
        timeline.HOLD.id: True,
        spoilage.RRS.id: grade or life,
        spoilage.ICE_DAYS.id: grade or life,
        spoilage.LIFE.id: life,
        spoilage.GRADE.id: grade,
        histamine.CLOCK.id: bool(verdict.histamine),
    }
    return frozenset(one for one, stands in shown.items() if stands)


def _formula(one: Formula, language: str) -> str:
    unit, valid, source = (_said(part, language) for part in (one.unit, one.valid, one.source))
    sure = say(published.MARKS[one.mark], language)
    return f"{one.name} [{unit}] – {say(WHAT[one.id], language)}. {valid}: {source} – {sure}"


def _figure(one: Formula, figure: Figure, language: str) -> str:
    unit, source = _said(figure.unit, language), _said(figure.source, language)
    sure = say(published.MARKS[figure.mark], language)
    return f"{one.name}: {figure.value} {unit}, {source} – {sure}"


def _said(phrase: str, language: str) -> str:
    return KOREAN.get(phrase, phrase) if language == "ko" else phrase
