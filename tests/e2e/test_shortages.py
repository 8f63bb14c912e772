"""D11: memory or descriptors run out under a real agent. It gives up talking, and never a reading.

The server comes back while the agent is short, so that there is somebody to talk to and no room to
do it in; afterwards there is room again, and everything has to be proved.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.edges.lookout import NoOutboxError, reading
from protocol.record import Record, open_sealed
from protocol.registry import Kind
from tests import reliability
from tests.e2e.processes import READY_S, Server, Truck

pytestmark = pytest.mark.e2e

SPEED = 20
PERIOD_MS = 10_000
READINGS = 8
STEP_S = 0.1
SOME = 8 << 20
"""Bytes to go on recording with; what talks would take four times as much."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    running.child.kill()


@pytest.fixture
def truck(server: Server, tmp_path: Path) -> Iterator[Truck]:
    running = Truck(server, tmp_path, "monkfish")
    running.child.kill()
    for file in running.state.glob("outbox.db*"):
        file.unlink()
    server.child.kill()
    yield running
    running.child.kill()


def until(truck: Truck, reached: Callable[[], bool]) -> None:
    """Wait for something, while the agent lives."""
    for _ in range(int(READY_S / STEP_S)):
        if reached():
            return
        assert truck.child.lives_through(STEP_S), truck.log.read_text()
    raise AssertionError(truck.log.read_text())


def readings(truck: Truck) -> list[Record]:
    """All readings on the card, in order; none before there is a card."""
    try:
        with reading(truck.state / "outbox.db") as sql:
            rows = sql.execute("SELECT sealed FROM record WHERE kind = ? ORDER BY id", (READING,))
            return [open_sealed(bytes(sealed)).record for (sealed,) in rows]
    except NoOutboxError:
        return []


READING = Kind.READING.value


def recorded(truck: Truck, more: int) -> None:
    """Wait for so many readings more."""
    enough = len(readings(truck)) + more
    until(truck, lambda: len(readings(truck)) >= enough)


def size(truck: Truck) -> int:
    """Bytes of address space it has."""
    pages = Path(f"/proc/{truck.child.process.pid}/statm").read_text().split()[0]
    return int(pages) * resource.getpagesize()


def limit(truck: Truck, what: int, most: int = resource.RLIM_INFINITY) -> None:
    """Let it have so much from now on; without a number, whatever it is allowed."""
    hard = resource.prlimit(truck.child.process.pid, what)[1]
    resource.prlimit(truck.child.process.pid, what, (hard if most < 0 else most, hard))


def missed(truck: Truck) -> int:
    """Beats without a reading, from the first to the last."""
    beats = [one.boot_ms // PERIOD_MS for one in readings(truck)]
    return beats[-1] - beats[0] + 1 - len(set(beats))


def judge(server: Server, truck: Truck, how: str, what: int) -> None:
    """The server comes back, in vain for a while; then there is room again."""
    server.start()
    recorded(truck, READINGS)
    silent = truck.counters().shipped == 0
    limit(truck, what)
    until(truck, lambda: truck.counters().proved >= READINGS)
    gaps, made = missed(truck), len(readings(truck))
    told = f"0 crashes, {gaps} of {made} readings missed, all proved once there was room"
    reliability.note("D11", how, 1, told)
    assert silent
    assert gaps == 0
    assert "Traceback" not in truck.log.read_text()


def test_D11_without_descriptors_it_records_and_talks_later(server: Server, truck: Truck) -> None:
    truck.start(speed=SPEED)
    recorded(truck, 2)
    handles = Path(f"/proc/{truck.child.process.pid}/fd").iterdir()
    limit(truck, resource.RLIMIT_NOFILE, max(int(one.name) for one in handles) + 1)
    judge(server, truck, "no descriptor to spare (RLIMIT_NOFILE)", resource.RLIMIT_NOFILE)


def test_D11_without_memory_it_records_and_talks_later(server: Server, truck: Truck) -> None:
    truck.start(speed=SPEED)
    recorded(truck, 2)
    limit(truck, resource.RLIMIT_AS, size(truck) + SOME)
    judge(server, truck, "no memory to load what talks (RLIMIT_AS)", resource.RLIMIT_AS)
