"""Turns the steps of an owner by hand, in real time: no thread, no sleep, and a deadline."""

from __future__ import annotations

import select
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from hal.pi.owner import Pause, boot_ms

PATIENCE_MS = 20_000


class Stepping(Protocol):
    def step(self, now_ms: int) -> Pause: ...


def turn_until(subject: Stepping, done: Callable[[], object]) -> int:
    """Step until `done()`; return the milliseconds it took, or fail after 20 s."""
    begun_ms = boot_ms()
    while not done():
        now_ms = boot_ms()
        assert now_ms - begun_ms < PATIENCE_MS, "it did not come to pass in 20 s"
        pause = subject.step(now_ms)
        poller = select.poll()
        if pause.fd is not None:
            poller.register(pause.fd, select.POLLIN)
        poller.poll(min(pause.ms, 1_000))
    return boot_ms() - begun_ms


class Idle:
    """Something to turn while somebody else works."""

    def step(self, now_ms: int) -> Pause:
        return Pause(10)


def lives(pid: int) -> bool:
    """Whether a process still runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def marked(mark: str) -> list[int]:
    """The living processes whose environment bears this text."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return [pid for pid in found if lives(pid)]
