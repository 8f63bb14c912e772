"""Limits are data: dated, with their source, its class and how sure we are of it. Never constants.

Three classes: a law or notice, a guide, our own rule. Only a broken limit of a law of the lot's own
profile forces a grade; what is computed for export informs and never fails a lot at home. A chilled
lot always shows two lines, never one "pass". Temperatures are milli-degrees Celsius of cargo air.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from protocol.registry import Text
from science.histogram import EXCUSED, RECORDED, End, Exposure, State
from science.marks import Mark
from science.species import Kept

HOUR_MS: Final = 3_600_000


class Class(StrEnum):
    """Whose rule it is; a page prints the word."""

    LAW = "law"
    GUIDE = "guide"
    OWN = "own"


class Found(StrEnum):
    """What an exposure says of a limit."""

    MET = "met"
    """Nothing recorded was, or may have been, beyond it. Unknown time is told beside it."""
    POSSIBLE = "possible"
    """Beyond it within the sensors' doubt only."""
    BROKEN = "broken"
    """Beyond it for certain."""
    UNKNOWN = "unknown"
    """Nothing recorded."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a limit rests on. read: the date of the text in which it was read, "" if not known."""

    words: Text
    read: str
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One limit: warmer than `high` or colder than `low` is beyond it, strictly; None: no such end.

    slack_milli: how far below `low` chilled fish may be, because iced fish at -0.5..0 °C is not too
    cold. forces_after_ms: certain time beyond a law's limit, in all, after which it forces a grade:
    air is not the fish, and half an hour of warm air does not warm a box. In force [from_ms,
    until_ms).
    """

    id: str
    kind: Class
    name: Text
    source: Source
    low: int | None = None
    high: int | None = None
    slack_milli: int = 0
    forces_after_ms: int = 30 * 60_000
    from_ms: int | None = None
    until_ms: int | None = None

    def in_force(self, at_ms: int) -> bool:
        """Whether it holds at that time (UTC ms)."""
        begun = self.from_ms is None or at_ms >= self.from_ms
        return begun and (self.until_ms is None or at_ms < self.until_ms)


MFDS: Final = Source(Text("MFDS guide, 2022-12", "식약처 안내서 2022-12"), "2022-12-21", Mark.READ)
OUR_RULE: Final = Source(Text("rule of this service", "당사 기준"), "", Mark.OURS)
FDA: Final = Source(
    Text("FDA Hazards Guide, chapter 7", "FDA 위해요소 안내서 7장"), "", Mark.MEMORY
)
MALTA: Final = Source(
    Text("Malta L.N. 67/2003, art. 12, its two hours", "몰타 L.N. 67/2003 12조(2시간)"),
    "",
    Mark.READ,
)

KR_CHILLED: Final = Line(
    id="kr_chilled",
    kind=Class.LAW,
    name=Text("chilled food (0 to 10 °C)", "냉장식품 기준(0~10 ℃)"),
    source=MFDS,
    low=0,
    high=10_000,
    slack_milli=2_000,
)
KR_FROZEN: Final = Line(
    id="kr_frozen",
    kind=Class.LAW,
    name=Text("frozen food (-18 °C or below)", "냉동식품 기준(-18 ℃ 이하)"),
    source=MFDS,
    high=-18_000,
)
MELTING_ICE: Final = Line(
    id="melting_ice",
    kind=Class.OWN,
    name=Text("recommended for fresh fish (0 to 2 °C, our rule)", "선어 권장(0~2 ℃, 당사 기준)"),
    source=OUR_RULE,
    low=0,
    high=2_000,
    slack_milli=2_000,
)
PLANT_RECEIVING: Final = Line(
    id="plant_receiving",
    kind=Class.OWN,
    name=Text("receiving limit of the plant (to 5 °C)", "가공장 입고 기준(5 ℃ 이하, 자체 기준)"),
    source=Source(Text("HACCP, chosen by the plant", "HACCP, 작업장 자체 설정"), "", Mark.MEMORY),
    high=5_000,
)
LINES: Final[Mapping[str, Line]] = {
    line.id: line for line in (KR_CHILLED, KR_FROZEN, MELTING_ICE, PLANT_RECEIVING)
}
SHOWN: Final[Mapping[Kept, tuple[Line, ...]]] = {
    Kept.CHILLED: (KR_CHILLED, MELTING_ICE),
    Kept.FROZEN: (KR_FROZEN,),
}
"""The lines that a lot always shows, by how it is kept."""

LOADING_MS: Final = 20 * 60_000
"""Class GUIDE: loading and unloading within 20 minutes, MFDS guide [V]; no law."""


@dataclass(frozen=True, slots=True)
class Result:
    """A line, what was found, and the three times that are never merged, in ms.

    excused_ms: beyond it, or perhaps, in an open door or a defrost, within their allowances.
    """

    line: Line
    found: Found
    confirmed_ms: int
    possible_ms: int
    excused_ms: int
    unknown_ms: int


def judge(line: Line, exposure: Exposure) -> Result:
    """Hold an exposure against a line, with confirmed, possible and unknown time apart."""
    plain = exposure.only(frozenset({State.KNOWN}))
    confirmed = _beyond(line, plain, certain=True)
    possible = _beyond(line, plain, certain=False) - confirmed
    excused = _beyond(line, exposure.only(EXCUSED), certain=False)
    if not exposure.ms(*RECORDED):
        found = Found.UNKNOWN
    elif confirmed:
        found = Found.BROKEN
    else:
        found = Found.POSSIBLE if possible else Found.MET
    return Result(line, found, confirmed, possible, excused, exposure.unknown_ms)


def _beyond(line: Line, exposure: Exposure, *, certain: bool) -> int:
    """Milliseconds beyond a line: for certain, or at all within the sensors' doubt."""
    warm, cold = (End.COLD, End.WARM) if certain else (End.WARM, End.COLD)
    too_warm = 0 if line.high is None else exposure.over(line.high, warm)
    if line.low is None:
        return too_warm
    return too_warm + exposure.under(line.low - line.slack_milli, cold)


