"""Heat and damp in an insulated box: two zones of air, walls, cargo. First-order, explicit.

Heat flows from warm to cold through conductances (watt per kelvin) between stores (joule per
kelvin); the refrigeration unit takes heat out of the front air, an open door exchanges the rear
air with the surroundings. With steps of at most LONGEST_STEP_S no temperature can overshoot what
drives it. Floating point is fine here: no number of this module is ever signed.

It refuses to know what a truck, a room or a sensor is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

LONGEST_STEP_S = 10.0


class Climate(NamedTuple):
    """The state of a box: degrees Celsius, and percent relative humidity of its air."""

    front: float
    rear: float
    wall: float
    cargo: float
    humidity: float


class Surroundings(NamedTuple):
    """What acts on a box during one step.

    outside, humidity: air around it. door_open: nothing or everything. cooling_w: heat taken out
    of the front air. heating_w: heat put in (defrost leaking through, people, lamps).
    """

    outside: float
    humidity: float
    door_open: bool
    cooling_w: float
    heating_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Stores in joule per kelvin, conductances in watt per kelvin."""

    front_j: float = 70_000.0
    rear_j: float = 50_000.0
    wall_j: float = 300_000.0
    cargo_j: float = 1_200_000.0
    mixing_w: float = 260.0  # front to rear air, by the fan
    front_wall_w: float = 100.0
    rear_wall_w: float = 70.0
    front_cargo_w: float = 50.0
    rear_cargo_w: float = 45.0
    wall_outside_w: float = 46.0
    door_w: float = 420.0  # rear air to outside through an open door
    seal_w: float = 4.0  # the same through a shut one


def step(box: Box, now: Climate, around: Surroundings, seconds: float) -> Climate:
    """Return the climate `seconds` later (at most LONGEST_STEP_S)."""
    to_rear = box.mixing_w * (now.front - now.rear)
    front_wall = box.front_wall_w * (now.wall - now.front)
    rear_wall = box.rear_wall_w * (now.wall - now.rear)
    front_cargo = box.front_cargo_w * (now.cargo - now.front)
    rear_cargo = box.rear_cargo_w * (now.cargo - now.rear)
    door = (box.door_w if around.door_open else box.seal_w) * (around.outside - now.rear)
    through_wall = box.wall_outside_w * (around.outside - now.wall)
    unit = around.heating_w - around.cooling_w
    return Climate(
        now.front + seconds * (front_wall + front_cargo - to_rear + unit) / box.front_j,
        now.rear + seconds * (rear_wall + rear_cargo + to_rear + door) / box.rear_j,
        now.wall + seconds * (through_wall - front_wall - rear_wall) / box.wall_j,
        now.cargo - seconds * (front_cargo + rear_cargo) / box.cargo_j,
        _humidity(now.humidity, around, seconds),
    )


def stored_j(box: Box, climate: Climate) -> float:
    """Return the heat in the box, counted from 0 degrees Celsius, in joule."""
    return (
        box.front_j * climate.front
        + box.rear_j * climate.rear
        + box.wall_j * climate.wall
        + box.cargo_j * climate.cargo
    )


def inflow_w(box: Box, climate: Climate, around: Surroundings) -> float:
    """Return the heat that enters the box from outside itself, in watt."""
    door = (box.door_w if around.door_open else box.seal_w) * (around.outside - climate.rear)
    wall = box.wall_outside_w * (around.outside - climate.wall)
    return door + wall + around.heating_w - around.cooling_w


def between(before: Climate, after: Climate, share: float) -> Climate:
    """Interpolate: share 0 is `before`, 1 is `after`."""
    return Climate(*(a + share * (b - a) for a, b in zip(before, after, strict=True)))


DRY_COIL, DAMP_CARGO, COLD_DAMP = 78.0, 93.0, 97.0  # percent
COIL_S, CARGO_S, DOOR_S = 600.0, 1500.0, 120.0  # time constants, seconds


def _humidity(now: float, around: Surroundings, seconds: float) -> float:
    """A running coil dries, wet cargo dampens, outside air mists up as it cools."""
    if around.door_open:
        return now + seconds / DOOR_S * (min(COLD_DAMP, around.humidity + 25.0) - now)
    if around.cooling_w > 0:
        return now + seconds / COIL_S * (DRY_COIL - now)
    return now + seconds / CARGO_S * (DAMP_CARGO - now)
