"""A simulated plant or market: several rooms one inside the other, doors, defrost, power cuts.

The work room lies in the weather, the cold room and the freezer in the work room. Each has its own
refrigeration unit. All rooms are stepped together on one grid, so the order in which they are
asked changes nothing. There is no satellite receiver: a site knows where it is.

Channels are the rooms: work-room, cold-room, freezer; and cold-box, a probe among the goods of the
cold room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hal.api import HalError, Moment, Quantity, Role
from hal.mock.faults import Playbook, Script, Trouble
from hal.mock.physics import Box, Climate, Surroundings, between, step
from hal.mock.scenarios import SITE, Scenario, find
from hal.mock.timeline import Grid
from hal.mock.truck import FADING_MS, Hold
from hal.mock.unit import MINUTE_MS, Unit, decide
from hal.mock.weather import outside
from hal.mock.world import Probe, Truth, World, channel_of, sensor_number
from hal.options import Options, Shared

TEMPERATURE, HUMIDITY = Quantity.TEMPERATURE, Quantity.HUMIDITY
CHANNELS: Mapping[str, tuple[Quantity, ...]] = {
    "work-room": (TEMPERATURE, HUMIDITY),
    "cold-room": (TEMPERATURE, HUMIDITY),
    "freezer": (TEMPERATURE, HUMIDITY),
    "cold-box": (TEMPERATURE,),
}
OUTDOORS = ""
STEP_MS = 10_000  # rooms are slower than a truck


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One room: what it is built of, what cools it, where it stands, how its door is used."""

    name: str
    box: Box
    unit: Unit
    inside: str = OUTDOORS
    lamps_w: float = 0.0  # lamps, machines and people
    door: Script


def _door(room: str, every_min: int, open_s: int) -> Script:
    return Script(
        trouble=Trouble.DOOR_OPEN,
        channel=room,
        start_ms=MINUTE_MS,
        length_ms=open_s * 1000,
        every_ms=every_min * MINUTE_MS,
        start_spread_ms=(every_min * MINUTE_MS) // 2,
        length_spread_ms=open_s * 1000,
    )


def _walk_in(scale: float) -> Box:
    """A room of `scale` times the hold of a truck, with better walls and a narrower door."""
    return Box(
        front_j=70_000.0 * scale,
        rear_j=50_000.0 * scale,
        wall_j=400_000.0 * scale,
        cargo_j=2_000_000.0 * scale,
        mixing_w=260.0 * scale,
        front_wall_w=100.0 * scale,
        rear_wall_w=70.0 * scale,
        front_cargo_w=50.0 * scale,
        rear_cargo_w=45.0 * scale,
        wall_outside_w=30.0 * scale,
        door_w=140.0 * scale,
    )


# Inner rooms come after those they stand in.
ROOMS = (
    Room(
        name="work-room",
        box=_walk_in(4.0),
        unit=Unit(set_point=12.0, cooling_w=9_000.0),
        lamps_w=1_200.0,
        door=_door("work-room", every_min=12, open_s=60),
    ),
    Room(
        name="cold-room",
        box=_walk_in(2.0),
        unit=Unit(set_point=1.0, cooling_w=6_000.0),
        inside="work-room",
        door=_door("cold-room", every_min=25, open_s=50),
    ),
    Room(
        name="freezer",
        box=_walk_in(1.5),
        unit=Unit(set_point=-21.0, above=1.0, below=1.0, cooling_w=5_200.0),
        inside="work-room",
        door=_door("freezer", every_min=55, open_s=40),
    ),
)

Plant = Mapping[str, Hold]


