"""How long a ticker may work in its beat: what others leave of the core, and always a little.

Threads of one process share one core, so whoever reads for the cold chain makes requests wait. It
looks at what the process spent since its last look without it: nobody there, it goes on.
"""

from __future__ import annotations

from typing import Final

from server.ledger.tick import spent_ns

LEAST_MS: Final = 50
"""However many requests there are: what is behind must not stay behind for ever."""
MOST_MS: Final = 2_000
BUSY: Final = 3
"""A third of the time at work is busy: requests wait for the disk, too, and for each other."""


def spare_ms(others_ms: int, passed_ms: int) -> int:
    """Of a beat, after others spent so much processor time of what passed."""
    if passed_ms <= 0:
        return LEAST_MS
    idle = min(max(0, passed_ms - BUSY * others_ms) / passed_ms, 1)
    return max(LEAST_MS, round(MOST_MS * idle))


class Meter:
    """What the process and the thread that asks have spent."""

    def __init__(self) -> None:
        """From now on."""
        self._last = spent_ns()

    def spare_ms(self) -> int:
        """How long this thread may work now, since it asked last."""
        last, self._last = self._last, spent_ns()
        passed, whole, own = (now - then for now, then in zip(self._last, last, strict=True))
        return spare_ms((whole - own) // 1_000_000, passed // 1_000_000)
