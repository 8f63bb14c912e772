"""What a pilot needs of a service when somebody leaves or a phase moves; wired in the settings.

`settings.PILOT_PORTS` names, for a service, an object with this face. A service that is not wired
yet holds nothing of anybody.
"""

from __future__ import annotations

from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class Port(Protocol):
    """A service's side. Each call may come twice, and does the same then."""

    def withdrawn(self, subject: str, now_ms: int) -> None:
        """Give back or reclaim this participant's money by rule, and erase what is theirs."""

    def rescheduled(self, subject: str, now_ms: int) -> None:
        """Make what this participant has paid for refundable."""


class Nothing:
    """A service that holds nothing."""

    def withdrawn(self, subject: str, now_ms: int) -> None:
        """Nothing to give back."""

    def rescheduled(self, subject: str, now_ms: int) -> None:
        """Nothing was paid."""


def of(service: str) -> Port:
    """The port of a service."""
    path = settings.PILOT_PORTS.get(service)
    port: Port = import_string(path) if path else Nothing()
    return port
