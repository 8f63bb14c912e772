"""Spoilage in ice-days: the relative rate of spoilage by the square root, fresh chilled fish only.

RRS(T) = ((T + 10) / 10)^2, T in °C, and effects add over time. Kept in exact integers: the sum of
(milli_celsius + 10,000)^2 * ms, of which ICE_DAY make one ice-day. Below -2 °C the fish begins to
freeze: the rate is clamped there and the time told as a quality fault, never as a bonus. Frozen
lots have no ice-days. The interval is [D(T-U), D(T+U)], and what is judged is the worse end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Final

from protocol.registry import Text
from science.histogram import RECORDED, End, Exposure
from science.marks import Figure, Formula, Mark
from science.species import Kept

RRS: Final = Formula(
    "rrs-square-root",
    1,
    "times the rate at 0 °C",
    "-2..15 °C, to 25 °C with caution; below -2 °C held at 0.64",
    "SSSP; that it is Ratkowsky's of 1982 is from memory",
    Mark.READ,
)
ICE_DAYS: Final = Formula(
    "ice-days", 1, "d in ice", "fresh chilled fish", "Charm 1972, McMeekin 1988, by SSSP", Mark.READ
)
LIFE: Final = Formula(
    "remaining-life", 1, "d", "fresh chilled mackerel, whole or gutted", "Jagalchi", Mark.OURS
)
GRADE: Final = Formula(
    "grade", 1, "grade", "fresh chilled mackerel, whole or gutted", "Jagalchi", Mark.OURS
)
T_MIN: Final = Figure(-10_000, "milli_celsius", "Ratkowsky 1982, fish in ice", Mark.READ)
FREEZING: Final = Figure(-2_000, "milli_celsius", "mackerel freezes at about -2.2 °C", Mark.MEMORY)
CAUTION_FROM: Final = Figure(15_000, "milli_celsius", "upper end of the valid range", Mark.READ)
MOST_LIFE_D: Final = Figure(7, "d", "MFDS advice: chilled blue fish within 7 days", Mark.READ)

DAY_MS: Final = 86_400_000
ICE_DAY: Final = T_MIN.value**2 * DAY_MS
"""Units in one ice-day: 24 h at 0 °C."""
MICRO: Final = 1_000_000
FROZEN_ABOVE: Final = (-18_000, -15_000, -12_000)
"""Hours above these, milli_celsius, are told of a frozen lot."""


def rrs_units(milli_celsius: int) -> int:
    """RRS times 10^8, exact; clamped at -2 °C."""
    above = max(milli_celsius, FREEZING.value) - T_MIN.value
    return above * above


@dataclass(frozen=True, slots=True)
class Spent:
    """Ice-days at the cold and the warm end of the sensors' interval, in units of ICE_DAY."""

    low: int
    high: int

    def __add__(self, other: Spent) -> Spent:
        """One after the other."""
        return Spent(self.low + other.low, self.high + other.high)

    @property
    def micro_days(self) -> tuple[int, int]:
        """Millionths of an ice-day, rounded outwards."""
        return self.low * MICRO // ICE_DAY, _ceil(self.high * MICRO, ICE_DAY)


NOTHING: Final = Spent(0, 0)


def ice_days(exposure: Exposure, kept: Kept = Kept.CHILLED) -> Spent | None:
    """Ice-days of an exposure, unknown time at its charge; None for frozen lots."""
    if kept is Kept.FROZEN:
        return None
    return Spent(exposure.weigh(rrs_units, End.COLD), exposure.weigh(rrs_units, End.WARM))


def constant_milli_celsius(exposure: Exposure) -> int:
    """The constant temperature that spends the same ice-days, to the nearest milli-degree."""
    if not exposure.all_ms:
        raise ValueError("no time, no temperature")
    mean = exposure.weigh(rrs_units, End.READ) / exposure.all_ms
    return round(sqrt(mean)) + T_MIN.value


