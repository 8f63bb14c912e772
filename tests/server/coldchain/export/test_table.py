"""Cells that no spreadsheet runs, and that come back as they were written."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from server.coldchain.export import table

HOSTILE = [
    "=1+1",
    '=HYPERLINK("http://x.example","y")',
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1+1",
    "\x01=1",
    "|cmd",
    "#REF!",
]


def sheet(data: bytes) -> Any:
    return load_workbook(io.BytesIO(data)).worksheets[0]


@pytest.mark.parametrize("text", HOSTILE, ids=repr)
def test_no_cell_is_a_formula(text: str) -> None:
    found = sheet(table.xlsx_bytes({"a": (("h",), [(text,)])}))["A2"]
    assert found.data_type == "s" and found.value.strip() == text.replace("\x01", " ").strip()
    data = table.csv_bytes(("h",), [(text,)]).decode("utf-8-sig")
    (cell,) = list(csv.reader(io.StringIO(data, newline="")))[1]
    assert not cell.lstrip().startswith(table.RUN)


def test_numbers_stay_numbers_and_blanks_blanks() -> None:
    row = (-1.5, 0, None, 12, "12")
    found = sheet(table.xlsx_bytes({"표": (("a",) * 5, [row])}))
    assert [cell.value for cell in found[2]] == [-1.5, 0, None, 12, "12"]
    text = table.csv_bytes(("a",) * 5, [row]).decode()
    assert text.startswith("\ufeff") and text.splitlines()[1] == "-1.5,0,,12,12"


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_any_text_is_written_and_none_of_it_runs(row: list[str]) -> None:
    data = table.csv_bytes(["h"] * len(row), [row]).decode("utf-8-sig")
    cells = list(csv.reader(io.StringIO(data, newline="")))[1:]
    assert all(not one.lstrip().startswith(table.RUN) for cell in cells for one in cell)
    found = sheet(table.xlsx_bytes({"h": (["h"] * len(row), [row])}))
    assert [cell for line in found.rows for cell in line if cell.data_type == "f"] == []
