"""A gpsd on a socket of our own: asked to talk, lost, found again."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator

import pytest

from hal.api import Fault, Fix, Moment
from hal.drivers import gpsd
from hal.pi.gpsd_socket import SocketLine
from hal.pi.receiver import Receiver
from tests.hal.pi.test_receiver import pass_time
from tests.hal.test_gpsd import SKY, TPV
from tests.reliability import note

CYCLES = 20


class Daemon:
    """gpsd's side: greets, and says what it is told to."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._client: socket.socket | None = None

    def greet(self) -> bytes:
        """Take the connection that waits; return what it asked."""
        self._client, _ = self._listener.accept()
        asked = self._client.recv(1_024)
        self.say({"class": "VERSION", "release": "3.25"})
        return asked

    def say(self, *objects: object) -> None:
        assert self._client is not None
        self._client.sendall(b"".join(json.dumps(one).encode() + b"\r\n" for one in objects))

    def hang_up(self) -> None:
        if self._client is not None:
            self._client.close()

    def close(self) -> None:
        self.hang_up()
        self._listener.close()


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    with contextlib.closing(Daemon()) as daemon:
        yield daemon


def receiver(port: int) -> Receiver:
    return Receiver(
        lambda: SocketLine("127.0.0.1", port), gpsd.decode, gpsd.LONGEST_LINE, lambda: 0
    )


def test_it_is_asked_for_json_and_what_it_says_is_a_fix(daemon: Daemon) -> None:
    subject = receiver(daemon.port)
    subject.step(0)
    assert daemon.greet() == gpsd.WATCH
    daemon.say(SKY, TPV)
    subject.step(0)
    fix = subject.told(Moment(0, None))
    assert (fix.fix, fix.satellites, fix.lat_e7) == (Fix.FIX_3D, 9, 350_740_000)
    subject._hang_up()


def test_D16_a_gpsd_that_hangs_up_is_called_again(daemon: Daemon) -> None:
    subject, now_ms, slowest_ms = receiver(daemon.port), 0, 0
    subject.step(now_ms)
    for _ in range(CYCLES):
        daemon.greet()
        daemon.say(TPV)
        now_ms = pass_time(subject, now_ms, 1_000)
        assert subject.told(Moment(now_ms, None)).fix is Fix.FIX_3D
        daemon.hang_up()
        gone_ms = now_ms
        for connected in (False, True):
            while (subject._line is not None) is not connected:
                now_ms = pass_time(subject, now_ms, 100)
        slowest_ms = max(slowest_ms, now_ms - gone_ms)
    subject._hang_up()
    note("D16", "gpsd hangs up (socket, own clock)", CYCLES, f"called again after {slowest_ms} ms")
    assert slowest_ms <= 30_000


def test_where_no_gpsd_runs_there_is_silence() -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = int(taken.getsockname()[1])
    subject = receiver(port)
    pass_time(subject, 0, 60_000)
    assert subject.told(Moment(60_000, None)).fault is Fault.NO_ANSWER
