"""Recordings play at their own pace, hide no hole, and a bad file is named to the line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hal
from hal.api import Fault, Fix, Moment, Quantity
from hal.mock.replay import ReplayPositioner, Tape
from hal.mock.timeline import Timeline
from tests.hal.test_nmea import GGA, GSA, RMC, UTC_MS, line

CSV = """at_ms,sensor,quantity,value,fault
0,1,temperature,1200,
0,1,humidity,88000,
0,4,door,0,
10000,1,temperature,,checksum
10000,1,humidity,,checksum
15000,4,door,1,
20000,1,temperature,1300,
20000,1,humidity,88100,suspect
"""
VOID = "GPRMC,,V,,,,,,,,,,N"


def at(seconds: float) -> Moment:
    return Moment(boot_ms=5_000_000 + round(seconds * 1000), utc_ms=None)


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    return written(tmp_path / "run.csv", CSV)


def bench(csv_file: Path, **more: object) -> hal.Bench:
    part = {"part": "replay", "file": str(csv_file)}
    return hal.open_bench(
        {"sensors": [{"number": 1, **part, **more}], "door": {"number": 4, **part}}
    )


def test_a_recording_is_played_row_by_row(csv_file: Path) -> None:
    opened = bench(csv_file)
    said = [opened.sensors[0].read(at(second)) for second in (0, 9, 10, 19.9, 20)]
    assert [(one[0].value, one[0].fault) for one in said] == [
        (1200, None),
        (1200, None),
        (None, Fault.CHECKSUM),
        (None, Fault.CHECKSUM),
        (1300, None),
    ]
    assert [(one.quantity, one.value, one.fault) for one in said[-1]] == [
        (Quantity.TEMPERATURE, 1300, None),
        (Quantity.HUMIDITY, 88100, Fault.SUSPECT),
    ]


def test_a_door_is_played_with_the_same_clock(csv_file: Path) -> None:
    opened = bench(csv_file)
    opened.sensors[0].read(at(0))
    door = opened.contacts[0]
    assert door.number == 4
    assert [door.contact.read(at(second)) for second in (1, 14.9, 15, 9999)] == [
        False,
        False,
        True,
        True,
    ]


def test_after_the_last_row_the_sensor_falls_silent(csv_file: Path) -> None:
    opened = bench(csv_file, hold_ms=30_000)
    opened.sensors[0].read(at(0))
    assert opened.sensors[0].read(at(50))[0].value == 1300
    silent = opened.sensors[0].read(at(50.001))[0]
    assert (silent.value, silent.fault) == (None, Fault.NO_ANSWER)


def test_before_its_first_row_a_sensor_is_not_ready(tmp_path: Path) -> None:
    late = written(tmp_path / "late.csv", "at_ms,sensor,quantity,value\n5000,1,voltage,12000\n")
    opened = hal.open_sensor("replay", {"number": 1, "file": str(late)})
    assert opened.read(at(0))[0].fault is Fault.NOT_READY
    assert opened.read(at(5))[0].value == 12000


@given(st.lists(st.integers(0, 100), min_size=1, max_size=20).map(sorted))
def test_playing_does_not_depend_on_who_looks(seconds: list[int]) -> None:
    tape = b"\n".join(line(RMC.replace("210000", f"2100{n:02}")) for n in range(0, 60, 3))
    alone, often = (ReplayPositioner(Tape(tape), _timeline()) for _ in range(2))
    for second in range(seconds[-1]):
        often.read(at(second))
    assert often.read(at(seconds[-1])) == alone.read(at(seconds[-1]))


def _timeline() -> Timeline:
    timeline = Timeline(None)
    timeline.elapsed(at(0))
    return timeline


HEADER = "at_ms,sensor,quantity,value,fault\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1.*expected at_ms,sensor"),
        ("time,value\n", "line 1.*expected at_ms,sensor"),
        (HEADER + "0,1,temperature\n", "line 2: 3 columns"),
        (HEADER + "x,1,temperature,5,\n", "line 2: at_ms = 'x'.*whole number"),
        (HEADER + "9,1,humidity,5,\n8,1,humidity,5,\n", "line 3: at_ms = '8'.*9 to"),
        (HEADER + "0,256,temperature,5,\n", "line 2: sensor = '256'.*0 to 255"),
        (HEADER + "0,1,taste,5,\n", "line 2: quantity = 'taste'.*temperature"),
        (HEADER + "0,1,temperature,4.5,\n", "line 2: value = '4.5'.*whole number"),
        (HEADER + "0,1,temperature,5,tired\n", "line 2: fault = 'tired'.*checksum"),
        (HEADER + "0,1,temperature,,\n", "line 2: value None does not go with"),
        (HEADER + "0,1,temperature,5,unplugged\n", "line 2: value 5 does not go with"),
        (HEADER + "0,2,temperature,5,\n", "number = 1.*rows of"),
        (HEADER + "0,1,temperature," + "9" * 200_000 + ",\n", "not a CSV file"),
    ],
)
def test_a_bad_recording_is_named_to_the_line(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path / "bad.csv", text)
    with pytest.raises(hal.HalError, match=message):
        hal.open_sensor("replay", {"number": 1, "file": str(path)})


def test_a_file_that_is_not_text_or_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "noise.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(hal.HalError, match=r"noise.csv: not a CSV file in UTF-8"):
        hal.open_sensor("replay", {"number": 1, "file": str(tmp_path / "noise.csv")})
    with pytest.raises(hal.HalError, match="No such file"):
        hal.open_positioner("replay", {"file": str(tmp_path / "none.nmea")})
    with pytest.raises(hal.HalError, match=r"file = None.*path of a recording"):
        hal.open_positioner("replay", {})


def test_a_door_nobody_recorded_is_refused(csv_file: Path) -> None:
    with pytest.raises(hal.HalError, match=r"number = 1.*door rows"):
        hal.open_contact("replay", {"number": 1, "file": str(csv_file)})


def receiver(tmp_path: Path, *lines: bytes) -> hal.Positioner:
    path = tmp_path / "drive.nmea"
    path.write_bytes(b"\r\n".join(lines) + b"\r\n")
    return hal.open_positioner("replay", {"file": str(path)})


def test_a_tape_is_played_at_the_pace_of_its_sentences(tmp_path: Path) -> None:
    later = RMC.replace("210000", "210030").replace("3504.4400", "3504.6400")
    played = receiver(tmp_path, line(GSA), line(GGA), line(RMC), line(later))
    first = played.read(at(0))
    assert first is not None
    assert (first.fix, first.lat_e7, first.utc_ms) == (Fix.FIX_3D, 350_740_000, UTC_MS)
    hole = played.read(at(29))
    assert hole is not None
    assert (hole.fix, hole.age_ms, hole.fault) == (Fix.NONE, 29_000, Fault.NO_ANSWER)
    second = played.read(at(30))
    assert second is not None
    assert (second.lat_e7, second.utc_ms) == (350_773_333, UTC_MS + 30_000)
    assert played.read(at(1_000_000)) is not None


def test_sentences_without_a_time_last_a_second_each(tmp_path: Path) -> None:
    played = receiver(tmp_path, *[line(VOID)] * 5, line(RMC))
    fixes = [played.read(at(second)) for second in range(7)]
    assert [fix.fix for fix in fixes if fix] == [Fix.NONE] * 5 + [Fix.FIX_2D] * 2
    assert fixes[0] is not None
    assert fixes[0].fault is Fault.NOT_READY


def test_midnight_and_a_clock_that_goes_back_do_not_stop_the_tape(tmp_path: Path) -> None:
    times = ["235959", "000000", "000001", "120000", "000002"]
    tape = Tape(b"\n".join(line(RMC.replace("210000", one)) for one in times))
    assert [at_ms for at_ms, _ in tape] == [0, 1_000, 2_000, 3_000, 4_000]


def test_noise_on_the_tape_is_told_and_passed_over(tmp_path: Path) -> None:
    noise = [b"\xaa" * 5000, b"$GPRMC,half a li", b"\x00\xff", line(RMC)[:-4]]
    played = receiver(tmp_path, *noise)
    said = played.read(at(0))
    assert said is not None
    assert (said.fix, said.fault) == (Fix.NONE, Fault.CHECKSUM)
    recovered = receiver(tmp_path, *noise, line(RMC)).read(at(0))
    assert recovered is not None
    assert recovered.fix is Fix.FIX_2D
