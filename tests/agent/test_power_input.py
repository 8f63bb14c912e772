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
from protocol.registry import Event
from tests.agent.rig import Line, Server, at, fast_folder
from tests.agent.truck import Truck, bench
from tests.hal.pi.pins import mock_pins

OPTIONS = {"pin": 27, "pull": "up", "true_when": "low", "bounce_ms": 0}
CONTEXT = Context(Plan("truck", 10_000, 0), Told())


@pytest.fixture
def folder() -> Iterator[Path]:
    with fast_folder() as path:
        yield path


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    with mock_pins() as factory:
        yield factory


def fitted(role: Role, options: dict[str, object]) -> FittedContact:
    number = {Role.DOOR: 0, Role.POWER: 254, Role.IGNITION: 255}[role]
    return FittedContact(number, role.value, role, open_contact("gpio", options))


def events(truck: Truck) -> list[Event]:
    """What is on the card, read behind the agent's back."""
    bodies = (row.record.body for row in truck.rows())
    return [body.event for body in bodies if isinstance(body, EventBody)]


@pytest.mark.parametrize("role", [Role.POWER, Role.IGNITION])
def test_a_lost_feed_wakes_the_loop_and_everything_is_durable_in_that_turn(
    role: Role, folder: Path, pins: MockFactory
) -> None:
    feed = fitted(role, {**OPTIONS, "role": role.value})
    door = fitted(Role.DOOR, {"pin": 17, "bounce_ms": 0})
    for pin, contact in ((27, feed), (17, door)):
        contact.contact.read(Moment(0, None))
        pins.pin(pin).drive_low()
    truck = Truck(folder, Line(Server()), replace(bench(), contacts=(feed, door)))
    with truck.running() as (edge, state):
        state = turn(edge, state, Mode.RUN)
        pins.pin(17).drive_high()
        assert edge.clock.wait(4_000, edge.bench.wake_fds) == (door.contact.wake_fd,)
        state = turn(edge, state, Mode.RUN)
        before, waiting = events(truck), state.counters.uncommitted
        pins.pin(27).drive_high()
        assert edge.clock.wait(4_000, edge.bench.wake_fds) == (feed.contact.wake_fd,)
        state = turn(edge, state, Mode.RUN)
        after = events(truck)
        assert (before, waiting) == ([], 1)  # the open door may wait for five seconds
        assert state.counters.uncommitted == 0
    edge.bench.close()
    lost = [Event.POWER_LOST] if role is Role.POWER else []
    assert after == [Event.DOOR_OPENED, *lost]


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
