"""What the truck judges by itself: a door left open, two sensors that should agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import judgement, sensing
from agent.core.chain import Draft, Lane, Told
from agent.core.health import State
from agent.core.judgement import Doors, Pair
from agent.core.plan import Plan
from agent.core.sensing import Contact, Context, Observation, Senses
from agent.loop import Mode, begin, turn
from hal import Moment, Role
from hal.bench import FittedContact
from hal.mock.light import MockLight
from protocol.bodies import EventBody, Measured
from protocol.excursion import Limit
from protocol.registry import Event, Param, Quantity, Status
from tests.agent.rig import Line, Server, at
from tests.agent.truck import Truck, bench

MOST_MS = 1_200_000
PAIR = Pair(
    101,
    1,
    2,
    Quantity.TEMPERATURE,
    Limit(id="101", threshold=3_000, hysteresis=500, delay_ms=60_000, gap_ms=30_000),
)
PLAN = Plan("t", 10_000, 0, pairs=(PAIR,), door_open_ms=MOST_MS)
CONTEXT = Context(PLAN, Told())


def door(on: bool | None) -> Observation:
    return Observation(contacts=(Contact(4, "door", on),))


def two(first: int | None, second: int | None) -> Observation:
    pairs = ((1, first), (2, second))
    return Observation(
        tuple(
            Measured(n, Quantity.TEMPERATURE, v, Status.OK if v is not None else Status.NO_ANSWER)
            for n, v in pairs
        )
    )


def play(seen: Iterable[Observation], step_ms: int) -> tuple[Senses, list[tuple[int, Draft]]]:
    senses, found = Senses(), []
    for beat, one in enumerate(seen):
        senses, drafts = sensing.take(one, senses, CONTEXT, at(beat * step_ms))
        found += [(beat, d) for d in drafts if isinstance(d.body, EventBody)]
    return senses, found


def alarms(found: list[tuple[int, Draft]]) -> list[tuple[int, EventBody]]:
    return [
        (beat, d.body)
        for beat, d in found
        if d.lane is Lane.ALARM and isinstance(d.body, EventBody)
    ]


def test_a_door_left_open_is_one_alarm_with_the_time_since_when() -> None:
    senses, found = play([door(False), *[door(True)] * 40], 60_000)
    assert alarms(found) == [(21, EventBody(Event.DOOR_OPENED, 4, ((Param.SINCE_MS, 60_000),)))]
    assert senses.doors.told == {4}


def test_a_door_that_is_closed_in_time_or_unknown_meanwhile_is_no_alarm_but_the_next_may_be() -> (
    None
):
    closed = play([*[door(True)] * 20, door(False), *[door(True)] * 20], 60_000)
    assert alarms(closed[1]) == []
    unknown = play([door(True), *[door(None)] * 30], 60_000)
    assert [event.params for _, event in alarms(unknown[1])] == [((Param.SINCE_MS, 0),)]
    again = play([*[door(True)] * 22, door(False), *[door(True)] * 22], 60_000)
    assert [beat for beat, _ in alarms(again[1])] == [20, 43]


@given(st.lists(st.booleans(), max_size=60), st.integers(0, 5))
def test_never_more_alarms_than_openings_and_none_without_a_limit(
    states: list[bool], most: int
) -> None:
    doors, told = Doors(), 0
    for now, on in enumerate(states):
        doors = judgement.see(doors, 1, on, now)
        doors, bodies = judgement.late(doors, most, now)
        told += len(bodies)
    openings = sum(on and not before for before, on in zip([False, *states], states, strict=False))
    assert told <= openings
    assert told == 0 or most > 0


def test_two_sensors_that_drift_apart_are_an_alarm_and_their_peace_another() -> None:
    seen = [two(1_000, 2_000)] * 3 + [two(1_000, 6_000)] * 20 + [two(1_000, 1_200)] * 5
    senses, found = play(seen, 10_000)
    (_, start), (_, end) = alarms(found)
    assert (start.event, start.subject, end.event) == (
        Event.SENSOR_FAULT,
        1,
        Event.SENSOR_RECOVERED,
    )
    told = dict(start.params)
    assert (told[Param.LIMIT], told[Param.STATUS]) == (101, Status.DISAGREE)
    assert told[Param.PEAK] == 5_000
    assert list(told) == sorted(told)
    assert senses.quarrels == frozenset()


def test_a_missing_or_doubtful_value_is_no_quarrel() -> None:
    _, found = play([two(1_000, None)] * 60, 10_000)
    assert [d.body.event for _, d in found if isinstance(d.body, EventBody)] == [Event.SENSOR_FAULT]
    assert alarms(found) == []


class Open:
    """A door that stands open."""

    simulated = True
    wake_fd = None

    def read(self, moment: Moment) -> bool:
        return True

    def close(self) -> None:
        """Nothing to let go of."""


def test_an_open_door_is_shown_sounded_sent_first_and_on_the_card_in_that_turn(
    tmp_path: Path,
) -> None:
    light, buzzer = MockLight(), MockLight()
    fitted = FittedContact(0, "door", Role.DOOR, Open())
    parts = replace(bench(), contacts=(fitted,), light=light, buzzer=buzzer)
    truck = Truck(tmp_path, Line(Server()), parts)
    outbox, edge = truck.edge(1 << 60, drain=False)
    edge = replace(edge, plan=replace(edge.plan, door_open_ms=20_000))
    state = begin(edge)
    shown = []
    for _ in range(40):
        state = turn(edge, state, Mode.RUN)
        shown.append(state.health.state)
        if shown[-1] is State.DOOR_OPEN:
            break
        edge.clock.wait(1_000)
    uncommitted = state.counters.uncommitted
    outbox.close()
    assert shown[-1] is State.DOOR_OPEN
    assert uncommitted == 0
    assert light.pattern == state.health.pattern
    assert "*" in buzzer.pattern
    assert "지금 문을 닫으세요" in state.health.ko
    events = [row.record.body for row in truck.rows()]
    late = [b for b in events if isinstance(b, EventBody) and b.event is Event.DOOR_OPENED]
    assert [dict(body.params).keys() == {Param.SINCE_MS} for body in late] == [False, True]


@pytest.mark.parametrize("pair", [(1, 3), (1, 1)])
def test_a_pair_in_the_settings_names_two_sensors(pair: tuple[int, int], tmp_path: Path) -> None:
    from agent.settings_file import load
    from agent.toml_table import SettingsError
    from tests.agent.desk import SETTINGS

    second = '[[sensor]]\nnumber = 2\nname = "b"\npart = "mock-truck"\n'
    text = f'[[pair]]\nid = 9\nfirst = {pair[0]}\nsecond = {pair[1]}\nquantity = "temperature"\n'
    path = tmp_path / "agent.toml"
    path.write_text(SETTINGS + second + text + "apart_milli = 1\n")
    with pytest.raises(SettingsError, match=r"pair\[0\]\.second"):
        load(path)
