"""N1: loss, a slow link, one that comes and goes: real agents, a real server, such cables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from agent.core.shelf import Counters
from agent.edges import files
from agent.edges.courier import LinkLost, Response
from agent.edges.lookout import glimpse
from protocol.registry import Kind
from tests import reliability
from tests.agent.rig import on_disk
from tests.agent.truck import Truck
from tests.e2e.processes import READY_S, STEP_S, Child, Server
from tests.net.depot import enlist, enrolled
from tests.net.link import Cables, Weather, cables
from tests.protocol import build

pytestmark = [pytest.mark.e2e, pytest.mark.netns]

WEATHERS = (
    Weather("10 % of packets lost", loss=0.10),
    Weather("30 % of packets lost", loss=0.30),
    Weather("64 kbit/s", kbit=64),
    Weather("link down for a second every two", flaps=True),
)
BACKLOG_MINUTES, FLAPS = 20, 6
DRAIN_S = 120
JITTER_MS = 1_000
PORT = 8000
AGENT_TOML = """\
[agent]
profile = "truck"
name = "{name}"
state_dir = "{state}"
sample_period_ms = 1000
[server]
deadline_ms = 2000
[[sensor]]
number = 1
name = "air"
part = "mock-truck"
options = {{ channel = "air-front" }}
"""


class FarServer(Server):
    """A server at the far end, on every cable."""

    cables: Cables

    def start(self) -> None:
        """Start it and wait until it says that it listens."""
        self.environ["JAGALCHI_ALLOWED_HOSTS"] = "*"
        run = ["server", "run", "--host", "0.0.0.0", "--port", str(PORT)]
        self.child = Child(run, self.log, self.environ, self.cables.under(self.cables.far))
        for _ in range(int(READY_S / STEP_S)):
            if "listening" in self.log.read_text() or not self.child.lives_through(STEP_S):
                break


class Dark:
    """A transport in a dead zone."""

    def send(self, method: str, path: str, body: bytes, deadline_s: float) -> Response:
        """Never there."""
        raise LinkLost("no network")


class NearTruck:
    """A truck at the near end: its card filled in a dead zone, then its agent as a process."""

    def __init__(self, folder: Path, number: int, answer: bytes, on: Cables) -> None:
        self.key, self.number, self.cables = build.key(f"truck {number}"), number, on
        self.state = folder / f"truck-{number}"
        self.state.mkdir(mode=0o700)
        self.log = folder / f"truck-{number}.log"
        who = enrolled(self.key, answer)
        files.create(self.state / "device.key", self.key.secret.to_pem())
        files.create(self.state / "enrolment.cbor", answer)
        url = f"http://{on.address(number)}:{PORT}\n"
        files.create(self.state / "server.url", url.encode())
        Truck(self.state, Dark(), who=who).drive(BACKLOG_MINUTES)
        self.backlog = on_disk(self.state)[0].record.epoch

    def start(self) -> None:
        """Let the agent run."""
        config = self.state / "agent.toml"
        config.write_text(AGENT_TOML.format(name=self.state.name, state=self.state), "utf-8")
        run = ["agent", "run", "--config", str(config), "--drain", str(DRAIN_S)]
        self.child = Child(run, self.log, {}, self.cables.under(self.cables.near))

    def counters(self) -> Counters:
        """The balance on the card."""
        return glimpse(self.state / "outbox.db").counters

    def jitter_ms(self) -> int:
        """How far two readings of the agent were from being a second apart, at worst."""
        rows = (row.record for row in on_disk(self.state))
        taken = [r.boot_ms for r in rows if r.kind is Kind.READING and r.epoch != self.backlog]
        assert len(taken) > FLAPS
        return max(abs(after - before - 1_000) for before, after in pairwise(taken))


@pytest.fixture
def road(tmp_path: Path) -> Iterator[tuple[FarServer, list[NearTruck]]]:
    """A server and a truck on each cable."""
    answers = enlist(tmp_path / "server", "truck", len(WEATHERS))
    with cables(WEATHERS) as laid, ExitStack() as stack:
        FarServer.cables = laid
        server = FarServer(tmp_path)
        stack.callback(server.child.kill)
        trucks = [NearTruck(tmp_path, n, answer, laid) for n, answer in enumerate(answers)]
        for truck in trucks:
            truck.start()
            stack.callback(truck.child.kill)
        yield server, trucks


def test_N1_over_loss_a_slow_link_and_flaps_all_arrives_once_and_no_reading_is_late(
    road: tuple[FarServer, list[NearTruck]],
) -> None:
    server, trucks = road
    flapping = [truck for truck in trucks if WEATHERS[truck.number].flaps]
    for _ in range(FLAPS):
        for up in (False, True):
            for truck in flapping:
                truck.cables.plug(truck.number, up=up)
            assert trucks[0].child.lives_through(1.0), trucks[0].log.read_text()
    for truck in trucks:
        assert truck.child.stop(DRAIN_S + 30) == 0, truck.log.read_text()
    told = [report(server, truck) for truck in trucks]
    assert [one[:2] for one in told] == [(0, 0)] * len(trucks)
    assert max(one[2] for one in told) < JITTER_MS
    assert all(truck.counters().waiting == 0 for truck in trucks)


def report(server: FarServer, truck: NearTruck) -> tuple[int, int, int]:
    """Records lost and doubled, and the jitter of sampling in ms; noted."""
    held = server.held(truck.key.device)
    rows = [row.record for row in on_disk(truck.state)]
    lost = sum(row.seq not in held.get(row.epoch, set()) for row in rows)
    doubled, jitter = server.duplicates(truck.key.device), truck.jitter_ms()
    result = f"{lost} lost, {doubled} doubled, sampling late by {jitter} ms at most"
    reliability.note("N1", f"{WEATHERS[truck.number].name} (namespaces)", len(rows), result)
    return lost, doubled, jitter
