"""One beat of recording: ask the instruments, make drafts, hand them to the sealer.

Never waits and never fails: what an instrument cannot say is a fault in the reading, and what the
card cannot take waits in the sealer's ring.
"""

from __future__ import annotations

from dataclasses import replace

from agent import renewal, retune
from agent.core import schedule, sensing
from agent.core.schedule import Task
from agent.core.sensing import Context
from agent.edge import Edge, State
from agent.edges import instruments
from agent.edges.clock import Instant
from agent.edges.outbox import COMMIT_AGE_MS
from hal import Moment
from protocol.registry import Reason


def sample(edge: Edge, before: State, now: Instant) -> State:
    """Read what is due and seal it; commit what is due, or what waits for nothing."""
    beats, tasks = schedule.due(before.schedule, now.boot_ms)
    seen = instruments.observe(edge.bench, tasks, Moment(now.boot_ms, now.utc_ms))
    sealer = edge.sealer
    if Task.SAMPLE in tasks:
        renewal.renew(edge, now)
    context = Context(
        plan=edge.plan,
        told=sealer.told,
        tree=sealer.tree(),
        inconsistent=sealer.outbox.two_histories,
        aside=before.counters.set_aside,
        standing=edge.tuner.standing if edge.tuner else (),
    )
    senses, drafts = sensing.take(seen, before.senses, context, now)
    sealer.put(drafts, now)
    retuned = Task.SAMPLE in tasks and retune.heed(edge, before, senses, now)
    written = sealer.outbox.due_ms() is not None
    if senses.unpowered_ms is not None and before.senses.unpowered_ms is None:
        sealer.commit(now)  # what a capacitor still holds up is spent on this first
    elif tasks and written and schedule.is_quiet(beats, now.boot_ms, COMMIT_AGE_MS):
        # Nothing comes that could share the commit: to wait for it would only risk what is there.
        sealer.commit(now)
    return replace(before, now=now, schedule=beats, senses=senses, retuned=retuned)


def finish(edge: Edge, before: State, now: Instant) -> State:
    """Close the epoch, once; from then on only what is there is looked after."""
    if before.closed:
        edge.sealer.tend(now)
    elif before.retuned:
        edge.sealer.end(now, Reason.CONFIGURED)
    else:
        edge.sealer.close(now, Reason.STOP)
    return replace(before, now=now, closed=True)
