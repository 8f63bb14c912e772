"""A receiver's port without a receiver: a pty whose path stays while what is behind it changes."""

from __future__ import annotations

import contextlib
import os
import tty
from pathlib import Path

from hal.drivers import nmea
from hal.pi.receiver import Receiver
from hal.pi.uart import SerialLine, understand


class Port:
    """`path` leads to a pty while something is plugged in, and nowhere while not."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ttyUSB1"
        self._master = self._slave = -1

    def plug(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        self.path.unlink(missing_ok=True)
        for descriptor in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def write(self, data: bytes) -> bytes:
        """Write what fits, and return the rest."""
        try:
            return data[os.write(self._master, data) :]
        except BlockingIOError:
            return data

    def receiver(self) -> Receiver:
        """Ours, listening here through pyserial."""
        return Receiver(
            lambda: SerialLine(str(self.path), 9_600), understand, nmea.LONGEST_LINE, lambda: 0
        )
