"""Positions from a gpsd that runs on the same machine: its JSON socket."""

from __future__ import annotations

import socket

from hal import schema
from hal.drivers import gpsd
from hal.options import Options, Shared
from hal.pi.receiver import Receiver

CHUNK = 65_536
CONNECT_S = 2.0


class SocketLine:
    """A conversation with gpsd."""

    def __init__(self, host: str, port: int) -> None:
        """Connect and ask for everything. Raises OSError."""
        self._socket = socket.create_connection((host, port), CONNECT_S)
        self._socket.sendall(gpsd.WATCH)
        self._socket.setblocking(False)

    def fileno(self) -> int:
        """See `Line`."""
        return self._socket.fileno()

    def read(self) -> bytes:
        """See `Line`."""
        try:
            data = self._socket.recv(CHUNK)
        except BlockingIOError:
            return b""
        if not data:
            raise ConnectionResetError("gpsd hung up")
        return data

    def close(self) -> None:
        """See `Line`."""
        self._socket.close()


def open_positioner(options: Options, shared: Shared) -> Receiver:  # noqa: ARG001
    """Factory of "gpsd"."""
    chosen = schema.choose("positioner", options)
    host, port = chosen.text("host"), chosen.whole("port")
    return Receiver(lambda: SocketLine(host, port), gpsd.decode, gpsd.LONGEST_LINE)
