"""A simulated light: it remembers what it showed, so that a test or a page can look back."""

from __future__ import annotations

from collections import deque

from hal.api import SLOT_MS, Moment
from hal.options import Options, Shared

REMEMBERED = 256


class MockLight:
    """An LED made of memory. `history` holds (boot_ms, pattern) of the last changes."""

    simulated = True
    wake_fd = None

    def __init__(self) -> None:
        """Start dark."""
        self.history: deque[tuple[int, str]] = deque(maxlen=REMEMBERED)

    @property
    def pattern(self) -> str:
        """What is shown now; "" before the first `show`."""
        return self.history[-1][1] if self.history else ""

    def show(self, pattern: str, at: Moment) -> None:
        """Show this pattern from now on; showing the same again changes nothing."""
        if pattern != self.pattern:
            self.history.append((at.boot_ms, pattern))

    def lit(self, at: Moment) -> bool:
        """Return whether an onlooker sees it lit."""
        if not self.pattern:
            return False
        since_ms = max(0, at.boot_ms - self.history[-1][0])
        return self.pattern[since_ms // SLOT_MS % len(self.pattern)] == "*"

    def close(self) -> None:
        """Go dark, but keep the history."""


def open_light(options: Options, shared: Shared) -> MockLight:  # noqa: ARG001
    """Factory of "mock-light"."""
    return MockLight()
