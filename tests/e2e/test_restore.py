"""Backup, loss, restore with real processes: S15, S17, N10.

A truck ships while the server is killed and backed up; then the server's disk is lost, and what
backup and journal bring back is compared, byte by byte, with the database that was lost.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import reliability
from tests.e2e.processes import READY_S, ROOT, Server, Truck

pytestmark = pytest.mark.e2e

KILLS = int(os.environ.get("JAGALCHI_SERVER_KILLS", "5"))
SEED = 20_260_217
DRAIN_S = 120
CLOCKS = {"id", "heard_ms", "received_ms", "first_heard_ms", "last_heard_ms", "asset_id"}
"""What a restored row may differ in: the server's own clock, and numbers the database gives."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    running.child.kill()


@pytest.fixture
def truck(server: Server, tmp_path: Path) -> Iterator[Truck]:
    running = Truck(server, tmp_path, "mackerel")
    yield running
    running.child.kill()


def call(server: Server, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run one of the operator's commands."""
    return subprocess.run(
        [sys.executable, "-m", "server", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **server.environ},
        capture_output=True,
        text=True,
        timeout=READY_S,
    )


def operate(server: Server, *arguments: str | Path, status: int = 0) -> str:
    """Run one of the operator's commands; return what it says."""
    done = call(server, *arguments)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


def wait(truck: Truck, reached: Callable[[], bool]) -> None:
    """Until something has come true."""
    for _ in range(600):
        if reached():
            return
        assert truck.child.lives_through(0.1), truck.log.read_text()
    raise AssertionError(truck.log.read_text())


def prove(truck: Truck, more: int) -> None:
    """Until the truck has seen so many more records proved."""
    wait(truck, lambda: truck.status() is not None)
    enough = truck.counters().proved + more
    wait(truck, lambda: truck.counters().proved >= enough)


def drain(truck: Truck, speed: int = 120) -> None:
    """Stop the truck in order; everything it has is proved by then."""
    truck.child.kill()
    truck.start(speed=speed, drain_s=DRAIN_S)
    wait(truck, lambda: truck.status() is not None)
    assert truck.child.stop(DRAIN_S + 30) == 0, truck.log.read_text()
    counters = truck.counters()
    assert counters.waiting == 0 and counters.proved == counters.committed > 0


def lose(server: Server, *names: str) -> Path:
    """The disk of the database is gone; what was on it is kept for comparison only."""
    away = server.home.with_name("lost")
    away.mkdir()
    for name in names:
        for path in server.home.glob(f"{name}*"):
            path.rename(away / path.name)
    return away


def table(file: Path, name: str) -> list[tuple[object, ...]]:
    """Every row, without what a restored row may differ in."""
    with contextlib.closing(sqlite3.connect(file)) as sql:
        columns = [row[1] for row in sql.execute(f"PRAGMA table_info({name})")]
        kept = ", ".join(f'"{column}"' for column in columns if column not in CLOCKS)
        return sorted(sql.execute(f"SELECT {kept} FROM {name}").fetchall(), key=repr)


def test_s15_s17_killed_backed_up_lost_and_restored_to_the_same_bytes(
    server: Server, truck: Truck, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    prove(truck, 20)
    said = operate(server, "backup", tmp_path / "backup")
    assert "backup of" in said
    assert not (tmp_path / "backup/keys/recovery.key").exists()
    late = Truck(server, tmp_path, "hake")  # enrolled after the backup
    try:
        for _ in range(KILLS):
            assert truck.child.lives_through(chance.uniform(0.0, 0.6))
            server.child.kill()
            server.start()
        prove(late, 5)
        prove(truck, 20)
        note = tmp_path / "note"
        note.write_bytes(server.get("/checkpoint"))
        server.child.kill()
        lost = lose(server, "db.sqlite3", "keys")
        operate(server, "restore", tmp_path / "backup", "--checkpoint", note)
        checked = call(server, "verify", "--checkpoint", note)
        how = "database and keys lost, with SQLite; backup and journal put back"
        size = note.read_text("utf-8").split("\n")[1]
        told = "byte-equal" if checked.returncode == 0 else "NOT equal"
        reliability.note("S17", how, 1, f"root of the {size} entries last published: {told}")
        assert "sound" in checked.stdout and checked.returncode == 0, checked.stdout
        same(lost / "db.sqlite3", server.home / "db.sqlite3")
        server.start()
        losses, proved, twice = [], 0, 0
        for one in (truck, late):
            drain(one)
            held = server.held(one.device)
            losses += [(e, n) for e, n in one.on_card() if n not in held.get(e, set())]
            proved += one.counters().proved
            twice += server.duplicates(one.device)
        how = "server killed while two trucks deliver, then its database lost and restored"
        reliability.note("S15", how, KILLS, f"{proved} proved, {len(losses)} lost, {twice} doubled")
        assert losses == [] and twice == 0
    finally:
        late.child.kill()


def same(lost: Path, restored: Path) -> None:
    """Everything that had been published is there again, byte by byte."""
    with contextlib.closing(sqlite3.connect(restored)) as sql:
        found = sql.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    names = [name for (name,) in found]
    published = {name: table(lost, name) for name in names if name.startswith("ledger_")}
    for name, before in published.items():
        if name != "ledger_staged":
            assert set(before) <= set(table(restored, name)), name
    # What was staged and not yet in the log when the server died is sent again by its device.
    whole = len(published["ledger_checkpoint"]) == len(table(restored, "ledger_checkpoint"))
    if whole and not published["ledger_staged"]:
        for name in names:
            if name.startswith("devices_"):
                assert table(lost, name) == table(restored, name), name


def test_n10_under_an_old_copy_a_device_keeps_its_rows_until_the_true_log_is_back(
    server: Server, truck: Truck, tmp_path: Path
) -> None:
    prove(truck, 5)
    assert server.child.stop() == 0
    shutil.copytree(server.home, tmp_path / "yesterday")
    server.start()
    prove(truck, 60)
    assert server.child.stop() == 0
    server.home.rename(tmp_path / "true")
    (tmp_path / "yesterday").rename(server.home)
    refused = operate(server, "verify", "--checkpoint", newest_note(tmp_path), status=1)
    assert "ends before size" in refused
    server.start()

    proved, card = truck.counters().proved, set(truck.on_card())
    committed = truck.counters().committed
    wait(truck, lambda: truck.counters().committed >= committed + 30)
    assert truck.counters().proved == proved, "nothing may count as proved by an old copy"
    assert card <= set(truck.on_card()), "proved rows of the last seven days stay on the card"

    server.child.kill()
    shutil.rmtree(server.home)
    (tmp_path / "true").rename(server.home)
    server.start()
    drain(truck)
    held = server.held(truck.device)
    lost = [(epoch, seq) for epoch, seq in truck.on_card() if seq not in held.get(epoch, set())]
    print(f"\nN10: {truck.counters().proved} proved, {len(card)} kept, {len(lost)} lost")
    assert lost == []


def newest_note(folder: Path) -> Path:
    """The newest checkpoint of the true log, as somebody else would have kept it."""
    with contextlib.closing(sqlite3.connect(folder / "true/db.sqlite3")) as sql:
        (text,) = sql.execute(
            "SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1"
        ).fetchone()
    (folder / "note").write_text(text, encoding="utf-8")
    return folder / "note"
