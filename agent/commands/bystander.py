"""The parts, opened by a command while no agent runs: read for a moment, then let go.

What it hears is told in the words of `status`, and recorded nowhere.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from agent.account import contact_lines, position_lines, sensor_lines
from agent.core import quality
from agent.core.finding import Facts
from agent.core.quality import Pasts
from agent.core.schedule import Task
from agent.core.sensing import Observation
from agent.daemon import open_parts
from agent.edges import instruments
from agent.edges.beacon import Beacon
from agent.edges.clock import Clock, Instant
from agent.settings import Settings
from hal import Moment
from protocol.bodies import Measured
from protocol.registry import Status

SEEN_MS = 4_000
"""For so long the light flashes at least, or nobody sees it."""
EVERYTHING = frozenset({Task.SAMPLE, Task.POSITION})


class Bystander:
    """Who looks at the parts while entered."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Open all parts. Raises RefusedError for one that cannot be opened as configured."""
        self._settings, self._clock = settings, clock
        self._bench = open_parts(settings, clock)
        self._beacon = Beacon(self._bench.light)
        self._pasts: Pasts = {}

    def __enter__(self) -> Self:
        """The parts are open already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of them."""
        self._bench.close()

    def listen(self, patience_ms: int, step_ms: int) -> Facts:
        """Read until every sensor has answered, or for `patience_ms`; the light flashes meanwhile.

        Returns what `status` would say of the parts.
        """
        now = self._clock.read()
        self._beacon.blink(now.boot_ms)
        until_ms = now.boot_ms + patience_ms
        seen_ms = now.boot_ms + (SEEN_MS if "light" in self._settings.parts else 0)
        facts, ready = self.look()
        while (at_ms := self._clock.read().boot_ms) < until_ms and not (ready and at_ms >= seen_ms):
            self._clock.wait(step_ms)
            facts, ready = self.look()
        return {**facts, "blinked": True}

    def look(self) -> tuple[Facts, bool]:
        """Read everything once: what it says, and whether nothing is still getting ready."""
        now = self._clock.read()
        moment = Moment(now.boot_ms, now.utc_ms)
        self._beacon.show("", moment)
        seen = instruments.observe(self._bench, EVERYTHING, moment)
        measured = tuple(self._judged(one, now) for one in seen.measurements or ())
        return self._told(seen, measured, now), all(
            one.status is not Status.NOT_READY for one in measured
        )

    def _judged(self, one: Measured, now: Instant) -> Measured:
        corrections = {
            (sensor.number, quantity): milli
            for sensor in self._settings.sensors
            for quantity, milli in sensor.corrections.items()
        }
        labelled, self._pasts = quality.judge(one, self._pasts, corrections, now.boot_ms)
        return labelled

    def _told(self, seen: Observation, measured: tuple[Measured, ...], now: Instant) -> Facts:
        names = {sensor.number: sensor.name for sensor in self._settings.sensors}
        known = {one.number: one.on for one in seen.contacts if one.on is not None}
        return {
            "simulated": self._bench.simulated,
            "sensors": sensor_lines(measured, names, 0),
            "position": position_lines(seen.position, 0),
            "contacts": contact_lines(self._bench.contacts, known),
            "clock": {
                "boot_ms": now.boot_ms,
                "utc_ms": now.utc_ms,
                "source": now.source.name.lower(),
                "uncertainty_ms": now.uncertainty_ms,
            },
        }
