"""The satellite receiver of a simulated truck: one fix a second, none under rock.

Without a fix it shows no position at all, never 0,0 and never the last one; the age of the last
fix is the time since then. When it starts cold it knows nothing for minutes, then a flat fix, then
a full one. With the week rollover its dates lie 1024 weeks back and it does not know.
"""

from __future__ import annotations

from math import tau
from typing import Protocol

from hal.api import Fault, Fix, Moment, PositionFix
from hal.drivers.weeks import ROLLOVER_MS
from hal.mock.faults import Playbook, Trouble
from hal.mock.noise import share, swing
from hal.mock.road import Route, Whereabouts, offset
from hal.mock.timeline import Timeline
from hal.mock.trip import Timetable

EPOCH_MS = 1_000
REACQUIRE_MS = 5_000  # after rock or a void spell
FLAT_MS = 30_000  # how long a cold start stays at a flat fix
SCATTER_M = 4.0
LONGEST_LOOK_BACK_MS = 3_600_000


class Vehicle(Protocol):
    """What the receiver needs to know of its truck."""

    seed: int
    timeline: Timeline
    playbook: Playbook
    route: Route
    timetable: Timetable

    def advance(self, at: Moment) -> int:
        """Return milliseconds since the start."""
        ...

    def in_tunnel(self, elapsed_ms: int) -> bool:
        """Return whether there is rock above."""
        ...


class TruckPositioner:
    """The receiver."""

    simulated = True
    wake_fd = None

    def __init__(self, truck: Vehicle) -> None:
        """Fit it to the truck."""
        self._truck = truck

    def read(self, at: Moment) -> PositionFix | None:
        """Return what the receiver says now."""
        elapsed_ms = self._truck.advance(at)
        epoch_ms = elapsed_ms - elapsed_ms % EPOCH_MS
        if not self._sees(epoch_ms):
            return self._blind(elapsed_ms, epoch_ms)
        return self._fixed(elapsed_ms, epoch_ms)

    def close(self) -> None:
        """Nothing to let go of."""

    def _sees(self, epoch_ms: int) -> bool:
        return self._clear(epoch_ms) and self._clear(max(0, epoch_ms - REACQUIRE_MS))

    def _clear(self, epoch_ms: int) -> bool:
        playbook = self._truck.playbook
        troubled = playbook.on(Trouble.COLD_START, epoch_ms) or playbook.on(
            Trouble.VOID_FIX, epoch_ms
        )
        return not troubled and not self._truck.in_tunnel(epoch_ms)

    def _blind(self, elapsed_ms: int, epoch_ms: int) -> PositionFix:
        cold = self._truck.playbook.on(Trouble.COLD_START, epoch_ms)
        last_ms = self._last_fix(epoch_ms)
        return PositionFix(
            fix=Fix.NONE,
            satellites=int(3 * share(self._truck.seed, "blind", epoch_ms)),
            age_ms=None if last_ms is None else elapsed_ms - last_ms,
            fault=Fault.NOT_READY if cold else None,
        )

    def _last_fix(self, epoch_ms: int) -> int | None:
        """Look back second by second, so that nobody has to have watched."""
        oldest = max(-1, epoch_ms - LONGEST_LOOK_BACK_MS)
        return next((ms for ms in range(epoch_ms, oldest, -EPOCH_MS) if self._sees(ms)), None)

    def _fixed(self, elapsed_ms: int, epoch_ms: int) -> PositionFix:
        truck = self._truck
        place = self._scattered(truck.route.at(truck.timetable.metres(epoch_ms)), epoch_ms)
        flat = not self._sees(max(0, epoch_ms - FLAT_MS))
        speed = truck.timetable.speed(epoch_ms)
        luck = share(truck.seed, "sky", epoch_ms // 60_000)
        return PositionFix(
            fix=Fix.FIX_2D if flat else Fix.FIX_3D,
            lat_e7=round(place.lat * 1e7),
            lon_e7=round(place.lon * 1e7),
            speed_mm_s=round(speed * 1000),
            course_cdeg=round(place.course * 100) % 36_000 if speed > 1 else None,
            satellites=4 if flat else 7 + int(6 * luck),
            hdop_centi=450 if flat else 160 - int(90 * luck),
            age_ms=elapsed_ms - epoch_ms,
            utc_ms=self._claimed_utc(epoch_ms),
        )

    def _scattered(self, place: Whereabouts, epoch_ms: int) -> Whereabouts:
        seed, second = self._truck.seed, epoch_ms // EPOCH_MS
        metres = SCATTER_M * swing(seed, "scatter", second)
        return offset(place, metres, tau * share(seed, "bearing", second))

    def _claimed_utc(self, epoch_ms: int) -> int:
        rolled = self._truck.playbook.on(Trouble.WEEK_ROLLOVER, epoch_ms)
        utc_ms = self._truck.timeline.utc_ms(epoch_ms)
        utc_ms -= utc_ms % EPOCH_MS
        return utc_ms - ROLLOVER_MS if rolled else utc_ms
