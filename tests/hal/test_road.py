"""The drive: a real road, believable speeds, tunnels, stops with the door open."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hal.mock.road import (
    GAMCHEON,
    JAGALCHI,
    NORTHBOUND,
    NORYANGJIN,
    TUNNELS,
    metres_between,
    offset,
    round_trip,
)
from hal.mock.timeline import GRID_MS
from hal.mock.trip import ACCELERATION, DELIVERIES, THROUGH_RUN, Stop, Timetable

ROUTE = round_trip()
HALF = ROUTE.length_m / 2


def test_busan_to_seoul_is_about_as_long_as_the_expressway() -> None:
    assert 390_000 < HALF < 440_000


def test_way_points_lie_in_korea_and_none_is_far_from_the_next() -> None:
    assert all(34.9 < point.lat < 37.6 and 126.8 < point.lon < 129.3 for point in NORTHBOUND)
    assert all(500 < metres_between(a, b) < 30_000 for a, b in pairwise(NORTHBOUND))


def test_the_way_back_passes_the_same_places_at_the_same_speeds() -> None:
    for name in (GAMCHEON, "Daejeon IC"):
        there, back = ROUTE.metres_to(name)
        assert there == pytest.approx(ROUTE.length_m - back)
    limits = [ROUTE.points[number].kmh for number in range(len(ROUTE.points) - 1)]
    assert limits == limits[::-1]


@pytest.mark.parametrize("name", [JAGALCHI, GAMCHEON, NORYANGJIN])
def test_the_route_is_where_its_way_points_are(name: str) -> None:
    point = next(point for point in NORTHBOUND if point.name == name)
    for metres in ROUTE.metres_to(name):
        place = ROUTE.at(metres)
        assert (place.lat, place.lon) == pytest.approx((point.lat, point.lon))


def test_course_points_north_west_out_of_busan_and_back_again() -> None:
    there = ROUTE.at(ROUTE.metres_to("Osan IC")[0] - 500)
    back = ROUTE.at(ROUTE.metres_to("Osan IC")[1] + 500)
    assert (there.course - back.course) % 360 == pytest.approx(180, abs=0.1)
    assert 270 < there.course < 360


def test_tunnels_are_passed_in_both_directions() -> None:
    inside = [ROUTE.in_tunnel(float(metres)) for metres in range(0, int(ROUTE.length_m), 50)]
    mouths = sum(1 for before, after in pairwise(inside) if before != after)
    assert mouths == 4 * len(TUNNELS)
    length = sum(length for _, length in TUNNELS.values())
    assert 50 * sum(inside) == pytest.approx(2 * length, rel=0.05)


@pytest.mark.parametrize("seed", [1, 2, 99])
@pytest.mark.parametrize("stops", [THROUGH_RUN, DELIVERIES])
def test_a_timetable_never_jumps_and_never_speeds(seed: int, stops: tuple[Stop, ...]) -> None:
    timetable = Timetable(ROUTE, stops, seed)
    moments = range(0, timetable.period_ms - GRID_MS, GRID_MS)
    speeds = [timetable.speed(ms) for ms in moments]
    assert all(0 <= speed <= 90 / 3.6 for speed in speeds)
    assert all(b - a <= ACCELERATION * 5 + 0.01 for a, b in pairwise(speeds))
    places = [timetable.metres(ms) for ms in moments]
    assert all(a <= b for a, b in pairwise(places))
    assert places[-1] == pytest.approx(ROUTE.length_m, abs=1)


def test_the_door_opens_at_the_markets_and_never_while_rolling() -> None:
    timetable = Timetable(ROUTE, THROUGH_RUN, 5)
    moments = [ms for ms in range(0, timetable.period_ms, GRID_MS) if timetable.door_open(ms)]
    assert all(timetable.speed(ms) == 0 for ms in moments)
    opened_at = {round(timetable.metres(ms)) for ms in moments}
    markets = [*ROUTE.metres_to(JAGALCHI), *ROUTE.metres_to(GAMCHEON), *ROUTE.metres_to(NORYANGJIN)]
    assert opened_at == {round(metres) for metres in markets}


def test_the_whole_run_to_seoul_takes_a_working_day_at_most() -> None:
    timetable = Timetable(ROUTE, THROUGH_RUN, 5)
    arrival = next(
        ms for ms in range(0, timetable.period_ms, GRID_MS) if timetable.metres(ms) >= HALF - 1
    )
    assert 4.5 < arrival / 3_600_000 < 8


def test_deliveries_open_the_door_more_often() -> None:
    open_ms = [
        sum(timetable.door_open(ms) for ms in range(0, timetable.period_ms, GRID_MS))
        for timetable in (Timetable(ROUTE, stops, 5) for stops in (THROUGH_RUN, DELIVERIES))
    ]
    assert open_ms[1] > 2 * open_ms[0]


def test_scatter_moves_a_place_by_so_many_metres() -> None:
    place = ROUTE.at(100_000)
    moved = offset(place, 10, 1.0)
    north, east = (moved.lat - place.lat) * 111_195, (moved.lon - place.lon) * 111_195 * 0.81
    assert (north**2 + east**2) ** 0.5 == pytest.approx(10, rel=0.02)
