"""Rows of a spreadsheet that somebody uploads: CSV in any of Korea's encodings, or XLSX. Pure.

A file is data from outside: it is measured before it is unpacked, nothing in it is computed, and a
cell with a formula is its text. What is too large, too deep or of another kind is refused with one
of a few reasons. Source of the limits: an office's list of one night has some thousand rows.
"""

from __future__ import annotations

import csv
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

MAX_BYTES: Final = 1 << 20
MAX_UNPACKED: Final = 32 << 20
MAX_PARTS: Final = 200
"""Files in an XLSX's archive."""
MAX_ROWS: Final = 10_050
MAX_COLUMNS: Final = 60
MAX_CELL: Final = 500
FORMULA: Final = "="

XLSX, XLS = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
ENCODINGS: Final = ("utf-8-sig", "cp949")
DELIMITERS: Final = (",", "\t", ";")


class Fault(StrEnum):
    """Why a file is not read."""

    EMPTY = "sheet-empty"
    TOO_LARGE = "sheet-too-large"
    OLD_EXCEL = "sheet-old-excel"
    UNREADABLE = "sheet-unreadable"
    ENCODING = "sheet-encoding"


class Unreadable(Exception):
    """A file that is refused whole."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


Row = tuple[str, ...]


def rows(data: bytes) -> list[Row]:
    """All rows of the first sheet as texts, trimmed, without the blank cells at their ends; blank
    rows stay, so that numbers fit.

    Raises Unreadable.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable(Fault.TOO_LARGE)
    if data.startswith(XLS):
        raise Unreadable(Fault.OLD_EXCEL)
    found = list(_bounded(_xlsx(data) if data.startswith(XLSX) else _csv(data)))
    if not any(any(row) for row in found):
        raise Unreadable(Fault.EMPTY)
    return found


def _bounded(some: Iterator[Row]) -> Iterator[Row]:
    for number, row in enumerate(some, 1):
        wide = len(row) > MAX_COLUMNS and any(row[MAX_COLUMNS:])
        if number > MAX_ROWS or wide or any(len(cell) > MAX_CELL for cell in row):
            raise Unreadable(Fault.TOO_LARGE)
        cells = [cell.strip() for cell in row[:MAX_COLUMNS]]
        while cells and not cells[-1]:
            cells.pop()
        yield tuple(cells)


# CSV


def _csv(data: bytes) -> Iterator[Row]:
    text = _decoded(data)
    if "\0" in text:
        raise Unreadable(Fault.UNREADABLE)
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        yield from map(tuple, reader)
    except csv.Error:
        raise Unreadable(Fault.UNREADABLE) from None


def _decoded(data: bytes) -> str:
    """Text in UTF-8, CP949 (as Korean Excel writes CSV) or UTF-16 with its mark."""
    for encoding in ("utf-16",) if data.startswith(UTF_16) else ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable(Fault.ENCODING)


# XLSX

BROKEN: Final = (
    *(zlib.error, struct.error, AssertionError),
    *(zipfile.BadZipFile, InvalidFileException, ParseError, OSError, EOFError, RecursionError),
    *(LookupError, ValueError, TypeError, AttributeError, ArithmeticError, NotImplementedError),
)
"""What a reader that trusts its file raises at one that was made to break it."""


def _xlsx(data: bytes) -> Iterator[Row]:
    _measure(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of its own size may lie
        for row in sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS + 1, values_only=True):
            yield tuple(_text(cell) for cell in row)
    except BROKEN:
        raise Unreadable(Fault.UNREADABLE) from None


def _measure(data: bytes) -> None:
    """Raises Unreadable for an archive that would be too large, or declares entities of XML.

    No part gives more bytes than the directory says, whatever was packed into it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(one.file_size for one in parts) > MAX_UNPACKED:
                raise Unreadable(Fault.TOO_LARGE)
            for one in parts:
                _check_part(archive.read(one))
    except (*BROKEN, RuntimeError):  # the latter: a password
        raise Unreadable(Fault.UNREADABLE) from None


def _check_part(text: bytes) -> None:
    if text.startswith(UTF_16) or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise Unreadable(Fault.UNREADABLE)


def _text(cell: Any) -> str:
    """A cell as it would be typed. A formula is its text, never its value."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(getattr(cell, "text", cell))
