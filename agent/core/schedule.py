"""What is due now, and when the loop has to wake next. Pure; times are boot time in ms.

Beats lie on a grid that begins with the agent, so a slow turn does not push all later readings.
A beat that was missed by more than a period is not made up for: a reading is of its moment, and
the hole it leaves is the truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Task(Enum):
    """What the loop does on a beat of its own."""

    SAMPLE = "read the sensors"
    POSITION = "ask where we are"


@dataclass(frozen=True, slots=True)
class Schedule:
    """The next beat of each task, by boot time in ms. A task without a period never comes."""

    next_ms: Mapping[Task, int]
    period_ms: Mapping[Task, int]


def begin(periods_ms: Mapping[Task, int], now_ms: int) -> Schedule:
    """Everything is due at once: the first reading is what an agent starts for."""
    periods = {task: period for task, period in periods_ms.items() if period > 0}
    return Schedule(dict.fromkeys(periods, now_ms), periods)


def due(schedule: Schedule, now_ms: int) -> tuple[Schedule, frozenset[Task]]:
    """The tasks whose beat has come, and the schedule after them."""
    now_due = frozenset(task for task, at in schedule.next_ms.items() if at <= now_ms)
    moved = {
        task: _after(at, schedule.period_ms[task], now_ms) if task in now_due else at
        for task, at in schedule.next_ms.items()
    }
    return Schedule(moved, schedule.period_ms), now_due


def wake_ms(schedule: Schedule, *others: int | None) -> int | None:
    """The earliest of all beats and of the other moments that are not None."""
    return min((*schedule.next_ms.values(), *(at for at in others if at is not None)), default=None)


def is_quiet(schedule: Schedule, now_ms: int, for_ms: int) -> bool:
    """Whether no beat comes within `for_ms` of now."""
    return all(at - now_ms >= for_ms for at in schedule.next_ms.values())


def _after(at: int, period: int, now_ms: int) -> int:
    """The first beat of the grid after now."""
    return at + ((now_ms - at) // period + 1) * period
