"""What a simulated truck and a simulated site have in common, and the probes that hang in them.

A world answers "what is it really like there, now"; a probe turns that into what a cheap sensor
says: scattered, rounded, sometimes late, and wrong in the ways its scenario wants.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from hal.api import Fault, HalError, Measurement, Moment, Quantity
from hal.mock.faults import Playbook, Trouble, Window
from hal.mock.noise import share, swing
from hal.mock.scenarios import Scenario
from hal.mock.timeline import Timeline
from hal.options import Options

Truth = Mapping[Quantity, float]
"""What is really there: degrees Celsius, percent, volt."""


class World(ABC):
    """One simulated place. All its parts share it; it moves only by the moments handed in."""

    def __init__(self, scenario: Scenario, seed: int, start_utc_ms: int | None) -> None:
        """Start at time 0 of the scenario."""
        self.scenario = scenario
        self.seed = seed
        self.timeline = Timeline(start_utc_ms)
        self.playbook = Playbook(scenario.scripts, seed)
        self._stuck: dict[str, tuple[Window, Truth]] = {}

    @abstractmethod
    def truth(self, channel: str, elapsed_ms: int) -> Truth:
        """Return what is really there at this channel."""

    def advance(self, at: Moment) -> int:
        """Return the time since the start, having noted on the way what sticks from when on."""
        elapsed_ms = self.timeline.elapsed(at)
        for channel, window in self.playbook.all_on(Trouble.STUCK, elapsed_ms):
            if self._stuck.get(channel, (None,))[0] != window:
                self._stuck[channel] = (window, self.truth(channel, window.start_ms))
        return elapsed_ms

    def felt(self, channel: str, elapsed_ms: int) -> tuple[Truth, int]:
        """Return what a sensor there feels, and since when its scatter stands still or moves."""
        if self.playbook.on(Trouble.STUCK, elapsed_ms, channel):
            window, truth = self._stuck[channel]
            return truth, window.start_ms
        return self.truth(channel, elapsed_ms), elapsed_ms


MILLI = 1000
SLOT_MS = 2_000  # one conversion of a DHT22
TRIES = 5
ROUNDING = {  # milli-units: what is scattered by, what is rounded to
    Quantity.TEMPERATURE: (120, 100),
    Quantity.HUMIDITY: (500, 100),
    Quantity.VOLTAGE: (60, 10),
}
STORM_FAILS, CALM_FAILS = 0.8, 0.05  # share of slots with a bad checksum


class Probe:
    """A simulated sensor at one channel of a world."""

    simulated = True
    wake_fd = None

    def __init__(self, world: World, number: int, channel: str, quantities: tuple[Quantity, ...]):
        """Hang it there; `quantities` is what it measures."""
        self._world = world
        self._number = number
        self._channel = channel
        self._quantities = quantities

    def read(self, at: Moment) -> tuple[Measurement, ...]:
        """Return one measurement per quantity."""
        elapsed_ms = self._world.advance(at)
        fault, tries = self._answer(elapsed_ms)
        if fault is not None:
            return tuple(self._failed(quantity, fault, tries) for quantity in self._quantities)
        felt, since_ms = self._world.felt(self._channel, elapsed_ms)
        return tuple(
            self._measured(quantity, felt[quantity], since_ms // SLOT_MS, tries)
            for quantity in self._quantities
        )

    def close(self) -> None:
        """Nothing to let go of."""

    def _answer(self, elapsed_ms: int) -> tuple[Fault | None, int]:
        playbook, slot = self._world.playbook, elapsed_ms // SLOT_MS
        if playbook.on(Trouble.UNPLUGGED, elapsed_ms, self._channel):
            return Fault.UNPLUGGED, 1
        storm = playbook.on(Trouble.CHECKSUM_STORM, elapsed_ms, self._channel)
        luck = share(self._world.seed, f"checksum {self._number}", slot)
        fails = STORM_FAILS if storm else CALM_FAILS
        if luck >= fails:
            return None, 1
        if storm and luck < 0.9 * fails:
            return Fault.CHECKSUM, TRIES
        return None, 2 + int(luck / fails * (TRIES - 2))

    def _failed(self, quantity: Quantity, fault: Fault, tries: int) -> Measurement:
        return Measurement(
            sensor=self._number, quantity=quantity, value=None, fault=fault, tries=tries
        )

    def _measured(self, quantity: Quantity, truth: float, slot: int, tries: int) -> Measurement:
        scatter, step = ROUNDING[quantity]
        noise = swing(self._world.seed, f"{quantity} {self._number}", slot)
        value = step * round((truth * MILLI + scatter * noise) / step)
        return Measurement(sensor=self._number, quantity=quantity, value=value, tries=tries)


def channel_of(options: Options, known: tuple[str, ...]) -> str:
    """Return which channel a sensor hangs at: `channel`, else its name, else by its number."""
    name = options.text("name", "")
    number = options.integer("number", 1)
    by_number = known[(number - 1) % len(known)]
    channel = options.text("channel", name if name in known else by_number)
    if channel not in known:
        raise options.refuse("channel", f"one of {', '.join(known)}")
    return channel


def sensor_number(options: Options) -> int:
    """Return the number under which a sensor's measurements go."""
    number = options.integer("number", 1)
    if not 0 <= number <= 255:
        raise HalError(f"{options.part}: number = {number}: expected 0 to 255")
    return number
