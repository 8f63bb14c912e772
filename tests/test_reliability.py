"""The recorder of figures: the newest row of a fault stands, and the page shows all in order."""

from __future__ import annotations

from pathlib import Path

from tests.reliability import Row, keep, page, rows


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
