"""Kills, and cards that are full, failing or read-only: sampling goes on, nothing safe is lost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from agent.edges.card import WAL_LIMIT_BYTES
from tests import reliability
from tests.agent.rig import at, fast_folder, on_disk, opened, reading, sealer_on, values
from tests.power import device

OFTEN = 10 if os.environ.get("JAGALCHI_CAMPAIGN") else 1
SEED = int(os.environ.get("JAGALCHI_SEED", "20261123"))
FAILURES = {
    "EIO from fdatasync": ("fdatasync", "error=EIO", 8),
    "EIO from pwrite64": ("pwrite64", "error=EIO", 90),
    "ENOSPC from pwrite64": ("pwrite64", "error=ENOSPC", 90),
    "a slow disk, fdatasync takes a second,": ("fdatasync", "delay_exit=1000000", 8),
}
"""The call, what is done to it, and from which one on: the first ones make the tables."""


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
@pytest.mark.parametrize("block", [1024, 4096])
def test_D6_a_full_card_delays_readings_and_drops_none(block: int) -> None:
    """With small blocks a shared index would be a file with holes, and kill who touches them."""
    rounds = 3 * OFTEN
    seen = said(device.alone(["tests.power.cards", "full", str(rounds), str(block)]))
    result = f"0 crashes, {seen['made']} readings, all kept: {seen['kept']}"
    how = f"16 MB ext4, {block}-byte blocks, filled to the last by somebody else, then freed"
    reliability.note("D6", how, rounds, f"{result}, {seen['waited']} waited in memory")
    assert seen["kept"]


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace: sudo apt install strace")
@pytest.mark.parametrize("what", FAILURES)
def test_D7_a_failing_or_slow_call_delays_readings_and_drops_none(
    what: str, tmp_path: Path
) -> None:
    chance, results = Random(f"{SEED} {what}"), []
    call, harm, least = FAILURES[what]
    for number in range((2 if harm.startswith("error") else 1) * OFTEN):
        first, folder = chance.randrange(least, least + 30), tmp_path / str(number)
        folder.mkdir()
        fault = f"inject={call}:{harm}:when={first}..{first + chance.randrange(6)}"
        strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", fault]
        command = [*strace, sys.executable, "-m", "tests.power.cards", "failing", str(folder)]
        done = subprocess.run(command, cwd=device.ROOT, capture_output=True, text=True)
        results.append(said(done))
    lost = Counter(one["kept"] and not one["waiting"] for one in results)[False]
    hurt = sum(one["hurt"] for one in results)
    how = f"{what} for up to 6 calls (strace)"
    reliability.note("D7", how, len(results), f"{lost} with a reading lost, {hurt} re-opened")
    assert not lost and bool(hurt) is harm.startswith("error")


@pytest.mark.power
def test_D8_a_card_that_turns_read_only_is_mended_by_a_restart() -> None:
    rounds = 5 * OFTEN
    seen = said(device.alone(["tests.power.cards", "readonly", str(rounds), "4096"]))
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


HOSTILE = """
import sqlite3, sys
sql = sqlite3.connect(sys.argv[1], isolation_level=None)
sql.execute("BEGIN")
print(sql.execute("SELECT count(*) FROM record").fetchone()[0], flush=True)
sys.stdin.readline()
print(sql.execute("SELECT count(*) FROM record").fetchone()[0], flush=True)
sql.execute("COMMIT")
sql.close()
"""
"""Opens, reads, and stays in its transaction until told to end, in order."""


@contextlib.contextmanager
def hostile_reader(folder: Path) -> Iterator[tuple[int, Callable[[], int]]]:
    """(rows that it sees, what ends it and returns the rows that it saw to the end)."""
    command = [sys.executable, "-c", HOSTILE, str(folder / "outbox.db")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as reader:  # type: ignore[call-overload]
        seen = int(reader.stdout.readline())
        yield seen, lambda: int(reader.communicate("\n")[0])


class Writer:
    """An agent's storage that commits every reading, and looks at the size of the log."""

    def __init__(self, folder: Path, made: int = 0) -> None:
        self.folder, self.made, self.most = folder, made, 0
        self.outbox = opened(folder)
        self.sealer = sealer_on(self.outbox, os.urandom)

    def commit(self, count: int) -> None:
        """So many readings, one by one."""
        for _ in range(count):
            self.made += 1
            now = at(self.made * 10_000)
            self.sealer.put([reading(self.made, self.made * 10_000)], now)
            self.sealer.commit(now)
            assert self.outbox.trouble is None
            self.most = max(self.most, (self.folder / "outbox.db-wal").stat().st_size)


def test_D10_nobody_can_open_a_card_in_use_and_who_was_there_first_is_left_behind() -> None:
    commits, most, lost, kept_out = 0, 0, 0, 0
    with fast_folder() as folder:
        Writer(folder).outbox.close()
        for round_ in range(3 * OFTEN):
            with hostile_reader(folder) as (seen, end):
                writer = Writer(folder, commits)
                writer.commit(900 if round_ == 0 else 100)
                # Our own look, by a copy, sees everything and hinders nobody.
                assert values(on_disk(folder))[-1] == writer.made
                with contextlib.closing(sqlite3.connect(folder / "outbox.db", timeout=0)) as late:
                    with pytest.raises(sqlite3.OperationalError, match="locked"):
                        late.execute("SELECT count(*) FROM record").fetchone()
                    kept_out += 1
                assert end() == seen, "its view is what it was"
            writer.commit(20)
            commits, most = writer.made, max(most, writer.most)
            # As after SIGKILL: what lies there now, and nothing of the process.
            after = folder / f"killed {round_}"
            after.mkdir()
            for part in ("outbox.db", "outbox.db-wal"):
                shutil.copy(folder / part, after / part)
            writer.outbox.close()
            found = [value for value in values(on_disk(after)) if value is not None]
            lost += len(set(range(1, commits + 1)) - set(found))
    how = "a read transaction of another program, open from before the start; others come later"
    result = f"write-ahead log at most {most / 1e6:.1f} MB, limit 16.8; {kept_out} kept out"
    reliability.note("D10", how, commits, f"{result}; {lost} rows lost")
    assert not lost and most < WAL_LIMIT_BYTES and commits > 1_000
