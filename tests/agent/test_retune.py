"""Whole lives of an agent that is told what to do: tried, confirmed, reverted, and cut anywhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from agent.core.trial import MOST_STARTS
from agent.edges.tuner import Tuner
from agent.reporting import BUZZ
from protocol.bodies import Closing, EventBody
from protocol.record import Sealed
from protocol.registry import Event, Kind, Reason
from protocol.settable import Stage, Why
from tests import reliability
from tests.agent.rig import assert_chained, fast_folder
from tests.agent.told import PERIOD_MS, TIGHT, Life, cut_files, document, told, version
from tests.sim.knife import Harm, Knife

TRIED, GOOD = (Stage.ON_TRIAL, 1, 0), (Stage.CONFIRMED, 1, 0)
HASTY = document(2, sample_period=10_000)
"""The thermometer gives nothing when it is asked that often."""


@pytest.fixture
def life() -> Iterator[Life]:
    with fast_folder() as path:
        yield Life(path)


def readings(rows: list[Sealed]) -> list[int]:
    """When they were made."""
    return [row.record.boot_ms for row in rows if row.record.kind is Kind.READING]


def excursions(rows: list[Sealed]) -> int:
    bodies = (row.record.body for row in rows)
    return sum(isinstance(b, EventBody) and b.event is Event.EXCURSION_START for b in bodies)


def test_a_tighter_limit_is_tried_judged_by_and_confirmed_in_an_epoch_of_its_own(
    life: Life,
) -> None:
    life.live(5)
    assert excursions(life.rows()) == 0 and life.said() == []
    life.server.config = document(1, TIGHT)
    tuner = life.live(40)
    assert (version(tuner), tuner.on_trial) == (1, False)
    assert life.said()[:2] == [TRIED, GOOD]
    assert excursions(life.rows()) > 0
    rows = life.rows()
    assert_chained(rows)
    at = next(n for n, row in enumerate(rows) if told(row) == TRIED)
    opened = max(n for n in range(at) if rows[n].record.kind is Kind.OPENING)
    assert rows[opened - 1].record.body == Closing(Reason.CONFIGURED)
    assert at < next(n for n in range(opened, len(rows)) if rows[n].record.kind is Kind.READING)


def test_every_run_says_first_what_it_goes_by(life: Life) -> None:
    life.server.config = document(1, TIGHT)
    life.live(30)
    life.live(2)
    rows = life.rows()
    last = max(n for n, row in enumerate(rows) if row.record.kind is Kind.OPENING)
    kinds = [told(row) or row.record.kind for row in rows[last:]]
    assert kinds.index(GOOD) < kinds.index(Kind.READING)


def test_an_epoch_that_trouble_of_the_card_began_says_so_too(life: Life) -> None:
    life.server.config = document(1, TIGHT)
    life.live(5)
    life.knife.arm(58, Harm.FAIL_BEFORE)
    life.live(5)
    assert life.knife.struck
    rows = life.rows()
    openings = [n for n, row in enumerate(rows) if row.record.kind is Kind.OPENING]
    assert len(openings) == 4
    for first, end in itertools.pairwise([*openings[1:], len(rows)]):
        assert {told(row) for row in rows[first:end]} & {TRIED, GOOD}


def test_the_change_loses_no_beat_and_asks_nothing_twice(life: Life) -> None:
    life.server.config = document(1, TIGHT)
    life.live(30)
    made = readings(life.rows())
    steps = {after - before for before, after in itertools.pairwise(made)}
    assert steps == {PERIOD_MS}
    heads = [path for _, path in life.server.requests if "/head" in path]
    assert len(heads) == 1


def test_a_document_under_which_no_sensor_answers_is_reverted_and_never_tried_again(
    life: Life,
) -> None:
    life.server.config = document(1, TIGHT)
    life.live(30)
    life.server.config = HASTY
    tuner = life.live(20)
    assert (version(tuner), tuner.plan.sample_period_ms) == (1, PERIOD_MS)
    tried = [word for word in life.said() if word[1] == 2]
    assert tried[0][0] is Stage.ON_TRIAL
    assert set(tried[1:]) == {(Stage.REVERTED, 2, int(Why.NO_READING))}
    life.live(40)
    assert [word for word in life.said() if word[:2] == (Stage.ON_TRIAL, 2)] == tried[:1]
    assert_chained(life.rows())


def test_a_document_under_which_the_agent_falls_over_is_given_up_by_counting(life: Life) -> None:
    life.server.config = document(1, TIGHT)
    life.live(30)
    life.server.config = document(2, sample_period=60_000)
    starts = life.starts
    life.crash = lambda tuner: version(tuner) == 2
    tuner = life.live(30)
    assert version(tuner) == 1
    assert life.said()[-1] == (Stage.REVERTED, 2, int(Why.FELL_OVER))
    assert life.starts - starts == 1 + MOST_STARTS
    assert_chained(life.rows())


def test_a_trial_without_a_network_is_confirmed_by_readings_alone(life: Life) -> None:
    life.server.config = document(1, TIGHT)
    life.live(1)
    assert life.tuner and life.tuner.on_trial
    life.script = itertools.repeat("lost")
    life.live(5)
    assert life.tuner.on_trial
    tuner = life.live(20)
    assert (version(tuner), tuner.on_trial) == (1, False)
    # Offline for ever with the last good one.
    tuner = life.live(120)
    assert version(tuner) == 1 and life.states[-1].counters.waiting > 240


def test_orderly_ends_within_a_trial_are_no_falls(life: Life) -> None:
    life.server.config = document(1, TIGHT)
    life.live(1)
    life.script = itertools.repeat("lost")
    for _ in range(2 * MOST_STARTS):
        assert life.live(1).on_trial
    assert [word for word in life.said() if word[0] is Stage.REVERTED] == []


def test_a_device_whose_sensors_are_silent_tries_nothing_until_they_speak(life: Life) -> None:
    life.thermometer.mute = True
    life.server.config = document(1, TIGHT)
    tuner = life.live(20)
    assert (version(tuner), life.said()) == (None, [])
    life.thermometer.mute = False
    assert version(life.live(6)) == 1


def test_a_document_from_before_what_the_device_has_verified_is_too_old(life: Life) -> None:
    life.live(10)
    life.server.config = document(1, TIGHT, last=3)
    tuner = life.live(5)
    assert version(tuner) is None
    assert set(life.said()) == {(Stage.REFUSED, 1, int(Why.EXPIRED))}


def test_a_server_that_proves_nothing_for_an_hour_ends_the_trial(life: Life) -> None:
    life.server.config = document(1, TIGHT)
    life.server.frozen = True
    tuner = life.live(90)
    assert version(tuner) is None
    assert life.said()[-1] == (Stage.REVERTED, 1, int(Why.UNPROVED))


def test_shipping_never_waits_for_a_configuration(life: Life) -> None:
    life.live(120)
    asked = [path.rpartition("/")[2] for _, path in life.server.requests]
    assert 6 <= asked.count("config") <= 9
    assert life.states[-1].counters.waiting < 10


def test_a_slow_pace_ships_seldom_and_an_alarm_at_once(life: Life) -> None:
    life.server.config = document(1, sync_pace=600_000)
    life.live(40)
    posts = [path for method, path in life.server.requests if method == "POST"]
    life.live(120)
    calm = sum(method == "POST" for method, _ in life.server.requests) - len(posts)
    assert calm <= 16
    life.server.config = document(2, TIGHT, sync_pace=600_000)
    life.live(40)
    rows = life.rows()
    alarm = next(row for row in rows if excursions([row]))
    assert alarm.sealed in life.server.records()
    assert life.states[-1].counters.alarms == 0


def test_a_silenced_buzzer_stays_silent_and_the_light_tells_all_the_same(life: Life) -> None:
    life.server.config = document(1, TIGHT)
    life.live(30)
    assert life.buzzer.pattern == BUZZ
    life.server.config = document(2, TIGHT, buzzer=0)
    life.live(40)
    assert life.buzzer.pattern != BUZZ
    assert life.states[-1].health.state.value == "excursion"


def assert_whole(rows: list[Sealed]) -> None:
    """Each epoch is a chain, and nothing follows a closing."""
    assert_chained(rows)
    for before, after in itertools.pairwise(rows):
        assert before.record.kind is not Kind.CLOSING or after.record.kind is Kind.OPENING


def settled(tuner: Tuner) -> bool:
    """Document 2 has come to its end, whichever."""
    newest = tuner.book.newest
    return newest is not None and newest.version == 2 and newest.stage is not Stage.ON_TRIAL


@pytest.mark.parametrize("bad", [False, True], ids=["confirmed", "reverted"])
@pytest.mark.parametrize("harm", list(Harm), ids=lambda harm: harm.name.lower())
def test_D23_a_cut_at_any_step_of_a_trial_ends_in_the_new_document_or_the_old(
    harm: Harm, bad: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files and statements of the card alike: stored, begun, confirmed or given up."""
    cuts, wrong = 0, 0
    for at in itertools.count(1):
        with fast_folder() as path:
            struck, right = _cut(Life(path), Knife(), at, (harm, bad), monkeypatch)
        cuts, wrong = cuts + struck, wrong + (not right)
        if not struck:
            break
    end = "given up" if bad else "confirmed"
    how = f"configuration that is {end}: {harm.name.lower().replace('_', ' ')} a step of its files"
    reliability.note("D23", how, cuts, f"{wrong} devices without a good configuration")
    assert wrong == 0 and cuts >= 9


