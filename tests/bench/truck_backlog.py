"""Ten thousand records from a dead zone, and an alarm that must not wait behind them.

The backlog is sealed by the product's own sealer, with the truck's own key and the hours of a day
that has passed; then the real agent starts beside a server that answers.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from agent.core.chain import Draft, Identity
from agent.edges import contents, enrolment, rows
from agent.edges.clock import SteppedClock, boot_now_ms
from agent.edges.lookout import reading
from agent.edges.outbox import COMMIT_ROWS, Caps, Outbox, Owner
from agent.edges.sealer import Sealer
from agent.edges.signer import EcdsaSigner
from agent.settings_file import load
from protocol import wire
from protocol.bodies import Measured, Reading
from protocol.record import open_sealed
from protocol.registry import Quantity, Status
from tests.bench.figure import Figure
from tests.bench.truck_stage import ALL_PARTS, Agent, Truck

RECORDS = 10_000
PERIOD_MS = 10_000
ALARM_AFTER_MS = 2_000
LOOK_S = 0.05
TOO_WARM = f"""
[[limit]]
id = 1
sensor = 1
quantity = "temperature"
threshold_milli = -30000
delay_ms = {ALARM_AFTER_MS}
"""


def figures(truck: Truck) -> Iterator[Figure]:
    """Let it catch up, from exec to the last proof; its memory afterwards."""
    made = _backlog(truck)
    truck.set(ALL_PARTS + TOO_WARM, period_ms=1_000)
    with truck.driven() as agent:
        alarm_s = _alarm_s(agent)
        agent.until(lambda: agent.counters().get("proved", 0) >= made, LOOK_S)
        total_s = time.monotonic() - agent.begun
        memory, reference = agent.memory(), f"ThingsBoard 61; at most {agent.peak():.1f}"
    name = f"backlog of {RECORDS:,} proved, from exec"
    yield Figure(name, total_s, "s", 15, "floor: 600 taken in 0.31, unproved")
    yield Figure("an alarm beside it, from seal to proof", alarm_s, "s", 2, "Prometheus: hours")
    yield Figure("resident, after spans of 500", memory, "MiB", 36, reference)


def _alarm_s(agent: Agent) -> float:
    """From the moment that the alarm itself bears, until the agent has seen it proved."""
    agent.until(lambda: _alarm_ms(agent.truck) is not None, LOOK_S)
    agent.until(lambda: agent.counters().get("alarms", 1) == 0, LOOK_S)
    return (boot_now_ms() - (_alarm_ms(agent.truck) or 0)) / 1_000


def _alarm_ms(truck: Truck) -> int | None:
    """Boot time at which the first alarm on the card was made."""
    with reading(truck.outbox) as sql:
        for shelf in contents.shelves(sql).values():
            for seq in shelf.alarms:
                sealed = rows.sealed_at(sql, shelf.number, seq) or b""
                return open_sealed(sealed).record.boot_ms
    return None


def _backlog(truck: Truck) -> int:
    """Seal it; returns how many records there are now."""
    settings = load(truck.config)
    enrolled = enrolment.load(settings)
    answer = enrolled.answer
    owner = Owner(answer.device, answer.log_key(), answer.recovery_key())
    outbox = Outbox.open(truck.outbox, owner, Caps())
    genesis = wire.first_prev(enrolled.raw)
    who = Identity(answer.device, genesis, "bench", (), simulated=True)
    clock = SteppedClock(answer.utc_ms - (RECORDS + 100) * PERIOD_MS, os.urandom(16))
    sealer = Sealer(outbox, EcdsaSigner.load(settings.key_path), who, os.urandom)
    sealer.begin(clock.read())
    for _ in range(RECORDS // COMMIT_ROWS + 1):
        sealer.put([_reading(clock) for _ in range(COMMIT_ROWS)], clock.read())
    made = outbox.counters({}).committed
    outbox.close()
    return made


def _reading(clock: SteppedClock) -> Draft:
    clock.wait(PERIOD_MS)
    pairs = ((Quantity.TEMPERATURE, 1_400), (Quantity.HUMIDITY, 86_300))
    seen = tuple(Measured(number, *pair, Status.OK) for number in (1, 2) for pair in pairs)
    return Draft(Reading(seen), clock.read())
