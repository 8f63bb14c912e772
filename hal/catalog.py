"""Which parts exist: one explicit table of names, and the entry points of third parties.

Names beginning with "mock-" and the name "replay" are the simulated ones. The rule is checked
on every opening, both ways: a simulated part under another name is refused, and so is a part
under such a name that claims to be real. Modules are imported only when named in a
configuration, so a truck never loads a mock and a desk never needs a hardware library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, cast

from hal.api import Contact, HalError, Light, Link, Part, Positioner, Sensor
from hal.options import Options, Shared

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

GROUP = "jagalchi.hal"
"""Entry point group; an entry is named "<kind>.<name>", for instance "sensor.acme-probe"."""

Factory = Callable[[Options, Shared], Part]

TABLE: Mapping[str, Mapping[str, str]] = {
    "sensor": {
        "dht": "hal.pi.polled:open_sensor",
        "dht-kernel": "hal.pi.polled:open_sensor",
        "ds18b20": "hal.pi.polled:open_sensor",
        "sht3x": "hal.pi.polled:open_sensor",
        "mock-truck": "hal.mock.truck:open_sensor",
        "mock-site": "hal.mock.site:open_sensor",
        "replay": "hal.mock.replay:open_sensor",
    },
    "positioner": {
        "nmea": "hal.pi.uart:open_positioner",
        "gpsd": "hal.pi.gpsd_socket:open_positioner",
        "mock-truck": "hal.mock.truck:open_positioner",
        "replay": "hal.mock.replay:open_positioner",
        "none": "hal.absent:open_positioner",
    },
    "contact": {
        "gpio": "hal.pi.gpio:open_contact",
        "mock-truck": "hal.mock.truck:open_contact",
        "mock-site": "hal.mock.site:open_contact",
        "replay": "hal.mock.replay:open_contact",
        "none": "hal.absent:open_contact",
    },
    "light": {
        "gpio": "hal.pi.gpio:open_light",
        "mock-light": "hal.mock.light:open_light",
        "none": "hal.absent:open_light",
    },
    "link": {
        "mock-truck": "hal.mock.truck:open_link",
        "mock-site": "hal.mock.site:open_link",
        "none": "hal.absent:open_link",
    },
}

SHAPES: Mapping[str, type] = {
    "sensor": Sensor,
    "positioner": Positioner,
    "contact": Contact,
    "light": Light,
    "link": Link,
}


def is_simulated(part: Part) -> bool:
    """Return whether what this part says is made up."""
    return bool(part.simulated)


def names(kind: str) -> tuple[str, ...]:
    """Return the names that can be configured for this kind of part, third parties' included."""
    prefix = f"{kind}."
    foreign = {e.name.removeprefix(prefix) for e in _foreign() if e.name.startswith(prefix)}
    return tuple(sorted(foreign | set(TABLE[kind])))


def open_part(kind: str, options: Options, shared: Shared) -> Part:
    """Open the part that `options.part` names. HalError says what exists or what does not fit."""
    part = _factory(kind, options.part)(options, shared)
    try:
        _insist_on_shape(kind, part, options.part)
        _insist_on_honest_name(part, options.part)
        _insist_on_known_keys(options)
    except HalError:
        part.close()
        raise
    return part


def _factory(kind: str, name: str) -> Factory:
    target = TABLE[kind].get(name)
    if target is not None:
        module, _, function = target.partition(":")
        return cast(Factory, getattr(import_module(module), function))
    for entry in _foreign():
        if entry.name == f"{kind}.{name}":
            return cast(Factory, entry.load())
    raise HalError(f"there is no {kind} named {name!r}; there are: {', '.join(names(kind))}")


def _foreign() -> EntryPoints:
    from importlib.metadata import entry_points  # dear to import, and hardly ever needed

    return entry_points(group=GROUP)


def _insist_on_shape(kind: str, part: Part, name: str) -> None:
    if not isinstance(part, SHAPES[kind]):
        raise HalError(f"{name}: what its factory made is not a {kind}")


def _insist_on_honest_name(part: Part, name: str) -> None:
    made_up = name.startswith("mock-") or name == "replay"
    if is_simulated(part) != made_up:
        what = "simulated" if is_simulated(part) else "not simulated"
        raise HalError(f"{name}: the part is {what}, which its name denies")


def _insist_on_known_keys(options: Options) -> None:
    if unknown := options.unknown():
        known = ", ".join(options.known()) or "none"
        raise HalError(f"{options.part}: unknown option {unknown[0]!r}; it takes: {known}")
