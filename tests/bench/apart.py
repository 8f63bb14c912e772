"""A measurement in a process of its own, on SQLite and then on PostgreSQL: Django is set up once in
a process, for one home and one database. Its last line of output is its rows as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.server_postgres import database


def measured(
    module: str, timeout_s: int, environ: Mapping[str, str] | None = None
) -> Iterator[tuple[str, Any]]:
    """(database, row) of everything that the module prints.

    Where PostgreSQL is not installed that is said, and there is no row.
    """
    for row in _rows(module, timeout_s, environ or {}):
        yield "SQLite", row
    with database() as url:
        if not url:
            print("skipped: no PostgreSQL here (sudo apt install postgresql)", file=sys.stderr)
            return
        given = {**(environ or {}), "JAGALCHI_DATABASE_URL": url}
        for row in _rows(module, timeout_s, given):
            yield "PostgreSQL", row


def _rows(module: str, timeout_s: int, environ: Mapping[str, str]) -> list[Any]:
    build = Path("build").absolute()
    build.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=build) as home:
        given = {**os.environ, "JAGALCHI_HOME": home, "JAGALCHI_DEMO": "0", **environ}
        done = subprocess.run(
            [sys.executable, "-m", module],
            env=given,
            stdout=subprocess.PIPE,
            check=True,
            timeout=timeout_s,
        )
    rows: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return rows
