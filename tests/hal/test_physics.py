"""Heat goes from warm to cold, nothing overshoots, and the books of energy balance."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hal.mock.physics import (
    LONGEST_STEP_S,
    Box,
    Climate,
    Surroundings,
    between,
    inflow_w,
    step,
    stored_j,
)
from hal.mock.site import ROOMS
from hal.mock.unit import Unit, decide, defrost_due

BOXES = st.sampled_from([Box(), *(room.box for room in ROOMS)])
DEGREES = st.floats(-30, 45)
CLIMATES = st.builds(Climate, DEGREES, DEGREES, DEGREES, DEGREES, st.floats(20, 100))
AROUND = st.builds(
    Surroundings, DEGREES, st.floats(20, 100), st.booleans(), st.floats(0, 9000), st.floats(0, 900)
)
SECONDS = st.floats(0.1, LONGEST_STEP_S)


@given(BOXES, CLIMATES, AROUND, SECONDS)
def test_heat_stored_changes_by_what_flows_in(
    box: Box, now: Climate, around: Surroundings, seconds: float
) -> None:
    gained = stored_j(box, step(box, now, around, seconds)) - stored_j(box, now)
    expected = inflow_w(box, now, around) * seconds
    assert abs(gained - expected) <= 1e-6 * max(1.0, abs(stored_j(box, now)), abs(expected))


@given(BOXES, CLIMATES, DEGREES, st.booleans(), SECONDS)
def test_without_a_unit_no_temperature_leaves_the_range_of_what_surrounds_it(
    box: Box, now: Climate, outside: float, door_open: bool, seconds: float
) -> None:
    after = step(box, now, Surroundings(outside, 60, door_open, 0, 0), seconds)
    degrees = (*now[:4], outside)
    assert all(min(degrees) - 1e-9 <= one <= max(degrees) + 1e-9 for one in after[:4])


@given(BOXES, st.floats(-25, 10), st.floats(1, 30), SECONDS)
def test_an_open_door_warms_the_air_more_than_a_shut_one(
    box: Box, inside: float, warmer: float, seconds: float
) -> None:
    now = Climate(inside, inside, inside, inside, 80)
    opened = step(box, now, Surroundings(inside + warmer, 60, True, 0, 0), seconds)
    shut = step(box, now, Surroundings(inside + warmer, 60, False, 0, 0), seconds)
    assert opened.rear > shut.rear > now.rear


@given(BOXES, CLIMATES, AROUND, SECONDS)
def test_humidity_stays_between_dry_and_dripping(
    box: Box, now: Climate, around: Surroundings, seconds: float
) -> None:
    after = step(box, now, around, seconds).humidity
    assert min(now.humidity, 45) <= after <= max(now.humidity, 97)


@given(BOXES)
def test_cargo_and_walls_lag_behind_the_air(box: Box) -> None:
    climate = Climate(1, 1, 1, 1, 80)
    for _ in range(240):  # twenty minutes with the door open
        climate = step(box, climate, Surroundings(30, 60, True, 0, 0), 5)
    assert climate.rear > climate.wall > climate.cargo > 1


@given(BOXES)
def test_left_alone_everything_ends_at_the_temperature_outside(box: Box) -> None:
    climate = Climate(1, 2, 3, 0, 80)
    for _ in range(200_000):
        climate = step(box, climate, Surroundings(20, 60, True, 0, 0), 10)
        if min(climate[:4]) > 19.99:
            break
    assert all(abs(one - 20) < 0.02 for one in climate[:4])


@given(CLIMATES, CLIMATES)
def test_interpolation_ends_where_it_should(a: Climate, b: Climate) -> None:
    assert between(a, b, 0.0) == a
    assert all(abs(x - y) < 1e-9 for x, y in zip(between(a, b, 1.0), b, strict=True))


@given(st.booleans(), DEGREES, st.integers(0, 10**9))
def test_the_thermostat_keeps_its_band(was_running: bool, sensed: float, elapsed_ms: int) -> None:
    unit = Unit()
    command = decide(unit, was_running, sensed, elapsed_ms)
    if sensed <= unit.set_point - unit.below:
        assert not command.running
    if sensed >= unit.set_point + unit.most_rise:
        assert command.running
    if not defrost_due(unit, elapsed_ms) and sensed >= unit.set_point + unit.above:
        assert command.running
    assert not (command.running and command.defrosting)


@given(st.floats(0.21, 2.19))
def test_inside_its_band_the_thermostat_goes_on_with_what_it_did(sensed: float) -> None:
    assert decide(Unit(), True, sensed, 0).running
    assert not decide(Unit(), False, sensed, 0).running
