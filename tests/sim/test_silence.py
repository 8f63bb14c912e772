"""A month without a network, a reading every ten seconds, on a card that is a real outbox's file.

With the usual caps every row is kept and delivered. With a smaller one the card lets rows go in the
declared order under signed tombstones, and what is left is still one chain that anybody can check.
A campaign keeps silent for the whole month and on a disk, the daily tests for six hours in memory.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.cli import main
from agent.edge import Mode
from agent.edges import files
from agent.edges.outbox import Caps
from protocol import evidence
from protocol.evidence import Report
from protocol.record import decode, open_sealed
from protocol.registry import Kind
from protocol.tombstone import Tombstone
from tests import reliability
from tests.agent.rig import fast_folder
from tests.protocol import build
from tests.sim.scenes import QUIET, link
from tests.sim.truck import Truck
from tests.sim.world import World, world

CAMPAIGN = bool(os.environ.get("JAGALCHI_CAMPAIGN"))
BEAT_MS = 10_000
ROWS = 30 * 8_640 if CAMPAIGN else 2_160
HOUR_S = 3_600
SETTINGS = """
[agent]
profile = "truck"
name = "silence"
state_dir = "."
[[sensor]]
number = 1
name = "air"
part = "mock-truck"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where the card lies: every reading is a commit of its own, and a disk takes its time."""
    if CAMPAIGN:
        yield tmp_path
    else:
        with fast_folder() as place:
            yield place


def fitted(here: World, folder: Path, caps: Caps | None = None) -> Truck:
    """A truck without a network, whose card lies in this folder."""
    here.folder = folder
    truck = here.fit("truck", caps)
    link(truck, up=False)
    truck.start()
    return truck


def keep_silent(here: World, truck: Truck, rows: int) -> None:
    """Readings, as many as ten seconds apart; now and then something worth more happens."""
    for number in range(rows):
        here.now_ms += BEAT_MS
        truck.cargo.warm = number % 2_000 in range(40, 52)
        truck.door.open = number % 700 < 5
        truck.turn()
    assert truck.edge and truck.edge.sealer.ring == 0 and truck.edge.sealer.overflowed == 0


@dataclass(frozen=True)
class Drained:
    """How long it took to deliver, in CPU seconds of both ends and in the truck's own time."""

    cpu_s: float
    truck_s: int


def drain(here: World, truck: Truck) -> Drained:
    """The network is there again: one request after the other until all is proved."""
    link(truck, up=True)
    cpu, began = time.process_time(), here.now_ms
    for _ in range(20 * ROWS):
        if truck.state and truck.state.drained:
            return Drained(time.process_time() - cpu, (here.now_ms - began) // 1_000)
        here.now_ms += 100
        here.network.deliver()
        truck.turn(Mode.DRAIN)
    raise AssertionError(truck.state and truck.state.status())


def megabytes(truck: Truck) -> float:
    """What database and log take on the disk."""
    return sum(file.stat().st_size for file in truck.folder.glob("outbox.db*")) / 1e6


def test_D19_a_month_of_silence_is_kept_within_the_cap_and_delivered(folder: Path) -> None:
    caps = Caps()
    with world("D19", QUIET) as here:
        truck = fitted(here, folder)
        keep_silent(here, truck, ROWS)
        assert truck.state
        size, made = megabytes(truck), truck.state.counters
        assert made.evicted == 0 and made.committed >= ROWS
        done = drain(here, truck)
        shown = here.checks.detail(truck).summary
        lost = truck.state.counters.committed - shown.rows + shown.gaps
    how = "simulated silence at a reading per 10 s, then delivered"
    kept = f"{size:.1f} MB of {caps.bytes / 1e6:.0f}"
    delivered = f"delivered with {done.cpu_s:.1f} s of CPU, server included"
    reliability.note("D19", how, ROWS, f"{lost} lost; {kept}; {delivered}")
    assert lost == 0 and size < caps.bytes / 1e6 * 0.9
    assert done.truck_s < HOUR_S


def test_D19_with_a_smaller_cap_rows_go_in_the_declared_order_and_the_chain_still_verifies(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    caps = Caps(rows=ROWS // 4)
    with world("D19 small", QUIET) as here:
        truck = fitted(here, folder, caps)
        keep_silent(here, truck, ROWS)
        assert truck.state and truck.edge
        size, before = megabytes(truck), truck.state.counters
        must_be_in_order(truck)
        report = exported(truck, capsys)
        drain(here, truck)
        gaps = here.checks.detail(truck).summary.gaps
    evicted = before.evicted
    how = "simulated silence, cap a quarter of it: evicted under tombstones, export verified"
    faults = f"{len(report.findings)} faults"
    found = f"{evicted} evicted, {report.records} kept, {size:.1f} MB, {faults}"
    reliability.note("D19", how, ROWS, found)
    assert evicted > ROWS // 2 and before.committed == evicted + before.waiting
    assert not report.findings and report.records == report.signed == report.chained
    assert report.records <= caps.rows and gaps == 0


def must_be_in_order(truck: Truck) -> None:
    """What is gone stands under a tombstone, is routine, and older than what is left of that."""
    kinds = {seq: decode(payload).kind for (_, seq), payload in truck.pen.signed.items()}
    here: set[int] = set()
    gone: set[int] = set()
    with truck.reading() as sql:
        for (sealed,) in sql.execute("SELECT sealed FROM record ORDER BY id"):
            record = open_sealed(bytes(sealed)).record
            here.add(record.seq)
            if isinstance(record.body, Tombstone):
                gone |= {n for one in record.body.ranges for n in range(one.first, one.last + 1)}
    assert not here & gone and here | gone == kinds.keys()
    assert {kinds[seq] for seq in gone} == {Kind.READING}
    # Between two events there may be too few rows to be worth a tombstone.
    left = sum(kinds[seq] is Kind.READING for seq in range(max(gone)) if seq in here)
    assert left < len(gone) // 20


def exported(truck: Truck, capsys: pytest.CaptureFixture[str]) -> Report:
    """What a stranger finds in the file that `export` writes beside the running agent."""
    config, file = truck.folder / "agent.toml", truck.folder / "silence.evidence"
    config.write_text(SETTINGS)
    files.create(truck.folder / "enrolment.cbor", truck.enrolment)
    files.create(truck.folder / "server.url", b"https://cold.example\n")
    files.create(truck.folder / "device.key", build.key("truck D19 small").secret.to_pem())
    assert main(["export", "--config", str(config), "--to", str(file)]) == 0
    if not CAMPAIGN:
        # The agent's own checker takes a millisecond for a signature: minutes for a month.
        capsys.readouterr()
        assert main(["verify", str(file), "--config", str(config), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["sound"]
    found = evidence.read(file.read_bytes())
    return evidence.examine(found, build.verify_es256, build.verify_ed25519, found.log_vkey)
