"""LTE is dead: the records travel on a stick, and later the network finds nothing left to carry."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import reliability
from tests.e2e.processes import READY_S, ROOT, Server, Truck
from tests.e2e.test_restore import operate, wait

pytestmark = pytest.mark.e2e

OFFLINE_ROWS = 60


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    running.child.kill()


@pytest.fixture
def truck(server: Server, tmp_path: Path) -> Iterator[Truck]:
    running = Truck(server, tmp_path, "monkfish")
    yield running
    running.child.kill()


def ask_agent(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agent", *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=READY_S,
        check=False,
    )


def test_what_a_stick_brings_is_whole_and_the_network_adds_nothing_twice(
    server: Server, truck: Truck, tmp_path: Path
) -> None:
    wait(truck, lambda: truck.status() is not None and truck.counters().committed > 5)
    server.child.stop()
    enough = truck.counters().committed + OFFLINE_ROWS
    wait(truck, lambda: truck.counters().committed >= enough)
    stick = tmp_path / "stick"
    stick.mkdir()
    # Beside the running agent: the card is read, not stopped.
    exported = ask_agent("export", "--config", truck.config, "--to", stick)
    assert exported.returncode == 0, exported.stderr
    (file,) = stick.iterdir()
    on_stick = int(exported.stdout.split(" records")[0].rsplit(" ", 1)[1])
    assert on_stick >= enough
    assert ask_agent("verify", file, "--config", truck.config).returncode == 0
    assert truck.child.stop() == 0

    told = operate(server, "import", file)
    held = sum(map(len, server.held(truck.device).values()))
    again = operate(server, "import", file)
    assert f"{on_stick} records" in told
    assert "0 contested, 0 refused" in told
    assert " 0 taken" in again

    server.start()
    truck.start(drain_s=120)
    wait(truck, lambda: truck.status() is not None)
    assert truck.child.stop(130) == 0
    counters, on_card = truck.counters(), set(truck.on_card())
    shipped = {(epoch, seq) for epoch, rows in server.held(truck.device).items() for seq in rows}
    lost, doubled = len(on_card - shipped), server.duplicates(truck.device)
    reliability.note(
        "L2",
        "no network, evidence file imported, then the network again",
        1,
        f"{held} by stick, {lost} lost, {doubled} doubled, {counters.waiting} unproved",
    )
    assert (held, lost, doubled, counters.waiting) == (on_stick, 0, 0, 0)
    assert counters.proved == counters.committed
