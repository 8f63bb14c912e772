"""A real truck gets a new key while it drives, is killed on the way, and loses nothing. D5."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import reliability
from tests.e2e.processes import Server, Truck, agent
from tests.e2e.test_restore import drain, prove, wait

pytestmark = pytest.mark.e2e

KILLS = 4


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    running.child.kill()


@pytest.fixture
def truck(server: Server, tmp_path: Path) -> Iterator[Truck]:
    running = Truck(server, tmp_path, "mackerel")
    yield running
    running.child.kill()


def kid(truck: Truck) -> object:
    """Which key signs, says the agent."""
    return (truck.status() or {}).get("key")


def test_a_truck_takes_a_new_key_into_use_and_everything_is_still_proved(
    server: Server, truck: Truck, tmp_path: Path
) -> None:
    prove(truck, 10)
    old = kid(truck)
    said = agent(truck, "rotate")
    new = said.split("new key")[1].split()[0].rstrip(":")
    assert f"old key  {old}" in said and new != old
    for _ in range(KILLS):
        truck.child.lives_through(0.4)
        truck.child.kill()
        truck.start()
    wait(truck, lambda: kid(truck) == new)
    prove(truck, 10)
    drain(truck)
    held = server.held(truck.device)
    lost = [(epoch, seq) for epoch, seq in truck.on_card() if seq not in held.get(epoch, set())]
    how = "real processes: a key rotation with SIGKILLs on the way"
    reliability.note("D5", how, KILLS, f"{len(lost)} of {truck.counters().committed} records lost")
    assert lost == [] and server.duplicates(truck.device) == 0
    assert {file.name for file in truck.state.glob("device.*")} == {"device.key", "device.first"}

    evidence = tmp_path / "mackerel.evidence"
    agent(truck, "export", "--to", evidence)
    judged = json.loads(agent(truck, "verify", evidence, "--json"))
    assert judged["sound"] and judged["proved"] == judged["records"] > 20
