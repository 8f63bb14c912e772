"""The night's list as an office writes it: rows of text, which column is what, and what each row
says of a lot. Pure: no tables of ours, no clock.

Text apart by commas, semicolons or tabs, as a spreadsheet saves or copies it. A row that says
something that cannot be is rejected with its reason, never mended.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

from server.coldchain.actions.landing import LIMITS, Landing
from server.coldchain.rules import MAX_BOXES
from server.coldchain.science import gs1
from server.coldchain.science.species import SPECIES, Ice, Species
from server.coldchain.work.sheet import Blank, Hint, grams_of

MAX_ROWS: Final = 10_000
MAX_COLUMNS: Final = 40
WORD: Final = re.compile(r"[\s_()\[\]/·.-]+")


class Column(StrEnum):
    """What a column may be."""

    TRADE = "trade"
    SPECIES = "species"
    GRAMS = "grams"
    BOXES = "boxes"
    CODE = "code"
    VESSEL = "vessel"
    AREA = "area"
    ICE = "ice"
    ORIGIN = "origin"
    TRACE = "trace_no"
    GTIN = "gtin"


CALLED: Final[Mapping[Column, tuple[str, ...]]] = {
    Column.TRADE: ("어종", "품명", "품목", "trade", "fish", "name"),
    Column.SPECIES: ("학명", "scientificname", "scientific", "species"),
    Column.GRAMS: (
        *("무게kg", "무게", "중량kg", "중량", "물량kg", "물량"),
        *("weightkg", "weight", "kg"),
    ),
    Column.BOXES: ("상자수", "상자", "수량", "boxes", "box"),
    Column.CODE: ("로트번호", "접수번호", "번호", "lotnumber", "lot", "no"),
    Column.VESSEL: ("선박명", "선명", "어선명", "선박", "vessel"),
    Column.AREA: ("어획해역", "해역", "catcharea", "area"),
    Column.ICE: ("얼음", "빙장", "ice"),
    Column.ORIGIN: ("원산지", "origin"),
    Column.TRACE: ("이력번호", "traceabilitynumber", "stateno"),
    Column.GTIN: ("gtin", "상품번호"),
}
"""Names of columns as offices write them, without spaces and signs."""
KINDS: Final[Mapping[str, Species]] = {
    "고등어": Species.MACKEREL,
    "망치고등어": Species.SCOMBER_AUSTRALASICUS,
    "대서양고등어": Species.SCOMBER_SCOMBRUS,
    "노르웨이고등어": Species.SCOMBER_SCOMBRUS,
    "아귀": Species.MONKFISH,
    "황아귀": Species.LOPHIUS_LITULON,
    "mackerel": Species.MACKEREL,
    "monkfish": Species.MONKFISH,
}
"""What a trade name alone says: 고등어 and 아귀 are several species, so it is not known which."""
ICES: Final[Mapping[str, Ice]] = {
    "빙장": Ice.ICED,
    "유": Ice.ICED,
    "y": Ice.ICED,
    "rsw": Ice.RSW,
    "없음": Ice.NONE,
    "무": Ice.NONE,
    "n": Ice.NONE,
}


@dataclass(frozen=True, slots=True)
class Table:
    """A head and rows of text."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was read: its number in the list, the lot, or the field that is wrong and why."""

    number: int
    cells: tuple[str, ...]
    landing: Landing | None
    wrong: str = ""
    hint: Hint | None = None


def read(body: bytes) -> Table | None:
    """A list from a file's bytes; None for what is no list of at most 10,000 rows."""
    for encoding in ("utf-8-sig", "cp949"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        return _table(text)
    return None


def _table(text: str) -> Table | None:
    head = text.partition("\n")[0]
    if "\0" in text or not head.strip():
        return None
    apart = max("\t;,", key=head.count)
    try:
        lines = [row for row in csv.reader(text.splitlines(), delimiter=apart) if any(row)]
    except csv.Error:
        return None
    if not 1 < len(lines) <= MAX_ROWS + 1 or len(lines[0]) > MAX_COLUMNS:
        return None
    cells = [tuple(cell.strip() for cell in row[:MAX_COLUMNS]) for row in lines]
    return Table(cells[0], tuple(cells[1:]))


def guess(head: Sequence[str]) -> dict[Column, int]:
    """Which column is what, by its name; a column stands for one thing only."""
    plain = [WORD.sub("", name).lower() for name in head]
    found: dict[Column, int] = {}
    for column, names in CALLED.items():
        free = [place for place in range(len(plain)) if place not in found.values()]
        hit = next((place for name in names for place in free if plain[place] == name), None)
        if hit is not None:
            found[column] = hit
    return found


def rows(table: Table, columns: Mapping[Column, int], day: str) -> list[Row]:
    """What each row says; `day` (YYMMDD) begins the lot numbers of rows that have none."""
    found = []
    for number, cells in enumerate(table.rows, 1):
        said = {column: cells[place] for column, place in columns.items() if place < len(cells)}
        try:
            found.append(Row(number, cells, _landing(said, cells, day)))
        except Blank as blank:
            found.append(Row(number, cells, None, blank.field, blank.hint))
    return found


def _landing(said: Mapping[Column, str], cells: Sequence[str], day: str) -> Landing:
    trade = said.get(Column.TRADE, "")
    species = species_of(said.get(Column.SPECIES, ""), trade)
    for column in (Column.TRADE, Column.VESSEL, Column.AREA, Column.ORIGIN, Column.CODE):
        if len(said.get(column, "")) > LIMITS[str(column)]:
            raise Blank(str(column), Hint.LONG)
    boxes = said.get(Column.BOXES, "").replace(",", "")
    if boxes and not (boxes.isascii() and boxes.isdecimal() and int(boxes) <= MAX_BOXES):
        raise Blank("boxes", Hint.COUNT)
    gtin = said.get(Column.GTIN, "")
    try:
        gtin = gs1.gtin14(gtin) if gtin else ""
    except gs1.Gs1Error:
        raise Blank("gtin", Hint.CHECK) from None
    return Landing(
        trade=trade or SPECIES[species].trade.ko,
        species=species,
        grams=_grams(said.get(Column.GRAMS, "")),
        boxes=int(boxes or 0),
        code=said.get(Column.CODE, "") or day + _letters(cells),
        vessel=said.get(Column.VESSEL, ""),
        area=said.get(Column.AREA, ""),
        ice=ICES.get(said.get(Column.ICE, "").lower(), Ice.UNSTATED),
        origin=said.get(Column.ORIGIN, ""),
        trace_no=said.get(Column.TRACE, "")[: LIMITS["trace_no"]],
        gtin=gtin,
    )


def species_of(scientific: str, trade: str) -> Species:
    """The species of a scientific name, or what the trade name alone says. Raises Blank."""
    wanted = scientific.strip().lower()
    for one, named in SPECIES.items():
        if wanted and wanted == named.scientific.lower():
            return one
    if wanted:
        raise Blank("species", Hint.CHOICE)
    if not trade:
        raise Blank("trade")
    plain = WORD.sub("", trade).lower()
    return KINDS.get(plain, Species.UNIDENTIFIED)


def _grams(text: str) -> int:
    """Kilograms with thousands apart, "1,250.5". Raises Blank for what weighs nothing."""
    plain = text.lower().removesuffix("kg").strip()
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    grams = grams_of(plain, "grams")
    if grams == 0:
        raise Blank("grams", Hint.WEIGHT)
    return grams


def _letters(cells: Sequence[str]) -> str:
    """Eight letters that the same row always has: sent in again, it is known."""
    return sha256("\x1f".join(cells).encode()).hexdigest()[:8].upper()
