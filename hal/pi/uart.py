"""NMEA from a serial port: `/dev/serial0`, a USB stick, or the NMEA port of an LTE modem."""

from __future__ import annotations

import termios
from collections.abc import Iterator

from hal import schema
from hal.drivers import nmea
from hal.options import Options, Shared
from hal.pi.receiver import Heard, Receiver

CHUNK = 4_096


class SerialLine:
    """An open port, asked without waiting: pyserial's own time-outs are not relied on."""

    def __init__(self, device: str, baud: int) -> None:
        """Open it for us alone. Raises OSError."""
        import serial

        try:
            self._port = serial.Serial(device, baud, timeout=0, exclusive=True)
        except (ValueError, termios.error) as error:  # no such speed; not a port at all
            raise OSError(f"{device}: {error}") from None

    def fileno(self) -> int:
        """See `Line`."""
        return self._port.fileno()

    def read(self) -> bytes:
        """See `Line`; pyserial's SerialException is an OSError."""
        try:
            return bytes(self._port.read(CHUNK))
        except (TypeError, termios.error) as error:  # closed under our hands
            raise OSError(str(error)) from None

    def close(self) -> None:
        """See `Line`."""
        self._port.close()


def understand(line: bytes) -> Iterator[Heard]:
    """Yield what one line says."""
    yield nmea.decode(line)


def open_positioner(options: Options, shared: Shared) -> Receiver:  # noqa: ARG001
    """Factory of "nmea"."""
    chosen = schema.choose("positioner", options)
    device, baud = chosen.text("device"), chosen.whole("baud")
    return Receiver(lambda: SerialLine(device, baud), understand, nmea.LONGEST_LINE)
