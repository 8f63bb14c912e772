"""Tables as CSV and XLSX that no spreadsheet runs. Pure.

What people wrote goes into cells as text: in CSV a cell that a spreadsheet would take for a formula
begins with an apostrophe; in XLSX it is stored as a string. Numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

Cell = str | int | float | None
Rows = Iterable[Sequence[Cell]]

CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BOM: Final = "\ufeff"
"""By this Excel knows the letters."""
RUN: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a formula may begin with."""
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ufffe\uffff]")
WIDE: Final = 20


def csv_bytes(header: Sequence[str], rows: Rows) -> bytes:
    """A CSV that Excel opens with its letters right."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return (BOM + out.getvalue()).encode()


def xlsx_bytes(sheets: Mapping[str, tuple[Sequence[str], Rows]]) -> bytes:
    """A workbook; each sheet by its name with header and rows."""
    book = Workbook(write_only=True)
    for name, (header, rows) in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for place in range(len(header)):
            sheet.column_dimensions[chr(ord("A") + place)].width = WIDE
        for number, row in enumerate((header, *rows)):
            sheet.append([_cell(sheet, one, bold=number == 0) for one in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _safe(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    text = CONTROL.sub(" ", cell)
    return f"'{text}" if cell.startswith(RUN) or text.lstrip().startswith(RUN) else text


def _cell(sheet: Any, value: Cell, *, bold: bool) -> Any:
    if isinstance(value, str) and value:
        cell = WriteOnlyCell(sheet, CONTROL.sub(" ", value))
        cell.data_type = "s"  # also what looks like a formula or an error
    else:
        cell = WriteOnlyCell(sheet, value if value != "" else None)
    if bold:
        cell.font = Font(bold=True)
    return cell
