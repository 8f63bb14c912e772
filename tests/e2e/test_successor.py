"""The server is lost, disk and all: a successor is declared, and real trucks come back to it.

What is left is the recovery key in its safe and one checkpoint that somebody kept. N10.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import reliability
from tests.e2e.processes import Server, Truck, agent
from tests.e2e.test_restore import drain, operate, prove, wait

pytestmark = pytest.mark.e2e

HEIR = "log.example/heir"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    running.child.kill()


@pytest.fixture
def trucks(server: Server, tmp_path: Path) -> Iterator[list[Truck]]:
    running = [Truck(server, tmp_path, name) for name in ("mackerel", "hake")]
    yield running
    for truck in running:
        truck.child.kill()


def follows(truck: Truck) -> None:
    """Until the truck believes the successor."""
    wait(truck, lambda: (truck.status() or {}).get("origin") == HEIR)


def everything_is_gone(server: Server, safe: Path) -> None:
    """The machine burns; the recovery key and a checkpoint were elsewhere."""
    safe.mkdir()
    shutil.copy(server.home / "keys/recovery.key", safe / "recovery.key")
    (safe / "checkpoint").write_bytes(server.get("/checkpoint"))
    server.child.kill()
    shutil.rmtree(server.home)


def test_n10_trucks_ship_again_what_they_keep_to_a_successor_that_knew_nobody(
    server: Server, trucks: list[Truck], tmp_path: Path
) -> None:
    safe = tmp_path / "safe"
    for truck in trucks:
        prove(truck, 40)
    trucks[1].child.kill()  # one of them is in a dead zone meanwhile, switched off
    everything_is_gone(server, safe)
    kept = {truck.device: set(truck.on_card()) for truck in trucks}

    server.environ["JAGALCHI_ORIGIN"] = HEIR
    key, note = safe / "recovery.key", safe / "checkpoint"
    said = operate(server, "successor", "--recovery-key", key, "--checkpoint", note)
    assert f"{HEIR} follows" in said and "0 taken over" in said
    server.start()
    follows(trucks[0])
    lost = 0
    for truck in trucks:
        if truck is trucks[1]:
            # A start, a step over, and only then the wish to stop.
            truck.start()
            follows(truck)
        drain(truck)
        held = server.held(truck.device)
        lost += sum(seq not in held.get(epoch, set()) for epoch, seq in kept[truck.device])
        assert server.duplicates(truck.device) == 0
    rows = sum(map(len, kept.values()))
    how = "real processes: the server's disk lost, successor declared from key and checkpoint"
    reliability.note("N10", how, rows, f"{lost} of the records still kept lost")
    assert lost == 0 and rows > 80
    assert "log and devices sound" in operate(server, "verify")

    evidence = tmp_path / "mackerel.evidence"
    assert str(evidence) in agent(trucks[0], "export", "--to", evidence)
    judged = json.loads(agent(trucks[0], "verify", evidence, "--json"))
    assert judged["sound"] and judged["pinned"] and judged["origin"] == HEIR
    assert judged["proved"] == judged["records"] > 40
