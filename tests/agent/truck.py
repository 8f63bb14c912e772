"""A whole agent for tests: real loop, real card, simulated truck, and a line to a log server."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agent.core import health
from agent.core.chain import Identity
from agent.core.plan import Plan
from agent.edges.clock import SteppedClock
from agent.edges.courier import DEADLINE_S, Transport
from agent.edges.outbox import Caps, Outbox, Owner
from agent.edges.sealer import Sealer
from agent.edges.signer import Signer, verify_ed25519
from agent.loop import Edge, Mode, State, begin, run, turn
from hal import Bench, open_bench
from protocol.record import Sealed
from tests.agent.rig import (
    IDENTITY,
    OWNER,
    SIGNER,
    START_UTC_MS,
    DirectCourier,
    Server,
    epochs,
    on_disk,
    opened,
)

MINUTE = 60_000


def bench(scenario: str = "steady", link: str = "none") -> Bench:
    """A simulated truck with two quantities, a door and a receiver."""
    truck = {"part": "mock-truck"}
    return open_bench(
        {
            "sensors": [{"number": 1, "name": "air", "part": "mock-truck"}],
            "position": truck,
            "door": truck,
            "link": {"part": link},
            "scenario": scenario,
            "seed": 7,
            "start_utc_ms": START_UTC_MS,
        }
    )


@dataclass(frozen=True)
class Who:
    """Who signs, and whom it believes."""

    identity: Identity = IDENTITY
    signer: Signer = SIGNER
    owner: Owner = OWNER


@dataclass
class Truck:
    """An agent on a folder and a line; `drive` lives for a while and checks every turn.

    `chance`: what the jitter of back-offs is drawn from.
    """

    path: Path
    line: Transport
    parts: Bench = field(default_factory=bench)
    caps: Caps = field(default_factory=Caps)
    clock: SteppedClock = field(default_factory=lambda: SteppedClock(START_UTC_MS))
    entropy: Callable[[int], bytes] = field(default_factory=epochs)
    states: list[health.State] = field(default_factory=list)
    who: Who = field(default_factory=Who)
    chance: Callable[[int], bytes] = bytes
    deadline_s: float = DEADLINE_S

    def edge(self, until_ms: int, *, drain: bool) -> tuple[Outbox, Edge]:
        """Open every door; sampling ends at `until_ms` of the clock."""
        outbox = opened(self.path, self.caps, owner=self.who.owner)
        sealer = Sealer(outbox, self.who.signer, self.who.identity, self.entropy)
        deadline = until_ms + 240 * MINUTE

        def mode(state: State) -> Mode:
            if state.now.boot_ms < until_ms:
                return Mode.RUN
            done = not drain or (state.closed and state.drained) or state.now.boot_ms > deadline
            return Mode.STOP if done else Mode.DRAIN

        edge = Edge(
            clock=self.clock,
            bench=self.parts,
            sealer=sealer,
            courier=DirectCourier(self.line, self.deadline_s),
            plan=Plan("truck", 10_000, 30_000),
            verify=verify_ed25519,
            entropy=self.chance,
            mode=mode,
            report=self.check,
            descriptors=lambda: (),
            serve=lambda ready, state: None,
        )
        return outbox, edge

    def drive(self, minutes: int, *, drain: bool = False) -> State:
        """Live for so many minutes, then stop in order."""
        outbox, edge = self.edge(self.clock.read().boot_ms + minutes * MINUTE, drain=drain)
        try:
            return run(edge)
        finally:
            outbox.close()

    @contextlib.contextmanager
    def running(self) -> Iterator[tuple[Edge, State]]:
        """The loop's doors and its first state, for tests that turn it by hand."""
        outbox, edge = self.edge(1 << 60, drain=False)
        with contextlib.closing(outbox):
            yield edge, begin(edge)

    def check(self, state: State) -> None:
        """True after every turn."""
        counters = state.counters
        assert counters.made == counters.committed + counters.uncommitted + counters.overflowed
        assert counters.committed == counters.waiting + counters.proved + counters.evicted
        assert counters.proved <= counters.shipped <= counters.committed
        if not self.states or self.states[-1] is not state.health.state:
            self.states.append(state.health.state)

    def rows(self) -> list[Sealed]:
        """What is on the card."""
        return on_disk(self.path)


def live(edge: Edge, state: State, minutes: int) -> State:
    """Turn by hand, a turn every second of the clock."""
    for _ in range(minutes * 60):
        state = turn(edge, state, Mode.RUN)
        edge.report(state)
        edge.clock.wait(1_000)
    return state


def assert_delivered(truck: Truck, server: Server) -> None:
    """The server holds exactly what is on the card, byte for byte, each once."""
    assert sorted(server.records()) == sorted(row.sealed for row in truck.rows())
