"""The timetable of one truck: how far it is and whether its door is open, at every grid point.

Driven once, on the grid, with believable acceleration, stops and traffic; afterwards it is only
looked up. The round trip repeats.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from math import sqrt

from hal.mock.noise import share
from hal.mock.road import GAMCHEON, JAGALCHI, NORYANGJIN, REST, Route
from hal.mock.timeline import GRID_MS

MINUTE_MS = 60_000
ACCELERATION = 0.6  # metres per second squared
BRAKING = 0.9


@dataclass(frozen=True, slots=True)
class Stop:
    """A halt at a way point; the door is open from minute to minute of it (0, 0: never)."""

    place: str
    minutes: int
    door_from: int = 0
    door_to: int = 0


THROUGH_RUN = (
    Stop(JAGALCHI, 8, 2, 6),
    Stop(GAMCHEON, 12, 3, 8),
    Stop(REST, 15),
    Stop(NORYANGJIN, 40, 5, 15),
)
DELIVERIES = (
    *THROUGH_RUN,
    Stop("Hakjang", 9, 2, 7),
    Stop("Minam", 9, 1, 8),
    Stop("Yangsan IC", 10, 2, 8),
    Stop("Gyeongju IC", 12, 2, 10),
    Stop("Dongdaegu JC", 12, 2, 10),
    Stop("Daejeon IC", 12, 2, 10),
)


class Timetable:
    """One truck's round trip, driven on the grid."""

    def __init__(self, route: Route, stops: tuple[Stop, ...], seed: int) -> None:
        """Drive it once; the seed decides about traffic and how long the halts really take."""
        self._route = route
        self._seed = seed
        self._metres = array("d")
        self._doors = bytearray()
        self._drive(stops)
        self.period_ms = len(self._metres) * GRID_MS

    def metres(self, elapsed_ms: int) -> float:
        """Return metres along the round trip."""
        index, part = divmod(elapsed_ms % self.period_ms, GRID_MS)
        here = self._metres[index]
        return here + (self._next(index) - here) * part / GRID_MS

    def speed(self, elapsed_ms: int) -> float:
        """Return metres per second."""
        index = elapsed_ms % self.period_ms // GRID_MS
        return (self._next(index) - self._metres[index]) * 1000 / GRID_MS

    def door_open(self, elapsed_ms: int) -> bool:
        """Return whether the door is open at a stop."""
        return bool(self._doors[elapsed_ms % self.period_ms // GRID_MS])

    def _next(self, index: int) -> float:
        last = index + 1 == len(self._metres)
        return self._metres[index] if last else self._metres[index + 1]

    def _drive(self, stops: tuple[Stop, ...]) -> None:
        halts = sorted(
            (metres, stop) for stop in stops for metres in self._route.metres_to(stop.place)
        )
        here = 0.0
        for number, (metres, stop) in enumerate(halts):
            self._roll(here, metres)
            self._halt(metres, stop, number)
            here = metres
        self._roll(here, self._route.length_m)

    def _halt(self, metres: float, stop: Stop, number: int) -> None:
        delay_ms = int(share(self._seed, "halt", number) * 2 * MINUTE_MS)
        for at_ms in range(0, stop.minutes * MINUTE_MS + delay_ms, GRID_MS):
            self._metres.append(metres)
            self._doors.append(stop.door_from <= at_ms / MINUTE_MS < stop.door_to)

    def _roll(self, start: float, end: float) -> None:
        here, speed, seconds = start, 0.0, GRID_MS / 1000
        limit, changes_at = 0.0, start
        while here < end:
            if here >= changes_at:
                limit, changes_at = self._limit(self._route.section(here))
            speed = min(limit, speed + ACCELERATION * seconds, sqrt(2 * BRAKING * (end - here)))
            here += speed * seconds
            self._metres.append(min(here, end))
            self._doors.append(0)

    def _limit(self, section: int) -> tuple[float, float]:
        """Return the speed in a section, and where the section ends."""
        traffic = 0.86 + 0.14 * share(self._seed, "traffic", section)
        return self._route.points[section].kmh / 3.6 * traffic, self._route.marks[section + 1]
