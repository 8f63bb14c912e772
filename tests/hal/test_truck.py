"""The simulated truck: every scenario shows what it promises, however often it is looked at."""

from __future__ import annotations

from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hal
from hal.api import Fault, Fix, Moment, PositionFix
from hal.mock.scenarios import TRUCK
from hal.mock.truck import Truck
from tests.hal.bench_config import START_UTC_MS, TRUCK_CHANNELS, Run, every, truck

LIMIT = 5_000  # milli-degrees: what chilled fish may see
MINUTES = st.lists(st.integers(0, 240 * 60), min_size=1, max_size=8).map(sorted)


def positions(run: Run, minutes: list[float]) -> list[PositionFix]:
    fixes = [run.bench.positioner.read(run.moment(minute)) for minute in minutes]
    assert all(fix is not None for fix in fixes)
    return [fix for fix in fixes if fix is not None]


@pytest.mark.parametrize("scenario", TRUCK)
@settings(max_examples=8)
@given(asked=MINUTES, seed=st.integers(0, 99))
def test_history_does_not_depend_on_how_often_it_is_looked_at(
    scenario: str, asked: list[int], seed: int
) -> None:
    busy, rarely, once = (Run(truck(scenario, seed)) for _ in range(3))
    for before, now in pairwise([0, *asked]):
        for second in range(before, now, 41):
            busy.look(second / 60)
        assert busy.look(now / 60) == rarely.look(now / 60)
    assert rarely.look(asked[-1] / 60) == once.look(asked[-1] / 60)


def test_the_same_moment_gives_the_same_words() -> None:
    run = Run(truck("steady"))
    assert run.look(33.3) == run.look(33.3)


def test_another_seed_is_another_history() -> None:
    looks = [Run(truck("steady", seed)).look(33) for seed in (1, 2)]
    assert looks[0] != looks[1]


def test_time_that_goes_back_raises_nothing() -> None:
    run = Run(truck("stuck"))
    run.look(60)
    assert run.look(1)
    assert run.bench.sensors[0].read(Moment(boot_ms=0, utc_ms=None))


def test_a_steady_hold_keeps_cold_and_its_compressor_cycles() -> None:
    run = Run(truck("steady"))
    values = [run.value("air-front", minute) for minute in every(30, 0, 330)]
    assert -400 <= min(values) <= 400
    assert 1_800 <= max(values) <= 2_700
    falling = [b < a for a, b in pairwise(values)]
    turns = sum(1 for a, b in pairwise(falling) if a and not b)
    assert 20 < turns < 240


def test_cargo_swings_far_less_than_the_air() -> None:
    run = Run(truck("door"))
    air = [run.value("air-door", minute) for minute in every(30, 0, 120)]
    cargo = [run.value("box-probe", minute) for minute in every(30, 0, 120)]
    assert max(cargo) - min(cargo) < (max(air) - min(air)) / 5


def test_an_open_door_warms_its_end_of_the_hold() -> None:
    run = Run(truck("door"))
    opened = next(minute for minute in every(5, 0, 60) if run.door(minute))
    shut = next(minute for minute in every(5, opened, 60) if not run.door(minute))
    before, after = Run(truck("door")), Run(truck("door"))
    rise = after.value("air-door", shut) - before.value("air-door", opened)
    assert rise > 4_000
    recovered = after.value("air-door", shut + 6)
    assert recovered < before.value("air-door", opened) + 2_000


@pytest.mark.parametrize("month", range(12))
def test_a_defrost_is_seen_and_never_lifts_the_air_by_more_than_three_degrees(month: int) -> None:
    noon = 1_767_236_400_000 + month * 2_629_746_000 + 4 * 3_600_000
    world = Truck(TRUCK["defrost"], 5, noon)
    world.advance(Moment(0, None))
    highest = max(world.climate(ms).front for ms in range(27 * 60_000, 41 * 60_000, 5_000))
    assert world.unit.set_point + 1.3 < highest <= world.unit.set_point + 3.0


