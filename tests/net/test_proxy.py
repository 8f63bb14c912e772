"""The proxy does what its faults say, to the byte: what the client gets, what the server got."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from agent.edges.courier import Request, Response
from tests.net.fleet import get
from tests.net.http import Stream, answering, written
from tests.net.proxy import FINE, LATE, LOST, STALL, TWICE, UNHEARD, Fault, Plan, Proxy, proxied

ANSWER = written(Response(200, {}, b"the answer"))
ASK, NEXT = get("/first"), get("/next")

TABLE: list[tuple[Fault, bytes, list[str]]] = [
    (FINE, ANSWER, ["/first"]),
    (Fault("slow", latency_s=0.01, rate=1_000_000), ANSWER, ["/first"]),
    (LOST, b"", []),
    (Fault("request cut", request=10), b"", []),
    (Fault("answer cut", answer=20), ANSWER[:20], ["/first"]),
    (Fault("answer reset", answer=0, reset=True), b"", ["/first"]),
    (UNHEARD, b"", ["/first"]),
    (TWICE, ANSWER, ["/first", "/first"]),
    (Fault("bent", bend=9), ANSWER[:9] + bytes([ANSWER[9] ^ 10]) + ANSWER[10:], ["/first"]),
    (LATE, b"", []),
]


Where = tuple[str, int]


@contextlib.contextmanager
def between(plan: Plan, asked: list[str]) -> Iterator[tuple[Proxy, Where]]:
    """A proxy before a server that writes down what it is asked, and where it listens."""

    def answer(request: Request) -> bytes:
        asked.append(request.path)
        return ANSWER

    with answering(answer) as url, proxied(place(url), plan) as proxy:
        yield proxy, place(proxy.url)


def place(url: str) -> Where:
    """Host and port."""
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)


@pytest.mark.parametrize(("fault", "got", "seen"), TABLE, ids=[row[0].name for row in TABLE])
def test_a_fault_is_what_it_says(fault: Fault, got: bytes, seen: list[str]) -> None:
    asked: list[str] = []
    with between(lambda number: FINE if number else fault, asked) as (proxy, where):
        assert said(where, ASK) == got
        assert asked == seen
        assert said(where, NEXT) == ANSWER
        assert asked == [*seen, "/next", *(["/first"] if fault.late else [])]
    assert proxy.told[fault.name] == (2 if fault is FINE else 1)


def said(where: Where, request: bytes) -> bytes:
    """What comes back on a connection of its own, until it ends or the answer is whole."""
    with socket.create_connection(where, 10) as client, contextlib.suppress(ConnectionError):
        client.sendall(request)
        return Stream(client).message()
    return b""


def test_a_stall_lasts_until_the_client_leaves() -> None:
    asked: list[str] = []
    with between(lambda _: STALL, asked) as (_, where):
        with socket.create_connection(where, 0.2) as client, pytest.raises(TimeoutError):
            client.sendall(ASK)
            client.recv(1)
        assert asked == ["/first"]
