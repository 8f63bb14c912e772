"""One seed, one outcome; and many seeds on as many cores as there are, each run in one process."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.sim.world import Plot, world


@dataclass(frozen=True)
class Outcome:
    """What one run came to. `strikes`: statements at which something died or failed."""

    seed: int
    root: str
    size: int
    steps: int
    records: int
    forgets: int
    strikes: int
    roads: int


def run(seed: int, steps: int | None = None) -> Outcome:
    """Run one seed to its end. AssertionError: a rule is broken."""
    plot = Plot() if steps is None else replace(Plot(), steps=steps)
    with world(seed, plot) as here:
        here.run()
        checks = here.checks
        return Outcome(
            seed=seed,
            root=checks.root.hex(),
            size=len(checks.leaves),
            steps=checks.steps,
            records=len(checks.logged),
            forgets=sum(card.forgets for card in checks.cards.values()),
            strikes=here.house.knife.strikes + sum(t.knife.strikes for t in here.trucks),
            roads=sum(count for fate, count in here.network.told.items() if fate != "FINE"),
        )


def line(outcome: Outcome) -> str:
    """An outcome as one line, which `parse` reads."""
    numbers = (outcome.size, outcome.steps, outcome.records, outcome.forgets, outcome.strikes)
    return " ".join(map(str, (outcome.seed, outcome.root, *numbers, outcome.roads)))


def parse(text: str) -> Outcome:
    """Read `line` again."""
    seed, root, *numbers = text.split()[:8]
    return Outcome(int(seed), root, *map(int, numbers))