def _cut(
    life: Life, knife: Knife, at: int, scene: tuple[Harm, bool], monkeypatch: pytest.MonkeyPatch
) -> tuple[bool, bool]:
    """Whether the knife struck, and whether the end is right in spite of it."""
    harm, bad = scene
    life.server.config = document(1, TIGHT)
    life.live(3)
    life.server.config = HASTY if bad else document(2, sample_period=60_000)
    knife.arm(at, harm)
    with cut_files(knife, monkeypatch):
        tuner = life.live(13 if bad else 6)
    struck = bool(knife.struck)
    if not settled(tuner):
        tuner = life.live(13)
    assert_whole(life.rows())
    made = readings(life.rows())
    gaps = max(after - before for before, after in itertools.pairwise(made))
    return struck, version(tuner) == (1 if bad else 2) and gaps <= 3 * PERIOD_MS


def test_D23_a_cut_at_any_statement_of_the_card_during_a_trial_loses_neither(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cuts, wrong, stride = 0, 0, 5
    for at in range(1, 400, stride):
        with fast_folder() as path:
            life = Life(path)
            life.server.config = document(1, TIGHT)
            life.knife.arm(at, list(Harm)[at % 4])
            with cut_files(Knife(), monkeypatch):
                tuner = life.live(6)
            struck = bool(life.knife.struck)
            assert_whole(life.rows())
            cuts, wrong = cuts + struck, wrong + (version(tuner) != 1)
        if not struck:
            break
    how = "configuration on trial: killed or failed at a statement of the card"
    reliability.note("D23", how, cuts, f"{wrong} devices without a good configuration")
    assert wrong == 0 and cuts > 10
