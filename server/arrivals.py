"""A worker whose threads never wait for a client: a request is handled when all of it is there.

gunicorn hands a connection to a thread at its first byte. Whoever then says one byte a minute keeps
that thread, and a handful of such clients silence a server. Here the event loop gathers what
arrives, and only a whole request takes a thread; so does one that is refused unread, because its
body is too large or of unknown length. It refuses nothing itself but slowness (gunicorn's
`keepalive` is the time for a whole request) and hoarding: then the connection is closed.
Spec: docs/architecture.md, "The server".
"""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import struct
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from protocol.registry import Problem
from server import problems

SEND_S = 5
"""For a client to take the next piece of an answer."""
FIELD_BYTES, FIELDS, LINE_BYTES = 8190, 40, 2048
MAX_HEAD = LINE_BYTES + FIELDS * (FIELD_BYTES + 2) + 1024
MAX_BODY = 1 << 20
MAX_HELD = 64 << 20
"""Bytes of unfinished requests, of all connections together."""
PIECE = 1 << 16
MAX_WAITING = 32
"""Whole requests that wait for a thread: about half a second's work."""
BACK_S, BACK_PER_S, BACK_MOST_S = 2, 50, 60
"""Who is turned away comes back after so long, and so many in each second."""

_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,9})[ \t]*\r?$", re.I | re.M)


def is_whole(held: bytes) -> bool:
    """Whether a thread that is given these first bytes of a request need not wait for more."""
    head, end, body = held.partition(b"\r\n\r\n")
    if not end:
        return len(held) > MAX_HEAD
    length = promised(head)
    return length is None or length > MAX_BODY or len(body) >= length


def promised(head: bytes) -> int | None:
    """The length that a request's head gives its body; None where it gives none, or two."""
    found = _LENGTH.findall(head)
    return int(found[0]) if len(found) == 1 else None


def back_s(ahead: int) -> int:
    """Seconds until a client that is turned away shall ask again, behind so many others."""
    return min(BACK_S + ahead // BACK_PER_S, BACK_MOST_S)


def turned_away(ahead: int) -> bytes:
    """The whole answer to a request that came when too many waited."""
    body = problems.document(Problem.BUSY, "too many requests at once; this one was not read")
    head = (
        "HTTP/1.1 503 Service Unavailable",
        f"Content-Type: {problems.MEDIA_TYPE}",
        f"Content-Length: {len(body)}",
        f"Retry-After: {back_s(ahead)}",
        "Connection: close",
    )
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn publishes no types
    """gunicorn's threads behind a loop that gathers.

    `_inside`: requests that threads have, or that wait for one. `_ahead`: how many were turned
    away, less those that were answered since.
    """

    _inside = 0
    _ahead = 0

    def enqueue_req(self, conn: Any) -> None:
        """The loop calls this for a connection that is new, or readable again, or not empty yet."""
        conn.init()
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_S, 0))
        conn.sock.setblocking(False)
        conn.close = partial(_close, conn)
        conn.set_timeout()
        if self._gather(conn):
            self.pending_conns.append(conn)
            more = partial(self._more, conn)
            self.poller.register(conn.sock, selectors.EVENT_READ, more)

    def murder_pending(self) -> None:
        """Close the oldest connections when too much is held, and those whose time is up."""
        held = sum(map(_size, self.pending_conns))
        while held > MAX_HELD:
            held -= _size(self.pending_conns[0])
            self._drop(self.pending_conns.popleft())
        super().murder_pending()

    def _more(self, conn: Any, _socket: object) -> None:
        if not self._gather(conn):
            self.pending_conns.remove(conn)
            self._forget(conn)

    def _gather(self, conn: Any) -> bool:
        """Take what has arrived; whether the request is still to be waited for."""
        buffer = conn.parser.unreader.buf
        try:
            piece = conn.sock.recv(PIECE)
        except BlockingIOError:
            piece = None
        except OSError:
            piece = b""
        if piece == b"":
            self._drop(conn)
            return False
        buffer.seek(0, 2)
        buffer.write(piece or b"")
        if not is_whole(buffer.getvalue()):
            return True
        self._forget(conn)
        if self._inside >= self.cfg.threads + MAX_WAITING:
            self._turn_away(conn)
        else:
            self._inside += 1
            super().enqueue_req(conn)
        return False

    def _turn_away(self, conn: Any) -> None:
        with contextlib.suppress(OSError):
            conn.sock.send(turned_away(self._ahead))
        self._ahead += 1
        self._drop(conn)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """The loop calls this when a thread is done with a request."""
        self._inside -= 1
        self._ahead = max(0, self._ahead - 1)
        super().finish_request(conn, fs)

    def _forget(self, conn: Any) -> None:
        with contextlib.suppress(KeyError, ValueError, OSError):
            self.poller.unregister(conn.sock)

    def _drop(self, conn: Any) -> None:
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """A body that was refused unread is not waited for either: its connection ends."""
        unread = conn.parser.mesg is None or _left(conn.parser.mesg) > 0
        return bool(not unread and super()._keepalive_after(conn, keepalive))


def _left(message: Any) -> int:
    """Bytes of the body that nobody has read; a body in chunks counts as endless."""
    return int(getattr(message.body.reader, "length", 1))


def _size(conn: Any) -> int:
    return int(conn.parser.unreader.buf.tell())


def _close(conn: Any, graceful: bool = False) -> None:  # noqa: ARG001  called as TConn.close
    """Without gunicorn's lingering: it would stop the loop, up to two seconds for each client."""
    with contextlib.suppress(OSError):
        conn.sock.setblocking(False)
        conn.sock.recv(PIECE)
    conn.sock.close()
