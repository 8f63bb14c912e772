"""The only door to the network: one request at a time, carried by one worker thread.

The loop posts a request and goes on sampling; when the outcome is there, `wake` turns readable.
Every request has a deadline for the whole of it, however slowly the other end drips, and answers
have a size. What this file refuses: redirects (a captive portal's favourite), proxies and passwords
from the environment, switching off TLS checks, and believing anything: an answer is only bytes.
`requests` is the dearest import of the agent: the worker makes it, once somebody is there at all.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import queue
import socket
import sys
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from agent.edges import https

DEADLINE_S = 60.0
ROOM_BYTES = 32 << 20
MAX_WHY = 300
PORTS = {"http": 80, "https": 443}


class LinkLost(Exception):
    """No whole answer came; `timed_out` when the deadline passed on an open line."""

    def __init__(self, why: str, *, timed_out: bool = False) -> None:
        super().__init__(why)
        self.timed_out = timed_out


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: `path` below the server's address; a body means application/cbor."""

    method: str
    path: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer; header names in lower case. An answer beyond the cap never gets here."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one request ended: with a response, or `lost` with the reason in words.

    `timed_out`: the deadline passed on an open line, or there was no room; less may get through.
    """

    request: Request
    response: Response | None
    lost: str | None = None
    timed_out: bool = False


class Transport(Protocol):
    """The lowest door, where tests stand: raises LinkLost and nothing else."""

    def send(self, method: str, path: str, body: bytes, deadline_s: float) -> Response:
        """Send, and wait for the whole answer, at most `deadline_s` seconds in all."""
        ...


class RequestsTransport:
    """HTTP by `requests`. `url` has no trailing slash; `ca_file` replaces the usual authorities."""

    def __init__(self, url: str, ca_file: Path | None = None) -> None:
        self._url, self._ca_file = url, ca_file
        self._client: https.Client | None = None

    def send(self, method: str, path: str, body: bytes, deadline_s: float) -> Response:
        """See `Transport.send`."""
        if self._client is None:
            # The first time, half of the time is for finding out whether anybody is there.
            deadline_s /= 2
            _knock(self._url, deadline_s)
            self._client = _client(self._url, self._ca_file)
        return self._client.exchange(Request(method, path, body), deadline_s)


def _knock(url: str, seconds: float) -> None:
    """Open a connection and let it go. Raises LinkLost when nobody answers."""
    try:
        there = urlsplit(url)
        # As bytes: a name in text would be looked at by a codec that may not be loaded yet.
        where = (there.hostname or "").encode("ascii"), there.port or PORTS[there.scheme]
        socket.create_connection(where, seconds).close()  # type: ignore[arg-type]
    except (OSError, ValueError) as error:
        late = isinstance(error, TimeoutError)
        raise LinkLost(f"nobody answers: {error}", timed_out=late) from error


def _client(url: str, ca_file: Path | None) -> https.Client:
    """6 MiB and 60 ms that a truck in a dead zone never pays. Raises what a lack of room raises.

    Python may not survive running out of memory half-way, so the room is tried first. A codec that
    was once looked up in vain is never found again, so it is imported before anybody looks. What
    `requests` uses to guess an alphabet is left out: our answers have none, and it holds the tables
    of all the world's in 3 MiB more. It asks to be told, and then does without.
    """
    mmap.mmap(-1, ROOM_BYTES).close()
    import_module("encodings.idna")
    sys.modules.setdefault("charset_normalizer", None)  # type: ignore[arg-type]
    with warnings.catch_warnings(action="ignore"):
        from agent.edges import https
    return https.Client(url, ca_file)


class Courier:
    """One slot. The worker thread starts with the first request and dies with the process.

    `wake` is a descriptor that is readable while an outcome waits. `link_up` is set by the loop to
    what the hardware says of the link; while it is False nothing passes, in either direction.
    """

    def __init__(self, transport: Transport, deadline_s: float = DEADLINE_S) -> None:
        self.wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.link_up: bool | None = None
        self._closed = False
        self._transport, self._deadline_s = transport, deadline_s
        self._slot: queue.Queue[Request | None] = queue.Queue(maxsize=1)
        self._outcome: Outcome | None = None
        self._crash: Exception | None = None
        self._busy = False
        self._worker: threading.Thread | None = None

    def post(self, request: Request) -> bool:
        """Hand over a request; False while the slot is taken. Never blocks."""
        if self._busy or self._closed:
            return False
        self._busy = True
        if self._hired():
            self._slot.put_nowait(request)
        else:
            self._end(Outcome(request, None, "no thread can be started"))
        return True

    def _hired(self) -> bool:
        """Whether there is a worker by now."""
        if self._worker is None:
            worker = threading.Thread(target=self._run, name="courier", daemon=True)
            # RuntimeError: neither memory nor a process to spare for a thread.
            with contextlib.suppress(RuntimeError):
                worker.start()
                self._worker = worker
        return self._worker is not None

    def _end(self, outcome: Outcome) -> None:
        self._outcome = outcome
        os.eventfd_write(self.wake, 1)

    def collect(self) -> Outcome | None:
        """The outcome, once; None while there is none. Never blocks.

        A bug in the worker is raised here, in the main thread: a courier that died in silence would
        look like a dead zone for ever.
        """
        if self._crash is not None:
            raise self._crash
        outcome = self._outcome
        if outcome is None:
            return None
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.wake)
        # The slot is freed last: the worker touches it only while it is busy.
        self._outcome, self._busy = None, False
        return outcome

    def close(self, patience_s: float = 1.0) -> None:
        """Let the worker finish for at most `patience_s`, then leave it behind; idempotent."""
        if self._closed:
            return
        self._closed = True
        if self._worker is not None:
            with contextlib.suppress(queue.Full):
                self._slot.put_nowait(None)
            self._worker.join(patience_s)
        if self._worker is None or not self._worker.is_alive():
            # A worker left behind keeps the descriptor: it must not write into somebody else's.
            os.close(self.wake)

    def _run(self) -> None:
        while (request := self._slot.get()) is not None:
            try:
                self._end(self._carry(request))
            except Exception as bug:
                self._crash = bug
                os.eventfd_write(self.wake, 1)

    def _carry(self, request: Request) -> Outcome:
        try:
            self._insist_on_link()
            response = self._transport.send(
                request.method, request.path, request.body, self._deadline_s
            )
            self._insist_on_link()
        except LinkLost as lost:
            return Outcome(request, None, str(lost), lost.timed_out)
        except (MemoryError, ImportError, OSError) as short:
            why = f"no room to talk: {type(short).__name__}: {short}"[:MAX_WHY]
            return Outcome(request, None, why, timed_out=True)
        return Outcome(request, response)

    def _insist_on_link(self) -> None:
        if self.link_up is False:
            raise LinkLost("there is no link")
