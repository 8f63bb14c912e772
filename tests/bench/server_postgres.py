"""The same load on two workers over a PostgreSQL of our own, which syncs as it does in earnest.

The generator's processor time is taken out of the clock: two workers and a database leave the
machine no core for it. Where PostgreSQL is not installed that is said, and there is no figure.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.figure import Figure
from tests.bench.server import BARS, TRUCKS, running, throughput
from tests.bench.server_traffic import Fleet

WORKERS = 2
BAR = 0.6


def figures() -> Iterator[Figure]:
    """Measure, one after the other."""
    with database() as url:
        if not url:
            print("skipped: no PostgreSQL here (sudo apt install postgresql)", file=sys.stderr)
            return
        with running(WORKERS, {"JAGALCHI_DATABASE_URL": url}) as server:
            fleet = Fleet.enrol(server, TRUCKS)
            for size in BARS:
                where = f"PostgreSQL, {WORKERS} workers"
                yield throughput(fleet, size, BAR, where, spared=True)[1]


@contextmanager
def database() -> Iterator[str]:
    """The address of an empty database, on a private socket and a real disk; empty: none here."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        yield ""
        return
    home = Path(tempfile.mkdtemp(prefix="jagalchi-bench-", dir="/var/tmp"))
    owner = "postgres" if os.geteuid() == 0 else getpass.getuser()
    shutil.chown(home, owner)
    bin_, data = programs[-1].parent, home / "data"
    try:
        _as(owner, bin_ / "initdb", "-D", data, "-U", owner, "-A", "trust", "-E", "UTF8")
        started = f"-k {home} -c listen_addresses="
        log = home / "log"
        _as(owner, bin_ / "pg_ctl", "-D", data, "-w", "-s", "-l", log, "-o", started, "start")
        try:
            _as(owner, bin_ / "createdb", "-h", home, "-U", owner, "jagalchi")
            yield f"postgresql://{owner}@/jagalchi?host={home}"
        finally:
            _as(owner, bin_ / "pg_ctl", "-D", data, "-m", "immediate", "-s", "stop")
    finally:
        shutil.rmtree(home)


def _as(owner: str, *command: str | Path) -> None:
    """Run one of PostgreSQL's programs, which refuse to be run by root."""
    other = ["runuser", "-u", owner, "--"] if os.geteuid() == 0 else []
    subprocess.run(
        [*other, *map(str, command)],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=120,
    )
