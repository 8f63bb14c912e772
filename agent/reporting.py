"""What the loop knows, as one state for everybody. Reads only; decides nothing."""

from __future__ import annotations

from dataclasses import replace

from agent.core import health, remedy
from agent.core.health import Facts
from agent.core.ranges import NONE
from agent.core.sync import Cue, Phase, Sync
from agent.edge import Edge, State
from agent.edges.outbox import Outbox
from hal import Moment

BUZZ = "**......"
SILENT = "........"


def report(edge: Edge, state: State, sync: Sync) -> State:
    """The state after this turn; the light and the buzzer show it."""
    sealer = edge.sealer
    counters = sealer.outbox.counters(sync.held, ring=sealer.ring, overflowed=sealer.overflowed)
    after = replace(
        state,
        sync=sync,
        counters=counters,
        head=sealer.head,
        tree=(sealer.outbox.kept.size, sealer.outbox.kept.root),
        durable_ms=sealer.durable_ms,
        origin=sealer.outbox.log.name,
        key=sealer.kid.hex(),
        next_key=sealer.awaited.hex() if sealer.awaited else None,
        damaged=sealer.damaged,
        readers_left=sealer.outbox.readers_left,
    )
    after = replace(after, health=health.judge(_facts(edge, after), after.now.boot_ms))
    moment = Moment(after.now.boot_ms, after.now.utc_ms)
    edge.bench.light.show(after.health.pattern, moment)
    loud = edge.plan.buzzes and (after.senses.alarmed or bool(after.senses.doors.told))
    edge.bench.buzzer.show(BUZZ if loud else SILENT, moment)
    return after


def _facts(edge: Edge, state: State) -> Facts:
    sync, sealer, senses = state.sync, edge.sealer, state.senses
    refused, rotten = _set_aside(sealer.outbox)
    names = {one.number: one.name for one in sealer.identity.sensors}
    return Facts(
        server=edge.courier is not None,
        trouble=sealer.outbox.trouble,
        full=sealer.full,
        two_histories=sealer.outbox.two_histories,
        unfollowed=sync.unfollowed,
        denied=sync.problem if sync.phase is Phase.HALTED else None,
        excursion=senses.alarmed,
        door_open=bool(senses.doors.told),
        faults=remedy.faults(senses, edge.plan, names),
        remarks=remedy.remarks(senses, refused, rotten),
        clock_known=state.now.utc_ms is not None,
        distrust_ms=sync.distrust_ms,
        good_ms=sync.good_ms,
        link=sync.link,
        lost=sync.cue is Cue.LOST,
        put_off=sync.why if sync.cue is Cue.BUSY else None,
        waiting=state.counters.waiting,
        uncommitted=state.counters.uncommitted,
    )


def _set_aside(outbox: Outbox) -> tuple[int, int]:
    """How many records the server refuses for good, and how many have rotted."""
    rotten = outbox.rotten
    refused = (one.aside & one.waiting - rotten.get(one.number, NONE) for one in outbox.unproved)
    return sum(map(len, refused)), sum(map(len, rotten.values()))
