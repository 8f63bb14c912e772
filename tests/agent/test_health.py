"""One state for light, status and service manager; the worst that is true wins."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core import health
from agent.core.health import LOOKS, Facts, State
from hal import blinks
from protocol.registry import Problem, Text

WELL = Facts(good_ms=1_000_000)
NOW = 1_000_000
FAULT = Text("Sensor 2: no answer. Plug it in.", "센서 2 응답 없음: 꽂으세요.")


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (WELL, State.PROVED),
        (replace(WELL, waiting=health.A_FEW), State.PROVED),
        (replace(WELL, waiting=health.A_FEW + 1), State.CATCHING_UP),
        (replace(WELL, good_ms=None), State.OFFLINE),
        (replace(WELL, good_ms=NOW - health.OFFLINE_MS, lost=True), State.OFFLINE),
        (replace(WELL, good_ms=NOW - health.OFFLINE_MS + 1, lost=True), State.PROVED),
        (replace(WELL, good_ms=0), State.PROVED),
        (replace(WELL, put_off="busy"), State.PUT_OFF),
        (replace(WELL, good_ms=None, put_off="busy"), State.PUT_OFF),
        (replace(WELL, link=False, put_off="busy"), State.OFFLINE),
        (replace(WELL, link=False), State.OFFLINE),
        (replace(WELL, server=False), State.OFFLINE),
        (replace(WELL, distrust_ms=NOW - health.DISTRUST_SHOWN_MS + 1), State.PROVED),
        (replace(WELL, distrust_ms=NOW - health.DISTRUST_SHOWN_MS), State.UNPROVED),
        (replace(WELL, clock_known=False), State.CLOCK_UNKNOWN),
        (replace(WELL, faults=(FAULT,)), State.SENSOR_FAULT),
        (replace(WELL, door_open=True), State.DOOR_OPEN),
        (replace(WELL, remarks=(FAULT,)), State.PROVED),
        (replace(WELL, excursion=True), State.EXCURSION),
        (replace(WELL, denied=Problem.REVOKED), State.REFUSED),
        (replace(WELL, two_histories=True), State.LOG_INCONSISTENT),
        (replace(WELL, full=True), State.DISK_FULL),
        (replace(WELL, trouble="disk I/O error"), State.DISK_TROUBLE),
        (replace(WELL, enrolled=False), State.NOT_ENROLLED),
        (replace(WELL, unusable="agent.profile is missing"), State.CANNOT_START),
    ],
)
def test_each_fact_shows(facts: Facts, state: State) -> None:
    assert health.judge(facts, NOW).state is state


def test_the_worst_wins_over_all_that_is_less() -> None:
    every = Facts(
        unusable="x",
        enrolled=False,
        trouble="x",
        full=True,
        two_histories=True,
        unfollowed=Problem.BAD_SIGNATURE,
        denied=Problem.REVOKED,
        excursion=True,
        door_open=True,
        faults=(FAULT, FAULT),
        clock_known=False,
        distrust_ms=0,
        link=False,
        put_off="busy",
        waiting=10_000,
    )
    shown = []
    for change in (
        {"unusable": None},
        {"enrolled": True},
        {"trouble": None},
        {"full": False},
        {"two_histories": False},
        {"unfollowed": None},
        {"denied": None},
        {"excursion": False},
        {"door_open": False},
        {"faults": ()},
        {"clock_known": True},
        {"distrust_ms": None},
        {"link": True},
        {"put_off": None, "good_ms": 10**7},
        {"waiting": 0},
    ):
        shown.append(health.judge(every, 10**7).state)
        every = replace(every, **change)
    assert [*shown, health.judge(every, 10**7).state] == list(State)


def test_every_state_has_a_look_of_its_own_that_moves_and_both_languages() -> None:
    assert set(LOOKS) == set(State)
    patterns = [look.pattern for look in LOOKS.values()]
    assert len(set(patterns)) == len(patterns)
    for look in LOOKS.values():
        assert "*" in look.pattern
        assert set(look.pattern) == {"*", "."}
        assert look.en.isascii()
        assert not look.ko.isascii()


def test_the_page_for_technicians_shows_every_pattern_beside_its_state() -> None:
    page = (Path(__file__).parents[2] / "docs/operate.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([*.]+)`[^|]*\| ([a-z-]+) \|", page, re.MULTILINE))
    assert rows == {look.pattern: state.value for state, look in LOOKS.items()}


def test_counted_blinks_are_those_of_the_hardware() -> None:
    assert LOOKS[State.DISK_TROUBLE].pattern == blinks(5)


def test_the_sentence_names_what_a_technician_needs() -> None:
    facts = replace(WELL, trouble="disk I/O error", uncommitted=17)
    told = health.judge(facts, NOW)
    assert "disk I/O error" in told.en
    assert "17" in told.ko
    assert told.sentence == f"{told.en} / {told.ko}"
    assert "{" not in told.sentence


def test_everything_to_be_mended_is_told_once_and_what_needs_nothing_is_not() -> None:
    other = Text("Sensor 3: unplugged. Plug it in.", "센서 3 연결 끊김: 꽂으세요.")
    facts = replace(WELL, faults=(FAULT, other), remarks=(other,), clock_known=False, lost=True)
    told = health.judge(facts, NOW + health.OFFLINE_MS)
    assert told.state is State.SENSOR_FAULT
    assert "Faults beside it: 1." in told.en
    clock = LOOKS[State.CLOCK_UNKNOWN]
    assert told.troubles == (Text(clock.en, clock.ko), FAULT, other)
    assert health.judge(WELL, NOW).troubles == ()
