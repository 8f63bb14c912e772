"""A simulated refrigerated truck on the road between Busan and Seoul.

One `Truck` moves by the moments handed to any of its parts: its hold is stepped on a fixed grid
(physics, thermostat, defrost, doors), its place is looked up in a timetable, its troubles in a
script. Same scenario, seed, start and moments: same history, however often it is looked at.

Channels: air-front (return air), air-door (door end), box-probe (in the cargo), unit-display (what
the refrigeration unit shows the driver, which need not be true), battery.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hal.api import Moment, Quantity
from hal.mock.faults import Trouble
from hal.mock.physics import Box, Climate, Surroundings, between, step
from hal.mock.receiver import TruckPositioner
from hal.mock.road import round_trip
from hal.mock.scenarios import TRUCK, Scenario, find
from hal.mock.timeline import GRID_MS, Grid
from hal.mock.trip import DELIVERIES, THROUGH_RUN, Timetable
from hal.mock.unit import MINUTE_MS, Unit, decide
from hal.mock.weather import outside
from hal.mock.world import Probe, Truth, World, channel_of, sensor_number
from hal.options import Options, Shared

FADING_MS = 15 * MINUTE_MS  # from a sound compressor to a useless one
FALSIFIED_BY = 7.0  # degrees
FALSIFIED_FLOOR = 0.3  # a fake never shows less than this below the set point
TEMPERATURE, HUMIDITY = Quantity.TEMPERATURE, Quantity.HUMIDITY
CHANNELS: Mapping[str, tuple[Quantity, ...]] = {
    "air-front": (TEMPERATURE, HUMIDITY),
    "air-door": (TEMPERATURE, HUMIDITY),
    "box-probe": (TEMPERATURE,),
    "unit-display": (TEMPERATURE,),
    "battery": (Quantity.VOLTAGE,),
}


class Hold(NamedTuple):
    """The state of the hold: its climate, and whether the compressor was running."""

    climate: Climate
    running: bool


class Truck(World):
    """The truck itself. Parts: see the factories below."""

    def __init__(self, scenario: Scenario, seed: int, start_utc_ms: int | None = None) -> None:
        """Load it, cooled down, at Jagalchi market."""
        super().__init__(scenario, seed, start_utc_ms)
        self.route = round_trip()
        stops = DELIVERIES if scenario.deliveries else THROUGH_RUN
        self.timetable = Timetable(self.route, stops, seed)
        self.unit = Unit(
            set_point=scenario.set_point,
            defrost_every_ms=scenario.defrost_every_ms,
            defrost_ms=scenario.defrost_ms,
        )
        self.box = Box()
        self._hold: Grid[Hold] | None = None

    def climate(self, elapsed_ms: int) -> Climate:
        """Return the climate of the hold."""
        if self._hold is None:  # not before the first moment: it tells the season
            self._hold = Grid(Hold(self._precooled(), False), self._step)
        before, after, share = self._hold.around(elapsed_ms)
        return between(before.climate, after.climate, share)

    def truth(self, channel: str, elapsed_ms: int) -> Truth:
        """Return what is really there; at unit-display, what is really displayed."""
        if channel == "battery":
            return {Quantity.VOLTAGE: 27.6 if self.timetable.speed(elapsed_ms) > 0 else 25.4}
        climate = self.climate(elapsed_ms)
        if channel == "unit-display":
            return {TEMPERATURE: self.displayed(climate.front, elapsed_ms)}
        if channel == "box-probe":
            return {TEMPERATURE: climate.cargo}
        air = climate.front if channel == "air-front" else climate.rear
        return {TEMPERATURE: air, HUMIDITY: climate.humidity}

    def displayed(self, front: float, elapsed_ms: int) -> float:
        """Return what the unit's own sensor says of the front air: the truth, or a fake cold."""
        if self.playbook.on(Trouble.FAKE_DISPLAY, elapsed_ms) is None:
            return front
        floor = self.unit.set_point - FALSIFIED_FLOOR
        return min(front, max(floor, front - FALSIFIED_BY))

    def door_open(self, elapsed_ms: int) -> bool:
        """Return whether the door of the hold is open."""
        left_open = self.playbook.on(Trouble.DOOR_OPEN, elapsed_ms)
        return left_open is not None or self.timetable.door_open(elapsed_ms)

    def in_tunnel(self, elapsed_ms: int) -> bool:
        """Return whether there is rock above."""
        return self.route.in_tunnel(self.timetable.metres(elapsed_ms))

    def network(self, elapsed_ms: int) -> bool:
        """Return whether there is LTE."""
        dead_zone = self.playbook.on(Trouble.DEAD_ZONE, elapsed_ms)
        return dead_zone is None and not self.in_tunnel(elapsed_ms)

    def _precooled(self) -> Climate:
        set_point = self.unit.set_point
        warm, _ = outside(self.timeline.start_utc_ms)
        wall = set_point + 0.24 * (warm - set_point)
        return Climate(set_point, set_point + 0.8, wall, set_point, 85.0)

    def _step(self, hold: Hold, elapsed_ms: int) -> Hold:
        sensed = self.displayed(hold.climate.front, elapsed_ms)
        command = decide(self.unit, hold.running, sensed, elapsed_ms)
        warm, damp = outside(self.timeline.utc_ms(elapsed_ms))
        cooling = self.unit.cooling_w * self._strength(elapsed_ms) if command.running else 0.0
        heating = self.unit.defrost_heat_w if command.defrosting else self.unit.fan_w
        around = Surroundings(warm, damp, self.door_open(elapsed_ms), cooling, heating)
        return Hold(step(self.box, hold.climate, around, GRID_MS / 1000), command.running)

    def _strength(self, elapsed_ms: int) -> float:
        fading = self.playbook.on(Trouble.WEAK_COMPRESSOR, elapsed_ms)
        if fading is None:
            return 1.0
        return max(0.0, 1.0 - (elapsed_ms - fading.start_ms) / FADING_MS)


