"""What a list would become: every row a landing, or why not. Pure: nothing is looked up or kept.

The number of a lot follows from organisation, night and row, so that the same list again names the
same lots: by the office's own number where there is such a column, else by all that the row says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any, Final

from server.accounts.rules import letters
from server.coldchain.actions.landing import Landing
from server.coldchain.listing import columns, sheet
from server.coldchain.listing.columns import NEEDED, TOTALS, Column, Odd, Why
from server.coldchain.listing.sheet import Fault, Row
from server.coldchain.rules import AHEAD_MS, MAX_LANDINGS, Source

HEADER_WITHIN: Final = 15
"""Rows in which the headers stand: titles may come before."""
OWN_NUMBER: Final = 9
OWNER: Final = 5
DAY: Final = 6
"""Characters of the office's own number, of its organisation and of the night in a lot's number."""

Columns = Mapping[Column, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """Whose list of which night it is, and which headers are which columns; None: guess."""

    organisation: str
    night: date
    now_ms: int
    columns: Columns | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """What is wrong in one cell; `cell`: as it stands there."""

    column: Column
    why: Why
    cell: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row. number: in the file, from 1. landing: None where there are rejects.

    twice_of: the row whose number of its own this one has again. there: landed already.
    """

    number: int
    landing: Landing | None
    rejects: tuple[Reject, ...] = ()
    twice_of: int | None = None
    there: bool = False

    @property
    def is_new(self) -> bool:
        """Whether this row would be landed."""
        return self.landing is not None and self.twice_of is None and not self.there


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would become. headers: all of them, to choose from; missing: what has none.

    fault: why the file is not read at all.
    """

    plan: Plan
    headers: tuple[str, ...] = ()
    columns: Columns | None = None
    missing: tuple[Column, ...] = ()
    lines: tuple[Line, ...] = ()
    fault: Fault | None = None

    @property
    def new(self) -> tuple[Line, ...]:
        """Rows that would be landed."""
        return tuple(line for line in self.lines if line.is_new)

    @property
    def rejected(self) -> tuple[Line, ...]:
        """Rows that would not, with what is wrong."""
        return tuple(line for line in self.lines if line.rejects)


def preview(data: bytes, plan: Plan) -> Preview:
    """What a file would become under a plan."""
    try:
        rows = sheet.rows(data)
    except sheet.Unreadable as no:
        return Preview(plan, fault=no.fault)
    at = _header(rows, plan.columns)
    header = rows[at]
    chosen = _chosen(header, plan.columns)
    missing = tuple(column for column in NEEDED if column not in chosen)
    seen = Preview(plan, tuple(one for one in header if one), chosen, missing)
    if missing:
        return seen
    places = {column: header.index(title) for column, title in chosen.items()}
    lines = list(_lines(rows, at + 1, places, plan))
    if len(lines) > MAX_LANDINGS:
        return replace(seen, fault=Fault.TOO_LARGE)
    return replace(seen, lines=tuple(_numbered(lines, plan)))


def _header(rows: Sequence[Row], wanted: Columns | None) -> int:
    """The row that has most of the headers; the first one that is not blank where none has any."""
    first = next(number for number, row in enumerate(rows) if any(row))
    near = range(first, min(first + HEADER_WITHIN, len(rows)))
    return max(near, key=lambda number: (len(_chosen(rows[number], wanted)), -number))


def _chosen(header: Row, wanted: Columns | None) -> Columns:
    if wanted is None:
        return columns.guess(header)
    return {column: title for column, title in wanted.items() if title and title in header}


@dataclass(frozen=True, slots=True)
class _Read:
    """A row, its cells by column, and what came of them."""

    line: Line
    cells: Mapping[Column, str]


def _lines(
    rows: Sequence[Row], start: int, places: Mapping[Column, int], plan: Plan
) -> Iterator[_Read]:
    for number, row in enumerate(rows[start:], start + 1):
        cells = {column: row[at] if at < len(row) else "" for column, at in places.items()}
        name = columns.plain(cells[Column.TRADE]) or columns.plain(next(filter(None, row), ""))
        if any(cells.values()) and name not in TOTALS:
            yield _read(number, cells, plan)


READ: Final[Mapping[Column, Callable[[str], Any]]] = {
    Column.KILOGRAMS: columns.grams,
    Column.BOXES: columns.boxes,
    Column.FORM: columns.form,
    Column.GEAR: columns.gear,
    Column.ICE: columns.ice,
    Column.ICE_RATIO: columns.ice_ratio,
    Column.CAUGHT: columns.caught,
    Column.VESSEL: lambda cell: columns.named(cell, Column.VESSEL),
    Column.AREA: lambda cell: columns.named(cell, Column.AREA),
    Column.ORIGIN: lambda cell: columns.named(cell, Column.ORIGIN),
    Column.TRACE_NO: lambda cell: columns.named(cell, Column.TRACE_NO),
    Column.NUMBER: lambda cell: columns.text(cell, 40),
    Column.TRADE: lambda cell: columns.named(cell, Column.TRADE),
}
FIELDS: Final = {
    Column.KILOGRAMS: "grams",
    Column.CAUGHT: "catch_ms",
    Column.ICE_RATIO: "ice_ratio",
    Column.TRACE_NO: "trace_no",
}
"""Fields of a landing that are not called as their column."""


def _read(number: int, cells: Mapping[Column, str], plan: Plan) -> _Read:
    found: dict[str, Any] = {}
    rejects: list[Reject] = []
    for column, read in READ.items():
        if column in cells:
            try:
                found[FIELDS.get(column, str(column))] = read(cells[column])
            except Odd as odd:
                rejects.append(Reject(column, odd.why, cells[column]))
    _add_species(found, cells, rejects)
    if not found.get("trade", "-").strip():
        rejects.append(Reject(Column.TRADE, Why.MISSING, ""))
    caught_ms = found.get("catch_ms")
    if caught_ms is not None and not 0 < caught_ms <= plan.now_ms + AHEAD_MS:
        rejects.append(Reject(Column.CAUGHT, Why.FUTURE, cells[Column.CAUGHT]))
    if rejects:
        return _Read(Line(number, None, tuple(rejects)), cells)
    found.pop("number", None)
    by = Source.COOPERATIVE if caught_ms is not None else Source.NOBODY
    return _Read(Line(number, Landing(**found, catch_by=by)), cells)


def _add_species(found: dict[str, Any], cells: Mapping[Column, str], rejects: list[Reject]) -> None:
    said = cells.get(Column.SPECIES, "")
    try:
        found["species"] = columns.species(said, cells[Column.TRADE])
    except Odd as odd:
        rejects.append(Reject(Column.SPECIES, odd.why, said))


def _numbered(some: Sequence[_Read], plan: Plan) -> Iterator[Line]:
    """Give every landing its number; a number that stands there twice is marked."""
    seen: dict[str, int] = {}
    same: Counter[str] = Counter()
    for one in some:
        line, own = one.line, one.cells.get(Column.NUMBER, "")
        if line.landing is None:
            yield line
            continue
        said = "\n".join(f"{column} {cell}" for column, cell in sorted(one.cells.items()))
        same[said] += 1
        code = _code(plan, own or f"{said}\n{same[said]}")
        twice = seen.setdefault(code, line.number)
        landing = replace(line.landing, code=code)
        yield replace(line, landing=landing, twice_of=None if twice == line.number else twice)


def _code(plan: Plan, own: str) -> str:
    """Night, the organisation's letters, and the office's own number if it fits, else a digest."""
    fits = own.isascii() and own.isalnum() and len(own) <= OWN_NUMBER
    end = own if fits else _digest(f"{plan.organisation}\n{plan.night}\n{own}")
    return f"{plan.night:%y%m%d}{plan.organisation[:OWNER].upper()}{end}"


def after(code: str) -> str:
    """The number of a row that was landed under this one and undone."""
    return code[: DAY + OWNER] + _digest(code)


def _digest(text: str) -> str:
    return letters(sha256(text.encode()).digest())[:OWN_NUMBER].upper()
