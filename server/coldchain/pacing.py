"""How the reader of the log leaves the database to those who write.

SQLite takes one writer, and one that waits for another process tries again after naps of up to
25 ms. So a step holds the database for `HOLD_MS` (due.py) and then rests twice as long as it took:
whoever naps finds it free. Nothing is guessed about how busy anybody is.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Final

from server.ledger.tick import steady_ms

REST: Final = 2
"""Times as long as it held the database."""
MOST_MS: Final = 5_000
"""Of one round; what is behind is read on in the next."""


class Pace:
    """Of one round: asked between two steps, it rests and says whether there is time for more."""

    def __init__(self, stopping: Event, clock: Callable[[], int] = steady_ms) -> None:
        """From now on."""
        self._stopping, self._clock = stopping, clock
        self._begun_ms = self._last_ms = clock()

    def __call__(self) -> bool:
        """Rest; False when the round is over, or everything is to stop."""
        held_ms = self._clock() - self._last_ms
        stopped = self._stopping.wait(REST * held_ms / 1000)
        self._last_ms = self._clock()
        return not stopped and self._last_ms - self._begun_ms < MOST_MS
