"""Exposure: how many milliseconds at which temperature, per value state. The one sum of all.

Adding is exact integer addition, so splitting an interval, changing the order of events or moving a
lot between trucks, plants and owners changes no result. Temperatures are air temperatures in
milli-degrees Celsius, the warmest trusted sensor of the place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple


class State(StrEnum):
    """What is known of a millisecond; each is in exactly one of these."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    """No record. Its temperature is what it is charged at: the worst that is near; never proof."""
    DOOR = "door"
    """Known, with an open door within its allowance: counts for fish, pages nobody."""
    DEFROST = "defrost"
    """Known, in a defrost within its allowance."""


class End(IntEnum):
    """Which end of a sensor's interval is taken."""

    COLD = -1
    READ = 0
    WARM = 1


class Bin(NamedTuple):
    """A value state, a temperature (None: unknown time with nothing known near), its doubt."""

    state: State
    milli_celsius: int | None
    uncertainty_milli: int

    def at(self, end: End) -> int | None:
        """The temperature at that end of the sensor's interval."""
        if self.milli_celsius is None:
            return None
        return self.milli_celsius + end * self.uncertainty_milli


RECORDED = frozenset({State.KNOWN, State.DOOR, State.DEFROST})
EXCUSED = frozenset({State.DOOR, State.DEFROST})


@dataclass(frozen=True, slots=True)
class Exposure:
    """Milliseconds per bin; no bin is empty. Equal exactly when the same time was spent."""

    bins: Mapping[Bin, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse time that is none, and known time without a temperature."""
        for one, ms in self.bins.items():
            if ms <= 0 or (one.milli_celsius is None and one.state is not State.UNKNOWN):
                raise ValueError(f"no such time: {ms} ms at {one}")

    def __add__(self, other: Exposure) -> Exposure:
        """Both, one after the other in any order."""
        return total((self, other))

    @property
    def all_ms(self) -> int:
        """All time."""
        return sum(self.bins.values())

    def ms(self, *states: State) -> int:
        """Time in these states."""
        return sum(ms for one, ms in self.bins.items() if one.state in states)

    @property
    def unknown_ms(self) -> int:
        """Time without a record."""
        return self.ms(State.UNKNOWN)

    @property
    def uncharged_ms(self) -> int:
        """Time without a record that cannot even be charged: no figure covers it."""
        return sum(ms for one, ms in self.bins.items() if one.milli_celsius is None)

    def only(self, states: frozenset[State]) -> Exposure:
        """The part in these states."""
        return Exposure({one: ms for one, ms in self.bins.items() if one.state in states})

    def weigh(self, rate: Callable[[int], int], end: End) -> int:
        """Sum of rate(milli_celsius) * ms; uncharged time weighs nothing and is told apart."""
        return sum(
            rate(at) * ms for one, ms in self.bins.items() if (at := one.at(end)) is not None
        )

    def over(self, milli_celsius: int, end: End = End.READ) -> int:
        """Milliseconds strictly above a temperature, charged time included."""
        return self.weigh(lambda at: int(at > milli_celsius), end)

    def under(self, milli_celsius: int, end: End = End.READ) -> int:
        """Milliseconds strictly below a temperature, charged time included."""
        return self.weigh(lambda at: int(at < milli_celsius), end)

    def told(self) -> list[list[object]]:
        """Rows [state, milli_celsius or null, uncertainty_milli, ms], in one order."""
        rows = sorted(self.bins.items(), key=lambda item: _order(item[0]))
        return [[str(one.state), one.milli_celsius, one.uncertainty_milli, ms] for one, ms in rows]


EMPTY = Exposure()


def total(exposures: Iterable[Exposure]) -> Exposure:
    """Return the sum of many."""
    bins: dict[Bin, int] = {}
    for exposure in exposures:
        for one, ms in exposure.bins.items():
            bins[one] = bins.get(one, 0) + ms
    return Exposure(bins)


def _order(one: Bin) -> tuple[str, bool, int, int]:
    known = one.milli_celsius is not None
    return str(one.state), known, one.milli_celsius or 0, one.uncertainty_milli
