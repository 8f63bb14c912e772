"""One measured figure, how it is judged, and how a table of them is shown."""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """A value beside its bar. `at_most`: the bar is a ceiling, otherwise a floor."""

    name: str
    value: float
    unit: str
    bar: float
    reference: str
    at_most: bool = True

    @property
    def met(self) -> bool:
        """Whether the value is on the right side of the bar."""
        return self.value <= self.bar if self.at_most else self.value >= self.bar

    def row(self) -> dict[str, object]:
        """Return the figure as it stands in the JSON file."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "bar": self.bar,
            "reference": self.reference,
            "met": self.met,
        }


def seconds(work: Callable[[], object], *, rounds: int = 5) -> float:
    """Median CPU seconds of `work` over a few rounds: neighbours and the collector kept out."""
    taken = []
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as aligned text."""
    head = ("what", "value", "bar", "met", "reference")
    rows = [head, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def write(figures: Sequence[Figure], path: Path) -> None:
    """Write the figures as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [figure.row() for figure in figures]
    path.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _cells(figure: Figure) -> tuple[str, str, str, str, str]:
    sign = "≤" if figure.at_most else "≥"
    value = f"{figure.value:,.{_decimals(figure.value)}f} {figure.unit}"
    bar = f"{sign} {figure.bar:,g}"
    return figure.name, value, bar, "yes" if figure.met else "NO", figure.reference


def _decimals(value: float) -> int:
    return 0 if value >= 1000 else 1 if value >= 10 else 3
