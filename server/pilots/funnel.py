"""From poster to second use: who came how far, what it cost, and when the pilot will be full. Pure.

A person's stages are times in one fixed order; reaching a later one fills the earlier ones that
are still empty, so the counts can only fall from stage to stage. Numbers that rest on nothing
(no cap, nobody enrolled of late) are None, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from server.pilots.days import DAY_MS, day_of

FORECAST_DAYS: Final = 7


class Stage(StrEnum):
    """How far somebody came, in order."""

    INVITED = "invited"
    INSTALLED = "installed"
    VERIFIED = "verified"
    CONSENTED = "consented"
    ENROLLED = "enrolled"
    FIRST_USE = "first_use"
    D7 = "d7"
    D28 = "d28"


STAGES: Final = tuple(Stage)
Times = Mapping[Stage, int | None]


def reached(times: Times, stage: Stage, at_ms: int) -> dict[Stage, int | None]:
    """The times after `stage` was reached; what was reached before keeps its time."""
    upto = STAGES.index(stage)
    return {
        one: at_ms if number <= upto and times.get(one) is None else times.get(one)
        for number, one in enumerate(STAGES)
    }


def used(times: Times, at_ms: int) -> dict[Stage, int | None]:
    """The times after a use: the first one, or one on the 7th or 28th day after it or later."""
    first = times.get(Stage.FIRST_USE)
    if first is None:
        return reached(times, Stage.FIRST_USE, at_ms)
    days = (day_of(at_ms) - day_of(first)).days
    stage = Stage.D28 if days >= 28 else Stage.D7 if days >= 7 else Stage.FIRST_USE
    return reached(times, stage, at_ms)


@dataclass(frozen=True, slots=True)
class Walk:
    """One person's way: their source, when each stage was reached, and whether they came back."""

    source: str
    times: Times
    again: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """One source, or all: how many reached each stage, and what follows from it.

    cost_krw: of its invitations. each_krw: per person who used it. again_permille: of those, how
    many came back on another day. full: the forecast day on which the cap is reached.
    """

    counts: tuple[int, ...]
    cost_krw: int
    each_krw: int | None
    again_permille: int | None
    last_week: int
    full: date | None


@dataclass(frozen=True, slots=True)
class Room:
    """Seats of the open phase now: `left` None means that the cap is undecided."""

    left: int | None
    now_ms: int


def figures(walks: Sequence[Walk], cost_krw: int, room: Room) -> Figures:
    """What one set of walks comes to."""
    counts = tuple(sum(walk.times.get(stage) is not None for walk in walks) for stage in STAGES)
    active = counts[STAGES.index(Stage.FIRST_USE)]
    week = sum(_recent(walk, room.now_ms) for walk in walks)
    return Figures(
        counts=counts,
        cost_krw=cost_krw,
        each_krw=cost_krw // active if active else None,
        again_permille=1000 * sum(walk.again for walk in walks) // active if active else None,
        last_week=week,
        full=fills_on(room.left, week, room.now_ms),
    )


def by_source(
    walks: Iterable[Walk], costs: Mapping[str, int], room: Room
) -> dict[str, Figures]:
    """Figures of each source that has a walk or a cost, in order of name."""
    told = list(walks)
    sources = sorted({walk.source for walk in told} | set(costs))
    return {
        source: figures([w for w in told if w.source == source], costs.get(source, 0), room)
        for source in sources
    }


def fills_on(left: int | None, last_week: int, now_ms: int) -> date | None:
    """The day on which the seats run out if people go on enrolling as in the last seven days."""
    if left is None or (left > 0 and last_week == 0):
        return None
    days = -(-max(left, 0) * FORECAST_DAYS // last_week) if left > 0 else 0
    try:
        return day_of(now_ms) + timedelta(days)
    except OverflowError:
        return None


def _recent(walk: Walk, now_ms: int) -> bool:
    at = walk.times.get(Stage.ENROLLED)
    return at is not None and now_ms - FORECAST_DAYS * DAY_MS < at <= now_ms
