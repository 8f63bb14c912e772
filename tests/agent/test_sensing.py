"""From observations to drafts: what is worth a record, in which order, and how urgent."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from agent.core import sensing
from agent.core.chain import Draft, Lane, Stamp, Told
from agent.core.plan import Plan, Watch
from agent.core.sensing import Contact, Context, Observation, Senses, Whereabouts
from protocol.bodies import Anchor, Body, EventBody, Gossip, Measured, Position, Reading
from protocol.excursion import Limit
from protocol.opening import TreeHead
from protocol.registry import Event, Fix, Param, Quantity, Status, TimeSource
from tests.agent.rig import START_UTC_MS, at

LIMIT = Limit(id="7", threshold=-15_000, hysteresis=1_000, delay_ms=60_000, gap_ms=30_000)
BUDGET = Limit(id="8", threshold=-15_000, delay_ms=10**9, budget_ms=120_000, gap_ms=30_000)
WATCHES = (
    Watch(7, 1, Quantity.TEMPERATURE, LIMIT),
    Watch(8, 1, Quantity.TEMPERATURE, BUDGET),
)
PLAN = Plan("truck", 10_000, 30_000, watches=WATCHES)
CONTEXT = Context(PLAN, Told())


def air(value: int | None, status: Status = Status.OK, sensor: int = 1) -> Observation:
    return Observation((Measured(sensor, Quantity.TEMPERATURE, value, status),))


def bodies(drafts: Iterable[Draft]) -> list[Body]:
    return [draft.body for draft in drafts]


def events(drafts: Iterable[Draft]) -> list[Event]:
    return [body.event for body in bodies(drafts) if isinstance(body, EventBody)]


def watch(values: Iterable[int | None], step_ms: int = 10_000) -> list[tuple[int, Draft]]:
    """Feed one value every ten seconds; returns what was not a plain reading, with its beat."""
    senses, found = Senses(), []
    for beat, value in enumerate(values):
        status = Status.OK if value is not None else Status.NO_ANSWER
        senses, drafts = sensing.take(air(value, status), senses, CONTEXT, at(beat * step_ms))
        found += [(beat, draft) for draft in drafts if not isinstance(draft.body, Reading)]
    return found


def test_a_reading_carries_what_was_measured_and_never_a_position() -> None:
    seen = Observation(air(-18_000).measurements, position=Whereabouts(_nowhere()))
    _, drafts = sensing.take(seen, Senses(), CONTEXT, at(5))
    assert [type(body) for body in bodies(drafts)] == [Reading, Position]
    assert all(draft.at == at(5) for draft in drafts)
    assert all(draft.lane is Lane.ROUTINE for draft in drafts)


def test_nothing_seen_is_nothing_said() -> None:
    assert sensing.take(Observation(), Senses(), CONTEXT, at(5))[1] == ()
    assert sensing.take(Observation(measurements=()), Senses(), CONTEXT, at(5))[1] == ()


def test_an_excursion_is_an_alarm_at_its_start_and_end() -> None:
    found = watch([-18_000] * 3 + [-12_000] * 10 + [-18_000] * 3)
    alarms = [(beat, draft) for beat, draft in found if draft.lane is Lane.ALARM]
    assert [beat for beat, _ in alarms] == [9, 13]
    start, end = alarms[0][1].body, alarms[-1][1].body
    assert isinstance(start, EventBody)
    assert isinstance(end, EventBody)
    assert (start.event, end.event) == (Event.EXCURSION_START, Event.EXCURSION_END)
    params = dict(end.params)
    assert (params[Param.LIMIT], params[Param.PEAK], start.subject) == (7, -12_000, 1)
    assert params[Param.CONFIRMED_MS] >= 60_000
    assert list(params) == sorted(params)


def test_a_short_door_opening_is_no_excursion() -> None:
    found = watch([-18_000] * 3 + [-14_000] * 3 + [-18_000] * 3)
    assert not [draft for _, draft in found if draft.lane is Lane.ALARM]


def test_a_spent_budget_is_an_alarm_that_says_which() -> None:
    found = watch([-18_000] * 2 + [-14_000] * 30)
    spent = [
        draft.body
        for _, draft in found
        if isinstance(draft.body, EventBody) and dict(draft.body.params).get(Param.LIMIT) == 8
    ]
    assert [dict(body.params)[Param.VALUE] for body in spent] == [120_000]


def test_doubtful_values_are_unknown_never_good_and_never_an_excursion() -> None:
    senses = Senses()
    for beat in range(60):
        seen = air(20_000, Status.SUSPECT)
        senses, drafts = sensing.take(seen, senses, CONTEXT, at(beat * 10_000))
        assert not [draft for draft in drafts if draft.lane is Lane.ALARM]
    assert not senses.alarmed
    assert senses.states == {}


def test_a_fault_is_told_once_and_so_is_recovery() -> None:
    found = watch([-18_000, None, None, None, -18_000, -18_000])
    assert [(beat, events([draft])) for beat, draft in found] == [
        (1, [Event.SENSOR_FAULT]),
        (4, [Event.SENSOR_RECOVERED]),
    ]
    fault = found[0][1].body
    assert isinstance(fault, EventBody)
    assert fault.params == ((Param.STATUS, int(Status.NO_ANSWER)),)


def test_gossip_stands_just_before_the_reading_and_only_there() -> None:
    tree = TreeHead(4, b"r" * 32)
    context = Context(PLAN, Told(), tree)
    _, drafts = sensing.take(air(1_000), Senses(), context, at(5))
    assert bodies(drafts)[0] == Gossip(4, b"r" * 32)
    door = Observation(contacts=(Contact(9, "door", True),))
    assert not any(
        isinstance(body, Gossip) for body in bodies(sensing.take(door, Senses(), context, at(5))[1])
    )


def test_what_the_network_made_known_is_said_once_on_the_beat() -> None:
    context = Context(PLAN, Told(), inconsistent=True, aside=3)
    _, drafts = sensing.take(air(1_000), Senses(), context, at(5))
    assert events(drafts) == [Event.LOG_INCONSISTENT, Event.SET_ASIDE]
    assert drafts[0].lane is Lane.ALARM
    told = Context(PLAN, Told(inconsistent=True, aside=3), inconsistent=True, aside=3)
    assert events(sensing.take(air(1_000), Senses(), told, at(5))[1]) == []
    assert events(sensing.take(Observation(), Senses(), context, at(5))[1]) == []


@pytest.mark.parametrize(
    ("role", "states", "told"),
    [
        ("door", [False, True, True, False], [Event.DOOR_OPENED, Event.DOOR_CLOSED]),
        ("door", [True, True], [Event.DOOR_OPENED]),
        ("door", [False, None, True, None, True], [Event.DOOR_OPENED]),
        ("power", [True, False, True], [Event.POWER_LOST, Event.POWER_RETURNED]),
        ("power", [False], [Event.POWER_LOST]),
        ("ignition", [False, True], []),
    ],
)
def test_a_contact_is_told_when_it_changes(
    role: str, states: list[bool | None], told: list[Event]
) -> None:
    senses, found = Senses(), []
    for beat, state in enumerate(states):
        seen = Observation(contacts=(Contact(2, role, state),))
        senses, drafts = sensing.take(seen, senses, CONTEXT, at(beat))
        found += events(drafts)
    assert found == told


def test_a_silent_receiver_is_a_fault_and_one_without_a_fix_is_not() -> None:
    senses = Senses()
    script = [Status.NOT_READY, Status.NO_ANSWER, Status.NO_ANSWER, None]
    found = []
    for beat, fault in enumerate(script):
        seen = Observation(position=Whereabouts(_nowhere(), fault))
        senses, drafts = sensing.take(seen, senses, CONTEXT, at(beat))
        found.append(events(drafts))
    assert found == [[], [Event.GNSS_FAULT], [], [Event.GNSS_RECOVERED]]


def test_a_receiver_whose_weeks_have_rolled_over_is_a_fault_that_says_how_far() -> None:
    senses, found = Senses(), list[Body]()
    for beat, rolled_ms in enumerate([0, 5, 5, 0]):
        seen = Observation(position=Whereabouts(_nowhere(), None, START_UTC_MS, rolled_ms))
        senses, drafts = sensing.take(seen, senses, CONTEXT, at(beat))
        found += [body for body in bodies(drafts) if isinstance(body, EventBody)]
    suspect = ((Param.STATUS, int(Status.SUSPECT)), (Param.STEP_MS, 5))
    assert found == [
        EventBody(Event.GNSS_FAULT, params=suspect),
        EventBody(Event.GNSS_RECOVERED),
    ]


def test_a_sensor_that_was_asked_too_soon_is_neither_ill_nor_well_again() -> None:
    statuses = [Status.NOT_READY, Status.OK, Status.NO_ANSWER, Status.NOT_READY, Status.OK]
    senses, found = Senses(), list[list[Event]]()
    for beat, status in enumerate(statuses):
        value = 1_000 if status is Status.OK else None
        senses, drafts = sensing.take(air(value, status), senses, CONTEXT, at(beat * 10_000))
        found.append(events(drafts))
    assert found == [[], [], [Event.SENSOR_FAULT], [], [Event.SENSOR_RECOVERED]]


def _nowhere() -> Position:
    return Position(None, None, None, None, Fix.NONE, 0, None, None)


# Time --------------------------------------------------------------------------------------------


def test_when_time_comes_after_records_without_it_an_anchor_dates_them() -> None:
    senses, drafts = sensing.take(air(1_000), Senses(), CONTEXT, at(5, utc=False))
    assert senses.blind
    _, drafts = sensing.take(air(1_000), senses, CONTEXT, at(60_000))
    assert bodies(drafts)[0] == Anchor(60_000, START_UTC_MS + 60_000, TimeSource.NTP, 50)


def test_where_every_record_has_its_time_no_anchor_is_needed() -> None:
    _, drafts = sensing.take(air(1_000), Senses(), CONTEXT, at(5))
    assert not any(isinstance(body, Anchor) for body in bodies(drafts))


def test_satellites_date_a_truck_whose_clock_nobody_vouches_for() -> None:
    seen = Observation(position=Whereabouts(_nowhere(), None, START_UTC_MS))
    _, drafts = sensing.take(seen, Senses(), CONTEXT, at(5, utc=False))
    assert Anchor(5, START_UTC_MS, TimeSource.GNSS, sensing.GNSS_UNCERTAINTY_MS) in bodies(drafts)


def test_two_sources_that_contradict_are_both_recorded() -> None:
    seen = Observation(position=Whereabouts(_nowhere(), None, START_UTC_MS - 3_600_000))
    _, drafts = sensing.take(seen, Senses(), CONTEXT, at(5))
    anchors = [body for body in bodies(drafts) if isinstance(body, Anchor)]
    assert [one.source for one in anchors] == [TimeSource.GNSS]
    agreeing = Observation(position=Whereabouts(_nowhere(), None, START_UTC_MS + 900))
    _, drafts = sensing.take(agreeing, Senses(), CONTEXT, at(5))
    assert not any(isinstance(body, Anchor) for body in bodies(drafts))


@pytest.mark.parametrize(("step_ms", "told"), [(1_900, False), (-3_600_000, True), (10**12, True)])
def test_a_clock_that_jumps_is_told_with_both_times(step_ms: int, told: bool) -> None:
    senses, _ = sensing.take(air(1_000), Senses(), CONTEXT, at(0))
    jumped = Stamp(10_000, START_UTC_MS + 10_000 + step_ms, TimeSource.NTP, 50, bytes(16))
    _, drafts = sensing.take(air(1_000), senses, CONTEXT, jumped)
    assert (Event.CLOCK_STEPPED in events(drafts)) is told
    if told:
        event = next(body for body in bodies(drafts) if isinstance(body, EventBody))
        assert event.params == ((Param.STEP_MS, step_ms),)
        assert any(isinstance(body, Anchor) for body in bodies(drafts))
