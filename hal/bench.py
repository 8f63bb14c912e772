"""Everything fitted to one truck or one site, opened from a plain mapping.

    {"sensors": [{"number": 1, "name": "air-front", "part": "mock-truck"}, ...],
     "position": {"part": "mock-truck"}, "door": {"part": "mock-truck"},
     "power": {...}, "ignition": {...}, "contacts": [{"number": 4, "name": "freezer-door",
     "role": "door", "part": "mock-site", "room": "freezer"}],
     "light": {"part": "mock-light"}, "buzzer": {...}, "link": {"part": "mock-truck"},
     "scenario": "dead-zone", "seed": 7, "start_utc_ms": 1784062800000, "run_dir": "/run/x"}

What is left out is "none". Keys beside the parts (scenario, seed, start_utc_ms; run_dir, a folder
for small files of this run) go to every part that wants them. Parts of one bench share one
simulated truck, or one bus; two benches share nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import cast

from hal.api import Contact, HalError, Light, Link, Part, Positioner, Role, Sensor
from hal.catalog import is_simulated, open_part
from hal.options import Options, Shared

Config = Mapping[str, object]

INHERITED = ("scenario", "seed", "start_utc_ms", "run_dir")
SINGLE = ("position", "door", "power", "ignition", "light", "buzzer", "link")
MANY = ("sensors", "contacts")
OWN_NUMBERS = {Role.DOOR: 0, Role.POWER: 254, Role.IGNITION: 255}
"""Numbers of the contacts that have a key of their own, unless they are given another."""
NOT_FITTED: Config = {"part": "none"}


@dataclass(frozen=True, slots=True)
class FittedContact:
    """A two-state input with its place in the records: number (0 to 255), name, meaning."""

    number: int
    name: str
    role: Role
    contact: Contact


@dataclass(frozen=True, slots=True)
class Bench:
    """All parts, open. `sensors` keep the order of the configuration; absent parts answer None."""

    sensors: tuple[Sensor, ...]
    positioner: Positioner
    contacts: tuple[FittedContact, ...]
    light: Light
    buzzer: Light
    link: Link

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every part, once."""
        contacts = tuple(fitted.contact for fitted in self.contacts)
        return (*self.sensors, self.positioner, *contacts, self.light, self.buzzer, self.link)

    @property
    def simulated(self) -> bool:
        """Whether any part is: then every record of this run must say so."""
        return any(is_simulated(part) for part in self.parts)

    @property
    def wake_fds(self) -> tuple[int, ...]:
        """Descriptors worth waiting on."""
        return tuple(fd for part in self.parts if (fd := part.wake_fd) is not None)

    def close(self) -> None:
        """Close every part; a second call does nothing; never raises."""
        for part in self.parts:
            part.close()


def open_bench(config: Config) -> Bench:
    """Open all parts, or none: HalError names the part, the key and what was expected."""
    _insist_on_known(config)
    opener = _Opener(config)
    with ExitStack() as undo:
        undo.callback(opener.close)
        bench = Bench(
            sensors=opener.sensors(),
            positioner=cast(Positioner, opener.one("positioner", "position")),
            contacts=opener.contacts(),
            light=cast(Light, opener.one("light", "light")),
            buzzer=cast(Light, opener.one("light", "buzzer")),
            link=cast(Link, opener.one("link", "link")),
        )
        undo.pop_all()
    return bench


def open_sensor(name: str, options: Config) -> Sensor:
    """Open one sensor by the name of its part; `options` must hold its `number`."""
    return _Opener({}).sensor({**options, "part": name})


def open_positioner(name: str, options: Config) -> Positioner:
    """Open one positioner by the name of its part."""
    return cast(Positioner, _alone("positioner", name, options))


def open_contact(name: str, options: Config) -> Contact:
    """Open one contact by the name of its part."""
    return cast(Contact, _alone("contact", name, options))


def open_light(name: str, options: Config) -> Light:
    """Open one light or buzzer by the name of its part."""
    return cast(Light, _alone("light", name, options))


def open_link(name: str, options: Config) -> Link:
    """Open one link by the name of its part."""
    return cast(Link, _alone("link", name, options))


def _alone(kind: str, name: str, options: Config) -> Part:
    return open_part(kind, Options(name, options, {}), Shared())


class _Opener:
    """One opening of a bench: the inherited settings, what is shared, what is already open."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._inherited = {key: config[key] for key in INHERITED if key in config}
        self._shared = Shared()
        self._open: list[Part] = []

    def close(self) -> None:
        for part in self._open:
            part.close()

    def sensors(self) -> tuple[Sensor, ...]:
        entries = _entries(self._config, "sensors")
        _insist_on_different("sensor", [_number(entry) for entry in entries])
        return tuple(map(self.sensor, entries))

    def sensor(self, entry: Config) -> Sensor:
        _number(entry)
        return cast(Sensor, self._part("sensor", entry))

    def one(self, kind: str, key: str) -> Part:
        return self._part(kind, _table(self._config, key) if key in self._config else NOT_FITTED)

    def contacts(self) -> tuple[FittedContact, ...]:
        entries = [
            {"number": OWN_NUMBERS[role], **_table(self._config, role), "role": role.value}
            for role in Role
            if role.value in self._config
        ]
        fitted = tuple(map(self._contact, [*entries, *_entries(self._config, "contacts")]))
        _insist_on_different("contact", [contact.number for contact in fitted])
        return fitted

    def _contact(self, entry: Config) -> FittedContact:
        role = str(entry.get("role", ""))
        if role not in set(Role):
            raise HalError(f"contact role = {role!r}: expected one of {', '.join(Role)}")
        contact = cast(Contact, self._part("contact", {**entry, "role": role}))
        name = str(entry.get("name", role))
        return FittedContact(_number(entry), name, Role(role), contact)

    def _part(self, kind: str, entry: Config) -> Part:
        name = entry.get("part")
        if not isinstance(name, str):
            raise HalError(f"{kind}: part = {name!r}: expected the name of a part")
        part = open_part(kind, Options(name, entry, self._inherited), self._shared)
        self._open.append(part)
        return part


def _number(entry: Config) -> int:
    number = entry.get("number")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 255:
        raise HalError(f"number = {number!r}: expected a whole number from 0 to 255")
    return number


def _insist_on_different(kind: str, numbers: Sequence[int]) -> None:
    if twice := sorted({number for number in numbers if numbers.count(number) > 1}):
        raise HalError(f"{kind} number {twice[0]} is given twice")


def _table(config: Config, key: str) -> Config:
    table = config[key]
    if not isinstance(table, Mapping):
        raise HalError(f"{key} = {table!r}: expected a table with a part")
    return table


def _entries(config: Config, key: str) -> Sequence[Config]:
    entries = config.get(key, ())
    if not isinstance(entries, list | tuple) or not all(isinstance(e, Mapping) for e in entries):
        raise HalError(f"{key} = {entries!r}: expected a list of tables")
    return entries


def _insist_on_known(config: Config) -> None:
    known = {*INHERITED, *SINGLE, *MANY}
    if unknown := sorted(set(config) - known):
        raise HalError(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
