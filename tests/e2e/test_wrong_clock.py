"""D12: a real agent whose wall clock jumps. Nothing is lost, no wrong time is taken for true."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from agent.edges.clock import boot_now_ms, utc_now_ms
from agent.edges.lookout import reading
from agent.edges.walltime import BELIEVABLE_MS, BUILD_UTC_MS
from protocol.record import Record, open_sealed
from protocol.registry import TimeSource
from tests import reliability
from tests.e2e.processes import Server, Truck
from tests.e2e.test_restore import drain, wait
from tests.e2e.wrongclock import WrongClock

pytestmark = [pytest.mark.e2e, pytest.mark.faketime]

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TRUTH_MS = BUILD_UTC_MS + 30 * DAY_MS
"""The true time when a test begins: believable, whatever the date of the machine it runs on."""

TO_1970_MS = 60_000 - TRUTH_MS
TO_2046_MS = BUILD_UTC_MS + BELIEVABLE_MS + DAY_MS - TRUTH_MS
JUMPS = ((-HOUR_MS, False), (TO_1970_MS, True), (TO_2046_MS, True))
"""How wrong the clock gets, and whether its time service says that it is right."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    running.child.kill()


@pytest.fixture
def clock(tmp_path: Path) -> WrongClock:
    return WrongClock(tmp_path, TRUTH_MS - utc_now_ms())


@pytest.fixture
def truck(server: Server, tmp_path: Path, clock: WrongClock) -> Iterator[Truck]:
    running = Truck(server, tmp_path, "turbot")
    running.child.kill()
    for file in running.state.glob("outbox.db*"):
        file.unlink()
    text = running.config.read_text("utf-8")
    running.config.write_text(text.replace("period_ms = 10000", "period_ms = 1000"), "utf-8")
    running.under, running.environ = clock.under, clock.environ
    clock.sync()
    running.start(speed=1)
    yield running
    running.child.kill()


def on_card(truck: Truck) -> list[Record]:
    """Every record, in the order in which they were made."""
    with reading(truck.state / "outbox.db") as sql:
        rows = sql.execute("SELECT sealed FROM record ORDER BY id").fetchall()
    return [open_sealed(bytes(sealed)).record for (sealed,) in rows]


def timed(truck: Truck) -> bool | None:
    """Whether the agent has a time; None while it does not answer."""
    said: Any = truck.status()
    return said and said["clock"]["utc_ms"] is not None


def reading_ms(truck: Truck) -> int:
    """The boot time of its newest reading."""
    said: Any = truck.status()
    ages = [one["age_ms"] for one in said["sensors"]] if said else []
    return int(said["clock"]["boot_ms"]) - min(ages) if ages else 0


def read_on(truck: Truck, *, vouched: bool) -> None:
    """Wait until it has a time or has none, and for a reading that bears witness to it."""
    wait(truck, lambda: timed(truck) is vouched)
    before = reading_ms(truck)
    wait(truck, lambda: reading_ms(truck) > before)


def right(truck: Truck, clock: WrongClock) -> None:
    """The time service has found the true time."""
    clock.shows(0)
    clock.sync()
    read_on(truck, vouched=True)


def wrong(made: list[Record], clock: WrongClock) -> list[Record]:
    """Those whose time is further from the truth than they say."""
    booted_ms = utc_now_ms() + clock.shift_ms - boot_now_ms()
    return [
        one
        for one in made
        if one.utc_ms is not None
        and abs(one.utc_ms - one.boot_ms - booted_ms) > (one.uncertainty_ms or 0)
    ]


def jumps(made: list[Record]) -> int:
    """How often, in a row of records, the time was unknown for a while."""
    known = [kept for kept, _ in groupby(made, lambda one: one.source is not TimeSource.NONE)]
    return known.count(False)


def test_D12_a_clock_that_jumps_costs_no_record_and_writes_no_wrong_time(
    server: Server, truck: Truck, clock: WrongClock
) -> None:
    right(truck, clock)
    for wrong_ms, synced in JUMPS:
        clock.shows(wrong_ms)
        if synced:
            clock.sync()
        read_on(truck, vouched=False)
        right(truck, clock)
    assert truck.child.stop() == 0
    clock.shows(TO_1970_MS)
    clock.forget()
    truck.start(speed=1)
    read_on(truck, vouched=False)
    right(truck, clock)
    drain(truck, speed=1)
    made = on_card(truck)
    false = wrong(made, clock)
    blind = sum(one.source is TimeSource.NONE for one in made)
    held = server.held(truck.device)
    lost = [one for one in made if one.seq not in held.get(one.epoch, set())]
    how = "real process: an hour back, 1970 and 2046 while it runs, 1970 at its start"
    found = f"{len(lost)} of {len(made)} lost, {len(false)} times wrong, {blind} said to be unknown"
    reliability.note("D12", how, len(JUMPS) + 1, found)
    assert not lost and not false
    assert jumps(made) == len(JUMPS) + 1
    assert "Traceback" not in truck.log.read_text()
