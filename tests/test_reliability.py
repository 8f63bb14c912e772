"""The recorder of figures: the newest row of a fault stands, and the page shows all in order."""

from __future__ import annotations

import re
from pathlib import Path

from tests.reliability import PAGE, Row, keep, page, rows
from tests.tidy.source import suite

PROMISED = [
    *(f"D{number}" for number in (*range(1, 13), *range(18, 24))),
    *(f"N{number}" for number in (*range(1, 9), 10, 11)),
    *(f"S{number}" for number in (*range(1, 6), *range(13, 18))),
]
"""Faults of device, network and server that are injected here, by their ids."""


def test_every_fault_that_is_promised_has_a_test_of_its_name_and_a_published_figure() -> None:
    named = " ".join(function.name for source in suite() for function in source.functions())
    tried = {found.upper() for found in re.findall(r"_([dns]\d+)(?=_)", named, re.IGNORECASE)}
    published = set(re.findall(r"^\| ([A-Z]\d+) \|", PAGE.read_text("utf-8"), re.MULTILINE))
    assert [id for id in PROMISED if id not in tried] == []
    assert [id for id in PROMISED if id not in published] == []


def test_the_newest_row_of_a_fault_replaces_the_older_one(tmp_path: Path) -> None:
    file = tmp_path / "build" / "rows.json"
    for row in (Row("D3", "cut", 1, "old"), Row("D3", "torn", 1, "x"), Row("D3", "cut", 2, "new")):
        keep(file, row)
    assert rows(file) == [Row("D3", "cut", 2, "new"), Row("D3", "torn", 1, "x")]


def test_faults_stand_in_the_order_of_the_list_and_pipes_do_no_harm(tmp_path: Path) -> None:
    for id in ("N1", "D10", "D2"):
        keep(tmp_path / "rows.json", Row(id, "a|b", 1_000, "0 lost"))
    lines = page(rows(tmp_path / "rows.json")).splitlines()[-3:]
    assert lines[0] == "| D2 | a\\|b | 1,000 | 0 lost |"
    assert [line.split()[1] for line in lines] == ["D2", "D10", "N1"]
