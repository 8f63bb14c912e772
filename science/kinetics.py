"""Familiar figures beside the verdict: mean kinetic temperature, and Wu's chemical kinetics.

Neither decides anything: from 0 to 10 °C Wu's rates rise by 1.6 to 2.1, spoilage by 4, so chemistry
alone is too kind to warm trips. Computed in decimal arithmetic, which gives the same digits on
every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final

from science.histogram import Exposure
from science.marks import Figure, Formula, Mark

MKT: Final = Formula(
    "mkt", 1, "milli_celsius", "the window it is said of, never a stretched one", "USP <1079.2>",
    Mark.READ,
)  # fmt: skip
WU: Final = Formula(
    "wu-2015", 1, "1/h, first order", "0..15 °C, indications only", "Wu 2015, spkx 201522044",
    Mark.READ,
)  # fmt: skip
MKT_KELVIN: Final = Figure(10_000, "K", "83.144 kJ/mol over 8.3144 J/(mol K), USP", Mark.MEMORY)
MKT_WINDOW_H: Final = Figure(24, "h", "USP <1079.2>, controlled cold: longer dilutes", Mark.READ)
GAS: Final = Decimal("8.314")
HOUR_MS: Final = 3_600_000
ZERO_K: Final = Decimal("273.15")
_EXACT: Final = Context(prec=28)


@lru_cache(maxsize=65_536)
def _weight(milli_celsius: int) -> Decimal:
    kelvin = Decimal(milli_celsius) / 1_000 + ZERO_K
    return _EXACT.exp(_EXACT.divide(Decimal(-MKT_KELVIN.value), kelvin))


def mkt(exposure: Exposure) -> int | None:
    """Mean kinetic temperature in milli_celsius, unknown time at its charge; None without any."""
    charged = [(one.milli_celsius, ms) for one, ms in exposure.bins.items()]
    known = [(at, ms) for at, ms in charged if at is not None]
    if not known:
        return None
    weights = sum((_weight(at) * ms for at, ms in sorted(known)), Decimal(0))
    mean = _EXACT.divide(weights, Decimal(sum(ms for _, ms in known)))
    kelvin = _EXACT.divide(Decimal(MKT_KELVIN.value), -_EXACT.ln(mean))
    return int(((kelvin - ZERO_K) * 1_000).to_integral_value())


class NoMkt(StrEnum):
    """Why a section has no mean kinetic temperature."""

    NO_RECORD = "no-record"
    """Nothing was recorded in it, or some of it cannot even be charged."""
    TOO_LONG = "too-long"
    """Longer than the window: an excursion would be diluted by what lies around it."""


def of_section(exposure: Exposure) -> int | NoMkt:
    """Mean kinetic temperature of one section, milli_celsius; unknown time at its charge."""
    if exposure.all_ms > MKT_WINDOW_H.value * HOUR_MS:
        return NoMkt.TOO_LONG
    found = mkt(exposure)
    if found is None or exposure.uncharged_ms or exposure.unknown_ms == exposure.all_ms:
        return NoMkt.NO_RECORD
    return found


class Indicator(StrEnum):
    """What Wu measured in mackerel."""

    K_VALUE = "k-value"
    TVB_N = "tvb-n"
    TVC = "tvc"


@dataclass(frozen=True, slots=True)
class Arrhenius:
    """Activation energy in J/mol and k0 per hour; that Wu's k0 is per hour is inferred [D]."""

    energy: Decimal
    k0: Decimal


RATES: Final[Mapping[Indicator, Arrhenius]] = {
    Indicator.K_VALUE: Arrhenius(Decimal(30_540), Decimal("1.54e4")),
    Indicator.TVB_N: Arrhenius(Decimal(41_210), Decimal("4.40e5")),
    Indicator.TVC: Arrhenius(Decimal(46_780), Decimal("2.93e6")),
}


def rate(indicator: Indicator, milli_celsius: int) -> Decimal:
    """k in 1/h at a temperature, valid from 0 to 15 °C."""
    constants = RATES[indicator]
    kelvin = Decimal(milli_celsius) / 1_000 + ZERO_K
    return constants.k0 * _EXACT.exp(_EXACT.divide(-constants.energy, GAS * kelvin))


def hours(indicator: Indicator, before: int, after: int, milli_celsius: int) -> Decimal:
    """Hours at a constant temperature for an indicator to rise from `before` to `after`."""
    return _EXACT.divide(_EXACT.ln(Decimal(after) / before), rate(indicator, milli_celsius))
