"""What hangs is killed with everything it started, and a killed agent's left-over is cleared."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from hal.api import Fault
from hal.pi.child import MARK, clear_left_over, mark_of
from hal.pi.owner import Pause
from hal.pi.warden import LONGEST_PAUSE_MS, Orders, Warden
from tests.hal.pi.pulses import fed, frame, helper_folder, train
from tests.hal.pi.turning import Idle, lives, marked, turn_until
from tests.reliability import note

HERE = Path(__file__).parent
HUNG = (sys.executable, str(HERE / "hung_child.py"))
DEADLINE_MS = 300
JOB = {"reader": "dht", "pin": 4, "pulseio": "yes"}


def polled(warden: Warden, job: dict[str, object] | None = None) -> list[object]:
    """Everything that this warden's one sensor will hear."""
    said: list[object] = []
    warden.add(job or {}, lambda word, now_ms: said.append(word))
    return said


@contextlib.contextmanager
def kept(warden: Warden) -> Iterator[Warden]:
    with contextlib.closing(warden):
        yield warden


@pytest.mark.parametrize("way", ["stay", "escape"])
def test_D15_a_hung_child_and_its_grandchild_are_killed_within_the_deadline(way: str) -> None:
    warden = Warden(Orders("hung", 0, DEADLINE_MS, None, (*HUNG, way)))
    said = polled(warden)
    with kept(warden):
        turn_until(warden, lambda: said)
        pids = said[0]
        assert isinstance(pids, list)
        assert all(lives(pid) for pid in pids)
        took_ms = turn_until(warden, lambda: len(said) > 1)
        turn_until(warden, lambda: not any(lives(pid) for pid in pids))
    left = [pid for pid in pids if lives(pid)]
    how = f"child ignores SIGTERM and hangs, its helper spins ({way}s its group)"
    note("D15", how, 1, f"{len(left)} processes left, {took_ms} ms after it fell silent")
    assert said[1] is Fault.DEADLINE
    assert left == []
    assert took_ms < DEADLINE_MS + 3_000


def test_D15_the_real_library_with_a_helper_that_hangs(tmp_path: Path) -> None:
    """adafruit_dht and Blinka's PulseIn over a helper process that stops answering and spins."""
    cold = [train(frame(word, 652)) for word in (0x8065, 0xFF84, 0xFFF1)]
    folder = helper_folder(tmp_path, [*cold, cold[0][:40], [], "spin"])
    warden = Warden(Orders("fed", 0, 1_500, None, fed(folder)))
    said = polled(warden, JOB)
    mark = f"{MARK}={mark_of(os.getpid(), 'fed')}"
    with kept(warden):
        turn_until(warden, lambda: len(said) >= 5)
        helpers = marked(mark)
        turn_until(warden, lambda: len(said) >= 6)
        left = [pid for pid in helpers if lives(pid)]
    note("D15", "adafruit_dht's helper process spins and answers nothing", 1, f"{len(left)} left")
    assert said[:3] == [[-10.1, 65.2], [-3264.4, 65.2], [-3275.3, 65.2]]
    assert said[3:6] == [Fault.CHECKSUM, Fault.NO_ANSWER, Fault.DEADLINE]
    assert len(helpers) == 2
    assert left == []


def test_a_helpers_message_queue_goes_with_it(tmp_path: Path) -> None:
    folder = helper_folder(tmp_path, [train(frame(41, 500))])
    warden = Warden(Orders("queue", 0, 5_000, None, fed(folder)))
    said = polled(warden, JOB)
    with kept(warden):
        turn_until(warden, lambda: said)
        users = marked(f"{MARK}={mark_of(os.getpid(), 'queue')}")
        assert queues_of(users)
    assert not queues_of(users)


def queues_of(pids: list[int]) -> list[str]:
    lines = Path("/proc/sysvipc/msg").read_text().splitlines()[1:]
    return [line for line in lines if {int(pid) for pid in line.split()[5:7]} & set(pids)]


def test_what_a_killed_agent_left_behind_is_cleared_by_the_next(tmp_path: Path) -> None:
    agent = subprocess.Popen(
        [sys.executable, "-m", "tests.hal.pi.short_lived_agent", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert agent.stdout is not None
    pids = [int(pid) for pid in agent.stdout.readline().split()]
    record = tmp_path / "part-dht-4.mark"
    spared = clear_left_over(record)
    assert (spared, all(lives(pid) for pid in pids)) == ([], True)  # its agent lives
    agent.kill()
    agent.communicate()
    assert all(lives(pid) for pid in pids)
    cleared = clear_left_over(record)
    turn_until(Idle(), lambda: not any(lives(pid) for pid in pids))
    assert sorted(cleared) == sorted(pids)
    assert not record.exists()


@pytest.mark.parametrize("content", ["", "x", "a b c d", f"boot {os.getpid()} 1 dht", "\x00" * 50])
def test_a_record_that_names_nobody_touches_nobody(tmp_path: Path, content: str) -> None:
    record = tmp_path / "part.mark"
    record.write_text(content)
    assert clear_left_over(record) == []
    assert clear_left_over(tmp_path / "absent") == []


BUSY = """
import json, sys
print(json.dumps({"loaded": 1}), flush=True)
print(sys.argv[1], flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    "line",
    ["not json", "[]", "{}", '{"job": 9, "raw": 1}', '{"job": 0}', "[" * 3_000, "x" * 9_000],
)
def test_a_child_that_talks_nonsense_is_replaced(line: str) -> None:
    program = (sys.executable, "-c", BUSY.replace("sys.argv[1]", repr(line)))
    warden = Warden(Orders("nonsense", 0, 20_000, None, program))
    said = polled(warden)
    with kept(warden):
        turn_until(warden, lambda: said)
    assert said[0] is Fault.NO_ANSWER


@pytest.mark.parametrize("program", [(sys.executable, "-c", ""), ("/nowhere/at/all",)])
def test_a_child_that_ends_or_cannot_start_is_tried_again_with_growing_pauses(
    program: tuple[str, ...],
) -> None:
    warden = Warden(Orders("gone", 0, 20_000, None, program))
    said, pauses = polled(warden), list[int]()
    with kept(warden):
        for number in range(1, 8):
            at_ms = sum(pauses)
            turn_until(_At(warden, at_ms), partial(_heard, said, number))
            pauses.append(warden.step(at_ms).ms)
    assert pauses == [500, 1_000, 2_000, 4_000, 8_000, LONGEST_PAUSE_MS, LONGEST_PAUSE_MS]
    assert set(said) == {Fault.NO_ANSWER}


def _heard(said: list[object], count: int) -> bool:
    return len(said) >= count


class _At:
    """A warden whose clock stands still."""

    def __init__(self, warden: Warden, now_ms: int) -> None:
        self._warden, self._now_ms = warden, now_ms

    def step(self, now_ms: int) -> Pause:
        return Pause(5, self._warden.step(self._now_ms).fd)