class TruckDoor:
    """The door contact of a simulated truck."""

    simulated = True
    wake_fd = None

    def __init__(self, truck: Truck) -> None:
        """Fit it to the truck."""
        self._truck = truck

    def read(self, at: Moment) -> bool | None:
        """Return whether the door is open."""
        return self._truck.door_open(self._truck.advance(at))

    def close(self) -> None:
        """Nothing to let go of."""


class TruckLink:
    """The LTE of a simulated truck: gone in tunnels and dead zones."""

    simulated = True
    wake_fd = None

    def __init__(self, truck: Truck) -> None:
        """Fit it to the truck."""
        self._truck = truck

    def up(self, at: Moment) -> bool | None:
        """Return whether there is network."""
        return self._truck.network(self._truck.advance(at))

    def close(self) -> None:
        """Nothing to let go of."""


def open_truck(options: Options, shared: Shared) -> Truck:
    """Return the truck of this bench for these options (scenario, seed, start_utc_ms)."""
    scenario = find(TRUCK, options.text("scenario", "steady"))
    seed = options.integer("seed", 1)
    start = options.maybe_integer("start_utc_ms")
    key = ("truck", scenario.name, seed, start)
    return shared.get(key, Truck, lambda: Truck(scenario, seed, start))


def open_sensor(options: Options, shared: Shared) -> Probe:
    """Factory of "mock-truck" sensors; `channel` says where it hangs."""
    channel = channel_of(options, tuple(CHANNELS))
    truck = open_truck(options, shared)
    return Probe(truck, sensor_number(options), channel, CHANNELS[channel])


def open_positioner(options: Options, shared: Shared) -> TruckPositioner:
    """Factory of the "mock-truck" receiver."""
    return TruckPositioner(open_truck(options, shared))


def open_contact(options: Options, shared: Shared) -> TruckDoor:
    """Factory of the "mock-truck" door contact."""
    if options.text("role", "door") != "door":
        raise options.refuse("role", "door: a mock truck has no other contact")
    return TruckDoor(open_truck(options, shared))


def open_link(options: Options, shared: Shared) -> TruckLink:
    """Factory of the "mock-truck" network."""
    return TruckLink(open_truck(options, shared))
