"""S17 on PostgreSQL: keys and journal bring back a database of which nothing is left.

A second database of the same server takes in what the journal of the first one holds, by the
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


def everything(url: str) -> dict[str, list[tuple[object, ...]]]:
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


def test_s17_keys_and_journal_bring_back_what_a_lost_database_held(
    client: Client, installation: Options, empty: str, tmp_path: Path
) -> None:
    fill(client)
    newest, home = log.sequence(now_ms()), installation.home
    lost = address(str(connection.settings_dict["NAME"]))
    made = call(home, "backup", str(tmp_path / "backup"), JAGALCHI_DATABASE_URL=lost)
    assert f"at {newest.size} entries" in made.stdout, made.stderr
    before = everything(lost)
    shutil.rmtree(home / "keys")
    done = call(home, "restore", str(tmp_path / "backup"), JAGALCHI_DATABASE_URL=empty)
    assert f"root {newest.root.hex()}" in done.stdout, done.stderr
    checked = call(home, "verify", JAGALCHI_DATABASE_URL=empty)
    after = everything(empty)
    same = sum(rows == after[name] for name, rows in before.items())
    result = f"root and notes equal, {same} of {len(before)} tables byte by byte, verify: sound"
    note("S17", "PostgreSQL lost; keys and journal into an empty database", 1, result)
    assert checked.returncode == 0, checked.stdout
    assert after == before


def test_s17_a_backup_goes_with_its_journal_only(
    client: Client, installation: Options, empty: str, tmp_path: Path
) -> None:
    fill(client)
    home = installation.home
    lost = address(str(connection.settings_dict["NAME"]))
    assert call(home, "backup", str(tmp_path / "b"), JAGALCHI_DATABASE_URL=lost).returncode == 0
    whole = (journal := next((home / "journal").glob("*.journal"))).read_bytes()
    journal.write_bytes(whole[: len(whole) // 2])
    done = call(home, "restore", str(tmp_path / "b"), JAGALCHI_DATABASE_URL=empty)
    refuse(done, "is no journal that goes on from this backup")
    journal.unlink()
    refuse(call(home, "restore", JAGALCHI_DATABASE_URL=empty), "neither database nor journal")
