"""Columns of a night's list: what offices call them, and how a cell of each is read. Pure.

A cell that cannot be read says why; it is never mended. Times are Korea's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from science.species import SPECIES, Form, Ice, IceRatio, Species
from server.coldchain.actions.landing import LIMITS
from server.coldchain.listing.sheet import FORMULA
from server.coldchain.rules import MAX_BOXES, MAX_GRAMS, Gear

KOREA: Final = timedelta(hours=9)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Word = TypeVar("Word", bound=StrEnum)


class Column(StrEnum):
    """What a column may be."""

    NUMBER = "number"
    """위판 번호: the office's own number of the row, once a night."""
    TRADE = "trade"
    SPECIES = "species"
    KILOGRAMS = "kilograms"
    BOXES = "boxes"
    FORM = "form"
    VESSEL = "vessel"
    CAUGHT = "caught"
    AREA = "area"
    GEAR = "gear"
    ICE = "ice"
    ICE_RATIO = "ice-ratio"
    ORIGIN = "origin"
    TRACE_NO = "trace-no"


NEEDED: Final = (Column.TRADE, Column.KILOGRAMS)

HEADERS: Final[Mapping[Column, tuple[str, ...]]] = {
    Column.NUMBER: ("위판번호", "번호", "순번", "no", "number"),
    Column.TRADE: ("어종", "품명", "어종명", "품목", "species", "trade name"),
    Column.SPECIES: ("학명", "scientific name"),
    Column.KILOGRAMS: ("중량(kg)", "중량", "무게", "무게(kg)", "수량(kg)", "weight", "kg"),
    Column.BOXES: ("상자수", "상자", "c/s", "boxes"),
    Column.FORM: ("형태", "form"),
    Column.VESSEL: ("선박명", "어선명", "선명", "vessel"),
    Column.CAUGHT: ("어획시각", "어획일시", "caught"),
    Column.AREA: ("해역", "어획해역", "area"),
    Column.GEAR: ("어법", "어구", "업종", "gear"),
    Column.ICE: ("얼음", "빙장", "선상냉각", "ice"),
    Column.ICE_RATIO: ("얼음비율", "ice ratio"),
    Column.ORIGIN: ("원산지", "origin"),
    Column.TRACE_NO: ("이력번호", "traceability number"),
}
"""Headers that are understood without being told; spaces and case do not matter."""

TOTALS: Final = frozenset({"계", "합계", "소계", "총계", "total"})
"""A row of this name adds up others."""


class Why(StrEnum):
    """What is wrong with a cell or row."""

    MISSING = "cell-missing"
    FORMULA = "cell-formula"
    NUMBER = "cell-number"
    TOO_LONG = "cell-too-long"
    UNPRINTABLE = "cell-unprintable"
    WORD = "cell-word"
    TIME = "cell-time"
    FUTURE = "cell-future"


class Odd(Exception):
    """A cell that cannot be read."""

    def __init__(self, why: Why) -> None:
        super().__init__(str(why))
        self.why = why


TRADES: Final[Mapping[str, Species]] = {
    "고등어": Species.MACKEREL,
    "망치고등어": Species.SCOMBER_AUSTRALASICUS,
    "노르웨이고등어": Species.SCOMBER_SCOMBRUS,
    "대서양고등어": Species.SCOMBER_SCOMBRUS,
    "아귀": Species.MONKFISH,
    "황아귀": Species.LOPHIUS_LITULON,
}
"""Names at the market. 고등어 and 아귀 are several species: 종 미확인 until a name is given."""
SCIENTIFIC: Final = {one.scientific.lower(): key for key, one in SPECIES.items() if one.scientific}
GEARS: Final[Mapping[str, Gear]] = {
    "선망": Gear.PURSE_SEINE,
    "대형선망": Gear.PURSE_SEINE,
    "저인망": Gear.TRAWL,
    "기선저인망": Gear.TRAWL,
    "트롤": Gear.TRAWL,
    "자망": Gear.GILL_NET,
    "유자망": Gear.GILL_NET,
    "연승": Gear.LONG_LINE,
    "통발": Gear.TRAP,
    "채낚기": Gear.LINE,
    "낚시": Gear.LINE,
    "기타": Gear.OTHER,
    "모름": Gear.UNKNOWN,
    **{str(one): one for one in Gear},
}
ICES: Final[Mapping[str, Ice]] = {
    "빙장": Ice.ICED,
    "얼음": Ice.ICED,
    "냉각해수": Ice.RSW,
    "없음": Ice.NONE,
    "모름": Ice.UNSTATED,
    **{str(one): one for one in Ice},
}
FORMS: Final[Mapping[str, Form]] = {
    "원어": Form.WHOLE,
    "통마리": Form.WHOLE,
    "내장제거": Form.GUTTED,
    "필렛": Form.FILLET,
    **{str(one): one for one in Form},
}
_TIME: Final = re.compile(
    r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::\d{2})?)?", re.ASCII
)


