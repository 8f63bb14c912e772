"""A satellite receiver at the end of a line that may break: opened, listened to, opened again.

What comes is cut into lines, judged and folded by `hal.drivers`; each is dated when it comes. A
line that fails, or is silent for 20 s, is closed and opened again, with a pause that doubles up to
8 s: some ports say "ready" for ever after the receiver behind them has gone.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from hal.api import Fault, Moment, PositionFix
from hal.drivers.nmea import Framer, Report, Track
from hal.pi.owner import Clock, Owner, Pause, boot_ms

SILENT_MS = 20_000
FIRST_PAUSE_MS = 500
LONGEST_PAUSE_MS = 8_000
SETTLE_MS = 200  # a sentence comes in many small pieces; this gathers them
IDLE_MS = 2_000

Heard = Report | Fault | None


class Line(Protocol):
    """An open line to a receiver."""

    def fileno(self) -> int:
        """Return a descriptor that is readable when there is something to read, or at the end."""
        ...

    def read(self) -> bytes:
        """Return what is there, b"" if nothing is; never waits. Raises OSError at the end."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Receiver:
    """The receiver; `open_line` raises OSError, `understand` never raises."""

    simulated = False
    wake_fd = None

    def __init__(
        self,
        open_line: Callable[[], Line],
        understand: Callable[[bytes], Iterable[Heard]],
        longest: int,
        clock: Clock = boot_ms,
    ) -> None:
        """Nothing is opened before the first question."""
        self._open_line, self._understand, self._longest = open_line, understand, longest
        self._owner = Owner(self.step, self._hang_up, clock)
        self._lock = threading.Lock()
        self._track = Track()
        self._asked_ms: int | None = None
        self._line: Line | None = None
        self._framer = Framer(longest)
        self._heard_ms = self._retry_ms = self._failures = 0

    def read(self, at: Moment) -> PositionFix | None:
        """Return the newest fix; see `told`."""
        self._owner.begin()
        return self.told(at)

    def told(self, at: Moment) -> PositionFix:
        """Return what the lines so far add up to; a leap since the last question marks it."""
        with self._lock:
            track, since_ms, self._asked_ms = self._track, self._asked_ms, at.boot_ms
        return track.fix(at.boot_ms, since_ms)

    def close(self) -> None:
        """Hang up."""
        self._owner.close()

    def step(self, now_ms: int) -> Pause:
        """Do what can be done at this moment."""
        if self._line is None and now_ms < self._retry_ms:
            return Pause(self._retry_ms - now_ms)
        try:
            line = self._opened(now_ms)
            data = line.read()
        except OSError:
            return self._broken(now_ms)
        if data:
            self._take(data, now_ms)
            return Pause(SETTLE_MS)
        if now_ms - self._heard_ms >= SILENT_MS:
            return self._broken(now_ms)
        return Pause(IDLE_MS, line.fileno())

    def _opened(self, now_ms: int) -> Line:
        if self._line is None:
            self._line = self._open_line()
            self._framer = Framer(self._longest)  # half a line of the old one fits no new one
            self._heard_ms = now_ms
        return self._line

    def _take(self, data: bytes, now_ms: int) -> None:
        self._heard_ms, self._failures = now_ms, 0
        for line in self._framer.feed(data):
            for said in self._understand(line):
                with self._lock:
                    self._track = self._track.absorb(said, now_ms)

    def _broken(self, now_ms: int) -> Pause:
        self._hang_up()
        pause_ms = min(FIRST_PAUSE_MS << min(self._failures, 8), LONGEST_PAUSE_MS)
        self._failures += 1
        self._retry_ms = now_ms + pause_ms
        return Pause(pause_ms)

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(OSError):
                line.close()
