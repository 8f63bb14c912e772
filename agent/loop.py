"""The agent on one page: read the clock, take what came back, record, ship, show, wait.

Only this thread changes anything. Nothing here waits for the network, a sensor or the card: answers
are collected when they are there, faults are values, and what cannot be written stays in RAM.
Recording comes before shipping in every turn, and a record is durable before it leaves.
"""

from __future__ import annotations

from agent import renewal, reporting, sampling, shipping
from agent.core import health, schedule, sync
from agent.core.health import Facts
from agent.core.schedule import Task
from agent.core.sensing import Senses
from agent.core.sync import Sync
from agent.edge import Edge, Mode, State
from hal import Moment

__all__ = ["Edge", "Mode", "State", "begin", "run", "turn"]

LONGEST_PAUSE_MS = 5_000
"""At least this often the link is looked at and the light told."""


def begin(edge: Edge, before: State | None = None) -> State:
    """Open the epoch durably, before anything else is tried; `before` ended for another plan."""
    now, plan, sealer = edge.clock.read(), edge.plan, edge.sealer
    renewal.begin(edge)
    sealer.begin(now)
    periods = {Task.SAMPLE: plan.sample_period_ms, Task.POSITION: plan.position_period_ms}
    state = State(
        name=plan.name,
        device=sealer.identity.device,
        now=now,
        schedule=schedule.begin(periods, _first_beat(before, now.boot_ms)),
        senses=Senses(blind=now.utc_ms is None),
        sync=before.sync if before else Sync(looked_ms=now.boot_ms),
        counters=sealer.outbox.counters({}),
        health=health.judge(Facts(), now.boot_ms),
        head=sealer.head,
        tree=(sealer.outbox.kept.size, sealer.outbox.kept.root),
        durable_ms=sealer.durable_ms,
        origin=sealer.outbox.log.name,
        key=sealer.kid.hex(),
    )
    return reporting.report(edge, state, state.sync)


def _first_beat(before: State | None, now_ms: int) -> int:
    """At once; after another plan when its own next beat was due, for no sensor is asked twice."""
    return now_ms if before is None else before.schedule.next_ms.get(Task.SAMPLE, now_ms)


def turn(edge: Edge, state: State, mode: Mode) -> State:
    """What came back is settled, what is due is recorded, one batch is shipped."""
    now = edge.clock.read()
    if edge.courier is not None:
        edge.courier.link_up = edge.bench.link.up(Moment(now.boot_ms, now.utc_ms))
    line = shipping.collect(edge, state.sync, now.boot_ms, hurry=mode is Mode.DRAIN)
    state = (sampling.sample if mode is Mode.RUN else sampling.finish)(edge, state, now)
    line = shipping.retry_aside(edge, line, now.boot_ms)
    line = shipping.ship(edge, line, now.boot_ms, hurry=mode is Mode.DRAIN)
    return reporting.report(edge, state, line)


def run(edge: Edge, before: State | None = None) -> State:
    """Turn after turn until the daemon says stop, or another plan is to be gone by.

    Leaves a closed epoch and a committed card.
    """
    state = begin(edge, before)
    edge.report(state)
    while (mode := edge.mode(state)) is not Mode.STOP and not state.retuned:
        state = turn(edge, state, mode)
        edge.report(state)
        edge.serve(edge.clock.wait(_pause_ms(edge, state), _descriptors(edge)), state)
    state = reporting.report(edge, sampling.finish(edge, state, edge.clock.read()), state.sync)
    edge.report(state)
    return state


def _pause_ms(edge: Edge, state: State) -> int:
    beats = state.schedule if not state.closed else schedule.Schedule({}, {})
    others = (edge.sealer.outbox.due_ms(), sync.wake_ms(state.sync, state.now.boot_ms))
    at = schedule.wake_ms(beats, *others)
    return LONGEST_PAUSE_MS if at is None else max(0, min(at - state.now.boot_ms, LONGEST_PAUSE_MS))


def _descriptors(edge: Edge) -> tuple[int, ...]:
    answer = (edge.courier.wake,) if edge.courier is not None else ()
    return (*answer, *edge.bench.wake_fds, *edge.descriptors())
