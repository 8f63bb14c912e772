"""When power goes, what was measured is on the card before the light goes out: input to disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from agent.core import sensing
from agent.core.chain import Told
from agent.core.plan import Plan
from agent.core.sensing import Contact, Context, Observation, Senses
from agent.loop import Mode, turn
from hal import Moment, Role, open_contact
from hal.bench import FittedContact
from protocol.bodies import EventBody
from protocol.registry import Event, Kind
from tests.agent.rig import Line, Server, at, fast_folder
from tests.agent.truck import Truck, bench
from tests.hal.pi.pins import mock_pins
from tests.protocol.testlog import note_key

OPTIONS = {"pin": 27, "pull": "up", "true_when": "low", "bounce_ms": 0}
CONTEXT = Context(Plan("truck", note_key().key(), 10_000, 0), Told())


@pytest.fixture
def folder() -> Iterator[Path]:
    with fast_folder() as path:
        yield path


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    with mock_pins() as factory:
        yield factory


@pytest.mark.parametrize("role", [Role.POWER, Role.IGNITION])
def test_a_lost_feed_wakes_the_loop_and_everything_is_durable_in_that_turn(
    role: Role, folder: Path, pins: MockFactory
) -> None:
    contact = open_contact("gpio", {**OPTIONS, "role": role.value})
    contact.read(Moment(0, None))
    pins.pin(27).drive_low()
    assert contact.read(Moment(0, None)) is True
    fitted = FittedContact(254, role.value, role, contact)
    truck = Truck(folder, Line(Server()), replace(bench(), contacts=(fitted,)))
    with truck.running() as (edge, state):
        state = turn(edge, state, Mode.RUN)
        waiting = edge.sealer.outbox.due_ms()
        assert len(truck.rows()) == 1  # the opening; the reading may wait for five seconds
        pins.pin(27).drive_high()
        assert edge.clock.wait(4_000, edge.bench.wake_fds) == edge.bench.wake_fds
        state = turn(edge, state, Mode.RUN)
        rows = truck.rows()
        assert waiting is not None
        assert state.now.boot_ms < waiting
        assert state.counters.uncommitted == 0
    contact.close()
    kinds = [row.record.kind for row in rows]
    assert Kind.READING in kinds
    events = [row.record.body for row in rows if isinstance(row.record.body, EventBody)]
    lost = [body.event for body in events] == [Event.POWER_LOST]
    assert lost is (role is Role.POWER)


@pytest.mark.parametrize(
    ("roles", "states", "since"),
    [
        (("power",), [True, False, False, True], [None, 10, 10, None]),
        (("ignition",), [True, False, None, True], [None, 10, 10, None]),
        (("power",), [False, False], [0, 0]),
        (("power",), [None, True], [None, None]),
        (("door",), [False, True], [None, None]),
    ],
)
def test_since_when_power_is_missing(
    roles: tuple[str, ...], states: list[bool | None], since: list[int | None]
) -> None:
    senses, found = Senses(), []
    for beat, on in enumerate(states):
        seen = Observation(contacts=tuple(Contact(n, role, on) for n, role in enumerate(roles)))
        senses, _ = sensing.take(seen, senses, CONTEXT, at(beat * 10))
        found.append(senses.unpowered_ms)
    assert found == since


def test_one_of_two_feeds_is_enough_to_be_missed() -> None:
    both = (Contact(1, "power", True), Contact(2, "ignition", False))
    senses, _ = sensing.take(Observation(contacts=both), Senses(), CONTEXT, at(7))
    assert senses.unpowered_ms == 7
