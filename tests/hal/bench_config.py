"""Configurations that several tests open."""

from __future__ import annotations

from typing import Any

import hal
from hal.api import Fault, Measurement, Moment, Quantity

START_UTC_MS = 1_784_062_800_000
MINUTE = 60_000
TRUCK_CHANNELS = ("air-front", "air-door", "box-probe", "unit-display", "battery")
SITE_CHANNELS = ("work-room", "cold-room", "freezer", "cold-box")


def truck(scenario: str, seed: int = 3, **more: object) -> dict[str, Any]:
    """A truck with every channel fitted."""
    part = {"part": "mock-truck"}
    return {
        "sensors": [
            {"number": number, "name": name, **part}
            for number, name in enumerate(TRUCK_CHANNELS, 1)
        ],
        "position": part,
        "door": part,
        "link": part,
        "light": {"part": "mock-light"},
        "scenario": scenario,
        "seed": seed,
        "start_utc_ms": START_UTC_MS,
        **more,
    }


def site(scenario: str, seed: int = 3, **more: object) -> dict[str, Any]:
    """A site with every room fitted."""
    part = {"part": "mock-site"}
    return {
        "sensors": [
            {"number": number, "name": name, **part} for number, name in enumerate(SITE_CHANNELS, 1)
        ],
        "contacts": [
            {"number": number, "name": f"{room}-door", "role": "door", "room": room, **part}
            for number, room in enumerate(SITE_CHANNELS[:3], 1)
        ],
        "power": {"number": 9, **part},
        "link": part,
        "scenario": scenario,
        "seed": seed,
        "start_utc_ms": START_UTC_MS,
        **more,
    }


class Run:
    """A bench and short questions to it; time is minutes since the start."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Open it and look at it once, at time 0."""
        self.names = [entry["name"] for entry in config["sensors"]]
        self.bench = hal.open_bench(config)
        self.look(0)

    def moment(self, minute: float) -> Moment:
        """The moment that many minutes in; the boot clock started earlier than the truck."""
        return Moment(boot_ms=77_000 + round(minute * MINUTE), utc_ms=None)

    def look(self, minute: float) -> list[object]:
        """Everything that every part says."""
        at = self.moment(minute)
        said: list[object] = [sensor.read(at) for sensor in self.bench.sensors]
        said += [fitted.contact.read(at) for fitted in self.bench.contacts]
        return [*said, self.bench.positioner.read(at), self.bench.link.up(at)]

    def measured(self, name: str, minute: float) -> Measurement:
        """The first measurement of this sensor: its temperature, or its voltage."""
        sensor = self.bench.sensors[self.names.index(name)]
        return sensor.read(self.moment(minute))[0]

    def value(self, name: str, minute: float) -> int:
        """The value of that measurement, which must be there."""
        value = self.measured(name, minute).value
        assert value is not None, f"no value at {name} in minute {minute}"
        return value

    def door(self, minute: float) -> bool:
        """Whether the first contact says open."""
        return self.bench.contacts[0].contact.read(self.moment(minute)) is True

    def faults(self, name: str, minutes: list[float]) -> set[Fault | None]:
        """The faults seen at these minutes."""
        return {self.measured(name, minute).fault for minute in minutes}


def every(seconds: float, start: float, end: float) -> list[float]:
    """Minutes from start to end, that many seconds apart."""
    count = int((end - start) * 60 / seconds)
    return [start + number * seconds / 60 for number in range(count)]


__all__ = ["Quantity", "Run", "every", "site", "truck"]
