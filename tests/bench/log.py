"""The log on a disk at a million entries: appending with a sync per batch, proving, verifying.

Ours is driven as requests drive it, staged and sequenced, in processes of their own because Django
is set up once in each. Beside it stands pymerkle's tree in SQLite, on the same disk in the same
run, in the environment that CI makes for it (GPL: never imported by ours).
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from tests.bench.figure import Figure

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "bench-log"
PYMERKLE = Path(__file__).with_name("log_pymerkle.py")
ENTRIES = 1_000_000
BATCH = 1_000
ROUNDS = 20
PROOFS = 300
LEAF_BYTES = 140
Answer = TypeVar("Answer")


def figures() -> Iterator[Figure]:
    """Measure, one after the other."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        theirs = _pymerkle()
        rate = _apart(_grow, ENTRIES)
        name = f"log at {ENTRIES:,}: append, a sync per {BATCH:,}"
        yield Figure(name, rate, "/s", 10_000, theirs["append"], at_most=False)
        first, proof = _apart(_prove, PROOFS)
        yield Figure("log: an inclusion proof", proof, "ms", 0.3, theirs["proof"])
        yield Figure("log: the first proof after a start", first, "ms", 5, theirs["first"])
        yield _verify()
    finally:
        shutil.rmtree(FOLDER)


def _apart(work: Callable[[int], Answer], amount: int) -> Answer:
    """Do it in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
        return other.submit(work, amount).result()


def _set_up() -> None:
    os.environ |= {"JAGALCHI_HOME": str(FOLDER / "home"), "JAGALCHI_CONFIG": ""}
    from server import cli

    cli._set_up()


def _grow(entries: int) -> float:
    """Fill a log; return how many entries a second the last batches brought, all in all."""
    _set_up()
    from server import cli
    from server.ledger import log
    from server.ledger.sequencing import BATCH_LEAVES

    cli._ready()
    size, measured, taken = 0, BATCH * ROUNDS, 0.0
    while size < entries:
        left = entries - size
        count = BATCH if left <= measured else min(BATCH_LEAVES, left - measured)
        leaves = [(b"%*d" % (LEAF_BYTES, size + at), b"") for at in range(count)]
        start = time.perf_counter()
        with log.staging():
            log.stage_all(leaves)
        size = log.sequence(size).size
        taken += time.perf_counter() - start if left <= measured else 0
    return measured / taken


def _prove(count: int) -> tuple[float, float]:
    """Milliseconds for the first proof after a start, and the median of many."""
    _set_up()
    from server import cli
    from server.ledger import log

    cli._ready()

    chance = random.Random(1)
    taken = []
    for index in [chance.randrange(ENTRIES) for _ in range(count + 1)]:
        start = time.perf_counter()
        log.inclusion([index], log.newest().size)
        taken.append((time.perf_counter() - start) * 1e3)
    return taken[0], statistics.median(taken[1:])


def _verify() -> Figure:
    environ = {**os.environ, "JAGALCHI_HOME": str(FOLDER / "home")}
    command = [sys.executable, "-m", "server", "verify", "--tree-only"]
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, check=True)
    rate = ENTRIES / (time.perf_counter() - start)
    return Figure("verify, tree only", rate, "/s", 100_000, "the whole command", at_most=False)


def _pymerkle() -> dict[str, str]:
    """pymerkle's figures, as the references of ours."""
    python = _independent()
    if python is None:
        print("pymerkle is not here and could not be installed", file=sys.stderr)
        return dict.fromkeys(("append", "proof", "first"), "pymerkle was not there")
    arguments = [PYMERKLE, FOLDER / "pymerkle.sqlite3", ENTRIES, BATCH, ROUNDS]
    command = [str(python), *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    told = json.loads(done.stdout)
    return {
        "append": f"pymerkle {told['append']:,.0f}/s",
        "proof": f"pymerkle {told['proof_ms']:,.1f} ms",
        "first": f"pymerkle {told['first_ms']:,.0f} ms",
    }


def _independent() -> Path | None:
    """Python of the environment that .ci/run makes; made here in the same way where it is not."""
    venv = ROOT / "build" / "independent"
    python = venv / "bin" / "python"
    if not _works(python, "-c", "import pymerkle"):
        print("installing pymerkle into build/independent", file=sys.stderr)
        made = _works(Path(sys.executable), "-m", "venv", "--clear", str(venv))
        if not (made and _works(python, "-m", "pip", "install", "-qq", "cwt", "pymerkle")):
            return None
    return python


def _works(program: Path, *arguments: str) -> bool:
    try:
        done = subprocess.run([str(program), *arguments], capture_output=True, timeout=300)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
