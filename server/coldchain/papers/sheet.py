"""A paper before it is drawn: titles, tables, one curve, codes. Pure, and Korean as the paper is.

The PDF (pdf.py) and the page (templates) draw the same value, so that neither says what the other
does not. A blank is printed as 기록 없음 and never filled in. Times are Korea's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from science.limits import Line
from server.coldchain.shopper.band import Band
from server.web.shown import moment

NONE: Final = "기록 없음"
SIMULATED: Final = "시연: 이 문서의 모든 측정값은 모의 값입니다."
MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below a heading; widths: in parts of the line. note: what stands below, "" for none."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[int]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """The temperature of the air, with its limits; the gaps are in the band."""

    title: str
    band: Band
    limits: Sequence[Line]
    note: str


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code's address and what stands below it."""

    caption: str
    address: str


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper. name: of its file, plain letters; notes: small print at its end; banner: what
    stands above everything in the file, "" for nothing; a page's frame says it by itself."""

    name: str
    title: str
    subtitle: str
    facts: Sequence[tuple[str, str]]
    curve: Curve | None
    tables: Sequence[Table]
    codes: Sequence[Code]
    notes: Sequence[str]
    banner: str = ""


def when(at_ms: int | None) -> str:
    """A time to the minute."""
    return NONE if at_ms is None else moment(at_ms)[:16]


def degrees(milli: int | None) -> str:
    """A temperature to a tenth, with the sign that a printer has in every font."""
    if milli is None:
        return NONE
    tenths = (abs(milli) + 50) // 100
    sign = "-" if milli < 0 and tenths else ""
    return f"{sign}{tenths // 10}.{tenths % 10} ℃"


def minutes(ms: int) -> str:
    """Whole minutes; begun ones of what was not recorded count."""
    whole = -(-ms // MINUTE_MS)
    hours = f"{whole // 60:,}시간 " if whole >= 60 else ""
    return f"{hours}{whole % 60}분"


def weight(grams: int, boxes: int) -> str:
    """So much: "12.5 kg · 3상자"."""
    text = f"{grams // 1000:,}.{grams % 1000:03}".rstrip("0").rstrip(".")
    return f"{text} kg" + (f" · {boxes}상자" if boxes else "")


def shortened(rows: Sequence[Sequence[str]], most: int) -> list[Sequence[str]]:
    """Rows that fit on the page; how many more there are stands in the last."""
    if len(rows) <= most:
        return list(rows)
    rest = len(rows) - most + 1
    return [*rows[: most - 1], [f"외 {rest}건", *[""] * (len(rows[0]) - 1)]]
