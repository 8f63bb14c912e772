"""What it costs to simulate a truck."""

from __future__ import annotations

from collections.abc import Iterator

from hal.api import Moment
from hal.mock.scenarios import TRUCK
from hal.mock.truck import Truck
from tests.bench.figure import Figure, seconds

UTC_MS = 1_784_062_800_000


def figures() -> Iterator[Figure]:
    """Measure, one after the other."""
    seeds = iter(range(100))

    def work() -> None:
        world = Truck(TRUCK["steady"], next(seeds), UTC_MS)
        world.advance(Moment(0, None))
        world.climate(3_600_000)

    yield Figure("one simulated hour of a truck", seconds(work) * 1e3, "ms", 20, "our own bound")
