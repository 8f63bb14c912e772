"""What was broken on purpose, how, how often, and what came of it: the rows of docs/reliability.md.

A test calls `note` with what it measured, before it asserts: a miss is a result too. Rows gather in
build/reliability.json over any number of runs; the newest row of one id and injection stands.
`python -m tests.reliability` writes them into docs/reliability.md.
"""

from __future__ import annotations

import fcntl
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROWS = ROOT / "build" / "reliability.json"
PAGE = ROOT / "docs" / "reliability.md"
HEAD = """# Reliability

What is broken on purpose, how often, and what came of it. Written by `python -m tests.reliability`
from the figures of the newest runs (`make test`, `make campaign`); nothing here is typed by hand.

| id | how it is injected | times | result |
|---|---|---:|---|
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One fault, one way to inject it, and what the newest run saw."""

    id: str
    how: str
    times: int
    result: str


told: list[Row] = []
"""The rows of this process, in the order they were noted: shown at the end of a test run."""


def note(id: str, how: str, times: int, result: str) -> None:
    """Keep one row: fault `id`, `how` it was injected, `times` how often, `result` in figures."""
    row = Row(id, how, times, result)
    told.append(row)
    keep(ROWS, row)


def keep(path: Path, row: Row) -> None:
    """Write a row into the file in place of an older one of the same id and injection."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        others = [r for r in _parse(file.read()) if (r.id, r.how) != (row.id, row.how)]
        file.truncate(0)
        json.dump([asdict(r) for r in in_order([*others, row])], file, indent=1, ensure_ascii=False)


def rows(path: Path = ROWS) -> list[Row]:
    """Every row that was kept, in order of id."""
    return in_order(_parse(path.read_text("utf-8"))) if path.exists() else []


def in_order(some: list[Row]) -> list[Row]:
    """D2 before D10, D before N, and within one id by injection."""
    return sorted(some, key=lambda row: (*_parts(row.id), row.how))


def _parts(id: str) -> tuple[str, int, str]:
    letters, digits, rest = re.fullmatch(r"(\D*)(\d*)(.*)", id).groups()  # type: ignore[union-attr]
    return letters, int(digits or 0), rest


def _parse(text: str) -> list[Row]:
    return [Row(**row) for row in json.loads(text or "[]")]


def page(some: list[Row]) -> str:
    """The rows as the page that is published."""
    cells = ((r.id, r.how, f"{r.times:,}", r.result) for r in some)
    lines = (" | ".join(cell.replace("|", "\\|") for cell in row) for row in cells)
    return HEAD + "".join(f"| {line} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(rows()), "utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(rows())} rows")
