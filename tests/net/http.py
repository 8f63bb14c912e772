"""HTTP/1.1 as bytes: one socket read message by message, and a server that says what it is told."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

from agent.edges.courier import Request, Response

PIECE = 1 << 16
LINGER_NOT = struct.pack("ii", 1, 0)

Serve = Callable[[socket.socket], None]
Answer = Callable[[Request], bytes]


class Stream:
    """A socket from which whole messages are read; what follows one is kept for the next."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._rest = b""

    def message(self) -> bytes:
        """Head and body of the next message; what there was of it when the other end left."""
        while b"\r\n\r\n" not in self._rest:
            if not self._more():
                return self._take(len(self._rest))
        whole = self._rest.index(b"\r\n\r\n") + 4 + length(self._rest)
        while len(self._rest) < whole and self._more():
            pass
        return self._take(whole)

    def _more(self) -> bool:
        piece = self.sock.recv(PIECE)
        self._rest += piece
        return bool(piece)

    def _take(self, count: int) -> bytes:
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken


def length(message: bytes) -> int:
    """What the head says of the body."""
    for line in message.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


def request_of(message: bytes) -> Request:
    """A request as the courier means it."""
    head, _, body = message.partition(b"\r\n\r\n")
    method, path, _ = head.decode("latin-1").split("\r\n")[0].split(" ")
    return Request(method, path, body)


def response_of(message: bytes) -> Response:
    """An answer as the courier would have it."""
    head, _, body = message.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Response(int(first.split(" ")[1]), headers, body)


def written(response: Response) -> bytes:
    """The bytes of an answer."""
    lines = [f"HTTP/1.1 {response.status} Said", f"Content-Length: {len(response.body)}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + response.body


def reset(sock: socket.socket) -> None:
    """End a connection with RST: the other end loses what it has not read."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    sock.close()


@contextlib.contextmanager
def listening(serve: Serve) -> Iterator[tuple[str, int]]:
    """A port of ours; `serve` is given each connection in a thread, and closes it or lets it be."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    clients: list[socket.socket] = []

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                clients.append(client)
                threading.Thread(target=_quietly, args=(serve, client), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        for sock in (listener, *clients):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def _quietly(serve: Serve, client: socket.socket) -> None:
    with client, contextlib.suppress(OSError):
        serve(client)


@contextlib.contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """A server that answers each request with these bytes; yields its address."""

    def serve(client: socket.socket) -> None:
        stream = Stream(client)
        while b"\r\n\r\n" in (message := stream.message()):
            client.sendall(answer(request_of(message)))

    with listening(serve) as (host, port):
        yield f"http://{host}:{port}"
