"""A proxy that does to HTTP exchanges what roads do: slow, cut, lose, double, reorder, bend.

It stands between a client and a real server and gives each exchange, in the order in which requests
arrive, the fault that its plan says. Nothing is drawn by chance and nothing waits longer than the
client does. The faults are data: `Fault` says what all of them are.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from tests.net.http import Stream, listening, reset


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one exchange; everything that is not said goes well.

    latency_s: before the request is passed on; rate: bytes of the request per second, so that long
    ones are passed on later; drip: bytes of the answer per second.
    request, answer: so many bytes of it get through, then the connection ends, by RST if `reset`.
    A request that was cut reaches the server as a fragment; of an answer with `answer` 0 the server
    has done all its work. stall: no byte of the answer, until the client leaves. times: the server
    gets it so often. late: it reaches the server after the request that follows it, when its client
    has been cut off. bend: this byte of the answer is changed.
    """

    name: str
    latency_s: float = 0.0
    rate: int | None = None
    drip: int | None = None
    request: int | None = None
    answer: int | None = None
    reset: bool = False
    stall: bool = False
    times: int = 1
    late: bool = False
    bend: int | None = None


FINE = Fault("fine")
LOST = Fault("lost", request=0)
UNHEARD = Fault("answer lost", answer=0, reset=True)
TWICE = Fault("doubled", times=2)
LATE = Fault("reordered", late=True)
STALL = Fault("stalled", stall=True)

Plan = Callable[[int], Fault]
"""The fault of the n-th exchange, n from 0."""


class _Gone(Exception):
    """The connection to the client is over."""


class Proxy:
    """One proxy; `plan` may be changed between exchanges.

    `told` counts faults by name, `newest` is the server's newest answer as it came.
    """

    def __init__(self, upstream: tuple[str, int], plan: Plan = lambda _: FINE) -> None:
        self.plan = plan
        self.told: Counter[str] = Counter()
        self.newest = b""
        self.url = ""
        self._upstream = upstream
        self._numbers = count()
        self._lock = threading.Lock()
        self._held: list[bytes] = []
        self._end = threading.Event()

    def always(self, fault: Fault) -> None:
        """From now on every exchange has this fault."""
        self.plan = lambda _: fault

    def flush(self) -> None:
        """Deliver what is still held back, the newest first."""
        with self._lock:
            held, self._held = self._held[::-1], []
        for message in held:
            self._ask(message)

    def _serve(self, client: socket.socket) -> None:
        stream = Stream(client)
        with contextlib.suppress(_Gone):
            while message := stream.message():
                self._exchange(client, message, self._next())

    def _next(self) -> Fault:
        with self._lock:
            fault = self.plan(next(self._numbers))
            self.told[fault.name] += 1
            return fault

    def _exchange(self, client: socket.socket, message: bytes, fault: Fault) -> None:
        self._end.wait(fault.latency_s + (len(message) / fault.rate if fault.rate else 0))
        if fault.late:
            with self._lock:
                self._held.append(message)
            self._cut(client, fault)
        if fault.request is not None and fault.request < len(message):
            if fault.request:
                self._ask(message[: fault.request])
            self._cut(client, fault)
        answer = b""
        for _ in range(fault.times):
            answer = self.newest = self._ask(message)
        self.flush()
        if fault.stall:
            client.recv(1)
            self._cut(client, fault)
        self._answer(client, answer, fault)

    def _answer(self, client: socket.socket, answer: bytes, fault: Fault) -> None:
        if fault.bend is not None:
            at = fault.bend % len(answer)
            answer = answer[:at] + bytes([answer[at] ^ 1 + at % 255]) + answer[at + 1 :]
        passed = answer[: fault.answer]
        for at in range(0, len(passed), piece := fault.drip or len(answer)):
            client.sendall(passed[at : at + piece])
            self._end.wait(1.0 if fault.drip else 0.0)
        if not answer or (fault.answer is not None and fault.answer < len(answer)):
            self._cut(client, fault)

    def _ask(self, message: bytes) -> bytes:
        """The server's answer; what there is of it when it has none."""
        with (
            contextlib.suppress(OSError),
            socket.create_connection(self._upstream, 60) as server,
        ):
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server.sendall(message)
            server.shutdown(socket.SHUT_WR)
            return Stream(server).message()
        return b""

    def _cut(self, client: socket.socket, fault: Fault) -> None:
        if fault.reset:
            reset(client)
        raise _Gone


@contextlib.contextmanager
def proxied(upstream: tuple[str, int], plan: Plan = lambda _: FINE) -> Iterator[Proxy]:
    """A proxy for the length of a `with`; what it still held back is delivered at the end."""
    proxy = Proxy(upstream, plan)
    with listening(proxy._serve) as (host, port):
        proxy.url = f"http://{host}:{port}"
        try:
            yield proxy
        finally:
            proxy._end.set()
            proxy.flush()
