"""What systemd hears from the agent: ready, alive, what it is doing, going.

The protocol of sd_notify(3): one datagram per message to the socket that the environment names.
Without one, or when nobody listens, nothing happens: reporting never stops recording. It has no
timer of its own; the loop calls `watchdog` after fresh durable work, and only then.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import MutableMapping

VARIABLE = "NOTIFY_SOCKET"


class Notifier:
    """Sends to one address; `None` is silence."""

    def __init__(self, address: str | None) -> None:
        self._address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)

    @classmethod
    def from_environment(cls, environment: MutableMapping[str, str]) -> Notifier:
        """Take the address out of the environment, so that no child speaks in our name."""
        return cls(environment.pop(VARIABLE, None))

    def ready(self) -> None:
        """Say that the first turn is done: what can be recorded is being recorded."""
        self._send("READY=1")

    def watchdog(self) -> None:
        """Say that durable work was done since the last time."""
        self._send("WATCHDOG=1")

    def status(self, sentence: str) -> None:
        """Show one line in `systemctl status`."""
        self._send("STATUS=" + " ".join(sentence.split()))

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._send("STOPPING=1")

    def close(self) -> None:
        """Fall silent; idempotent."""
        self._address = None
        self._socket.close()

    def _send(self, message: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        with contextlib.suppress(OSError):
            self._socket.sendto(message.encode(), address)
