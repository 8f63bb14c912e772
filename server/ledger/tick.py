"""The log's pulse: a tick leaf every minute, stragglers sequenced, the WAL folded.

Each worker has a ticker, and a file lock lets one of them tick. A tick says: every leaf before it
was staged before this time. It also holds the server's clocks: `now_ms`, and
`steady_ms` for ages.
It refuses to die of an unavailable log: the next beat tries again. Spec: docs/protocol.md, "Log".
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from pathlib import Path
from typing import Protocol

from django.db import DatabaseError, InterfaceError, connection

from protocol.leaf import TickLeaf, encode_leaf
from server.ledger import log
from server.ledger.writing import abandon, fold, writing

PERIOD_MS = 60_000
BEAT_S = 1.0

logger = logging.getLogger(__name__)


def now_ms() -> int:
    """UTC in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def steady_ms() -> int:
    """Milliseconds of a clock that nobody sets: for ages, never for dates."""
    return time.monotonic_ns() // 1_000_000


def tick(at_ms: int) -> log.Checkpoint:
    """Log a tick leaf."""
    with writing():
        log.stage(encode_leaf(TickLeaf(at_ms)))
    return log.sequence(at_ms)


class Leader:
    """Of several workers, the one that has the lock on a file."""

    def __init__(self, lock: Path) -> None:
        """Nothing is opened before it is asked for."""
        self._lock = lock
        self._descriptor: int | None = None

    def leads(self) -> bool:
        """Whether this worker has the lock, or gets it now."""
        if self._descriptor is not None:
            return True
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def close(self) -> None:
        """Let another worker lead."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class Beating(Protocol):
    """What a ticker beats."""

    def beat(self, at_ms: int) -> object:
        """Do what is due."""

    def close(self) -> None:
        """Let go of what is held."""


class Pulse:
    """What one beat does; `lock` names the file that decides who ticks."""

    def __init__(self, lock: Path) -> None:
        """Nothing is opened before the first beat."""
        self._leader = Leader(lock)
        self._ticked_ms = 0

    def beat(self, at_ms: int) -> bool:
        """Tick if a minute has passed, else sequence what waits; whether it ticked."""
        if not self._leader.leads():
            return False
        # A clock set back must not silence the log until it has caught up.
        due = not 0 <= at_ms - self._ticked_ms < PERIOD_MS
        if due:
            tick(at_ms)
            self._ticked_ms = at_ms
            fold()
        elif log.waiting():
            log.sequence(at_ms)
        return due

    def close(self) -> None:
        """Let another worker tick."""
        self._leader.close()


class Ticker:
    """A thread that beats until it is stopped; `what` it does is said when it cannot."""

    def __init__(self, pulse: Beating, what: str = "the log cannot be extended") -> None:
        """Ready, not started."""
        self._pulse = pulse
        self._what = what
        self._stopping = threading.Event()
        self._trouble = ""
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait until a beat under way has ended."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stopping.wait(BEAT_S):
                self._beat()
        finally:
            self._pulse.close()
            connection.close()

    def _beat(self) -> None:
        try:
            self._pulse.beat(now_ms())
        except (log.LogUnavailable, log.LogBroken, DatabaseError, InterfaceError, OSError) as error:
            self._say(f"{self._what}: {error}")
            abandon()
        else:
            self._say("")

    def _say(self, trouble: str) -> None:
        # Once for each change: a beat a second would fill the disk that may be the trouble.
        if trouble != self._trouble:
            logger.error(trouble or f"over: {self._what}")
            self._trouble = trouble
