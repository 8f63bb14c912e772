"""A document upon the device's own settings: numbers change, nothing is taken away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from agent.core import fitting
from agent.core.judgement import Pair
from agent.core.plan import Plan, Watch
from protocol.configuration import Bound, Configuration
from protocol.excursion import Limit
from protocol.registry import Quantity
from protocol.settable import Setting
from tests.protocol.test_configuration import contents
from tests.vectors.cases_configuration import COLD, DAMP, FULL, PLAIN

OWN = Limit(
    id="1", threshold=5_000, hysteresis=1_000, delay_ms=0, gap_ms=30_000, uncertainty=700
)
APART = Limit(id="101", threshold=5_000, hysteresis=500, delay_ms=0, gap_ms=30_000)
PLAN = Plan(
    "truck",
    10_000,
    30_000,
    watches=(
        Watch(1, 1, Quantity.TEMPERATURE, OWN),
        Watch(3, 2, Quantity.TEMPERATURE, replace(OWN, id="3")),
    ),
    pairs=(Pair(101, 1, 2, Quantity.TEMPERATURE, APART),),
)
SENSORS = {1, 2}


def test_a_document_that_says_nothing_changes_nothing() -> None:
    assert fitting.fits(PLAN, SENSORS, PLAIN)
    assert fitting.fitted(PLAN, PLAIN) == PLAN


def test_a_document_changes_the_numbers_of_a_limit_and_adds_others() -> None:
    plan = fitting.fitted(PLAN, FULL)
    first, second, new = plan.watches
    assert (first.limit.threshold, first.limit.delay_ms) == (4_000, 600_000)
    assert first.limit.uncertainty == 700
    assert second.limit.threshold == 5_000
    assert (new.number, new.sensor, new.limit.above, new.limit.budget_ms) == (2, 1, False, None)
    assert (plan.sample_period_ms, plan.door_open_ms) == (300_000, 1_200_000)
    assert (plan.sync_pace_ms, plan.language, plan.buzzes) == (600_000, "ko", False)


def test_slower_readings_do_not_make_known_time_unknown() -> None:
    plan = fitting.fitted(PLAN, FULL)
    gaps = [watch.limit.gap_ms for watch in plan.watches]
    gaps += [pair.limit.gap_ms for pair in plan.pairs]
    assert min(gaps) >= 3 * plan.sample_period_ms


@pytest.mark.parametrize(
    "limit",
    [
        replace(COLD, sensor=2),
        replace(COLD, above=False),
        replace(COLD, id=9, sensor=7),
        replace(COLD, id=101),
        replace(DAMP, id=1),
    ],
    ids=["another sensor", "the other side", "not fitted", "a pair's number", "another quantity"],
)
def test_a_limit_that_is_not_this_devices_does_not_fit(limit: Bound) -> None:
    assert not fitting.fits(PLAN, SENSORS, replace(PLAIN, limits=(limit,)))


def test_a_new_limit_is_no_surer_than_the_sensors_own() -> None:
    limit = replace(COLD, id=9)
    plan = fitting.fitted(PLAN, replace(PLAIN, limits=(limit,)))
    assert plan.watches[-1].limit.uncertainty == 700


@given(contents())
def test_no_document_takes_a_limit_away_or_turns_it_round(said: Configuration) -> None:
    if not fitting.fits(PLAN, SENSORS, said):
        return
    plan = fitting.fitted(PLAN, said)
    for own, now in zip(PLAN.watches, plan.watches, strict=False):
        assert (own.number, own.sensor, own.quantity) == (now.number, now.sensor, now.quantity)
        assert (own.limit.above, own.limit.uncertainty) == (now.limit.above, now.limit.uncertainty)
    assert len(plan.watches) >= len(PLAN.watches)
    untouched = ("name", "position_period_ms", "enrolled", "first_key", "corrections", "calibrated")
    assert all(getattr(plan, key) == getattr(PLAN, key) for key in untouched)
    given_period = dict(said.settings).get(Setting.SAMPLE_PERIOD, PLAN.sample_period_ms)
    assert plan.sample_period_ms == given_period
