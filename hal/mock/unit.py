"""The refrigeration unit: a thermostat with hysteresis and a timed defrost.

It decides by what its *own* sensor says. A device that falsifies that sensor therefore saves fuel
and shows the driver a fine number while the hold is warm: the fraud called 똑딱이. That is why
our sensor is another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Set point and band in degrees Celsius, power in watt, times in milliseconds.

    The compressor starts at set_point + above and stops at set_point - below. A defrost that
    is due lets a running compressor finish, and is broken off at set_point + most_rise.
    """

    set_point: float = 1.0
    above: float = 1.2
    below: float = 0.8
    most_rise: float = 2.8
    cooling_w: float = 4200.0
    fan_w: float = 200.0  # heat of the evaporator fans; they stand still during a defrost
    defrost_heat_w: float = 300.0  # what leaks from the heated coil into the air
    defrost_every_ms: int = 360 * MINUTE_MS
    defrost_ms: int = 12 * MINUTE_MS


class Command(NamedTuple):
    """What the unit does during a step."""

    running: bool
    defrosting: bool


def decide(unit: Unit, was_running: bool, sensed: float, elapsed_ms: int) -> Command:
    """Return the unit's decision, from its memory of one bit and its own sensor."""
    if sensed >= unit.set_point + unit.above and not defrost_due(unit, elapsed_ms):
        return Command(True, False)
    if sensed >= unit.set_point + unit.most_rise:
        return Command(True, False)
    running = was_running and sensed > unit.set_point - unit.below
    return Command(running, not running and defrost_due(unit, elapsed_ms))


def defrost_due(unit: Unit, elapsed_ms: int) -> bool:
    """Return whether the timer wants a defrost: at the end of every period."""
    return elapsed_ms % unit.defrost_every_ms >= unit.defrost_every_ms - unit.defrost_ms
