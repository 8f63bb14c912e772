"""One HTTP exchange by `requests`, under one deadline for all of it and a cap on the answer.

The timeout that `requests` knows starts anew with every byte, so a server that drips one byte a
second would hold the courier for ever. Here every read and write of the socket gets what is left
of the deadline, whatever layer asks for it. Imported by the courier's worker only, when the first
request goes out. It raises LinkLost and nothing else.
"""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util.ssl_ import create_urllib3_context

from agent.edges.courier import LinkLost, Request, Response
from protocol.wire import MAX_ANSWER_BYTES, MEDIA_TYPE

PIECE_BYTES = 65_536
USER_AGENT = "jagalchi-agent"


class Client:
    """One server, one kept connection. Used by one thread."""

    def __init__(self, url: str, ca_file: Path | None) -> None:
        self._url = url
        self._deadline = Deadline()
        self._session = requests.Session()
        # Neither proxies nor .netrc passwords nor a CA bundle out of somebody's environment.
        self._session.trust_env = False
        self._session.verify = str(ca_file) if ca_file else True
        self._session.headers.update(
            {"User-Agent": USER_AGENT, "Accept": MEDIA_TYPE, "Accept-Encoding": "identity"}
        )
        self._session.mount(url, _Adapter(self._deadline))

    def exchange(self, request: Request, deadline_s: float) -> Response:
        """Send one request and read the whole answer. Raises LinkLost."""
        self._deadline.start(deadline_s)
        try:
            return self._exchange(request)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            if isinstance(error, requests.Timeout) or self._deadline.passed():
                raise LinkLost("no whole answer in time", timed_out=True) from error
            raise LinkLost(f"{type(error).__name__}: {error}"[:300]) from error

    def _exchange(self, request: Request) -> Response:
        with self._session.request(
            request.method,
            self._url + request.path,
            data=request.body or None,
            headers={"Content-Type": MEDIA_TYPE} if request.body else {},
            timeout=self._deadline.left(),
            allow_redirects=False,
            stream=True,
        ) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Response(answer.status_code, headers, self._body(answer))

    def _body(self, answer: requests.Response) -> bytes:
        whole = bytearray()
        while piece := answer.raw.read(PIECE_BYTES, decode_content=False):
            whole += piece
            if len(whole) > MAX_ANSWER_BYTES:
                raise LinkLost(f"the answer has more than {MAX_ANSWER_BYTES} bytes")
            self._deadline.left()
        return bytes(whole)


class Deadline:
    """How long the exchange under way may still take."""

    def __init__(self) -> None:
        self._end = 0.0

    def start(self, seconds: float) -> None:
        """Begin an exchange."""
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left. Raises TimeoutError when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left

    def passed(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._end


class _Adapter(HTTPAdapter):
    """Makes connections whose every socket call is bound by the deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self._plain, self._secure = _sockets(deadline)
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        # Whom to trust is loaded on connecting, from `verify` alone: a default context would add
        # the machine's authorities, and 1.6 MiB of them, to the one that the settings name.
        context = create_urllib3_context()
        context.sslsocket_class = self._secure
        super().init_poolmanager(*args, **options, ssl_context=context)
        pool = type("Pool", (HTTPConnectionPool,), {"ConnectionCls": self._connection()})
        self.poolmanager.pool_classes_by_scheme = {"http": pool, "https": HTTPSConnectionPool}

    def _connection(self) -> type[HTTPConnection]:
        plain = self._plain

        class Connection(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                self.sock = plain(fileno=self.sock.detach())

        return Connection


def _sockets(deadline: Deadline) -> tuple[type[socket.socket], type[ssl.SSLSocket]]:
    class Plain(socket.socket):
        def recv_into(self, *args: Any) -> int:
            self.settimeout(deadline.left())
            return super().recv_into(*args)

        def sendall(self, *args: Any) -> None:
            self.settimeout(deadline.left())
            super().sendall(*args)

    class Secure(ssl.SSLSocket):
        def recv_into(self, *args: Any) -> int:
            self.settimeout(deadline.left())
            return super().recv_into(*args)

        def sendall(self, *args: Any) -> None:
            self.settimeout(deadline.left())
            super().sendall(*args)

    return Plain, Secure
