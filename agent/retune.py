"""What the loop does about its configuration: watch a trial, say how it ended, ask for a new run.

Looked at once per sampling beat and never at another time, because a change makes the device sign:
the epoch is closed, and the next one opens under the other plan, so that one epoch is judged by one
configuration. Nothing here touches a record that is there.
Spec: docs/protocol.md, section "Configuration".
"""

from __future__ import annotations

from agent.core import trial
from agent.core.chain import Draft
from agent.core.sensing import Senses
from agent.core.sync import Sync
from agent.core.trial import Course
from agent.edge import Edge, State
from agent.edges.clock import Instant
from agent.edges.courier import Outcome
from agent.edges.tuner import Running, Tuner
from protocol import wire
from protocol.registry import Status
from protocol.settable import Stage, Why


def heed(edge: Edge, before: State, senses: Senses, now: Instant) -> bool:
    """Take the next step that is possible now; whether the epoch shall end for another plan."""
    tuner, sealer = edge.tuner, edge.sealer
    if tuner is None:
        return False
    if tuner.on_trial:
        _watch(edge, tuner, before.sync, senses, now)
    if not sealer.writes:
        return False
    tuner.retry()
    sealer.put([Draft(one.body(), now) for one in tuner.take_news()], now)
    # Of a device whose sensors are all silent no trial could tell anything.
    if not tuner.due or (tuner.begins_trial and not _is_well(senses)):
        return False
    return tuner.advance()


def _watch(edge: Edge, tuner: Tuner, sync: Sync, senses: Senses, now: Instant) -> None:
    """Count what has become durable, and end the trial when it is decided."""
    running = tuner.running or Running(now.boot_ms)
    tuner.running = running
    durable_ms = edge.sealer.durable_ms
    if running.made_ms is not None and durable_ms is not None and durable_ms >= running.made_ms:
        running.readings, running.made_ms = running.readings + 1, None
    if running.made_ms is None and _is_well(senses) and senses.latest_ms == now.boot_ms:
        running.made_ms = now.boot_ms
    outcome = trial.verdict(_course(edge, running, sync, now))
    if outcome is Stage.CONFIRMED:
        tuner.confirm()
    elif isinstance(outcome, Why):
        tuner.revert(outcome)


def _course(edge: Edge, running: Running, sync: Sync, now: Instant) -> Course:
    outbox, head = edge.sealer.outbox, edge.sealer.head
    mine = next((s for s in reversed(outbox.shelves) if head and s.epoch == head.epoch), None)
    heard = sync.good_ms is not None and sync.good_ms >= running.since_ms
    return Course(
        since_ms=running.since_ms,
        now_ms=now.boot_ms,
        period_ms=edge.plan.sample_period_ms,
        readings=running.readings,
        heard=heard and not outbox.two_histories,
        proved=mine is not None and bool(mine.proved),
        writes=edge.sealer.writes,
    )


def _is_well(senses: Senses) -> bool:
    """Whether any sensor gives a value that can be used."""
    return any(one.status is Status.OK for one in senses.latest)


def offered(edge: Edge, outcome: Outcome) -> None:
    """Let the tuner look at what the server publishes; whatever is no document is nothing."""
    response, outbox = outcome.response, edge.sealer.outbox
    if edge.tuner is None or response is None or response.status != 200:
        return
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == wire.MEDIA_TYPE:
        edge.tuner.offer(response.body, outbox.log.name, outbox.kept.size)
