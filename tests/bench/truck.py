"""The truck's figures: what a real agent costs in memory, time and CPU, and how fast it catches up.

Every scene runs `jagalchi-agent run` against `jagalchi-server run` on loopback, or against a port
where nobody listens. References are measured peers; docs/architecture.md says how the agent got
there.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agent.edges.lookout import glimpse
from protocol.registry import Kind
from tests.bench import truck_backlog, truck_card, truck_floor, truck_tls
from tests.bench.figure import Figure
from tests.bench.truck_stage import ALL_PARTS, NOBODY, Agent, Truck
from tests.e2e.processes import Server

STARTS = 5
SINGLE, GROUPED = (10_000, "200"), (1_000, "20")
"""Period in ms and --speed: 20 readings a second, the pace at which the references were measured.

Of those made every ten seconds each has a commit of its own; of those every second, five share one.
"""

WARM = 60
READINGS = 400


def everything() -> Iterator[Figure]:
    """Measure every figure of the truck."""
    with tempfile.TemporaryDirectory(prefix="jagalchi-bench-") as folder:
        server = Server(Path(folder))
        try:
            first, second, third = (
                Truck.enrolled(server, Path(folder) / name) for name in ("busan", "uljin", "pohang")
            )
            yield from _start(first)
            yield from _work(first, truck_floor.cpu_s(Path(folder)))
            yield from truck_backlog.figures(second)
            yield from truck_tls.figures(third, server)
            yield from truck_card.figures(first, third)
        finally:
            server.child.kill()


def _start(truck: Truck) -> Iterator[Figure]:
    """The first start makes tables and byte code; the others are what ignition does each day."""
    truck.set(ALL_PARTS, url=NOBODY)
    found = [_first_reading(truck) for _ in range(STARTS + 1)][1:]
    wall, cpu = (statistics.median(column) for column in zip(*found, strict=True))
    reference = f"ThingsBoard 1.5, floor 0.37; CPU {cpu:.2f}"
    yield Figure("exec to first durable signed reading", wall, "s", 0.5, reference)


def _first_reading(truck: Truck) -> tuple[float, float]:
    with truck.driven() as agent:
        while True:
            at = agent.hear("WATCHDOG=1")
            newest = glimpse(truck.outbox).newest
            if newest is not None and newest.kind in (Kind.READING, Kind.POSITION):
                return at - agent.begun, agent.cpu_s()


def _work(truck: Truck, floor_s: float) -> Iterator[Figure]:
    """CPU where nobody answers, and beside a server; memory where nobody answers."""
    truck.set(ALL_PARTS, url=NOBODY)
    with truck.driven() as agent:
        _cpu_s(agent, 2, 2)
        reference = f"ThingsBoard 61, WeeWX 28.6 unsigned; at most {agent.peak():.1f}"
        yield Figure("resident, nobody answers", agent.memory(), "MiB", 32, reference)
    reference = f"ThingsBoard 1.0-11; floor 1.1, here now {floor_s:.1f}"
    for how, (period_ms, speed) in (("one per commit", SINGLE), ("five per commit", GROUPED)):
        for where, url in (("offline", NOBODY), ("syncing", None)):
            truck.set(url=url, period_ms=period_ms)
            with truck.driven("--speed", speed) as agent:
                cpu_s = _cpu_s(agent, WARM, READINGS) * 1_000
            yield Figure(f"CPU per 1,000 readings, {how}, {where}", cpu_s, "s", 1.2, reference)


def _cpu_s(agent: Agent, warm: int, readings: int) -> float:
    """CPU seconds per reading once it has settled down; it is watched from outside only."""
    agent.hear("READY=1")
    begun = agent.truck.counters().committed
    agent.until(lambda: agent.truck.counters().committed >= begun + warm)
    before, spent = agent.truck.counters().committed, agent.cpu_s()
    agent.until(lambda: agent.truck.counters().committed >= before + readings)
    return (agent.cpu_s() - spent) / (agent.truck.counters().committed - before)