def test_the_air_outside_has_seasons_and_afternoons() -> None:
    def display_hours(start: int) -> float:
        world = Truck(TRUCK["steady"], 1, start)
        world.advance(Moment(0, None))
        return sum(world.climate(ms).wall for ms in range(0, 3_600_000, 60_000)) / 60

    january, july = 1_768_000_000_000, 1_784_000_000_000
    assert display_hours(july) > display_hours(january) + 3


@pytest.mark.parametrize("seed", range(5))
def test_a_failing_compressor_breaks_the_limit_within_an_hour_and_a_half(seed: int) -> None:
    run = Run(truck("failing-compressor", seed))
    good = Run(truck("steady", seed))
    last = [run.value("air-front", minute) for minute in every(60, 80, 110)]
    assert min(last) > LIMIT
    assert max(good.value("air-front", minute) for minute in every(60, 80, 110)) < LIMIT
    assert last[-1] > last[0]


def test_a_fake_display_shows_cold_while_our_sensors_and_the_cargo_warm() -> None:
    run = Run(truck("fake-cold"))
    honest = Run(truck("steady"))
    minutes = every(60, 90, 150)
    shown = [run.value("unit-display", minute) for minute in minutes]
    true = [run.value("air-front", minute) for minute in minutes]
    assert max(shown) < 2_700
    assert min(true) > LIMIT
    assert run.value("box-probe", 160) > honest.value("box-probe", 160) + 1_000


def test_an_honest_display_agrees_with_our_sensor() -> None:
    run = Run(truck("steady"))
    for minute in every(60, 0, 60):
        assert abs(run.value("unit-display", minute) - run.value("air-front", minute)) <= 400


def test_sub_zero_crosses_zero_again_and_again() -> None:
    run = Run(truck("sub-zero"))
    signs = [run.value("air-front", minute) < 0 for minute in every(20, 0, 120)]
    assert sum(1 for a, b in pairwise(signs) if a != b) >= 6


def test_a_storm_of_bad_checksums_blows_over_and_tries_are_told() -> None:
    run = Run(truck("storm"))
    storm = [run.measured("air-front", minute) for minute in every(10, 5, 15)]
    failed = [said for said in storm if said.fault is Fault.CHECKSUM]
    assert len(failed) > len(storm) / 2
    assert {said.value for said in failed} == {None}
    assert any(said.tries > 1 for said in storm if said.value is not None)
    assert Fault.CHECKSUM not in run.faults("air-front", every(10, 16, 34))
    calm = Run(truck("storm"))
    assert Fault.CHECKSUM not in calm.faults("air-door", every(10, 5, 15))


def test_a_stuck_sensor_repeats_one_value_and_believes_it() -> None:
    run = Run(truck("stuck"))
    stuck = [run.measured("air-front", minute) for minute in every(30, 8, 487)]
    assert {said.fault for said in stuck} == {None}
    assert len({said.value for said in stuck}) == 1
    assert len({run.value("air-front", minute) for minute in every(10, 490, 500)}) > 5


def test_a_healthy_sensor_never_stands_still_for_long() -> None:
    run = Run(truck("steady"))
    values = [run.value("air-front", minute) for minute in every(10, 0, 330)]
    longest = same = 0
    for before, after in pairwise(values):
        same = same + 1 if before == after else 0
        longest = max(longest, same)
    assert longest < 12


def test_an_unplugged_sensor_says_so_and_comes_back() -> None:
    run = Run(truck("unplugged"))
    assert run.faults("air-front", every(10, 0, 6)) == {None}
    assert run.faults("air-front", every(10, 8.1, 15.9)) == {Fault.UNPLUGGED}
    assert run.faults("air-front", every(10, 18.1, 60)) == {None}


@pytest.mark.parametrize("seed", range(6))
def test_the_dead_zone_is_long_and_lies_in_the_first_hour(seed: int) -> None:
    run = Run(truck("dead-zone", seed))
    up = [run.bench.link.up(run.moment(minute)) for minute in every(10, 0, 60)]
    longest = max(len(list(spell)) for there, spell in groupby(up) if not there)
    assert 25 * 6 <= longest <= 45 * 6
    assert up[0] is True


