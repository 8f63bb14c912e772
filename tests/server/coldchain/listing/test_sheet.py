"""Files that people and others upload: read safely, or refused with one of a few reasons."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from server.coldchain.listing import sheet
from server.coldchain.listing.sheet import Fault, Unreadable

TABLE = [("어종", "중량(kg)"), ("고등어", "1,250.5"), ("아귀", "20")]


def xlsx(rows: list[tuple[Any, ...]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(data: bytes, changes: dict[str, bytes]) -> bytes:
    """The same archive with other contents of some parts."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for one in old.namelist():
            new.writestr(one, changes.pop(one) if one in changes else old.read(one))
        for name, text in changes.items():
            new.writestr(name, text)
    return out.getvalue()


def fault(data: bytes) -> Fault:
    with pytest.raises(Unreadable) as refused:
        sheet.rows(data)
    return refused.value.fault


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_csv_is_read_in_every_encoding_and_with_every_delimiter(
    encoding: str, delimiter: str
) -> None:
    lines = [delimiter.join(f'"{cell}"' for cell in row) for row in TABLE]
    assert sheet.rows("\r\n".join(lines).encode(encoding)) == TABLE


def test_an_xlsx_is_read_as_it_would_be_typed() -> None:
    at = datetime(2026, 11, 26, 3, 20)
    found = sheet.rows(xlsx([("a", 1250.5, 20, 20.0, at, True, None, " x "), (None,), ("b",)]))
    assert found[0][:8] == ("a", "1250.5", "20", "20", "2026-11-26 03:20:00", "TRUE", "", "x")
    assert found[2][0] == "b"


def test_a_formula_is_its_text_and_nothing_is_computed() -> None:
    found = sheet.rows(xlsx([("=1+1", '=HYPERLINK("http://x.example","y")')]))
    assert found == [("=1+1", '=HYPERLINK("http://x.example","y")')]


def test_what_is_too_large_is_refused_before_it_is_unpacked() -> None:
    book = xlsx(TABLE)
    bomb = {f"xl/media/{number}.bin": b"\0" * (8 << 20) for number in range(5)}
    assert len(repacked(book, dict(bomb))) < 1 << 20
    assert fault(repacked(book, bomb)) is Fault.TOO_LARGE
    many = {f"xl/media/{number}.bin": b"x" for number in range(300)}
    assert fault(repacked(book, many)) is Fault.TOO_LARGE
    assert fault(b"a,b\n" * (300 << 10)) is Fault.TOO_LARGE
    assert fault(b"a\n" * 11_000) is Fault.TOO_LARGE
    assert fault(b"x" * 600) is Fault.TOO_LARGE
    assert fault(b",".join([b"x"] * 100)) is Fault.TOO_LARGE
    assert fault(xlsx([("x",) * 100])) is Fault.TOO_LARGE


def test_entities_and_broken_archives_are_refused() -> None:
    book = xlsx(TABLE)
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    assert fault(repacked(book, {"xl/workbook.xml": laughs})) is Fault.UNREADABLE
    assert fault(repacked(book, {"xl/workbook.xml": "<x/>".encode("utf-16")})) is Fault.UNREADABLE
    assert fault(repacked(book, {"xl/workbook.xml": b"<x"})) is Fault.UNREADABLE
    assert fault(repacked(book, {"[Content_Types].xml": b"<Types/>"})) is Fault.UNREADABLE
    assert fault(book[: len(book) // 2]) is Fault.UNREADABLE
    assert fault(b"PK\x03\x04" + b"no archive") is Fault.UNREADABLE


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", Fault.EMPTY),
        (b"\r\n,,\r\n", Fault.EMPTY),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Fault.OLD_EXCEL),
        (b"a\x00b,c", Fault.UNREADABLE),
        (b"\xff\xff\xff", Fault.ENCODING),
        (b"\xff\xfea", Fault.ENCODING),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, why: Fault) -> None:
    assert fault(data) is why


def test_a_file_cut_or_changed_anywhere_is_read_or_refused_and_nothing_else() -> None:
    book = xlsx(TABLE)
    for at in range(0, len(book), 61):
        for data in (book[:at], book[:at] + bytes([book[at] ^ 0xFF]) + book[at + 1 :]):
            try:
                assert isinstance(sheet.rows(data), list)
            except Unreadable as refused:
                assert refused.fault in Fault


@given(st.binary(max_size=200), st.sampled_from([b"", b"PK\x03\x04", b"\xef\xbb\xbf", b"\xff\xfe"]))
def test_any_bytes_are_read_or_refused(data: bytes, front: bytes) -> None:
    try:
        assert isinstance(sheet.rows(front + data), list)
    except Unreadable as refused:
        assert refused.fault in Fault
