"""Keeps one child process at work, and knows at any moment why it says nothing.

The child reads the sensors of one bus, again and again, and prints a line for each try. A child
that is silent for longer than its deadline is killed with its group and replaced; so is one that
ended. The pause before a new one doubles up to 15 s and is forgotten with the first line.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hal.api import Fault
from hal.drivers.trouble import fault_of
from hal.pi.child import Child, clear_left_over, mark_of
from hal.pi.owner import Clock, Owner, Pause, boot_ms

FIRST_PAUSE_MS = 500
LONGEST_PAUSE_MS = 15_000
LOADING_MS = 30_000
"""Until the first line: a small board takes seconds to load its libraries."""
PROGRAM = (sys.executable, "-P", "-m", "hal.pi.sampler")

Word = object
"""What a reader returned (hal/pi/readers), or the Fault in its place."""
Heard = Callable[[Word | Fault, int], None]


@dataclass(frozen=True, slots=True)
class Orders:
    """How one bus is polled; times in ms. `run_dir` keeps the mark; None: nowhere."""

    key: str
    pace_ms: int
    deadline_ms: int
    run_dir: Path | None = None
    program: Sequence[str] = PROGRAM


@dataclass(slots=True)
class _Jobs:
    told: list[Mapping[str, object]] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)


class Warden:
    """One bus: `add` its sensors, then `begin`. The steps may be turned by hand instead."""

    def __init__(self, orders: Orders, clock: Clock = boot_ms) -> None:
        """Nothing is started yet."""
        self._orders = orders
        self._owner = Owner(self.step, self.stop, clock)
        self._jobs = _Jobs()
        self._child: Child | None = None
        self._heard_ms = 0
        self._loaded = False
        self._retry_ms = 0
        self._losses = 0
        self._starts = 0

    @property
    def pid(self) -> int | None:
        """The child that is at work now."""
        return self._child.pid if self._child else None

    def add(self, job: Mapping[str, object], heard: Heard) -> None:
        """Have one more sensor polled; `heard` is called in the warden's thread."""
        self._jobs.told.append(job)
        self._jobs.heard.append(heard)

    def begin(self) -> None:
        """Start polling, once."""
        self._owner.begin()

    def close(self) -> None:
        """Stop polling; no process is left."""
        self._owner.close()
        self.stop()

    def step(self, now_ms: int) -> Pause:
        """Do what can be done at this moment."""
        if self._child is None:
            if now_ms < self._retry_ms:
                return Pause(self._retry_ms - now_ms)
            self._start(now_ms)
        return self._listen(now_ms)

    def stop(self) -> None:
        """Kill the child if there is one, and forget its mark."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            if (record := self._record()) is not None:
                with contextlib.suppress(OSError):
                    record.unlink(missing_ok=True)

    def _start(self, now_ms: int) -> None:
        self._heard_ms, self._loaded = now_ms, False
        orders = {
            "pace_ms": self._orders.pace_ms,
            "starts": self._starts,
            "jobs": self._jobs.told,
        }
        self._starts += 1
        with contextlib.suppress(OSError):  # no process, no memory: retried like a lost one
            self._child = Child((*self._orders.program, json.dumps(orders)), self._marked())

    def _listen(self, now_ms: int) -> Pause:
        child = self._child
        lines, ended = child.lines() if child else ([], True)
        for line in lines:
            ended = not self._pass_on(line, now_ms) or ended
        # A child that does not end by itself is killed as well: its helpers may live.
        if ended:
            return self._lose(Fault.NO_ANSWER, now_ms)
        silent_ms = now_ms - self._heard_ms
        working_ms = self._orders.pace_ms + self._orders.deadline_ms
        patience_ms = working_ms if self._loaded else LOADING_MS
        if silent_ms >= patience_ms:
            return self._lose(Fault.DEADLINE, now_ms)
        return Pause(patience_ms - silent_ms, child.fd if child else None)

    def _pass_on(self, line: bytes, now_ms: int) -> bool:
        """Hand one try to its sensor; False: that was no line of ours."""
        self._heard_ms, self._loaded = now_ms, True
        try:
            said = json.loads(line)
            if "loaded" in said:
                return True
            heard = self._jobs.heard[said["job"]]
            word = said["raw"] if "raw" in said else fault_of(said["errno"], said["text"])
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            return False
        self._losses = 0
        heard(word, now_ms)
        return True

    def _lose(self, why: Fault, now_ms: int) -> Pause:
        self.stop()
        pause_ms = min(FIRST_PAUSE_MS << min(self._losses, 8), LONGEST_PAUSE_MS)
        self._losses += 1
        self._retry_ms = now_ms + pause_ms
        for heard in self._jobs.heard:
            heard(why, now_ms)
        return Pause(pause_ms)

    def _marked(self) -> str:
        """The mark of our children, after those of an agent that ended here were cleared."""
        mark = mark_of(os.getpid(), self._orders.key)
        if (record := self._record()) is not None:
            clear_left_over(record)
            with contextlib.suppress(OSError):  # a full card keeps no sensor from being read
                record.write_text(mark + "\n", "utf-8")
        return mark

    def _record(self) -> Path | None:
        folder = self._orders.run_dir
        return folder / f"part-{self._orders.key}.mark" if folder else None
