"""A recall's walks over a million links, and a night of 10,000 lots, on both databases.

Each database is measured in a process of its own (`trace_goods.py`), whose figures come back as
JSON. Where PostgreSQL is not installed that is said, and there is no figure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.figure import Figure
from tests.bench.server_postgres import database

TIMEOUT_S = 1_200
BARS = {"ms": 50, "s": 60}


def figures() -> Iterator[Figure]:
    """Measure SQLite, then PostgreSQL."""
    yield from _measured("SQLite", {})
    with database() as url:
        if not url:
            print("skipped: no PostgreSQL here (sudo apt install postgresql)", file=sys.stderr)
            return
        yield from _measured("PostgreSQL", {"JAGALCHI_DATABASE_URL": url})


def _measured(where: str, more: Mapping[str, str]) -> Iterator[Figure]:
    build = Path("build").absolute()
    build.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=build) as home:
        given = {**os.environ, "JAGALCHI_HOME": home, "JAGALCHI_DEMO": "0", **more}
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.trace_goods"],
            env=given,
            stdout=subprocess.PIPE,
            check=True,
            timeout=TIMEOUT_S,
        )
    for name, value, unit, reference in json.loads(done.stdout.splitlines()[-1]):
        yield Figure(f"{name}, {where}", value, unit, BARS[unit], reference)
