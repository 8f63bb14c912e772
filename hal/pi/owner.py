"""One thread that alone touches one piece of hardware, in small steps.

A step is told the time, does what can be done without waiting, and says how long, or for which
descriptor, to wait. So a test turns the steps by hand with a clock of its own, and only this file
knows of threads. A step that raises ends the thread with a traceback in the journal; the next
`begin` starts it again.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

LONGEST_GOODBYE_S = 2.0


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait this long, or until the descriptor is readable."""

    ms: int
    fd: int | None = None


Step = Callable[[int], Pause]
Clock = Callable[[], int]


def boot_ms() -> int:
    """The clock of `Moment.boot_ms`, for what arrives between two questions."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class Owner:
    """Runs `step` until it is closed, then `finish`, all in one thread of its own."""

    def __init__(self, step: Step, finish: Callable[[], None], clock: Clock = boot_ms) -> None:
        """Nothing runs before `begin`."""
        self._step, self._finish, self._clock = step, finish, clock
        self._thread: threading.Thread | None = None
        self._nudge = -1
        self._closed = False

    def begin(self) -> None:
        """Start the thread, unless it runs or was closed; cheap enough for every question."""
        if self._closed or (self._thread is not None and self._thread.is_alive()):
            return
        if self._nudge < 0:
            self._nudge = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._thread = threading.Thread(target=self._run, daemon=True, name="hal")
        self._thread.start()

    def wake(self) -> None:
        """Let the next step come at once."""
        if self._nudge >= 0:
            os.eventfd_write(self._nudge, 1)

    def close(self) -> None:
        """End the thread; a step that does not come back is left behind after two seconds."""
        self._closed = True
        if self._thread is None:
            return
        self.wake()
        self._thread.join(LONGEST_GOODBYE_S)
        if not self._thread.is_alive() and self._nudge >= 0:
            os.close(self._nudge)
            self._nudge = -1

    def _run(self) -> None:
        try:
            while not self._closed:
                self._wait(self._step(self._clock()))
        finally:
            self._finish()

    def _wait(self, pause: Pause) -> None:
        poller = select.poll()
        poller.register(self._nudge, select.POLLIN)
        if pause.fd is not None:
            poller.register(pause.fd, select.POLLIN)
        poller.poll(max(0, pause.ms))
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._nudge)
