"""What every part promises, asked of every part there is, at moments in any order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hal
from hal.api import Fault, Fix, Measurement, Moment, PositionFix
from hal.pi.child import MARK, mark_of
from hal.pi.owner import boot_ms
from tests.hal.bench_config import site, truck
from tests.hal.pi.pins import mock_pins
from tests.hal.pi.turning import Idle, marked, turn_until
from tests.hal.test_nmea import GGA, RMC, line
from tests.hal.test_replay import CSV

REAL = {
    "sensors": [
        {"number": 1, "part": "dht"},
        {"number": 2, "part": "dht-kernel"},
        {"number": 3, "part": "ds18b20"},
        {"number": 4, "part": "sht3x", "bus": 255},
    ],
    "position": {"part": "nmea", "device": "/dev/no-such-port"},
    "door": {"part": "gpio", "pin": 17},
    "power": {"part": "gpio", "pin": 27, "pull": "down"},
    "ignition": {"part": "gpio", "pin": 22, "pull": "none"},
    "light": {"part": "gpio", "pin": 24},
    "buzzer": {"part": "gpio", "pin": 25},
}
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


@pytest.fixture(scope="module")
def real() -> Iterator[hal.Bench]:
    """Every real part, on pins that are gpiozero's and buses that are not there."""
    with mock_pins():
        bench = hal.open_bench(REAL)
        yield bench
        bench.close()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moments=MOMENTS)
def test_real_parts_never_raise_either(moments: list[Moment], real: hal.Bench) -> None:
    assert not real.simulated
    for at in moments:
        _check_one_turn(real, at)


def test_real_parts_without_their_hardware_say_so_and_leave_nothing_running(
    real: hal.Bench,
) -> None:
    now = boot_ms()
    mine = f"{MARK}={mark_of(os.getpid(), '')}"

    heard: dict[int, Fault | None] = {}

    def all_said() -> bool:
        for sensor in real.sensors:
            said = sensor.read(Moment(boot_ms(), None))[0]
            if said.fault is not Fault.NOT_READY:
                heard[said.sensor] = said.fault
        return len(heard) == len(real.sensors)

    turn_until(Idle(), all_said)
    fix = real.positioner.read(Moment(now, None))
    assert heard.pop(1) is Fault.NO_ANSWER
    assert set(heard.values()) == {Fault.UNPLUGGED}
    assert fix is not None
    assert fix.fault is Fault.NO_ANSWER
    children = marked(mine)
    real.close()
    real.close()
    assert len(children) == 4
    assert marked(mine) == []
    _check_one_turn(real, Moment(now, None))


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
