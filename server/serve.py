"""`jagalchi-server run`: gunicorn's threaded worker around the application, with our ticker.

It refuses to start on a port that somebody has, and says so at once: the socket is bound here,
before anything else is touched, and handed over.
"""

from __future__ import annotations

import resource
import socket
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from gunicorn.app.base import BaseApplication

from server import arrivals
from server.judging import Beside
from server.ledger.tick import Pulse, Ticker
from server.pilots.chores import Rounds
from server.posting import Round

BACKLOG = 1024
CONNECTIONS = 2000
OWN_FILES = 128
"""Descriptors of a worker that are no connection: database, journal, its own."""


class PortTaken(Exception):
    """The address cannot be listened on; the text is for the operator."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen and with how many hands."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    threads: int = 8


def bind(listen: Listen) -> socket.socket:
    """A listening socket. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((listen.host, listen.port))
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"Cannot listen on {listen.host} port {listen.port}: {error.strerror}."
            " Stop what uses it, or choose another with --port."
        ) from None
    listener.listen(BACKLOG)
    return listener


def files_wanted(soft: int, hard: int) -> int:
    """How many descriptors to ask for, between what we have and what we may have at most."""
    if soft == resource.RLIM_INFINITY:
        return soft
    most = CONNECTIONS + OWN_FILES
    return max(soft, most if hard == resource.RLIM_INFINITY else min(hard, most))


def room_for_connections() -> int:
    """How many connections a worker may hold, once as many descriptors as allowed are ours.

    One accept too many without a descriptor would end the worker, and every request in it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = files_wanted(soft, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    if files == resource.RLIM_INFINITY:
        return CONNECTIONS
    return max(OWN_FILES, min(CONNECTIONS, files - OWN_FILES))


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn publishes no types
    """Gunicorn, configured by us alone: no configuration file, no command line of its own."""

    def __init__(self, listen: Listen, listener: socket.socket) -> None:
        self._listen = listen
        self._listener = listener
        self._tickers: list[Ticker] = []
        super().__init__()

    def load_config(self) -> None:
        """Hand our choices to gunicorn."""
        chosen = {
            "bind": f"fd://{self._listener.detach()}",
            "worker_class": "server.arrivals.Worker",
            "workers": self._listen.workers,
            "threads": self._listen.threads,
            "worker_connections": room_for_connections(),
            "keepalive": 75,
            "timeout": 60,
            "graceful_timeout": 10,
            "limit_request_line": arrivals.LINE_BYTES,
            "limit_request_fields": arrivals.FIELDS,
            "limit_request_field_size": arrivals.FIELD_BYTES,
            "loglevel": "warning",
            "proc_name": "jagalchi-server",
            "control_socket_disable": True,
            "preload_app": True,  # what is wrong with the application shows before a fork
            "when_ready": self._say,
            "post_worker_init": self._begin,
            "worker_exit": self._end,
        }
        for name, value in chosen.items():
            if name in self.cfg.settings:  # older versions lack some
                self.cfg.set(name, value)

    def load(self) -> Any:
        """The application."""
        return get_wsgi_application()

    def _say(self, _arbiter: Any) -> None:
        print(f"listening on http://{self._listen.host}:{self._listen.port}/", flush=True)

    def _begin(self, _worker: Any) -> None:
        home = settings.JAGALCHI.home
        self._tickers = [
            Ticker(Pulse(home / "tick.lock")),
            # Another thread: a mail server that hangs must not stop the log's clock.
            Ticker(Round(home / "post.lock"), "messages cannot be sent"),
            Ticker(Rounds(home / "pilots.lock"), "what a pilot owes cannot be done"),
            Ticker(Beside(home), "lots cannot be judged"),
        ]
        for ticker in self._tickers:
            ticker.start()

    def _end(self, _server: Any, _worker: Any) -> None:
        for ticker in self._tickers:
            ticker.stop()
