"""From the caller's moments to the model's own time, and stepping on a fixed grid.

The model's time starts at 0 and advances with the caller's boot clock only. If the caller knows
UTC at its first call and a start is configured, the model starts as far into its play as that says:
an agent that is killed and started again finds its truck where it would be, not back in Busan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from hal.api import Moment

S = TypeVar("S")

GRID_MS = 5_000
LONGEST_CATCH_UP_MS = 7 * 86_400_000
JULY_2026_UTC_MS = 1_784_062_800_000  # 2026-07-14T21:00Z, six in the morning in Busan


class Timeline:
    """Elapsed model time of moments."""

    def __init__(self, start_utc_ms: int | None) -> None:
        """start_utc_ms: when the play starts; None: when it is first looked at."""
        self._configured = start_utc_ms
        self._start_boot_ms: int | None = None
        self.start_utc_ms = JULY_2026_UTC_MS if start_utc_ms is None else start_utc_ms

    def elapsed(self, at: Moment) -> int:
        """Return milliseconds since the start of the play, never negative."""
        if self._start_boot_ms is None:
            self._start_boot_ms = at.boot_ms - self._begin(at)
        return max(0, at.boot_ms - self._start_boot_ms)

    def utc_ms(self, elapsed_ms: int) -> int:
        """Return the true time, which a caller need not know."""
        return self.start_utc_ms + elapsed_ms

    def _begin(self, at: Moment) -> int:
        if at.utc_ms is None:
            return 0
        if self._configured is None:
            self.start_utc_ms = at.utc_ms
            return 0
        into = at.utc_ms - self._configured
        return into if 0 <= into <= LONGEST_CATCH_UP_MS else 0


class Grid(Generic[S]):
    """A state advanced in equal steps, so that polling more or less often changes nothing."""

    def __init__(self, start: S, step: Callable[[S, int], S], step_ms: int = GRID_MS) -> None:
        """step(state, elapsed_ms) gives the state step_ms after elapsed_ms."""
        self._step = step
        self._step_ms = step_ms
        self._index = 0
        self._before = start
        self._after = step(start, 0)

    def around(self, elapsed_ms: int) -> tuple[S, S, float]:
        """Return the states at the grid points before and after, and the share of the way.

        Time may stand still but not go back: an earlier moment is answered with the oldest
        state still held.
        """
        wanted = elapsed_ms // self._step_ms
        while self._index < wanted:
            self._index += 1
            self._before = self._after
            self._after = self._step(self._before, self._index * self._step_ms)
        share = (elapsed_ms - self._index * self._step_ms) / self._step_ms
        return self._before, self._after, max(0.0, share)
