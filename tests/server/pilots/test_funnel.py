"""From poster to second use: counts only fall, forecasts rest on seven days, None stays None."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.pilots.days import DAY_MS, begins_ms
from server.pilots.funnel import (
    STAGES,
    Room,
    Stage,
    Times,
    Walk,
    by_source,
    figures,
    fills_on,
    reached,
    used,
)
from tests.server.pilots.tally import Tally

NOW = begins_ms(date(2020, 6, 20)) + DAY_MS // 2
TIMES = st.integers(NOW - 60 * DAY_MS, NOW)
STEPS = st.lists(st.tuples(st.sampled_from([*STAGES, None]), TIMES), max_size=12)

def _walk(steps: list[tuple[Stage | None, int]]) -> Times:
    times: Times = {}
    for stage, at_ms in steps:
        times = used(times, at_ms) if stage is None else reached(times, stage, at_ms)
    return times


def test_P6_whatever_happens_in_whatever_order_the_counts_only_fall() -> None:
    tally = Tally("P6", "random events in random order, a person", "rising funnels")

    @given(st.lists(STEPS, max_size=8))
    def holds(people: list[list[tuple[Stage | None, int]]]) -> None:
        walks = [Walk("poster", _walk(steps)) for steps in people]
        counts = figures(walks, 0, Room(None, NOW)).counts
        tally.expect(all(one >= other for one, other in pairwise(counts)), len(people))

    tally.during(holds)


@given(STEPS, st.sampled_from(STAGES), TIMES)
def test_a_stage_that_was_reached_keeps_its_first_time(
    steps: list[tuple[Stage | None, int]], stage: Stage, at_ms: int
) -> None:
    before = _walk(steps)
    after = reached(before, stage, at_ms)
    assert after[stage] == before.get(stage) or before.get(stage) is None
    assert all(after[one] == at for one, at in before.items() if at is not None)


def test_a_use_counts_for_the_week_on_the_seventh_day_in_korea() -> None:
    first = begins_ms(date(2020, 6, 15)) + DAY_MS - 1  # 23:59:59.999
    times = used({}, first)
    assert (times[Stage.FIRST_USE], times[Stage.D7]) == (first, None)
    assert used(times, begins_ms(date(2020, 6, 22)) - 1)[Stage.D7] is None
    assert used(times, begins_ms(date(2020, 6, 22)))[Stage.D7] is not None
    assert used(times, begins_ms(date(2020, 7, 13)))[Stage.D28] is not None


@pytest.mark.parametrize(
    ("left", "week", "day"),
    [
        (None, 7, None),  # cap undecided
        (10, 0, None),  # nobody of late: no forecast rather than an invented one
        (0, 0, date(2020, 6, 20)),
        (7, 7, date(2020, 6, 27)),
        (8, 7, date(2020, 6, 28)),
        (1, 70, date(2020, 6, 21)),
        (10**12, 1, None),  # beyond the calendar
    ],
)
def test_P6_the_day_on_which_the_seats_run_out_follows_from_the_last_seven_days(
    left: int | None, week: int, day: date | None
) -> None:
    assert fills_on(left, week, NOW) == day


def _person(source: str, stage: Stage, again: bool = False, at_ms: int = NOW) -> Walk:
    return Walk(source, reached({}, stage, at_ms), again)


def test_each_source_has_its_cost_for_a_person_who_used_it_and_its_second_uses() -> None:
    walks = [
        _person("poster", Stage.FIRST_USE, again=True),
        _person("poster", Stage.D7),
        _person("poster", Stage.CONSENTED),
        _person("shop", Stage.INSTALLED),
        _person("shop", Stage.ENROLLED, at_ms=NOW - 8 * DAY_MS),
    ]
    told = by_source(walks, {"poster": 30_001, "officer": 5_000}, Room(4, NOW))
    poster, shop, officer = told["poster"], told["shop"], told["officer"]
    assert (poster.counts, poster.each_krw) == ((3, 3, 3, 3, 2, 2, 1, 0), 15_000)
    assert (poster.again_permille, poster.last_week) == (500, 2)
    assert poster.full == date(2020, 7, 4)
    assert (shop.each_krw, shop.again_permille, shop.last_week, shop.full) == (None, None, 0, None)
    assert (officer.cost_krw, officer.each_krw) == (5_000, None)
