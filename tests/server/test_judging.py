"""The process that reads for the cold chain: one at a time, started again, gone with its worker."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.judging import AGAIN_MS, BUG, Beside, Ended

PATIENCE_S = 30
OBEYS = (sys.executable, "-c", "import sys; sys.stdin.buffer.read()")
DEAF = (sys.executable, "-c", "import signal; signal.pause()")
FAILS = (sys.executable, "-c", "raise SystemExit(3)")
WORKER = """
import pathlib, sys, threading
from server.judging import Beside
beside = Beside(pathlib.Path(sys.argv[1]), sys.argv[2:])
beside.beat(0)
print(beside.pid, flush=True)
threading.Event().wait()
"""

BROKEN = """
import sys, threading
from server.judging import end_by_the_unexpected
end_by_the_unexpected()
threading.Thread(target=lambda: 1 // 0).start()
sys.stdin.buffer.read()
"""


@contextmanager
def beside(home: Path, command: tuple[str, ...], **chosen: float) -> Iterator[Beside]:
    """One that is closed in any case."""
    one = Beside(home, command, **chosen)  # type: ignore[arg-type]
    try:
        yield one
    finally:
        one.close()


def ended(pid: int) -> None:
    """Wait until a process that is not ours to wait for has ended."""
    descriptor = os.pidfd_open(pid)
    try:
        assert select.select([descriptor], [], [], PATIENCE_S)[0], "it outlived its worker"
    finally:
        os.close(descriptor)


def test_one_worker_keeps_it_and_another_does_when_that_one_is_gone(tmp_path: Path) -> None:
    with beside(tmp_path, OBEYS) as other:
        with beside(tmp_path, OBEYS) as first:
            first.beat(0)
            mine = first.pid
            assert mine is not None
            first.beat(1_000)
            other.beat(1_000)
            assert (first.pid, other.pid) == (mine, None)
        other.beat(2_000)
        assert other.pid not in (None, mine)


def test_one_that_ended_is_said_and_started_again_but_not_at_once(tmp_path: Path) -> None:
    clock = [0]
    one = Beside(tmp_path, FAILS, clock=lambda: clock[0])
    one.beat(0)
    first = one.pid
    assert first is not None
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    for clock[0] in (1_000, AGAIN_MS - 1):
        with pytest.raises(Ended, match="status 3"):
            one.beat(0)
        assert one.pid == first
    clock[0] = AGAIN_MS
    with pytest.raises(Ended, match="status 3"):
        one.beat(0)
    assert one.pid not in (None, first)
    one.close()
    assert one.pid is None


def test_one_that_does_not_end_when_told_is_ended(tmp_path: Path) -> None:
    with beside(tmp_path, DEAF, end_s=0.2) as one:
        one.beat(0)
        pid = one.pid
        one.close()
        assert pid is not None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_it_ends_with_its_worker_however_that_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WORKER, str(tmp_path), *OBEYS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        pid = int(worker.stdout.readline())
        os.kill(pid, 0)
        worker.kill()
        ended(pid)


def test_an_error_that_a_thread_did_not_expect_ends_all_of_it_and_is_shown() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BROKEN], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.wait(PATIENCE_S) == BUG, "nobody closed its standard input"
        assert process.stderr is not None
        assert "ZeroDivisionError" in process.stderr.read()
