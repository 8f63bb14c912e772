"""What the exposure of a lot costs, over 30 days of readings every 10 s, on both databases.

Each is measured in a process of its own (`coldchain_month.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.apart import measured
from tests.bench.figure import Figure

TIMEOUT_S = 600
TRUCKS = {
    "JAGALCHI_ORIGIN": "log.jagalchi.test/1",  # that of the tests' trucks
    "JAGALCHI_ALLOWED_HOSTS": "testserver",
}


def figures() -> Iterator[Figure]:
    """Measure SQLite, then PostgreSQL."""
    for where, (name, *rest) in measured("tests.bench.coldchain_month", TIMEOUT_S, TRUCKS):
        yield Figure(f"{name}, {where}", *rest)
