"""Many random runs: nothing lost, nothing invented, nobody honest accused, and all of it again."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests import reliability
from tests.sim.runs import Outcome, parse, run
from tests.sim.world import Plot, world

CAMPAIGN = bool(os.environ.get("JAGALCHI_CAMPAIGN"))
SEEDS = 5_000 if CAMPAIGN else 200
AGAIN = 50 if CAMPAIGN else 3
CLONES = 200 if CAMPAIGN else 5
CLONING = Plot(harm=False, forget=False, copies=False)
CORES = min(os.cpu_count() or 1, 8)


def _shares() -> list[tuple[int, int]]:
    size = -(-SEEDS // CORES)
    return [(first, min(first + size - 1, SEEDS)) for first in range(1, SEEDS + 1, size)]


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    """What every seed came to; each run is one process without threads, the seeds share cores."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.sim", f"{first}-{last}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for first, last in _shares()
    ]
    said = [worker.communicate() for worker in workers]
    troubles = [err for worker, (_, err) in zip(workers, said, strict=True) if worker.returncode]
    assert not troubles, "\n".join(troubles)
    return [parse(line) for out, _ in said for line in out.splitlines()]


def test_D20_D21_N1_N3_honest_fleets_lose_nothing_and_are_never_accused(
    outcomes: list[Outcome],
) -> None:
    """Every run checked itself after every step; here is what was thrown at them."""
    sums = {
        name: sum(getattr(outcome, name) for outcome in outcomes)
        for name in ("steps", "records", "forgets", "strikes", "roads", "size")
    }
    assert sorted(outcome.seed for outcome in outcomes) == list(range(1, SEEDS + 1))
    assert sums["forgets"] > SEEDS // 2
    assert sums["strikes"] > SEEDS
    assert sums["roads"] > SEEDS
    reliability.note("D20", "simulated honest fleets, random faults", SEEDS, "0 flagged")
    how = "simulated cards that forget their last turns"
    reliability.note("D21", how, sums["forgets"], "0 numbers signed twice, every lost tail shown")
    how = "simulated road: loss, delay, doubling, cut and bent answers, portals"
    reliability.note("N1", how, sums["roads"], f"0 of {sums['records']:,} records lost")
    how = "simulated kills and errors at single SQL statements, agent and server"
    reliability.note("D1", how, sums["strikes"], "0 committed records lost")


def test_the_same_seed_leads_to_the_same_root(outcomes: list[Outcome]) -> None:
    """Again in another process, whose hashes are salted differently."""
    first = {outcome.seed: outcome for outcome in outcomes}
    for seed in range(1, AGAIN + 1):
        assert run(seed) == first[seed]


def test_D20_every_gossiping_clone_is_found() -> None:
    """Two machines with one card, copied at any moment, on any road, both hearing of the log."""
    found = 0
    for number in range(CLONES):
        with world(10_000 + number, CLONING) as here:
            truck = here.fit("truck")
            for _ in range(here.random.randrange(2, 5)):
                here.step(10_000, harm=False)
            here.clone(truck, "clone")
            here.checks.clones |= {"truck", "clone"}
            for _ in range(8):
                here.step(here.random.choice([200_000, 700_000]), harm=False)
            here.calm()
            # Both have seen proof that holds the other's opening; one more word of each tells it.
            for _ in range(6):
                here.step(700_000, harm=False)
            here.calm()
            found += here.checks.detail(truck).summary.standing == "forked"
    reliability.note("D20", "simulated clones that gossip", CLONES, f"{found} flagged")
    assert found == CLONES
