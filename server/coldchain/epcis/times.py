"""UTC milliseconds as texts of RFC 3339, and kilograms as JSON's decimals. Integers in between."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

OFFSET: Final = "+09:00"
"""Korea's; every time is written in UTC, and this says what the clock on the wall showed."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)
GRAMS: Final = {"KGM": 1_000, "GRM": 1, "TNE": 1_000_000}
"""Grams in the units of weight that are read (UN/ECE recommendation 20)."""
MOST: Final = 10**12


def text(at_ms: int) -> str:
    """A time, to the millisecond."""
    at = _EPOCH + timedelta(milliseconds=at_ms)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def read(said: str) -> int | None:
    """A time with its zone; None for anything else. What is finer than a millisecond is cut."""
    if len(said) > 40 or not _TIME.fullmatch(said):
        return None
    try:
        at = datetime.fromisoformat(said.upper())
        return (at - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        return None


def kilograms(grams: int) -> float:
    """Grams as a decimal number of kilograms; below 10^12 g nothing is lost."""
    return grams / 1000


def grams(value: object, uom: str) -> int | None:
    """A weight in grams, to the gram; None for what is no weight."""
    if isinstance(value, bool) or not isinstance(value, int | float) or uom not in GRAMS:
        return None
    exact = Decimal(str(value)) * GRAMS[uom]
    return round(exact) if exact.is_finite() and 0 < exact <= MOST else None


def degrees(milli: int) -> float:
    """Milli-degrees as degrees Celsius."""
    return milli / 1000


def milli(value: object) -> int | None:
    """Degrees Celsius as milli-degrees; None for what no thermometer shows."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    exact = Decimal(str(value)) * 1000
    return round(exact) if exact.is_finite() and abs(exact) < 1_000_000 else None
