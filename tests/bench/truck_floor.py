"""The floor: sign a line of JSON, insert it, commit it, and nothing else.

`python -m tests.bench.truck_floor FILE` prints the CPU seconds of a thousand rows at the pace of
the truck's own figures. On a busy machine, compare those with this and not with a bar.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from hashlib import sha256
from pathlib import Path

from ecdsa import NIST256p, SigningKey

from tests.e2e.processes import ROOT

ROWS = 200
PERIOD_S = 0.05


def cpu_s(folder: Path) -> float:
    """CPU seconds per 1,000 rows, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.truck_floor", str(folder / "floor.db")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def _run(path: str) -> float:
    key = SigningKey.from_secret_exponent(1, NIST256p)
    sql = sqlite3.connect(path, isolation_level=None)
    for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"):
        sql.execute(statement)
    sql.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB, signature BLOB)")
    pause, spent = threading.Event(), time.process_time()
    for number in range(ROWS):
        body = json.dumps({"seq": number, "celsius": 1.4}, sort_keys=True).encode()
        signature = key.sign_deterministic(body, hashfunc=sha256)
        sql.execute("BEGIN IMMEDIATE")
        sql.execute("INSERT INTO row VALUES (?, ?, ?)", (number, body, signature))
        sql.execute("COMMIT")
        pause.wait(PERIOD_S)
    return (time.process_time() - spent) / ROWS * 1_000


if __name__ == "__main__":
    print(_run(sys.argv[1]))
