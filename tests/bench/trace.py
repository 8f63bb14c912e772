"""A recall's walks over a million links, and a night of 10,000 lots, on both databases.

Each database is measured in a process of its own (`trace_goods.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.apart import measured
from tests.bench.figure import Figure

TIMEOUT_S = 1_200
BARS = {"ms": 50, "s": 60}


def figures() -> Iterator[Figure]:
    """Measure SQLite, then PostgreSQL."""
    found = measured("tests.bench.trace_goods", TIMEOUT_S)
    for where, (name, value, unit, reference) in found:
        yield Figure(f"{name}, {where}", value, unit, BARS[unit], reference)