def plain(header: str) -> str:
    """A header or word as it is compared: without spaces, in small letters."""
    return "".join(header.lower().split())


def guess(header: tuple[str, ...]) -> dict[Column, str]:
    """Which headers are which columns, as far as they are understood; the first of each."""
    found: dict[Column, str] = {}
    for column, names in HEADERS.items():
        known = {plain(name) for name in names}
        for title in header:
            if plain(title) in known and title not in found.values():
                found.setdefault(column, title)
    return found


def text(cell: str, longest: int) -> str:
    """Raises Odd: too long, unprintable, or a formula."""
    if cell.startswith(FORMULA):
        raise Odd(Why.FORMULA)
    if len(cell) > longest:
        raise Odd(Why.TOO_LONG)
    if not cell.isprintable():
        raise Odd(Why.UNPRINTABLE)
    return cell


def named(cell: str, column: Column) -> str:
    """A text as long as its place in a lot. Raises Odd."""
    return text(cell, LIMITS[column.value.replace("-", "_")])


def grams(cell: str) -> int:
    """Kilograms as grams. Raises Odd."""
    number = _number(cell.lower().removesuffix("kg"))
    found = round(number * 1000)
    if not 0 < found <= MAX_GRAMS:
        raise Odd(Why.NUMBER)
    return found


def boxes(cell: str) -> int:
    """A whole number of boxes, 0 where nothing stands. Raises Odd."""
    if not cell:
        return 0
    number = _number(cell)
    if number != int(number) or not 0 <= number <= MAX_BOXES:
        raise Odd(Why.NUMBER)
    return int(number)


def _number(cell: str) -> Decimal:
    plain_text = text(cell, 40).replace(",", "").replace(" ", "")
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", plain_text, re.ASCII):
        raise Odd(Why.NUMBER if plain_text else Why.MISSING)
    return Decimal(plain_text)


def species(cell: str, trade: str) -> Species:
    """By its scientific name, else by its name at the market: perhaps 종 미확인. Raises Odd."""
    if not cell:
        return TRADES.get(plain(trade), Species.UNIDENTIFIED)
    found = SCIENTIFIC.get(" ".join(text(cell, 60).lower().split()))
    if found is None:
        raise Odd(Why.WORD)
    return found


def gear(cell: str) -> Gear:
    """How it was caught. Raises Odd."""
    return _word(cell, GEARS, Gear.UNKNOWN)


def ice(cell: str) -> Ice:
    """What cooled it on board. Raises Odd."""
    return _word(cell, ICES, Ice.UNSTATED)


def form(cell: str) -> Form:
    """How it is offered. Raises Odd."""
    return _word(cell, FORMS, Form.WHOLE)


def ice_ratio(cell: str) -> IceRatio:
    """Weight of ice to fish, 1:2 to 1:4. Raises Odd."""
    return _word(cell, {str(one): one for one in IceRatio}, IceRatio.UNRECORDED)


def _word(cell: str, words: Mapping[str, Word], blank: Word) -> Word:
    if not cell:
        return blank
    found = words.get(plain(text(cell, 40)))
    if found is None:
        raise Odd(Why.WORD)
    return found


def caught(cell: str) -> int | None:
    """UTC ms of a time in Korea; None where only a day is said, or nothing. Raises Odd."""
    if not cell:
        return None
    found = _TIME.fullmatch(text(cell, 40))
    if found is None:
        raise Odd(Why.TIME)
    year, month, day, hour, minute = (int(part or 0) for part in found.groups())
    try:
        at = datetime(year, month, day, hour, minute, tzinfo=UTC)
        since = at - EPOCH - KOREA
    except ValueError:
        raise Odd(Why.TIME) from None
    return since // timedelta(milliseconds=1) if found[4] else None
