"""The load on a server: a process of its own that only sends what was signed and encoded before.

One thread, sockets, the standard library alone. Every connection is one device with its
requests ready as bytes; it sends the next one when the answer to the last is there, and not before
its time. Answers are kept as they came and checked afterwards, by others, off the clock.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

PIECE = 1 << 16
TIMEOUT_S = 60.0

_SIZE = re.compile(rb"\n(\d+)\n")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.I)


@dataclass(frozen=True, slots=True)
class Sender:
    """One device: its name, the size that it trusts, and the bodies it will post, in order."""

    device: str
    since: int
    bodies: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """Whom to send what; `every_s` seconds apart over all connections together, 0 for at once."""

    port: int
    senders: tuple[Sender, ...]
    every_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Answered:
    """One request's answer: status, body, the `since` it was asked with, and seconds it took.

    Counted from when it was due, so that a server which falls behind cannot hide it.
    """

    status: int
    body: bytes
    since: int
    took_s: float


@dataclass(frozen=True, slots=True)
class Result:
    """Answers by device, wall seconds from first byte to last, CPU seconds of this process."""

    answers: dict[str, list[Answered]]
    wall_s: float
    cpu_s: float


@dataclass
class _Connection:
    sender: Sender
    socket: socket.socket
    due: list[float]
    since: int
    answers: list[Answered] = field(default_factory=list)
    held: bytes = b""

    def send(self) -> None:
        sender, body = self.sender, self.sender.bodies[len(self.answers)]
        head = (
            f"POST /api/devices/{sender.device}/spans?since={self.since} HTTP/1.1\r\n"
            f"Host: 127.0.0.1\r\nContent-Type: application/cbor\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.socket.sendall(head.encode() + body)

    def receive(self) -> bool:
        """Take what has arrived; whether that ends an answer."""
        self.held += _piece(self.socket)
        if (whole := _whole(self.held)) is None:
            return False
        took_s = time.perf_counter() - self.due[len(self.answers)]
        status, body = whole
        self.answers.append(Answered(status, body, self.since, took_s))
        if size := _SIZE.search(body):
            self.since = int(size[1])
        self.held = b""
        return True

    @property
    def next_due(self) -> float | None:
        """When the next request may go; None when all are answered."""
        at = len(self.answers)
        return self.due[at] if at < len(self.due) else None


def load(job: Job) -> Result:
    """Send everything from another process; return when everything is answered."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
        return other.submit(_run, job).result()


def _run(job: Job) -> Result:
    sockets = [_connected(job.port) for _ in job.senders]
    selector = selectors.DefaultSelector()
    start_cpu, start = time.process_time(), time.perf_counter()
    connections = list(_connections(job, sockets, start))
    for one in connections:
        selector.register(one.socket, selectors.EVENT_READ, one)
    idle = [one for one in connections if one.next_due is not None]
    under_way = 0
    while idle or under_way:
        idle, sent = _send_due(idle, at_once=not job.every_s)
        under_way += sent
        for key, _ in selector.select(_wait(idle)):
            if key.data.receive():
                under_way -= 1
                idle += [key.data] if key.data.next_due is not None else []
    wall_s, cpu_s = time.perf_counter() - start, time.process_time() - start_cpu
    for joined in sockets:
        joined.close()
    return Result({one.sender.device: one.answers for one in connections}, wall_s, cpu_s)


def _connected(port: int) -> socket.socket:
    """A connection that a worker has taken: whoever knocks a hundred times in one millisecond finds
    the one worker that woke first behind every door."""
    joined = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
    joined.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    joined.sendall(b"GET /checkpoint HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    held = _piece(joined)
    while _whole(held) is None:
        held += _piece(joined)
    return joined


def _piece(joined: socket.socket) -> bytes:
    piece = joined.recv(PIECE)
    if not piece:
        raise ConnectionError("the server closed the connection")
    return piece


def _whole(held: bytes) -> tuple[int, bytes] | None:
    """Status and body of an answer, once all of it is there."""
    head, end, body = held.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    if not end or length is None or len(body) < int(length[1]):
        return None
    return int(head.split()[1]), body


def _connections(
    job: Job, sockets: Sequence[socket.socket], start: float
) -> Iterator[_Connection]:
    for place, (sender, joined) in enumerate(zip(job.senders, sockets, strict=True)):
        turns = range(place, len(sender.bodies) * len(job.senders), len(job.senders))
        due = [start + turn * job.every_s for turn in turns]
        yield _Connection(sender, joined, due, sender.since)


def _send_due(idle: list[_Connection], *, at_once: bool) -> tuple[list[_Connection], int]:
    """Send what is due; return who still has to wait, and how many were sent."""
    now = time.perf_counter()
    waiting, sent = [], 0
    for one in idle:
        if not at_once and (one.next_due or 0) > now:
            waiting.append(one)
            continue
        if at_once:
            one.due[len(one.answers)] = time.perf_counter()
        one.send()
        sent += 1
    return waiting, sent


def _wait(idle: list[_Connection]) -> float:
    """Seconds until somebody else is due; a deadline where nobody is."""
    due = min((one.next_due or 0 for one in idle), default=None)
    return TIMEOUT_S if due is None else max(due - time.perf_counter(), 0)

