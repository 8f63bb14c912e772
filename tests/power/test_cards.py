"""Kills, and cards that are full, failing or read-only: sampling goes on, nothing safe is lost."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from agent.edges import lookout
from agent.edges.card import WAL_LIMIT_BYTES
from tests import reliability
from tests.agent.rig import at, fast_folder, on_disk, opened, reading, sealer_on, values
from tests.power import device

OFTEN = 10 if os.environ.get("JAGALCHI_CAMPAIGN") else 1
SEED = int(os.environ.get("JAGALCHI_SEED", "20261123"))
FAILURES = ("fdatasync", "pwrite64")


def said(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What an instrument printed."""
    assert done.returncode == 0, f"{done.returncode}: {done.stderr}"
    print(done.stdout)
    return dict(json.loads(done.stdout))


def run(*arguments: str) -> dict[str, Any]:
    """One of our modules, in a process of its own."""
    command = [sys.executable, "-m", *arguments]
    return said(subprocess.run(command, cwd=device.ROOT, capture_output=True, text=True))


def note_kills(id: str, how: str, seen: dict[str, Any]) -> None:
    bad = seen["kills"] - seen["seen"].get("kept", 0)
    reliability.note(id, how, seen["kills"], f"{bad} with a loss or damage, {seen['rows']} rows")
    assert seen["seen"] == {"kept": seen["kills"]}


def test_D1_kills_at_random_lose_no_acknowledged_record() -> None:
    seen = run("tests.power.kills", "random", str(500 * OFTEN), str(SEED))
    note_kills("D1", "outbox process: SIGKILL at a random moment", seen)


def test_D2_a_kill_at_any_statement_loses_no_acknowledged_record() -> None:
    seen = run("tests.power.kills", "statements")
    note_kills("D2", "outbox process: SIGKILL before and after every SQL statement", seen)
    assert seen["kills"] > 100


@pytest.mark.power
def test_D6_a_full_card_delays_readings_and_drops_none() -> None:
    rounds = 5 * OFTEN
    seen = said(device.alone(["tests.power.cards", "full", str(rounds)]))
    result = f"0 crashes, {seen['made']} readings, all kept: {seen['kept']}"
    how = "16 MB ext4 filled to the last block by somebody else, then freed"
    reliability.note("D6", how, rounds, f"{result}, {seen['waited']} waited in memory")
    assert seen["kept"]


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace: sudo apt install strace")
def test_D7_a_failing_call_delays_readings_and_drops_none(tmp_path: Path) -> None:
    chance, results = Random(SEED), []
    for number in range(6 * OFTEN):
        call, first = FAILURES[number % 2], chance.randrange(8, 40)
        folder = tmp_path / str(number)
        folder.mkdir()
        fault = f"inject={call}:error=EIO:when={first}..{first + chance.randrange(12)}"
        strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", fault]
        command = [*strace, sys.executable, "-m", "tests.power.cards", "failing", str(folder)]
        done = subprocess.run(command, cwd=device.ROOT, capture_output=True, text=True)
        results.append(said(done))
    lost = Counter(one["kept"] and not one["waiting"] for one in results)[False]
    hurt = sum(one["hurt"] for one in results)
    how = "EIO from fdatasync or pwrite64 for up to 12 calls (strace)"
    reliability.note("D7", how, len(results), f"{lost} with a reading lost, {hurt} re-opened")
    assert not lost and hurt


@pytest.mark.power
def test_D8_a_card_that_turns_read_only_is_mended_by_a_restart() -> None:
    rounds = 5 * OFTEN
    seen = said(device.alone(["tests.power.cards", "readonly", str(rounds)]))
    how = "ext4 error under load: remounted read-only by the kernel, 5 minutes, restart"
    reliability.note("D8", how, rounds, f"0 crashes, {seen['lost']} committed readings lost")
    assert seen["lost"] == 0


def test_D9_no_flipped_bit_makes_a_wrong_row_pass_for_good() -> None:
    flips = 300 * OFTEN
    seen = run("tests.power.bitrot", str(flips), str(SEED))
    wrong, crashed = seen.pop("a wrong row was accepted", 0), seen.pop("crashed", 0)
    rest = ", ".join(f"{count} {what}" for what, count in sorted(seen.items()))
    how = "one bit of database or write-ahead log turned over"
    reliability.note("D9", how, flips, f"{wrong} wrong rows accepted, {crashed} crashes; {rest}")
    assert (wrong, crashed) == (0, 0)
    assert seen["rotten row found when read"] and seen["tail gone, told by the opening's head"]


def test_D10_readers_of_ours_do_not_let_the_log_grow_and_others_lose_nothing() -> None:
    with fast_folder() as folder:
        outbox = opened(folder)
        sealer = sealer_on(outbox)
        log, made = folder / "outbox.db-wal", iter(range(1, 1 << 20))

        def commit(count: int) -> int:
            for number in itertools.islice(made, count):
                sealer.put([reading(number, number * 10_000)], at(number * 10_000))
                sealer.commit(at(number * 10_000))
            return log.stat().st_size

        with lookout.reading(folder / "outbox.db") as ours:
            for _ in range(12):
                beside_ours = commit(100)
                ours.execute("SELECT count(*) FROM record").fetchone()
        with contextlib.closing(sqlite3.connect(folder / "outbox.db")) as theirs:
            theirs.execute("BEGIN")
            theirs.execute("SELECT count(*) FROM record").fetchone()
            grown = commit(800)
        after = commit(800)
        outbox.close()
        kept = [value for value in values(on_disk(folder)) if value is not None]
    how = "1,200 commits beside our own reader, 800 beside one that never ends, 800 after it"
    sizes = ", ".join(f"{size / 1e6:.1f} MB" for size in (beside_ours, grown, after))
    reliability.note("D10", how, 2_800, f"write-ahead log: {sizes}; limit 16.8 MB")
    assert kept == list(range(1, 2_801))
    assert beside_ours < 5_000_000 and max(grown, after) < WAL_LIMIT_BYTES
    assert after - grown < (grown - beside_ours) // 10, "it still grows although nobody reads"
