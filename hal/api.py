"""What every piece of hardware promises, and the values it hands over.

The agent knows only this page: it never learns whether a part is a sensor on a wire or a
physical model. Time is handed in (`Moment`); a part that listens between two questions dates what
it hears by the same boot clock, and no part knows another one. Numbers are scaled integers
(milli-degrees, milli-percent, 1e-7 degrees of arc).

It refuses exceptions out of a read: trouble is a value (`Fault`), and a value that was not
measured is None, never the last one again. The numbers of `Quantity`, `Fault` and `Fix` are
those of the wire registry (docs/protocol.md, registries); a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Protocol, runtime_checkable


class HalError(ValueError):
    """A part cannot be opened as configured; the text names the part, the key and what fits.

    Raised while opening only. `read`, `show`, `up` and `close` never raise.
    """


class Quantity(IntEnum):
    """What a measurement is of; the unit is part of the meaning."""

    TEMPERATURE = 1  # milli-degrees Celsius
    HUMIDITY = 2  # milli-percent relative humidity
    DOOR = 3  # 0 closed, 1 open
    VOLTAGE = 4  # milli-volt


class Fault(IntEnum):
    """Why a measurement is missing or doubtful; None in its place means it is good."""

    SUSPECT = 1  # a value, but implausible (a jump, half or double, one read without a second)
    NO_ANSWER = 2  # the part stayed silent
    CHECKSUM = 3  # it answered, every try with a bad checksum
    OUT_OF_RANGE = 4  # outside what the part can measure, or a known error value (85.0, -127)
    STUCK = 5  # a value, but it has not moved for too long
    UNPLUGGED = 6  # the bus says that nothing is there
    NOT_READY = 7  # asked before it can answer (warming up, cold start, too soon)
    DISAGREE = 8  # a value, but repeated reads do not agree
    DEADLINE = 9  # the reading took too long and was given up


KEEPS_VALUE = frozenset({Fault.SUSPECT, Fault.STUCK, Fault.DISAGREE})
"""Faults that still come with a value; with all others the value is None."""


class Fix(IntEnum):
    """How well a satellite receiver knows where it is."""

    NONE = 0
    FIX_2D = 2
    FIX_3D = 3


class Role(StrEnum):
    """What a two-state input stands for, and what True means."""

    DOOR = "door"  # True: open
    POWER = "power"  # True: outside power is present
    IGNITION = "ignition"  # True: switched on


@dataclass(frozen=True, slots=True)
class Moment:
    """The instant a part is asked about.

    boot_ms: milliseconds since this machine booted; never goes back, always known.
    utc_ms: milliseconds since 1970 UTC as far as the caller knows it, or None.
    """

    boot_ms: int
    utc_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One quantity from one sensor at one moment.

    value: milli-units (0 or 1 for a door), None exactly when `fault` leaves nothing to believe.
    tries: how many reads of the part it took, 1 to 15.
    raw: the value before a correction the part itself applied; None when it applied none.
    """

    sensor: int
    quantity: Quantity
    value: int | None
    fault: Fault | None = None
    tries: int = 1
    raw: int | None = None

    def __post_init__(self) -> None:
        """Make a measurement that contradicts itself unspeakable: ValueError."""
        keeps = self.fault is None or self.fault in KEEPS_VALUE
        if keeps != (self.value is not None):
            raise ValueError(f"value {self.value!r} does not go with fault {self.fault!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionFix:
    """What a satellite receiver says now; unknown fields are None, never 0 and never stale.

    lat_e7, lon_e7: 1e-7 degrees WGS 84, None without a fix.
    speed_mm_s, course_cdeg: over ground; hundredths of a degree clockwise from north.
    satellites, hdop_centi: satellites used, horizontal dilution in hundredths.
    age_ms: age of the fix shown; without a fix, age of the last one; None if there never was one.
    utc_ms: the time the receiver claims for this fix, so `age_ms` ago. Not checked for
        plausibility here: receivers whose week counter rolled over claim dates 1024 weeks back.
    fault: NOT_READY cold start, NO_ANSWER silent, CHECKSUM garbage only, SUSPECT an implausible
        jump (position kept), None otherwise.
    """

    fix: Fix
    lat_e7: int | None = None
    lon_e7: int | None = None
    speed_mm_s: int | None = None
    course_cdeg: int | None = None
    satellites: int | None = None
    hdop_centi: int | None = None
    age_ms: int | None = None
    utc_ms: int | None = None
    fault: Fault | None = None

    def __post_init__(self) -> None:
        """Refuse a position without a fix and a fix without a position: ValueError."""
        if (self.fix is Fix.NONE) != (self.lat_e7 is None) or (
            (self.lat_e7 is None) != (self.lon_e7 is None)
        ):
            raise ValueError(f"{self.fix!r} does not go with {self.lat_e7}, {self.lon_e7}")


@runtime_checkable
class Part(Protocol):
    """What all parts share.

    simulated: True if what it says was made up; this reaches the signed bytes.
    wake_fd: a descriptor that turns readable when the part has news (a power-fail input, a
        filled serial buffer), for the caller's select; None: it is enough to ask now and then.
    """

    @property
    def simulated(self) -> bool:
        """Whether its words are made up."""
        ...

    @property
    def wake_fd(self) -> int | None:
        """Descriptor to wait on, or None."""
        ...

    def close(self) -> None:
        """Let go of the hardware; a second call does nothing; never raises."""
        ...


@runtime_checkable
class Sensor(Part, Protocol):
    """Something that measures."""

    def read(self, at: Moment) -> tuple[Measurement, ...]:
        """Return one measurement for each quantity it has, at once or within its own deadline.

        Never empty, never raises. A part that needs time between reads answers from what its
        own child process collected, or NOT_READY; it never repeats an old value as new.
        """
        ...


@runtime_checkable
class Positioner(Part, Protocol):
    """Something that knows where it is."""

    def read(self, at: Moment) -> PositionFix | None:
        """Return the newest fix, or None where no receiver is fitted. Never raises."""
        ...


@runtime_checkable
class Contact(Part, Protocol):
    """A two-state input: a door switch, mains present, the ignition."""

    def read(self, at: Moment) -> bool | None:
        """Return its state as `Role` explains it, or None if unknown. Never raises."""
        ...


@runtime_checkable
class Light(Part, Protocol):
    """Something that shows (or sounds) a pattern: an LED, a buzzer."""

    def show(self, pattern: str, at: Moment) -> None:
        """Show this pattern until told otherwise. Never raises.

        A pattern is a loop of slots of SLOT_MS: `*` lit, anything else dark, for instance
        "*......." one short blink a second. Patterns that mean "alive" must move, so that a
        frozen light reads as dead; `blinks` makes ones that can be counted.
        """
        ...


@runtime_checkable
class Link(Part, Protocol):
    """The way to the network, as far as the hardware can tell."""

    def up(self, at: Moment) -> bool | None:
        """Return True, False, or None: unknown, just try. Never raises."""
        ...


SLOT_MS = 125
"""Length of one character of a light pattern, in milliseconds."""


def blinks(count: int) -> str:
    """Return a pattern of `count` (1 to 9) blinks of 250 ms, then a pause of 1.5 s."""
    if not 1 <= count <= 9:
        raise ValueError(f"{count} blinks cannot be counted at a glance")
    return "**.." * count + "." * 10
