"""The simulated site: rooms one inside the other, doors, defrost, a power cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hal
from hal.api import Fault, Moment
from hal.mock.scenarios import SITE
from hal.mock.site import Site
from tests.hal.bench_config import MINUTE, START_UTC_MS, Run, every, site


@pytest.mark.parametrize("scenario", SITE)
@settings(max_examples=6)
@given(end=st.integers(60, 120 * 60), seed=st.integers(0, 99), order=st.permutations(range(4)))
def test_history_depends_on_nobody_looking_nor_on_the_order(
    scenario: str, end: int, seed: int, order: list[int]
) -> None:
    busy, once = Run(site(scenario, seed)), Run(site(scenario, seed))
    for second in range(0, end, 53):
        for place in order:
            busy.bench.sensors[place].read(busy.moment(second / 60))
    assert busy.look(end / 60) == once.look(end / 60)


def test_each_room_keeps_its_cold_over_a_working_day() -> None:
    run = Run(site("steady"))
    minutes = every(60, 60, 600)
    for name, low, high in [
        ("work-room", 10_500, 17_500),
        ("cold-room", -300, 4_500),
        ("freezer", -23_000, -15_000),
    ]:
        values = [run.value(name, minute) for minute in minutes]
        assert low < min(values) <= max(values) < high, name
        run = Run(site("steady"))


def test_every_door_is_used() -> None:
    run = Run(site("steady"))
    for fitted in run.bench.contacts[1:]:
        states = {fitted.contact.read(run.moment(minute)) for minute in every(10, 0, 120)}
        assert states == {True, False}, fitted.name


def test_a_door_left_open_warms_the_cold_room_and_spares_the_freezer() -> None:
    left_open, shut = Run(site("door")), Run(site("steady"))
    assert left_open.value("cold-room", 33) > shut.value("cold-room", 33) + 1_000
    assert abs(left_open.value("freezer", 33) - shut.value("freezer", 33)) < 500


def test_the_goods_lag_behind_their_room() -> None:
    run = Run(site("door"))
    room = [run.value("cold-room", minute) for minute in every(30, 0, 60)]
    run = Run(site("door"))
    goods = [run.value("cold-box", minute) for minute in every(30, 0, 60)]
    assert max(goods) - min(goods) < (max(room) - min(room)) / 3


def test_a_power_cut_is_told_takes_the_network_and_warms_every_room() -> None:
    run, calm = Run(site("power-cut")), Run(site("steady"))
    power = run.bench.contacts[0].contact
    assert [power.read(run.moment(minute)) for minute in (9, 13, 49, 53)] == [
        True,
        False,
        False,
        True,
    ]
    run = Run(site("power-cut"))
    assert [run.bench.link.up(run.moment(minute)) for minute in (9, 13, 53)] == [True, False, True]
    run = Run(site("power-cut"))
    for name in ("work-room", "cold-room", "freezer"):
        warmer = [run.value(name, m) - calm.value(name, m) for m in (45.0, 46.0, 47.0)]
        assert sum(warmer) / 3 > 500, name
        run, calm = Run(site("power-cut")), Run(site("steady"))


def test_a_failing_compressor_warms_its_room_only() -> None:
    failing, sound = Run(site("failing-compressor")), Run(site("steady"))
    minutes = every(60, 150, 180)
    worse = [failing.value("cold-room", minute) for minute in minutes]
    assert min(worse) > 3_000
    failing = Run(site("failing-compressor"))
    freezers = [
        abs(failing.value("freezer", minute) - sound.value("freezer", minute)) for minute in minutes
    ]
    assert max(freezers) < 1_000


def test_a_defrost_is_seen_in_the_freezer() -> None:
    world = Site(SITE["defrost"], 5, START_UTC_MS)
    calm = Site(SITE["steady"], 5, START_UTC_MS)
    peaks = []
    for one in (world, calm):
        one.advance(Moment(0, None))
        fronts = [one.climate("freezer", ms).front for ms in range(0, 120 * MINUTE, 5_000)]
        peaks.append(max(fronts[360:]))
    assert peaks[1] + 0.5 < peaks[0] < -17.5


@pytest.mark.parametrize(
    ("scenario", "fault"), [("storm", Fault.CHECKSUM), ("unplugged", Fault.UNPLUGGED)]
)
def test_sensor_troubles_strike_the_cold_room(scenario: str, fault: Fault) -> None:
    run = Run(site(scenario))
    assert fault in run.faults("cold-room", every(10, 8.5, 15))
    assert fault not in Run(site(scenario)).faults("freezer", every(10, 8.5, 15))


def test_a_stuck_sensor_of_a_room_repeats_one_value() -> None:
    run = Run(site("stuck"))
    assert len({run.value("cold-room", minute) for minute in every(10, 8, 52)}) == 1


def test_a_site_without_network_still_has_power() -> None:
    run = Run(site("dead-zone"))
    assert run.bench.link.up(run.moment(20)) is False
    assert run.bench.contacts[0].contact.read(run.moment(20)) is True


def test_a_site_has_no_receiver() -> None:
    run = Run(site("steady"))
    assert run.bench.positioner.read(run.moment(3)) is None
    with pytest.raises(hal.HalError, match="no positioner named 'mock-site'"):
        hal.open_positioner("mock-site", {})