def partly_frozen_ms(exposure: Exposure) -> int:
    """Recorded time certainly below -2 °C: partial freezing, a quality fault of chilled fish."""
    return exposure.only(RECORDED).under(FREEZING.value, End.WARM)


def beyond_range_ms(exposure: Exposure) -> int:
    """Time above 15 °C, where the formula is used with caution."""
    return exposure.over(CAUTION_FROM.value, End.WARM)


def frozen_hours(exposure: Exposure) -> tuple[tuple[int, int], ...]:
    """Milliseconds above -18, -15 and -12 °C at the worse end, as (milli_celsius, ms)."""
    return tuple((limit, exposure.over(limit, End.WARM)) for limit in FROZEN_ABOVE)


class Side(StrEnum):
    """Whose inspector scored."""

    SELLER = "seller"
    BUYER = "buyer"
    INDEPENDENT = "independent"


@dataclass(frozen=True, slots=True)
class Score:
    """A sensory score (QIM): demerits `qi` of `qi_max`, given after section number `after`."""

    side: Side
    qi: int
    qi_max: int
    after: int = 0

    def __post_init__(self) -> None:
        """Refuse a score outside its scale."""
        if not 0 <= self.qi <= self.qi_max or self.qi_max < 1:
            raise ValueError(f"a score of {self.qi} on a scale of {self.qi_max}")


def scored(spent: Spent | None, score: Score, life_d: int) -> Spent | None:
    """Ice-days after a score; None: the start is still unknown.

    Only an independent score may improve, or give a start. Every other one, the seller's and the
    buyer's, only worsens what is known.
    """
    by_score = life_d * ICE_DAY * score.qi
    told = Spent(by_score // score.qi_max, _ceil(by_score, score.qi_max))
    if score.side is Side.INDEPENDENT:
        return told
    if spent is None:
        return None
    return Spent(max(spent.low, told.low), max(spent.high, told.high))


def remaining(spent: Spent, life_d: int, milli_celsius: int = 0) -> tuple[int, int]:
    """Millionths of days left at a temperature by the formula, (worse, better) end, at least 0."""
    rate = rrs_units(milli_celsius)
    left = (life_d * ICE_DAY - spent.high, life_d * ICE_DAY - spent.low)
    worse, better = (max(units, 0) * MICRO // (rate * DAY_MS) for units in left)
    return worse, better


def shown(formula_micro_days: int, until_use_by_ms: int | None = None) -> int:
    """What may be shown of it: never above 7 days, never past a marked use-by date."""
    most = min(formula_micro_days, MOST_LIFE_D.value * MICRO)
    if until_use_by_ms is None:
        return most
    return min(most, max(until_use_by_ms, 0) * MICRO // DAY_MS)


class Grade(StrEnum):
    """Five grades on the worse end of D / L0, best first."""

    VERY_GOOD = "very-good"
    GOOD = "good"
    FAIR = "fair"
    CAUTION = "caution"
    OUT = "out"


GRADES: Final[Mapping[Grade, Text]] = {
    Grade.VERY_GOOD: Text("very good", "매우 좋음"),
    Grade.GOOD: Text("good", "좋음"),
    Grade.FAIR: Text("fair", "보통"),
    Grade.CAUTION: Text("caution", "주의"),
    Grade.OUT: Text("outside the standard – hold from sale advised", "기준 이탈 – 판매 보류 권고"),
}

BANDS: Final[Mapping[Grade, int]] = {
    Grade.VERY_GOOD: 15,
    Grade.GOOD: 35,
    Grade.FAIR: 60,
    Grade.CAUTION: 85,
}
"""Upper end of each grade, percent of L0, inclusive; above the last it is OUT. Ours [D]."""


def grade(spent: Spent, life_d: int, *, rule_broken: bool) -> Grade:
    """The grade by the worse end; a broken safety rule forces OUT."""
    if rule_broken:
        return Grade.OUT
    for name, percent in BANDS.items():
        if spent.high * 100 <= percent * life_d * ICE_DAY:
            return name
    return Grade.OUT


def _ceil(number: int, divisor: int) -> int:
    return -(-number // divisor)
