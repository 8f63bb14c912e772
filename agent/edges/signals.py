"""The wish to stop, as it comes from systemd or a keyboard: SIGTERM and SIGINT.

A handler here only counts; the loop wakes through a descriptor and decides. Nothing is
interrupted in the middle of a record, and nothing is ever lost between a test and a wait.
"""

from __future__ import annotations

import contextlib
import os
import signal
from types import FrameType, TracebackType
from typing import Self

STOPPING = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """While entered, `count` is how often somebody asked us to stop. Main thread only."""

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[signal.Signals, object] = {}
        self._read, self._write = -1, -1
        self._wakeup = -1

    def __enter__(self) -> Self:
        """Take the signals over."""
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in STOPPING:
            self._before[number] = signal.signal(number, self._heard)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        signal.set_wakeup_fd(self._wakeup)
        os.close(self._read)
        os.close(self._write)

    @property
    def descriptor(self) -> int:
        """Readable after a signal, until `clear`."""
        return self._read

    def clear(self) -> None:
        """Let the descriptor rest until the next signal; `count` stays."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._read, 4_096):
                pass

    def _heard(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.count += 1