class Site(World):
    """The building itself. Parts: see the factories below."""

    def __init__(self, scenario: Scenario, seed: int, start_utc_ms: int | None = None) -> None:
        """Begin with every room at its set point."""
        super().__init__(scenario, seed, start_utc_ms)
        self.playbook = Playbook((*scenario.scripts, *(room.door for room in ROOMS)), seed)
        self.rooms = {room.name: self._timed(room, place) for place, room in enumerate(ROOMS)}
        self._plant: Grid[Plant] | None = None

    def climate(self, room: str, elapsed_ms: int) -> Climate:
        """Return the climate of a room."""
        if self._plant is None:  # not before the first moment: it tells the season
            self._plant = Grid(self._begin(), self._step, STEP_MS)
        before, after, share = self._plant.around(elapsed_ms)
        return between(before[room].climate, after[room].climate, share)

    def truth(self, channel: str, elapsed_ms: int) -> Truth:
        """Return what is really there."""
        if channel == "cold-box":
            return {TEMPERATURE: self.climate("cold-room", elapsed_ms).cargo}
        climate = self.climate(channel, elapsed_ms)
        air = (climate.front + climate.rear) / 2
        return {TEMPERATURE: air, HUMIDITY: climate.humidity}

    def door_open(self, room: str, elapsed_ms: int) -> bool:
        """Return whether the door of this room is open."""
        return self.playbook.on(Trouble.DOOR_OPEN, elapsed_ms, room) is not None

    def power(self, elapsed_ms: int) -> bool:
        """Return whether there are mains."""
        return self.playbook.on(Trouble.POWER_CUT, elapsed_ms) is None

    def network(self, elapsed_ms: int) -> bool:
        """Return whether the router runs and reaches the world."""
        dead = self.playbook.on(Trouble.DEAD_ZONE, elapsed_ms) is not None
        return self.power(elapsed_ms) and not dead

    def _timed(self, room: Room, place: int) -> Room:
        """Give the unit the scenario's defrost, no two rooms at the same length of period."""
        every_ms = self.scenario.defrost_every_ms + place * 5 * MINUTE_MS
        unit = replace(room.unit, defrost_every_ms=every_ms, defrost_ms=self.scenario.defrost_ms)
        return replace(room, unit=unit)

    def _begin(self) -> Plant:
        plant: dict[str, Hold] = {}
        for room in self.rooms.values():
            warm = self._around(room, plant, 0)[0]
            set_point = room.unit.set_point
            wall = set_point + 0.15 * (warm - set_point)
            climate = Climate(set_point, set_point + 0.5, wall, set_point, 85.0)
            plant[room.name] = Hold(climate, False)
        return plant

    def _step(self, plant: Plant, elapsed_ms: int) -> Plant:
        return {name: self._step_room(room, plant, elapsed_ms) for name, room in self.rooms.items()}

    def _step_room(self, room: Room, plant: Plant, elapsed_ms: int) -> Hold:
        now, unit, mains = plant[room.name], room.unit, self.power(elapsed_ms)
        command = decide(unit, now.running, now.climate.front, elapsed_ms)
        running = command.running and mains
        warm, damp = self._around(room, plant, elapsed_ms)
        heating = unit.defrost_heat_w if command.defrosting else unit.fan_w
        around = Surroundings(
            outside=warm,
            humidity=damp,
            door_open=self.door_open(room.name, elapsed_ms),
            cooling_w=unit.cooling_w * self._strength(room, elapsed_ms) if running else 0.0,
            heating_w=heating + room.lamps_w if mains else 0.0,
        )
        return Hold(step(room.box, now.climate, around, STEP_MS / 1000), running)

    def _around(self, room: Room, plant: Plant, elapsed_ms: int) -> tuple[float, float]:
        if room.inside == OUTDOORS:
            return outside(self.timeline.utc_ms(elapsed_ms))
        outer = plant[room.inside].climate
        return outer.rear, outer.humidity

    def _strength(self, room: Room, elapsed_ms: int) -> float:
        fading = self.playbook.on(Trouble.WEAK_COMPRESSOR, elapsed_ms, room.name)
        if fading is None:
            return 1.0
        return max(0.0, 1.0 - (elapsed_ms - fading.start_ms) / FADING_MS)


class SiteContact:
    """The door switch of one room, or the relay that sees the mains."""

    simulated = True
    wake_fd = None

    def __init__(self, site: Site, room: str | None) -> None:
        """Fit it to a room's door, or with None to the mains."""
        self._site = site
        self._room = room

    def read(self, at: Moment) -> bool | None:
        """Return whether the door is open, or whether there are mains."""
        elapsed_ms = self._site.advance(at)
        if self._room is None:
            return self._site.power(elapsed_ms)
        return self._site.door_open(self._room, elapsed_ms)

    def close(self) -> None:
        """Nothing to let go of."""


class SiteLink:
    """The network of a simulated site: gone with the mains."""

    simulated = True
    wake_fd = None

    def __init__(self, site: Site) -> None:
        """Fit it to the site."""
        self._site = site

    def up(self, at: Moment) -> bool | None:
        """Return whether there is network."""
        return self._site.network(self._site.advance(at))

    def close(self) -> None:
        """Nothing to let go of."""


def open_site(options: Options, shared: Shared) -> Site:
    """Return the site of this bench for these options (scenario, seed, start_utc_ms)."""
    scenario = find(SITE, options.text("scenario", "steady"))
    seed = options.integer("seed", 1)
    start = options.maybe_integer("start_utc_ms")
    key = ("site", scenario.name, seed, start)
    return shared.get(key, Site, lambda: Site(scenario, seed, start))


def open_sensor(options: Options, shared: Shared) -> Probe:
    """Factory of "mock-site" sensors; `channel` says in which room."""
    channel = channel_of(options, tuple(CHANNELS))
    site = open_site(options, shared)
    return Probe(site, sensor_number(options), channel, CHANNELS[channel])


def open_contact(options: Options, shared: Shared) -> SiteContact:
    """Factory of "mock-site" contacts: role "door" of a `room`, or role "power"."""
    role = options.text("role", Role.DOOR)
    if role == Role.IGNITION:
        raise HalError(f"{options.part}: a building has no ignition")
    room = options.text("room", "cold-room")
    if role == Role.POWER:
        return SiteContact(open_site(options, shared), None)
    if room not in {each.name for each in ROOMS}:
        raise options.refuse("room", f"one of {', '.join(each.name for each in ROOMS)}")
    return SiteContact(open_site(options, shared), room)


def open_link(options: Options, shared: Shared) -> SiteLink:
    """Factory of the "mock-site" network."""
    return SiteLink(open_site(options, shared))
