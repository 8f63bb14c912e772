"""What every part promises, asked of every part there is, at moments in any order."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hal
from hal.api import Fix, Measurement, Moment, PositionFix
from tests.hal.bench_config import site, truck
from tests.hal.test_nmea import GGA, RMC, line
from tests.hal.test_replay import CSV

HOURS = 8 * 3_600_000
MOMENTS = st.lists(
    st.builds(Moment, st.integers(0, HOURS), st.none() | st.integers(0, 4_102_444_800_000)),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder: Path = tmp_path_factory.mktemp("recorded")
    (folder / "run.csv").write_text(CSV)
    (folder / "run.nmea").write_bytes(line(GGA) + b"\n" + line(RMC) + b"\nnoise\n")
    part = {"part": "replay", "file": str(folder / "run.csv")}
    return {
        "sensors": [{"number": 1, **part}],
        "door": {"number": 4, **part},
        "position": {"part": "replay", "file": str(folder / "run.nmea")},
    }


@pytest.mark.parametrize("place", ["nothing", "recorded", "storm", "void-fix", "power-cut"])
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moments=MOMENTS)
def test_nothing_raises_and_every_word_is_a_whole_number(
    place: str, moments: list[Moment], recorded: dict[str, object]
) -> None:
    bench = hal.open_bench(
        {
            "nothing": {},
            "recorded": recorded,
            "storm": truck("storm"),
            "void-fix": truck("void-fix"),
            "power-cut": site("power-cut"),
        }[place]
    )
    for number, at in enumerate(moments):
        _check_one_turn(bench, at)
        if number == 3:
            bench.close()
            bench.close()


def _check_one_turn(bench: hal.Bench, at: Moment) -> None:
    for sensor in bench.sensors:
        said = sensor.read(at)
        assert said
        assert all(_is_whole(one) for one in said)
    for fitted in bench.contacts:
        assert fitted.contact.read(at) in (True, False, None)
    fix = bench.positioner.read(at)
    assert fix is None or _is_whole_fix(fix)
    assert bench.link.up(at) in (True, False, None)
    bench.light.show(hal.blinks(2), at)


def _is_whole(said: Measurement) -> bool:
    return type(said.value) in (int, type(None)) and 1 <= said.tries <= 15 and said.raw is None


def _is_whole_fix(said: PositionFix) -> bool:
    numbers = (said.lat_e7, said.speed_mm_s, said.course_cdeg, said.hdop_centi, said.utc_ms)
    whole = all(type(number) in (int, type(None)) for number in numbers)
    return whole and (said.fix is Fix.NONE or said.age_ms is not None)
