"""A child process that can always be got rid of, with everything that it started.

It leads a session of its own, so one SIGKILL reaches its helpers too, whatever they ignore. Each
carries a mark in its environment that names this very agent; the mark is also written to the run
folder, so that the next agent finds what a killed one left behind, and touches nothing else. With
the processes go their System V queues: Blinka's helper talks over one, and they outlive everybody.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

MARK = "JAGALCHI_PART"
LONGEST_LINE = 4_096
REAP_S = 1.0
PROC = Path("/proc")
IPC_RMID = 0


class Child:
    """One child: lines come out of it, and it ends when its standard input does."""

    def __init__(self, command: Sequence[str], mark: str) -> None:
        """Start it. Raises OSError."""
        self._mark = mark
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, MARK: mark},
        )
        assert self._process.stdout is not None
        self.fd = self._process.stdout.fileno()
        os.set_blocking(self.fd, False)
        self._rest = b""

    @property
    def pid(self) -> int:
        """Number of the child, of its group and of its session."""
        return self._process.pid

    def lines(self) -> tuple[list[bytes], bool]:
        """Return the whole lines that are there, and whether that is the end: nothing waits."""
        try:
            data = os.read(self.fd, 65_536)
        except BlockingIOError:
            return [], False
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines, not data or len(self._rest) > LONGEST_LINE

    def kill(self) -> None:
        """End it and all that it started; never raises."""
        # Before it is reaped: until then nobody else can have its number.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        _end(self._mark, {self.pid})
        with contextlib.suppress(subprocess.TimeoutExpired):  # in the kernel's hands: left to init
            self._process.wait(REAP_S)
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                assert pipe is not None
                pipe.close()


def mark_of(pid: int, key: str) -> str:
    """Return the mark for the children of this process: boot, number and start make it unique."""
    return f"{_boot_id()} {pid} {_start(pid)} {key}"


def clear_left_over(record: Path) -> list[int]:
    """Kill what an ended agent left behind under the mark in `record`; return the numbers.

    Nothing is touched while the agent that wrote the record lives, nor after a reboot.
    """
    try:
        mark = record.read_text("utf-8").strip()
        boot_id, owner, start, _key = mark.split(" ", 3)
        alive = boot_id == _boot_id() and _start(int(owner)) == start
    except (OSError, ValueError):
        return []
    if alive:
        return []
    killed = _end(mark, set())
    record.unlink(missing_ok=True)
    return killed


def _end(mark: str, known: Collection[int]) -> list[int]:
    """Kill all that bear the mark, and remove the queues that they or the `known` used last."""
    marked = list(_marked(mark))
    for pid in marked:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    for queue in _queues_of({*marked, *known}):
        ctypes.CDLL(None).msgctl(queue, IPC_RMID, None)
    return marked


def _queues_of(pids: Collection[int]) -> Iterator[int]:
    """The queues whose last sender or receiver is one of these (columns: key, id, ..., proc(5))."""
    with contextlib.suppress(OSError):
        for line in (PROC / "sysvipc/msg").read_text("ascii").splitlines()[1:]:
            columns = line.split()
            if {int(columns[5]), int(columns[6])} & set(pids):
                yield int(columns[1])


def _marked(mark: str) -> Iterator[int]:
    wanted = f"{MARK}={mark}".encode()
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)


def _boot_id() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text("ascii").strip() or "?"
    except OSError:
        return "?"


def _start(pid: int) -> str:
    """When the process began, in ticks since boot; "?" if there is none."""
    try:
        stat = (PROC / str(pid) / "stat").read_text("utf-8", "replace")
        return stat.rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "?"
