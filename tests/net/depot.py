"""A real server process that knows some trucks, and those trucks: real agents, in this process.

Such a truck has the agent's own loop, card, courier and sync; only its clock is handed on by the
test, so that a back-off of an hour costs no time. What it says goes over a socket.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from agent.core.chain import Identity
from agent.edges.courier import RequestsTransport, Transport
from agent.edges.outbox import Owner
from agent.edges.signer import EcdsaSigner
from agent.loop import Edge, Mode, State, turn
from protocol import wire
from tests.agent.truck import Truck, Who
from tests.e2e.processes import ROOT, Server
from tests.protocol import build


def enlist(home: Path, prefix: str, count: int) -> list[bytes]:
    """Let so many devices in; their enrolment answers. Nothing runs in that home yet."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.net.enlist", prefix, str(count)],
        cwd=ROOT,
        env={**os.environ, "JAGALCHI_HOME": str(home), "JAGALCHI_DEMO": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [bytes.fromhex(line) for line in done.stdout.split()]


class Depot:
    """A server with trucks that nobody has used yet."""

    PREFIX = "truck"

    def __init__(self, folder: Path, trucks: int) -> None:
        self.answers = enlist(folder / "server", self.PREFIX, trucks)
        self.server = Server(folder)
        self.address = ("127.0.0.1", self.server.port)
        self._next = count()

    def identity(self) -> tuple[build.Key, bytes]:
        """Key and enrolment answer of a device that has sent nothing."""
        number = next(self._next)
        return build.key(f"{self.PREFIX} {number}"), self.answers[number]

    def truck(self, folder: Path, line: Transport | str) -> Truck:
        """A truck with an empty card; `line` is its transport, or the address that it calls."""
        key, answer = self.identity()
        transport = RequestsTransport(line) if isinstance(line, str) else line
        entropy = _numbered(key.device)
        return Truck(folder, transport, who=enrolled(key, answer), entropy=entropy)

    def lost(self, truck: Truck) -> int:
        """How many records of the card the server does not hold."""
        held = self.server.held(truck.who.identity.device)
        rows = (row.record for row in truck.rows())
        return sum(row.seq not in held.get(row.epoch, set()) for row in rows)

    def doubled(self, truck: Truck) -> int:
        """How many records the server holds more than once."""
        return self.server.duplicates(truck.who.identity.device)


def enrolled(key: build.Key, answer: bytes) -> Who:
    """Who that device is, and whom it believes."""
    pinned = wire.decode_enrol_answer(answer)
    identity = Identity(
        device=pinned.device,
        genesis=wire.first_prev(answer),
        software="tests",
        sensors=(),
        simulated=True,
    )
    owner = Owner(pinned.device, pinned.log_key(), pinned.recovery_key())
    return Who(identity, EcdsaSigner(key.secret), owner)


def _numbered(name: str) -> Callable[[int], bytes]:
    """Entropy that never repeats, and is the same in every run."""
    numbers = count(1)
    return lambda size: build.digest(f"{name} {next(numbers)}", size)


@dataclass
class Drive:
    """A truck under way: opened, and turned by hand."""

    truck: Truck
    edge: Edge
    state: State

    def turn(self, mode: Mode = Mode.RUN, after_ms: int = 1_000) -> State:
        """One turn, and time passes."""
        self.state = turn(self.edge, self.state, mode)
        self.truck.check(self.state)
        self.edge.clock.wait(after_ms)
        return self.state

    def record(self, minutes: int) -> None:
        """Live for a while."""
        for _ in range(minutes * 60):
            self.turn()

    def drain(self, turns: int = 2_000) -> None:
        """Deliver everything, with an hour of patience."""
        for _ in range(turns):
            if self.turn(Mode.DRAIN).drained:
                return
        raise AssertionError(f"{self.state.counters}, {self.state.sync.why}")


@contextlib.contextmanager
def driving(truck: Truck) -> Iterator[Drive]:
    """A truck that has just been switched on."""
    with truck.running() as (edge, state):
        yield Drive(truck, edge, state)
