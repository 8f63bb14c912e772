"""One run: a fleet, a network and a server under one clock, and everything that may go wrong.

A `World` is made of a seed. `step` moves the clock, lets what is under way arrive, breaks
something, turns every agent's loop once and checks everything; `calm` stops the breaking and goes
on until every outbox is empty.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from agent.edge import Mode
from agent.edges.outbox import Caps
from tests.sim import house
from tests.sim.checks import Checks
from tests.sim.house import House
from tests.sim.knife import Harm
from tests.sim.network import Fate, Network
from tests.sim.truck import Pen, SimClock, Truck

START_MS = 1_800_000_000_000
STEPS_MS = (1_000, 5_000, 10_000, 10_000, 10_000, 30_000, 70_000, 600_000)
CALM_TURNS = 400
IMAGES = 4
ROAD = {
    Fate.FINE: 60,
    Fate.LOST: 10,
    Fate.UNHEARD: 8,
    Fate.TWICE: 8,
    Fate.LATE: 4,
    Fate.PORTAL: 3,
    Fate.CUT: 3,
    Fate.BENT: 2,
    Fate.SHED: 2,
}


@dataclass(frozen=True)
class Plot:
    """What a run is made of: how long, how many trucks, and what may happen to them.

    `harm`: cards and server are cut and fail at single statements. `forget`: cards come back
    without their last seconds. `copies`: the server is put back from a copy of yesterday.
    """

    steps: int = 12
    trucks: int = 2
    harm: bool = True
    forget: bool = True
    copies: bool = True
    road: bool = True


class World:
    """See the module's text. `random` decides everything."""

    def __init__(self, seed: int | str, plot: Plot, home: House, folder: Path) -> None:
        self.seed, self.plot, self.house, self.folder = seed, plot, home, folder
        self.random = Random(f"world {seed}")
        self.now_ms = START_MS
        self.trucks: list[Truck] = []
        self.network = Network(home, self.now, Random(f"road {seed}"))
        self.images: dict[str, deque[Path]] = {}
        self.serial = 0
        self.copy: Path | None = None
        self.checks = Checks(home, self.trucks, self.now)
        if plot.road:
            self.network.weights = dict(ROAD)
            self.network.slow_ms = self.random.choice([0, 0, 8_000, 25_000])
        home.now = self.now

    def now(self) -> int:
        """UTC in ms, the true one."""
        return self.now_ms

    def fit(self, name: str, caps: Caps | None = None) -> Truck:
        """Enrol a truck and put it on the road; its agent is not started yet."""
        who, answer = self.house.enrol(f"{name} {self.seed}")
        clock = SimClock(self.now, name=f"{name} {self.seed}")
        clock.boot()
        truck = Truck(
            name=name,
            folder=self.folder / name,
            pen=Pen(who),
            enrolment=answer,
            clock=clock,
            random=Random(f"truck {name} {self.seed}"),
            out=self.network.take,
            caps=caps or Caps(),
        )
        return self._add(truck)

    def clone(self, truck: Truck, name: str) -> Truck:
        """A second machine with a copy of the card, key included."""
        clock = SimClock(self.now, name=f"{name} {self.seed}")
        clock.boot()
        other = Truck(
            name=name,
            folder=self.folder / name,
            pen=truck.pen,
            enrolment=truck.enrolment,
            clock=clock,
            random=Random(f"truck {name} {self.seed}"),
            out=self.network.take,
        )
        other.put(truck.image(self.folder / f"{name}.image"))
        # The second machine's sensor does not say what the first one's says.
        other.cargo.reads = truck.cargo.reads + 401
        return self._add(other)

    def _add(self, truck: Truck) -> Truck:
        self.trucks.append(truck)
        self.images[truck.name] = deque(maxlen=IMAGES)
        return truck

    # One step

    def step(self, after_ms: int | None = None, *, harm: bool = True) -> None:
        """Time passes, something breaks, every agent takes one turn, everything is checked."""
        self.now_ms += self.random.choice(STEPS_MS) if after_ms is None else after_ms
        if harm:
            self._weather()
        self.network.deliver()
        self.house.tick()
        for truck in list(self.trucks):
            self.turn(truck)
        self.checks.all()

    def turn(self, truck: Truck) -> None:
        """Start the agent if it does not run, else turn its loop once."""
        if truck.state is None:
            truck.start()
        else:
            truck.turn()
        if truck.state is not None and self.plot.forget:
            self.serial += 1
            here = self.images[truck.name]
            if len(here) == IMAGES:
                shutil.rmtree(here[0])
            here.append(truck.image(self.folder / f"image {truck.name} {self.serial}"))

    def run(self) -> None:
        """The whole plot, the calm and the reckoning."""
        for number in range(self.plot.trucks):
            small = self.random.random() < 0.15
            self.fit(f"truck{number}", Caps(rows=40) if small else None)
        for _ in range(self.plot.steps):
            self.step()
        self.calm()

    def calm(self) -> None:
        """Nothing breaks any more: every outbox is emptied in bounded time."""
        self.quiet()
        for turn in range(CALM_TURNS):
            if self.house.up and all(self._is_empty(truck) for truck in self.trucks):
                break
            # A refusal, a halt and what was set aside are looked at again after an hour or a day.
            long = 90_000_000 if turn % 40 == 39 else 3_700_000 if turn % 12 == 11 else 2_000
            self.now_ms += long
            self._calm_turn()
        else:
            stuck = {t.name: t.state and t.state.status() for t in self.trucks}
            raise AssertionError(f"not empty after the calm phase: {stuck}")
        self.checks.last()

    def quiet(self) -> None:
        """No more faults."""
        self.network.weights, self.network.slow_ms = {}, 0
        self.house.knife.rest()
        if not self.house.up:
            self.house.start()
        for truck in self.trucks:
            truck.knife.rest()
            truck.modem.link = None
            truck.cargo.warm = truck.cargo.mute = False
            truck.door.open = None

    def _calm_turn(self) -> None:
        self.network.deliver()
        for truck in self.trucks:
            if truck.state is None:
                truck.start()
            else:
                truck.turn(Mode.DRAIN)
        self.checks.all()

    def _is_empty(self, truck: Truck) -> bool:
        return truck.state is not None and truck.state.drained

    # What may go wrong

    def _weather(self) -> None:
        for truck in self.trucks:
            self._truck_weather(truck)
        self._house_weather()

    def _truck_weather(self, truck: Truck) -> None:
        dice = self.random.random
        truck.cargo.warm = dice() < (0.5 if truck.cargo.warm else 0.1)
        truck.cargo.mute = dice() < 0.05
        truck.door.open = self.random.choice([truck.door.open, True, False])
        truck.modem.link = self.random.choices([None, True, False], [70, 15, 15])[0]
        if self.plot.harm and dice() < 0.3:
            truck.knife.arm(self.random.randrange(1, 40), self.random.choice(list(Harm)))
        roll = dice()
        if roll < 0.04:
            truck.kill()
        elif roll < 0.09 and self.plot.forget:
            self.forget(truck, self.random.randrange(1, IMAGES + 1))
        elif roll < 0.12:
            self.power_cut(truck)

    def power_cut(self, truck: Truck) -> None:
        """The machine is off, and starts with a new boot."""
        truck.kill()
        truck.clock.boot()

    def forget(self, truck: Truck, back: int) -> None:
        """A power cut after which the card holds an older state: its last turns are gone."""
        here = self.images[truck.name]
        self.power_cut(truck)
        if len(here) < back:
            return
        image = here[-back]
        for newer in list(here)[len(here) - back + 1 :]:
            here.remove(newer)
            shutil.rmtree(newer)
        truck.put(image)
        self.checks.forgot(truck)

    def _house_weather(self) -> None:
        dice = self.random.random
        if not self.house.up:
            if dice() < 0.6:
                self.house.start()
            return
        if self.plot.harm and dice() < 0.3:
            self.house.knife.arm(self.random.randrange(1, 120), self.random.choice(list(Harm)))
        roll = dice()
        if roll < 0.03:
            self.house.stop()
        elif roll < 0.08 and self.plot.copies:
            self.back_up()
        elif roll < 0.12 and self.plot.copies and self.copy:
            self.restore()

    def back_up(self) -> None:
        """Copy the database as it is now."""
        self.serial += 1
        self.copy = self.folder / f"copy {self.serial}"
        self.house.copy(self.copy)

    def restore(self) -> None:
        """Yesterday's database beside today's journal: the log must be the same again."""
        assert self.copy is not None
        self.house.restore(self.copy)
        self.checks.restored()


@cache
def template() -> Path:
    """An empty installation, made once per process."""
    home = Path(tempfile.mkdtemp(prefix="jagalchi-sim-", dir=memory())) / "template"
    house.make_template(home)
    return home


def memory() -> Path | None:
    """Where files cost nothing, if there is such a place."""
    place = Path("/dev/shm")
    return place if place.is_dir() else None


@contextmanager
def world(seed: int | str, plot: Plot | None = None) -> Iterator[World]:
    """A world in a folder in memory, gone afterwards. A failure names the seed."""
    with tempfile.TemporaryDirectory(prefix="jagalchi-sim-", dir=memory()) as name:
        folder = Path(name)
        with house.installed(folder / "house", lambda: START_MS, template()) as home:
            here = World(seed, plot or Plot(), home, folder)
            with _named(seed, here):
                yield here


@contextmanager
def _named(seed: int | str, here: World) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        again = f": python -m tests.sim {seed}" if isinstance(seed, int) else ""
        error.add_note(f"seed {seed}{again} (--steps {here.plot.steps})")
        raise
    finally:
        for truck in here.trucks:
            truck.kill()
