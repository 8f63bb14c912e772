"""The agent's outbox under SIGKILL: at random moments, and at every single SQL statement.

`python -m tests.power.kills random KILLS SEED` and `python -m tests.power.kills statements` print
one JSON object: how many kills, what the judge said to each, how many rows there were in the end.
No disk has to survive here, so all of it happens in memory.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from agent.edges.outbox import Connect
from tests.agent.rig import fast_folder, on_disk
from tests.power.subject import Fact
from tests.power.truck_card import Script, judge, write

KILLS_PER_CARD = 10
MOST_FACTS, LONGEST_S = 6, 0.004
ENDLESS = Script(1, 1_000_000, 10)
CYCLE = Script(1, 9, 5)
"""Long enough to begin, record, raise alarms, settle proofs and close."""


class Suicide:
    """Kills its process at the n-th SQL statement, before or after it was carried out."""

    def __init__(self, nth: int, *, after: bool) -> None:
        self.left, self.after = nth, after

    def connect(self, path: str, **options: Any) -> sqlite3.Connection:
        """Stands in for sqlite3.connect."""
        plan = self

        class Mortal(sqlite3.Connection):
            def execute(self, *args: Any) -> sqlite3.Cursor:
                plan.left -= 1
                if plan.left == 0 and not plan.after:
                    os.kill(os.getpid(), signal.SIGKILL)
                cursor = super().execute(*args)
                if plan.left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return cursor

        return sqlite3.connect(path, factory=Mortal, **options)


@contextmanager
def living(work: Callable[[Callable[[Fact], None]], None]) -> Iterator[tuple[int, int]]:
    """(process, pipe) of a writer; it is dead and waited for afterwards."""
    reader, writer = os.pipe()
    process = os.fork()
    if not process:
        try:
            os.close(reader)
            work(lambda fact: _say(writer, fact))
        finally:
            os._exit(0)
    os.close(writer)
    try:
        yield process, reader
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(reader)


def _say(pipe: int, fact: Fact) -> None:
    os.write(pipe, json.dumps(fact).encode() + b"\n")


def heard(pipe: int, count: int) -> bytes:
    """What was said until so many facts were acknowledged."""
    said = b""
    while said.count(b"\n") < count:
        said += os.read(pipe, 1 << 16)
    return said


def rest(pipe: int) -> bytes:
    """What was said and not yet heard when the writer died."""
    said = b""
    while more := os.read(pipe, 1 << 16):
        said += more
    return said


def newest(said: bytes) -> Fact | None:
    """The last thing that was said whole."""
    lines = said.rpartition(b"\n")[0].splitlines()
    return json.loads(lines[-1]) if lines else None


def at_random(kills: int, seed: int) -> dict[str, Any]:
    """Kill a writer on one growing file after the other."""
    chance, seen, rows = Random(seed), Counter[str](), 0
    for start in range(0, kills, KILLS_PER_CARD):
        with fast_folder() as folder:
            for _ in range(min(KILLS_PER_CARD, kills - start)):
                seen[_kill_once(folder, chance)] += 1
            rows += len(on_disk(folder))
    return {"kills": kills, "seen": seen, "rows": rows}


def _kill_once(folder: Path, chance: Random) -> str:
    with living(lambda tell: write(folder, tell, script=ENDLESS)) as (process, pipe):
        said = heard(pipe, chance.randrange(MOST_FACTS))
        select.select([], [], [], chance.uniform(0.0, LONGEST_S))
        os.kill(process, signal.SIGKILL)
        said += rest(pipe)
    finding = judge(folder, newest(said))
    return f"{finding.verdict.value} {finding.why}".strip()


def at_statements() -> dict[str, Any]:
    """Kill before and after every statement of one cycle."""
    seen, rows = Counter[str](), 0
    for after in (False, True):
        nth, alive = 1, True
        while alive:
            with fast_folder() as folder:
                said = _life(folder, Suicide(nth, after=after).connect)
                alive = not said.endswith(b"null\n")
                finding = judge(folder, newest(said.removesuffix(b"null\n")))
                rows += len(on_disk(folder))
            seen[f"{finding.verdict.value} {finding.why}".strip()] += alive
            nth += 1
    return {"kills": seen.total(), "seen": seen, "rows": rows}


def _life(folder: Path, connect: Connect) -> bytes:
    """All a writer said; "null" at the end if nothing killed it."""

    def work(tell: Callable[[Any], None]) -> None:
        write(folder, tell, connect, CYCLE)
        tell(None)

    with living(work) as (_, pipe):
        return rest(pipe)


if __name__ == "__main__":
    how, *numbers = sys.argv[1:]
    print(json.dumps(at_random(*map(int, numbers)) if how == "random" else at_statements()))
