"""What the exposure of a lot and the shopper's page cost, with weeks of readings behind them.

On both databases, each in a process of its own (`coldchain_month.py`, `shopper.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.apart import measured
from tests.bench.figure import Figure

MODULES = ("tests.bench.coldchain_month", "tests.bench.shopper")
TIMEOUT_S = 600
TRUCKS = {
    "JAGALCHI_ORIGIN": "log.jagalchi.test/1",  # that of the tests' trucks
    "JAGALCHI_ALLOWED_HOSTS": "testserver",
}


def figures() -> Iterator[Figure]:
    """Measure SQLite, then PostgreSQL."""
    for module in MODULES:
        for where, (name, *rest) in measured(module, TIMEOUT_S, TRUCKS):
            yield Figure(f"{name}, {where}", *rest)
