"""When a configuration is asked for: never before an alarm, seldom before anything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.core import answers, sync
from agent.core.ranges import run
from agent.core.shelf import Shelf
from agent.core.sync import (
    CONFIG_PACE_MS,
    CONFIG_PATIENCE_MS,
    Ask,
    AskConfig,
    Phase,
    Post,
    Sync,
    View,
)

NOW = 10_000_000
KNOWN = Sync(known=True, looked_ms=NOW, origin="log.test", config_ms=NOW)
IDLE = View((), origin="log.test", configures=True)
BACKLOG = replace(IDLE, shelves=(Shelf(1, bytes(8), last=400),))
ALARMED = replace(IDLE, shelves=(Shelf(1, bytes(8), last=400, alarms=run(3, 3)),))


def asked(before: Sync, view: View, now_ms: int = NOW) -> Ask | None:
    return sync.decide(before, view, now_ms)[1]


def test_it_is_asked_for_when_nothing_else_is_to_be_sent() -> None:
    assert asked(KNOWN, IDLE) == AskConfig()
    assert asked(KNOWN, IDLE, NOW - 1) is None
    assert asked(KNOWN, replace(IDLE, configures=False)) is None
    assert asked(KNOWN, replace(IDLE, link=False)) is None


@pytest.mark.parametrize("late_ms", [0, CONFIG_PATIENCE_MS - 1])
def test_a_backlog_goes_first_and_gives_way_once_an_hour(late_ms: int) -> None:
    assert isinstance(asked(KNOWN, BACKLOG, NOW + late_ms), Post)
    assert asked(KNOWN, BACKLOG, NOW + CONFIG_PATIENCE_MS) == AskConfig()


@pytest.mark.parametrize("late_ms", [0, CONFIG_PATIENCE_MS, 10 * CONFIG_PATIENCE_MS])
def test_an_alarm_always_goes_first_and_so_does_draining(late_ms: int) -> None:
    assert isinstance(asked(KNOWN, ALARMED, NOW + late_ms), Post)
    assert isinstance(asked(KNOWN, replace(BACKLOG, hurry=True), NOW + late_ms), Post)


def test_the_next_question_comes_later_whatever_becomes_of_this_one() -> None:
    during, ask = sync.decide(KNOWN, IDLE, NOW)
    assert (ask, during.phase) == (AskConfig(), Phase.IN_FLIGHT)
    for jitter in (0, 0xFFFF):
        after = answers.configured(during, jitter)
        assert after.phase is Phase.IDLE and after.asked is None
        assert after.config_ms is not None
        assert 0 <= after.config_ms - NOW - CONFIG_PACE_MS < 300_000
        assert (after.good_ms, after.cue, after.attempt) == (None, KNOWN.cue, 0)
        assert asked(after, IDLE, NOW + CONFIG_PACE_MS - 1) is None


def test_a_pace_lets_routine_wait_and_nothing_else() -> None:
    rested = replace(KNOWN, posted_ms=NOW, config_ms=NOW + 1)
    slow = replace(BACKLOG, pace_ms=600_000)
    assert asked(rested, slow) is None
    assert asked(replace(rested, config_ms=NOW), slow) == AskConfig()
    assert isinstance(asked(rested, slow, NOW + 600_000), Post)
    assert isinstance(asked(rested, replace(ALARMED, pace_ms=600_000)), Post)
    assert isinstance(asked(rested, replace(slow, hurry=True)), Post)