def test_a_tunnel_takes_network_and_satellites_away() -> None:
    run = Run(truck("steady"))
    inside = [m for m in every(10, 9, 30) if run.bench.link.up(run.moment(m)) is False]
    assert inside
    fixes = positions(Run(truck("steady")), inside)
    assert {fix.fix for fix in fixes} == {Fix.NONE}
    ages = [fix.age_ms for fix in fixes if fix.age_ms is not None]
    assert ages == sorted(ages)
    assert len(ages) == len(fixes)


def test_positions_move_along_the_road_at_the_speed_they_claim() -> None:
    run = Run(truck("steady"))
    before, after = positions(run, [100.0, 100.5])
    assert before.lat_e7 and after.lat_e7 and before.lon_e7 and after.lon_e7 and before.speed_mm_s
    north = (after.lat_e7 - before.lat_e7) * 0.0111195
    east = (after.lon_e7 - before.lon_e7) * 0.0111195 * 0.815
    travelled = (north**2 + east**2) ** 0.5
    assert travelled == pytest.approx(before.speed_mm_s / 1000 * 30, abs=60)
    assert before.fix is Fix.FIX_3D
    assert before.utc_ms == START_UTC_MS + 100 * 60_000


def test_a_cold_start_knows_nothing_then_little_then_all() -> None:
    run = Run(truck("cold-start"))
    fixes = positions(run, every(5, 0, 14))
    stages = [stage for stage, _ in groupby(fix.fix for fix in fixes)]
    assert stages[:3] == [Fix.NONE, Fix.FIX_2D, Fix.FIX_3D]
    cold = [fix for fix in fixes if fix.fault is Fault.NOT_READY]
    assert len(cold) >= 4 * 12
    assert {(fix.lat_e7, fix.utc_ms, fix.age_ms) for fix in cold} == {(None, None, None)}


def test_a_void_fix_shows_no_position_and_the_age_of_the_last() -> None:
    run = Run(truck("void-fix"))
    void = positions(run, every(5, 4, 7))
    assert {(fix.fix, fix.lat_e7, fix.utc_ms) for fix in void} == {(Fix.NONE, None, None)}
    assert [fix.age_ms for fix in void] == [1_000 + 5_000 * number for number in range(36)]
    assert positions(run, [7.2])[0].fix is not Fix.NONE


def test_after_a_week_rollover_dates_lie_1024_weeks_back() -> None:
    said = positions(Run(truck("week-rollover")), [5.0])[0]
    true = positions(Run(truck("steady")), [5.0])[0]
    assert said.utc_ms and true.utc_ms
    assert true.utc_ms - said.utc_ms == 1024 * 7 * 86_400_000
    assert (said.lat_e7, said.fix) == (true.lat_e7, true.fix)


def test_the_battery_is_charged_while_driving() -> None:
    run = Run(truck("steady"))
    assert run.value("battery", 1) < 26_000 < run.value("battery", 40)


def test_an_agent_started_again_finds_its_truck_where_it_would_be() -> None:
    went_on, again = Run(truck("steady")), hal.open_bench(truck("steady"))
    there = went_on.look(90)
    at = Moment(boot_ms=12, utc_ms=START_UTC_MS + 90 * 60_000)
    assert [sensor.read(at) for sensor in again.sensors] == there[:5]
    assert again.positioner.read(at) == there[-2]


def test_a_clock_far_off_does_not_send_the_truck_years_ahead() -> None:
    bench = hal.open_bench(truck("steady"))
    far = Moment(boot_ms=0, utc_ms=START_UTC_MS + 20 * 365 * 86_400_000)
    assert bench.sensors[0].read(far) == Run(truck("steady")).look(0)[0]


def test_every_channel_is_what_its_name_says() -> None:
    run = Run(truck("steady"))
    assert [run.measured(name, 10).sensor for name in TRUCK_CHANNELS] == [1, 2, 3, 4, 5]
    by_number = hal.open_sensor("mock-truck", {"number": 5})
    by_channel = hal.open_sensor("mock-truck", {"number": 9, "channel": "battery"})
    at = Moment(0, None)
    assert by_number.read(at)[0].quantity is by_channel.read(at)[0].quantity is hal.Quantity.VOLTAGE
