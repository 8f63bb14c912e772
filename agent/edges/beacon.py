"""The light, which can be asked to be found: "which of these boxes is it", "does it work at all".

For ten seconds it shows a pattern that no state has; then the state's again. Nothing else is asked
of it, and nothing is recorded.
"""

from __future__ import annotations

from hal import Light, Moment

FIND_MS = 10_000
FIND = "*."
"""Four flashes a second: no state is that quick."""


class Beacon:
    """A `Light` around the fitted one."""

    wake_fd = None

    def __init__(self, light: Light) -> None:
        """Pass on what is shown."""
        self._light = light
        self._until_ms = 0

    @property
    def simulated(self) -> bool:
        """As the fitted one."""
        return self._light.simulated

    def blink(self, now_boot_ms: int) -> dict[str, object]:
        """Begin; the answer for whoever asked over the control socket."""
        self._until_ms = now_boot_ms + FIND_MS
        return {"blinking_ms": FIND_MS}

    def show(self, pattern: str, at: Moment) -> None:
        """See `Light.show`."""
        self._light.show(FIND if at.boot_ms < self._until_ms else pattern, at)

    def close(self) -> None:
        """See `Part.close`."""
        self._light.close()