def lines(kept: Kept, at_ms: int) -> tuple[Line, ...]:
    """The lines that a lot shows which is judged at that time."""
    return tuple(line for line in SHOWN[kept] if line.in_force(at_ms))


def is_safety_rule(result: Result) -> bool:
    """Whether this is a law's limit, broken for long enough that no better grade is left."""
    line = result.line
    return line.kind is Class.LAW and result.confirmed_ms > line.forces_after_ms


# For export: information only.


class Export(StrEnum):
    """Profiles that are computed for buyers abroad. Never part of a verdict at home."""

    FDA_SCOMBROID = "fda_scombroid"
    MALTA = "malta"


@dataclass(frozen=True, slots=True)
class Budget:
    """Cumulative time above `above`: at most `most_ms`, or `hot_ms` once any was above `hot`."""

    above: int
    most_ms: int
    hot: int | None
    hot_ms: int
    source: Source


BUDGETS: Final[Mapping[tuple[Export, bool], Budget]] = {
    (Export.FDA_SCOMBROID, False): Budget(4_400, 8 * HOUR_MS, 21_100, 4 * HOUR_MS, FDA),
    (Export.FDA_SCOMBROID, True): Budget(4_400, 24 * HOUR_MS, 21_100, 12 * HOUR_MS, FDA),
    (Export.MALTA, False): Budget(4_000, 2 * HOUR_MS, None, 2 * HOUR_MS, MALTA),
    (Export.MALTA, True): Budget(4_000, 2 * HOUR_MS, None, 2 * HOUR_MS, MALTA),
}
"""By profile, and whether the fish was frozen before; written for processing, applied to air."""


def export(profile: Export, exposure: Exposure, *, was_frozen: bool = False) -> Found:
    """Hold the whole chain against an export budget, at the worse end; order cannot matter.

    UNKNOWN when unknown time, at its charge, would spend what the record does not.
    """
    budget = BUDGETS[profile, was_frozen]
    if _spent(budget, exposure.only(RECORDED)):
        return Found.BROKEN
    open_end = _spent(budget, exposure) or exposure.uncharged_ms
    if open_end or not exposure.ms(*RECORDED):
        return Found.UNKNOWN
    return Found.MET


def _spent(budget: Budget, exposure: Exposure) -> bool:
    above = exposure.over(budget.above, End.WARM)
    hot = budget.hot is not None and exposure.over(budget.hot, End.WARM) > 0
    return above > (budget.hot_ms if hot else budget.most_ms)


@dataclass(frozen=True, slots=True)
class Reference:
    """A limit of a laboratory's finding or of a deed, told and never computed from temperatures."""

    id: str
    kind: Class
    words: Text
    mark: Mark


REFERENCES: Final = (
    Reference(
        "kr_histamine",
        Class.LAW,
        Text(
            "histamine 200 mg/kg in frozen, salted, canned, dried or cut mackerel; a reference"
            " value for whole fresh fish",
            "히스타민 200 mg/kg(냉동·염장·통조림·건조·절단 제품). 신선한 통마리는 참고값",
        ),
        Mark.MEMORY,
    ),
    Reference(
        "kr_fake_cold",
        Class.LAW,
        Text(
            "devices that falsify the cargo temperature are banned (promulgated 2021-06-30)",
            "적재고 온도 조작 장치 금지(2021-06-30 공포)",
        ),
        Mark.RECHECK,
    ),
    Reference(
        "kr_traceability",
        Class.LAW,
        Text(
            "fishery products distribution act, art. 27-34: voluntary except for designated items",
            "수산물유통법 제27~34조: 지정 품목 외 자율",
        ),
        Mark.RECHECK,
    ),
    Reference(
        "loading",
        Class.GUIDE,
        Text("loading and unloading within 20 minutes", "상·하차 20분 이내"),
        Mark.READ,
    ),
)
