"""The histamine risk indicator: a warning light for mackerel, never a measurement.

G = integral of max(mu_p, mu_m), two clocks, in exact integers. It never falls: histamine is not
destroyed by cold, nor by heat. Four states at the worse end; what is unknown is never good, so a
start that nobody knows, or unknown time that would change the state, is UNDECIDED. Milligrams per
kilogram are never public, and LOW never means safe. No temperature model sees what was there before
the history began.
"""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from math import exp
from typing import Final

from science.histogram import RECORDED, End, Exposure
from science.marks import Figure, Formula, Mark
from science.species import Family, Product

CLOCK: Final = Formula(
    "histamine-clock",
    1,
    "G, without unit",
    "-1..20 °C psychrotolerant, above 2 °C mesophilic; not validated",
    "Jagalchi, anchored on EFSA's worst case; structure of Emborg & Dalgaard 2008",
    Mark.OURS,
)
PSYCHRO_T_MIN: Final = Figure(-8_300, "milli_celsius", "Emborg & Dalgaard 2008", Mark.MEMORY)
PSYCHRO_FROM: Final = Figure(-1_000, "milli_celsius", "lower end of the valid range", Mark.OURS)
PSYCHRO_AT_0: Final = Figure(40, "1e-3 / h at 0 °C", "EFSA table 16", Mark.OURS)
MESO_T_MIN: Final = Figure(2_000, "milli_celsius", "placeholder", Mark.MEMORY)
MESO_T_REF: Final = Figure(25_000, "milli_celsius", "placeholder", Mark.MEMORY)
MESO_AT_REF: Final = Figure(900, "1e-3 / h at 25 °C", "placeholder", Mark.MEMORY)
CAUTION_AT: Final = Figure(9_120, "1e-3 of G", "100 mg/kg by the clock", Mark.OURS)
HIGH_AT: Final = Figure(9_810, "1e-3 of G", "200 mg/kg by the clock", Mark.OURS)
"""Both thresholds are dated configuration, to be judged by a food-safety expert."""

HOUR_MS: Final = 3_600_000
_PSYCHRO_SPAN: Final = PSYCHRO_T_MIN.value**2
_MESO_SPAN: Final = (MESO_T_REF.value - MESO_T_MIN.value) ** 2
UNIT: Final = 1_000 * HOUR_MS * _PSYCHRO_SPAN * _MESO_SPAN
"""Units in G = 1."""


class Risk(StrEnum):
    """The four public states."""

    LOW = "low"
    CAUTION = "caution"
    HIGH = "high"
    UNDECIDED = "undecided"


def growth(milli_celsius: int) -> int:
    """max(mu_p, mu_m) per millisecond, in units of 1 / UNIT.

    Below -1 °C, outside the valid range, mu_p keeps its value at -1 °C down to its own minimum;
    below that nothing grows.
    """
    return max(_psychrotolerant(milli_celsius), _mesophilic(milli_celsius))


def _psychrotolerant(milli_celsius: int) -> int:
    if milli_celsius <= PSYCHRO_T_MIN.value:
        return 0
    above = max(milli_celsius, PSYCHRO_FROM.value) - PSYCHRO_T_MIN.value
    return PSYCHRO_AT_0.value * above**2 * _MESO_SPAN


def _mesophilic(milli_celsius: int) -> int:
    above = max(milli_celsius - MESO_T_MIN.value, 0)
    return MESO_AT_REF.value * above**2 * _PSYCHRO_SPAN


def clock(exposure: Exposure, end: End = End.WARM) -> int:
    """G of an exposure in milli, rounded up; unknown time at its charge."""
    return -(-exposure.weigh(growth, end) * 1_000 // UNIT)


def hours_to(milli_g: int, milli_celsius: int) -> Fraction:
    """Hours at a constant temperature until G is reached."""
    return Fraction(milli_g * UNIT, 1_000 * HOUR_MS * growth(milli_celsius))


def milli_mg_per_kg(milli_g: int) -> int:
    """H of the clock, in thousandths of mg/kg: for the console alone, never public."""
    return round(100_000 * exp((milli_g - CAUTION_AT.value) / 1_000))


def risk(product: Product, exposure: Exposure, *, start_known: bool) -> Risk | None:
    """The state of a lot; None for fish without a clock (monkfish).

    Fish that nobody identified may be mackerel, and is UNDECIDED.
    """
    if not product.has_histamine_clock:
        return Risk.UNDECIDED if Family.OTHER in product.families else None
    known = _state(clock(exposure.only(RECORDED)))
    if known is Risk.HIGH:
        return Risk.HIGH
    if not start_known or exposure.uncharged_ms:
        return Risk.UNDECIDED
    return known if _state(clock(exposure)) is known else Risk.UNDECIDED


def _state(milli_g: int) -> Risk:
    if milli_g >= HIGH_AT.value:
        return Risk.HIGH
    return Risk.CAUTION if milli_g >= CAUTION_AT.value else Risk.LOW
