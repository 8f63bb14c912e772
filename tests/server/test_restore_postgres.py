"""S17 on PostgreSQL: backup and journal bring back a database of which nothing is left.

A second database of the same server takes in what backup and journal of the first one hold, by the
commands that an operator types; then both are compared, table by table and byte by byte.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.test import Client

from server.ledger import log
from server.ledger.tick import now_ms
from server.options import Options
from tests.reliability import note
from tests.server.conftest import URL
from tests.server.devices.busy_log import fill
from tests.server.test_cli import call, refuse

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

Tables = dict[str, list[tuple[object, ...]]]

EMPTY = "restored_by_a_test"
CLOCKS = {"id", "heard_ms", "received_ms", "first_heard_ms", "last_heard_ms", "seen_ms", "asset_id"}
"""What a restored row may differ in: the server's own clock, and numbers the database gives."""
UNLOGGED = {"devices_quarantined", "quarantined"}
"""Not in the journal, table and count: devices send it again."""
BEGUN = "size = 0"
"""When the log began is in no frame of the journal."""


def address(name: str) -> str:
    """The URL of another database of the tests' server."""
    before, _, query = URL.partition("?")
    return f"{before.rpartition('/')[0]}/{name}?{query}"


@pytest.fixture
def empty() -> Iterator[str]:
    """The URL of a new database."""
    with psycopg.connect(URL, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {EMPTY}")
        server.execute(f"CREATE DATABASE {EMPTY}")
        yield address(EMPTY)
        server.execute(f"DROP DATABASE {EMPTY} WITH (FORCE)")


def everything(url: str) -> Tables:
    """Every row of every table of ours, without what a restored row may differ in."""
    found = {}
    with psycopg.connect(url) as database:
        names = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (name,) in names.fetchall():
            if not name.startswith(("ledger_", "devices_")) or name in UNLOGGED:
                continue
            columns = [c.name for c in database.execute(f"SELECT * FROM {name}").description or ()]
            kept = ", ".join(f'"{one}"' for one in columns if one not in CLOCKS | UNLOGGED)
            but = f" WHERE NOT {BEGUN}" if name == "ledger_checkpoint" else ""
            found[name] = sorted(database.execute(f"SELECT {kept} FROM {name}{but}"), key=repr)
    return found


def lost() -> str:
    """The URL of the database that is about to be given up."""
    return address(str(connection.settings_dict["NAME"]))


def compared(how: str, before: Tables, after: Tables, root: bytes, said: str) -> None:
    """Note how much came back, then insist on all of it."""
    same = sum(rows == after[name] for name, rows in before.items())
    equal = "byte-equal" if f"root {root.hex()}" in said else "NOT equal"
    note("S17", how, 1, f"root {equal}, {same} of {len(before)} tables equal byte by byte")
    assert equal == "byte-equal", said
    assert after == before


def test_s17_backup_and_journal_bring_back_what_a_lost_database_held(
    client: Client, installation: Options, empty: str, tmp_path: Path
) -> None:
    fill(client)
    home, backup = installation.home, str(tmp_path / "backup")
    made = call(home, "backup", backup, JAGALCHI_DATABASE_URL=lost())
    assert f"at {log.newest().size} entries" in made.stdout, made.stderr
    assert not (tmp_path / "backup/keys/recovery.key").exists()
    newest = log.sequence(now_ms())
    shutil.rmtree(home / "keys")
    done = call(home, "restore", backup, JAGALCHI_DATABASE_URL=empty)
    how = "PostgreSQL and keys lost; backup put back, and what came later from the journal"
    compared(how, everything(lost()), everything(empty), newest.root, done.stdout + done.stderr)
    assert call(home, "verify", JAGALCHI_DATABASE_URL=empty).returncode == 0
    again = call(home, "restore", backup, JAGALCHI_DATABASE_URL=empty)
    refuse(again, f"{EMPTY} holds something already")


def test_s17_the_journal_alone_brings_back_log_and_devices(
    client: Client, installation: Options, empty: str
) -> None:
    fill(client)
    home, newest = installation.home, log.sequence(now_ms())
    done = call(home, "restore", JAGALCHI_DATABASE_URL=empty)
    how = "PostgreSQL lost; the journal alone into an empty database"
    compared(how, everything(lost()), everything(empty), newest.root, done.stdout + done.stderr)
    assert call(home, "verify", JAGALCHI_DATABASE_URL=empty).returncode == 0


def test_s17_a_backup_of_another_database_or_journal_is_refused(
    client: Client, installation: Options, empty: str, tmp_path: Path
) -> None:
    fill(client)
    home, backup = installation.home, tmp_path / "backup"
    assert call(home, "backup", str(backup), JAGALCHI_DATABASE_URL=lost()).returncode == 0
    refuse(call(tmp_path / "other", "restore", str(backup)), "has no db.sqlite3")
    journal = next((home / "journal").glob("*.journal"))
    journal.write_bytes(journal.read_bytes()[: journal.stat().st_size // 2])
    done = call(home, "restore", str(backup), JAGALCHI_DATABASE_URL=empty)
    refuse(done, f"journal ends before the database does.*empty the database {EMPTY}")
