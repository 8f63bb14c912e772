"""A real truck is told what to do by a real server: judged by it, confirmed; broken, reverted. D23.

Its own limit is one that no truck ever reaches, the published one is one that every truck exceeds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from agent.edges.lookout import reading
from protocol.bodies import EventBody
from protocol.record import Record, open_sealed
from protocol.registry import Event, Param
from tests import reliability
from tests.agent.told import told
from tests.e2e.processes import READY_S, ROOT, Server, Truck, agent
from tests.e2e.test_restore import drain, wait

pytestmark = pytest.mark.e2e

LIMIT = """
[[limit]]
id = 1
sensor = 1
quantity = "temperature"
threshold_milli = {}
hysteresis_milli = 500
delay_ms = 0
budget_ms = 0
"""
OWN = '[[limit]]\nid = 1\nsensor = 1\nquantity = "temperature"\nthreshold_milli = 60000\n'
FALLS = 4


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    running.child.kill()


@pytest.fixture
def truck(server: Server, tmp_path: Path) -> Iterator[Truck]:
    running = Truck(server, tmp_path, "mackerel")
    running.child.kill()
    with running.config.open("a") as file:
        file.write(OWN)
    running.start()
    yield running
    running.child.kill()


def config(server: Server, *arguments: str | Path) -> str:
    """What one of the operator's commands says; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "server", "config", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **server.environ},
        capture_output=True,
        text=True,
        timeout=READY_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def told_by(truck: Truck) -> Mapping[str, Any]:
    """What `status` says of the configuration."""
    said = (truck.status() or {}).get("config") or {}
    return cast(Mapping[str, Any], said)


def is_settled(truck: Truck, number: int) -> bool:
    """Whether the agent goes by this document, confirmed."""
    said = told_by(truck)
    return said.get("version") == number and not said.get("on_trial")


def sealed(truck: Truck) -> Iterator[bytes]:
    """Every record on the card of an agent that has ended."""
    with reading(truck.state / "outbox.db") as sql:
        for (row,) in sql.execute("SELECT sealed FROM record ORDER BY id"):
            yield bytes(row)


def test_D23_a_tighter_limit_is_judged_by_and_confirmed_and_a_breaking_one_is_reverted(
    server: Server, truck: Truck, tmp_path: Path
) -> None:
    wait(truck, lambda: truck.status() is not None)
    tight = tmp_path / "tight.toml"
    tight.write_text("sample_period_ms = 10000\n" + LIMIT.format(-80_000))
    said = config(server, "publish", tight, "--asset", "mackerel")
    assert f"{truck.device}: version 1 is published" in said
    truck.child.kill()
    truck.start()
    wait(truck, lambda: is_settled(truck, 1))
    wait(truck, lambda: (truck.status() or {}).get("state") == "excursion")

    breaking = tmp_path / "breaking.toml"
    breaking.write_text("sample_period_ms = 300000\n")
    config(server, "publish", breaking, "--device", truck.device)
    falls = 0
    for _ in range(4 * FALLS):
        # Whatever it does under the second one, it is dead before it has recorded anything.
        truck.child.kill()
        truck.start()
        wait(truck, lambda: bool(told_by(truck)))
        if told_by(truck).get("newest", {}).get("stage") == "reverted":
            break
        wait(truck, lambda: told_by(truck).get("newest", {}).get("version") == 2)
        falls += 1
    reverted = told_by(truck)
    assert reverted["version"] == 1 and not reverted["on_trial"]
    assert reverted["newest"] == {"version": 2, "stage": "reverted", "why": "fell_over"}
    text = agent(truck, "status", "--lang", "en")
    assert "version 1, confirmed; version 2 reverted: the agent fell over under it" in text

    drain(truck)
    rows = [open_sealed(one) for one in sealed(truck)]
    words = [word for row in rows if (word := told(row)) is not None]
    excursions = [row.record for row in rows if _begins(row.record)]
    held = server.held(truck.device)
    lost = [at for at in truck.on_card() if at[1] not in held.get(at[0], set())]
    how = "real processes: a configuration confirmed, the next given up after SIGKILLs"
    reliability.note("D23", how, falls, f"{len(lost)} of {len(rows)} records lost, reverted")
    assert lost == [] and server.duplicates(truck.device) == 0
    assert [word[:2] for word in words[:2]] == [(1, 1), (2, 1)]
    assert (3, 2, 10) in words
    assert excursions
    shown = config(server, "show", "--device", truck.device)
    assert f"{truck.device}: goes by version 1" in shown and "the agent fell over" in shown
    assert "version 1" in config(server, "history", "--asset", "mackerel")
    page = server.get(f"/devices/{truck.device}?lang=en").decode()
    assert "Settings from afar" in page and "reverted: the agent fell over under it" in page


def _begins(record: Record) -> bool:
    body = record.body
    if not isinstance(body, EventBody) or body.event is not Event.EXCURSION_START:
        return False
    return dict(body.params)[Param.LIMIT] == 1
