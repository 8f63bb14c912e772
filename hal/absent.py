"""The parts that are not fitted: they answer "unknown", cost nothing and are not simulated."""

from __future__ import annotations

from hal.api import Moment, PositionFix
from hal.options import Options, Shared


class _Absent:
    simulated = False
    wake_fd = None

    def close(self) -> None:
        """Nothing to let go of."""


class NoPositioner(_Absent):
    """No receiver fitted."""

    def read(self, at: Moment) -> PositionFix | None:  # noqa: ARG002
        """Return None: nothing is known."""
        return None


class NoContact(_Absent):
    """No switch fitted."""

    def read(self, at: Moment) -> bool | None:  # noqa: ARG002
        """Return None: nothing is known."""
        return None


class NoLight(_Absent):
    """No LED or buzzer fitted."""

    def show(self, pattern: str, at: Moment) -> None:
        """Show nothing."""


class NoLink(_Absent):
    """No word from the modem: the network itself has to be tried."""

    def up(self, at: Moment) -> bool | None:  # noqa: ARG002
        """Return None: unknown, just try."""
        return None


def open_positioner(options: Options, shared: Shared) -> NoPositioner:  # noqa: ARG001
    """Factory of "none"."""
    return NoPositioner()


def open_contact(options: Options, shared: Shared) -> NoContact:  # noqa: ARG001
    """Factory of "none"."""
    options.text("role", "")
    return NoContact()


def open_light(options: Options, shared: Shared) -> NoLight:  # noqa: ARG001
    """Factory of "none"."""
    return NoLight()


def open_link(options: Options, shared: Shared) -> NoLink:  # noqa: ARG001
    """Factory of "none"."""
    return NoLink()
