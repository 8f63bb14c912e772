"""What is due, and when to wake."""

from __future__ import annotations

from agent.core import schedule
from agent.core.schedule import Schedule, Task

PERIODS = {Task.SAMPLE: 10_000, Task.POSITION: 30_000}


def test_everything_is_due_at_the_start_and_then_on_its_own_grid() -> None:
    plan = schedule.begin(PERIODS, 500)
    plan, first = schedule.due(plan, 500)
    assert first == {Task.SAMPLE, Task.POSITION}
    plan, none = schedule.due(plan, 10_499)
    assert none == frozenset()
    plan, second = schedule.due(plan, 10_500)
    assert second == {Task.SAMPLE}
    assert schedule.wake_ms(plan) == 20_500


def test_a_late_turn_keeps_the_grid() -> None:
    plan, _ = schedule.due(schedule.begin(PERIODS, 0), 0)
    plan, _ = schedule.due(plan, 13_000)
    assert plan.next_ms[Task.SAMPLE] == 20_000


def test_missed_beats_are_not_made_up_for() -> None:
    plan, _ = schedule.due(schedule.begin(PERIODS, 0), 0)
    plan, now_due = schedule.due(plan, 65_000)
    assert now_due == {Task.SAMPLE, Task.POSITION}
    assert plan.next_ms == {Task.SAMPLE: 70_000, Task.POSITION: 90_000}


def test_a_task_without_a_period_never_comes() -> None:
    plan = schedule.begin({Task.SAMPLE: 1_000, Task.POSITION: 0}, 0)
    assert schedule.due(plan, 1 << 40)[1] == {Task.SAMPLE}


def test_the_earliest_moment_wakes() -> None:
    plan = schedule.begin({Task.SAMPLE: 1_000}, 700)
    assert schedule.wake_ms(plan, None, 650) == 650
    assert schedule.wake_ms(plan, None, 800) == 700
    assert schedule.wake_ms(Schedule({}, {}), None) is None


def test_it_is_quiet_when_no_beat_of_any_task_comes_so_soon() -> None:
    plan = Schedule({Task.SAMPLE: 9_000, Task.POSITION: 6_000}, PERIODS)
    assert schedule.is_quiet(plan, 1_000, 5_000)
    assert not schedule.is_quiet(plan, 1_001, 5_000)
    assert schedule.is_quiet(Schedule({}, {}), 0, 5_000)
