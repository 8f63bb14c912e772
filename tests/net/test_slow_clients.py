"""S5: clients that are slow, endless, deaf or too many; others are answered meanwhile."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, count, repeat
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import reliability
from tests.net.fleet import get
from tests.net.http import PIECE, Stream, response_of
from tests.net.process import worker_of
from tests.server.test_cli import running

pytestmark = pytest.mark.e2e

SLOW, ASKED = 300, 40
DEAF = 24
"""Three times as many as the server has threads."""
FILES = 256
POST = b"POST /api/enrol HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/cbor\r\n"
HEALTH = get("/checkpoint")
MOST_SENT = 8 << 20

Pieces = Callable[[], Iterator[bytes]]
"""What one client says, piece by piece; a piece each time that the others have been asked."""


def numbered(start: bytes, form: str) -> Pieces:
    """Says `start`, and then one line after the other without end."""
    return lambda: chain([start], (form.format(at).encode() for at in count()))


SLOWLY: dict[str, Pieces] = {
    "silent": lambda: repeat(b""),
    "the request line byte by byte": lambda: (b"%c" % one for one in b"GET /" + b"a" * 1_000),
    "header after header": numbered(b"GET / HTTP/1.1\r\n", "X-{}: a\r\n"),
    "a body byte by byte": lambda: chain([POST + b"Content-Length: 999\r\n\r\n"], repeat(b"a")),
}

ENDLESS: dict[str, tuple[bytes, bytes, set[int]]] = {
    "one header without end": (b"GET / HTTP/1.1\r\nX: ", b"a" * PIECE, {400, 431}),
    "headers without end": (b"GET / HTTP/1.1\r\n", b"X: " + b"a" * 1_000 + b"\r\n", {400, 431}),
    "a request line without end": (b"GET /", b"a" * PIECE, {400, 414}),
    "chunks without end": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n",
        b"10000\r\n" + b"a" * 65_536 + b"\r\n",
        {400},
    ),
    "a body of ten gigabytes": (
        POST + b"Content-Length: 10000000000\r\n\r\n",
        b"a" * PIECE,
        {413},
    ),
}


def ask(address: tuple[str, int]) -> float:
    """Seconds until the checkpoint is there, on a connection of its own."""
    began = time.monotonic()
    with socket.create_connection(address, 30) as sock:
        sock.sendall(HEALTH)
        assert response_of(Stream(sock).message()).status == 200
    return time.monotonic() - began


@contextmanager
def serving(home: Path, under: Sequence[str] = ()) -> Iterator[tuple[int, tuple[str, int]]]:
    """A server of our own that has answered once: its process, and where it listens."""
    with running(home, under=under) as (process, url):
        where = urlsplit(url)
        address = (str(where.hostname), int(where.port or 0))
        ask(address)
        yield process.pid, address


@pytest.mark.parametrize("name", SLOWLY)
def test_S5_hundreds_of_slow_clients_keep_nobody_waiting(name: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        process, address = stack.enter_context(serving(tmp_path))
        worker, took = worker_of(process), list[float]()
        clients = [stack.enter_context(socket.create_connection(address, 30)) for _ in range(SLOW)]
        says = [SLOWLY[name]() for _ in clients]
        for _ in range(ASKED):
            go_on(clients, says)
            took.append(ask(address))
        same = worker_of(process) == worker
    result = f"{len(took)} asked meanwhile were answered, the slowest in {max(took):.2f} s"
    reliability.note("S5", f"{SLOW} clients: {name}", SLOW, result)
    assert len(took) == ASKED and same


def go_on(clients: Sequence[socket.socket], says: Sequence[Iterator[bytes]]) -> None:
    """Each says its next piece; one that the server has closed says nothing more."""
    for client, pieces in zip(clients, says, strict=True):
        with suppress(OSError):
            client.send(next(pieces, b""), socket.MSG_DONTWAIT)


def test_S5_clients_that_never_read_an_answer_keep_nobody_waiting(tmp_path: Path) -> None:
    """Each asks for a page again and again, through the smallest of windows."""
    with ExitStack() as stack:
        process, address = stack.enter_context(serving(tmp_path))
        worker, took = worker_of(process), list[float]()
        for _ in range(DEAF):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            client.connect(address)
            client.sendall(get("/api/openapi.json") * 60)
            took.append(ask(address))
        took += [ask(address) for _ in range(ASKED)]
        same = worker_of(process) == worker
    result = f"{len(took)} asked meanwhile were answered, the slowest in {max(took):.2f} s"
    reliability.note("S5", f"{DEAF} clients that read nothing", DEAF, result)
    assert len(took) == DEAF + ASKED and same


@pytest.mark.parametrize("name", ENDLESS)
def test_S5_what_has_no_end_is_refused_before_much_of_it_is_read(name: str, tmp_path: Path) -> None:
    start, again, refusals = ENDLESS[name]
    with serving(tmp_path) as (process, address):
        worker = worker_of(process)
        with socket.create_connection(address, 30) as client:
            sent, status = pour(client, start, again)
        took = ask(address)
        same = worker_of(process) == worker
    result = f"{status or 'closed'} after {sent // 1024} KiB, the next answered in {took:.2f} s"
    reliability.note("S5", name, 1, result)
    assert sent < MOST_SENT and same and status in {0, *refusals}


def pour(client: socket.socket, start: bytes, again: bytes) -> tuple[int, int]:
    """Send until the server has had enough; bytes sent, and its answer if one is left."""
    sent = 0
    with suppress(ConnectionError):
        client.sendall(start)
        while sent < MOST_SENT:
            client.sendall(again)
            sent += len(again)
    answer = b""
    with suppress(OSError):
        answer = Stream(client).message()
    return sent, response_of(answer).status if answer else 0


def test_S5_more_connections_than_descriptors_end_no_worker(tmp_path: Path) -> None:
    under = ["prlimit", f"--nofile={FILES}:{FILES}"]
    with ExitStack() as stack, serving(tmp_path, under=under) as (process, address):
        worker = worker_of(process)
        crowd = stack.enter_context(ExitStack())
        for _ in range(2 * FILES):
            crowd.enter_context(socket.create_connection(address, 30)).sendall(b"GET")
        crowd.close()
        took = [ask(address) for _ in range(ASKED)]
        same = worker_of(process) == worker
    result = f"the same worker answers {len(took)} of {ASKED} afterwards"
    reliability.note("S5", f"{2 * FILES} connections, {FILES} descriptors", 2 * FILES, result)
    assert same and len(took) == ASKED
