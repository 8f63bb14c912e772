"""N5: a line that stalls or drips is given up when the deadline for the whole exchange has passed.

The deadline is a second here; that the shipped one is at most a minute is a test too.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent import settings_file
from agent.edges.courier import DEADLINE_S, LinkLost, RequestsTransport
from agent.loop import Mode
from agent.toml_table import SettingsError
from tests import reliability
from tests.agent.desk import SETTINGS
from tests.agent.rig import Server
from tests.agent.truck import Truck, assert_delivered
from tests.net.depot import Drive, driving
from tests.net.http import answering, listening, written
from tests.net.proxy import FINE, LOST, STALL, Fault, Proxy, proxied

DEADLINE, ENOUGH_S = 1.0, 10.0
"""Seconds. What keeps a deadline of one ends long before ten, on a busy machine too; what starts
its clock anew with each byte never ends here."""
LONGEST_MS = 60_000
BODY = bytes(1 << 20)

Line = Callable[[threading.Event], contextlib.AbstractContextManager[str]]


@contextlib.contextmanager
def deaf(_: threading.Event) -> Iterator[str]:
    """The connection is made, and nobody ever takes a byte from it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def saying(first: bytes, then: bytes = b"", scheme: str = "http") -> Line:
    """Says `first` at once, and then byte after byte of `then`, again and again."""

    @contextlib.contextmanager
    def line(end: threading.Event) -> Iterator[str]:
        def serve(client: socket.socket) -> None:
            client.sendall(first)
            while not end.wait(0.05):
                client.sendall(then[:1])

        with listening(serve) as (host, port):
            yield f"{scheme}://{host}:{port}"

    return line


LINES: dict[str, Line] = {
    "nobody reads": deaf,
    "nobody answers": saying(b""),
    "the status line drips": saying(b"", b"H"),
    "a header drips": saying(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "the body drips": saying(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n", b"x"),
    "the answer stops half-way": saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
    "no TLS handshake": saying(b"", scheme="https"),
    "the TLS handshake drips": saying(b"\x16\x03\x03\x40\x00", b"\x02", scheme="https"),
}


@pytest.mark.parametrize("name", LINES)
def test_N5_an_exchange_ends_at_its_deadline(name: str) -> None:
    end = threading.Event()
    with LINES[name](end) as url:
        line, began = RequestsTransport(url), time.monotonic()
        with pytest.raises(LinkLost) as caught:
            line.send("POST", "/api/x", BODY, DEADLINE)
        took = time.monotonic() - began
        end.set()
    reliability.note("N5", name, 1, f"given up after {took:.1f} s, deadline {DEADLINE:.0f} s")
    # The first exchange of all gives half of its time to finding out whether anybody is there.
    assert caught.value.timed_out and DEADLINE / 2 - 0.1 <= took < ENOUGH_S


def test_N5_the_shipped_deadline_is_at_most_a_minute_and_no_setting_makes_it_longer(
    tmp_path: Path,
) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(SETTINGS, "utf-8")
    shipped = settings_file.load(file).server.deadline_ms
    reliability.note("N5", "the shipped deadline", 1, f"{shipped // 1000} s")
    assert 0 < shipped <= LONGEST_MS and LONGEST_MS >= DEADLINE_S * 1_000
    file.write_text(SETTINGS + f"\n[server]\ndeadline_ms = {LONGEST_MS + 1}\n", "utf-8")
    with pytest.raises(SettingsError, match="deadline_ms"):
        settings_file.load(file)


@pytest.mark.parametrize("fault", [STALL, Fault("a byte a second", drip=1)], ids=lambda f: f.name)
def test_N5_a_batch_shrinks_with_each_deadline_and_then_all_is_delivered(
    fault: Fault, tmp_path: Path
) -> None:
    with waiting(tmp_path, minutes=20, deadline_s=0.3) as (drive, proxy, server):
        proxy.always(fault)
        reach = list[int]()
        while proxy.told[fault.name] < 5:
            drive.turn()
            reach.append(drive.state.sync.reach)
        proxy.always(FINE)
        drive.drain()
    reliability.note("N5", f"{fault.name}, then well", 5, f"reach {sorted(set(reach))[::-1]} rows")
    assert min(reach) <= 125
    assert_delivered(drive.truck, server)


def test_N1_on_a_slow_line_a_batch_shrinks_until_it_comes_through(tmp_path: Path) -> None:
    slow, reach = Fault("64 kbit/s", rate=8_000), list[int]()
    with waiting(tmp_path, minutes=12, deadline_s=DEADLINE) as (drive, proxy, server):
        proxy.always(slow)
        while not drive.turn(Mode.DRAIN).drained:
            reach.append(drive.state.sync.reach)
        times = proxy.told[slow.name]
    rows = len(drive.truck.rows())
    result = f"{rows} rows arrive once, reach down to {min(reach)} rows"
    reliability.note("N1", f"{slow.name} (proxy)", times, result)
    assert min(reach) < rows / 2
    assert_delivered(drive.truck, server)


@contextlib.contextmanager
def waiting(
    folder: Path, minutes: int, deadline_s: float
) -> Iterator[tuple[Drive, Proxy, Server]]:
    """A truck that knows its server, and has recorded for so long in a dead zone since."""
    server = Server()
    with answering(lambda r: written(server.send(r.method, r.path, r.body, 60))) as url:
        host, port = url.removeprefix("http://").split(":")
        with proxied((host, int(port))) as proxy:
            truck = Truck(folder, RequestsTransport(proxy.url), deadline_s=deadline_s)
            with driving(truck) as drive:
                drive.record(1)
                proxy.always(LOST)
                drive.record(minutes)
                yield drive, proxy, server
