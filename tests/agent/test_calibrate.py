"""The ice point and the certificate: what is kept, what it changes, and when nothing is written."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import calibration_file
from agent.calibration_file import calibrated
from agent.cli import main, parser
from agent.commands import calibrate
from agent.core import icepoint, sensing
from agent.core.chain import Told
from agent.core.icepoint import IcePoint
from agent.core.sensing import Context, Observation, Senses
from agent.daemon import plan
from agent.edges.clock import SteppedClock
from agent.edges.enrolment import Enrolment
from agent.exits import CONFIGURATION, NO, OK, RefusedError
from agent.settings import Calibration
from agent.settings_file import load
from agent.toml_table import SettingsError
from protocol.bodies import EventBody, Measured, Reading
from protocol.registry import Event, Param, Quantity, Status, Text
from protocol.wire import EnrolAnswer
from tests.agent.desk import SETTINGS, START
from tests.agent.rig import at

LIMIT = '[[limit]]\nid = 1\nsensor = 1\nquantity = "temperature"\nthreshold_milli = 5000\n'
SECOND = '[[sensor]]\nnumber = 2\nname = "ceiling"\npart = "dht"\n'
MADE = Calibration(1, "KR-2026-0123", START, -120, 90)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text(SETTINGS + SECOND + LIMIT)
    return path


def run(config: Path, *words: str) -> int:
    options = parser().parse_args(["calibrate", "--config", str(config), *words])
    return calibrate.calibrate(load(config), options, SteppedClock(START))


@given(
    st.integers(-2_000, 2_000),
    st.lists(st.integers(-60, 60), min_size=icepoint.LEAST_READINGS, max_size=60),
)
def test_a_settled_probe_is_corrected_to_zero_within_what_is_said(
    error: int, noise: list[int]
) -> None:
    found = icepoint.judge([error + one for one in noise], 0)
    if isinstance(found, IcePoint):
        assert abs(error + found.correction_milli) <= max(map(abs, noise)) + 1
        assert found.uncertainty_milli >= found.spread_milli
        assert found.uncertainty_milli > icepoint.BATH_MILLI


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ([100] * 7, "only 7"),
        ([], "only 0"),
        ([0] * 20 + [251], "still moving"),
        (list(range(0, 300, 10)), "still moving"),
        ([2_001] * 12, "not melting ice"),
        ([-15_000] * 12, "not melting ice"),
    ],
)
def test_what_proves_nothing_is_said_and_gives_no_number(raw: list[int], why: str) -> None:
    found = icepoint.judge(raw, 3)
    assert isinstance(found, Text)
    assert why in found.en


def test_the_numbers_of_an_ice_point_are_those_of_its_readings() -> None:
    found = icepoint.judge([125, 125, 187, 125, 125, 187, 125, 125], 0)
    assert found == IcePoint(-141, 102, 8, 62)


certificates = st.text(min_size=1, max_size=64).filter(str.isprintable)


@given(certificates, st.integers(-20_000, 20_000), st.integers(0, 20_000))
def test_what_is_written_is_what_is_read(
    certificate: str, correction: int, uncertainty: int
) -> None:
    made = Calibration(1, certificate, START, correction, uncertainty)
    (table,) = tomllib.loads(calibration_file._table(made))["calibration"]
    assert Calibration(**table) == made


def test_a_certificate_is_kept_and_changes_correction_and_doubt(config: Path) -> None:
    words = ["--sensor", "1", "--correction", "-0.12", "--uncertainty", "0.09"]
    assert run(config, *words, "--certificate", "KR-2026-0123", "--date", "2027-01-15T08:00Z") == OK
    settings = calibrated(load(config))
    assert settings.calibrations == (MADE,)
    assert settings.sensors[0].corrections == {Quantity.TEMPERATURE: -120}
    assert settings.limits[0].uncertainty_milli == 90
    assert settings.calibration_path.stat().st_mode & 0o777 == 0o600


def test_a_second_calibration_replaces_the_first_and_leaves_the_others(config: Path) -> None:
    settings = load(config)
    other = Calibration(2, "x", START, 5, 300)
    calibration_file.write(settings, [MADE, other])
    assert run(config, "--sensor", "1", "--correction", "0", "--uncertainty", "0.5") == OK
    found = calibration_file.read(settings)
    assert found[2] == other
    assert (found[1].correction_milli, found[1].certificate) == (0, "ICE-2027-01-15-1")


def test_raw_and_corrected_both_stand_in_the_record_and_the_run_says_by_what(config: Path) -> None:
    calibration_file.write(load(config), [MADE])
    agreed = Enrolment(EnrolAnswer("a" * 16, "o", "v", "v", "v", START, "1", True), b"", "")
    told = Context(plan(calibrated(load(config)), agreed, b""), Told())
    seen = Observation((Measured(1, Quantity.TEMPERATURE, 1_120, Status.OK),))
    senses, drafts = sensing.take(seen, Senses(), told, at(0))
    bodies = [draft.body for draft in drafts]
    (event,) = [body for body in bodies if isinstance(body, EventBody)]
    (reading,) = [body for body in bodies if isinstance(body, Reading)]
    params = dict(event.params)
    assert bodies.index(event) < bodies.index(reading)
    assert (event.event, event.subject) == (Event.CONFIG_APPLIED, 1)
    assert (params[Param.VALUE], params[Param.SINCE_MS]) == (-120, START)
    assert 0 <= params[Param.VERSION] < 2**52
    (measured,) = reading.measurements
    assert (measured.value, measured.raw) == (1_000, 1_120)
    _, later = sensing.take(seen, senses, told, at(10_000))
    assert not [draft for draft in later if isinstance(draft.body, EventBody)]


def replayed(config: Path, values: list[int | None]) -> None:
    """Let sensor 1 say these, one every ten seconds."""
    rows = [
        f"{place * 10_000},1,temperature,{'' if value is None else value},"
        + ("no_answer" if value is None else "")
        for place, value in enumerate(values)
    ]
    recording = config.with_name("ice.csv")
    recording.write_text("at_ms,sensor,quantity,value,fault\n" + "\n".join(rows) + "\n")
    part = f'part = "replay"\noptions = {{ file = "{recording}" }}'
    config.write_text(SETTINGS.replace('part = "mock-truck"', part))


def test_two_minutes_in_ice_are_read_and_kept(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replayed(config, [125, 125, None, 187, *[125] * 9])
    assert run(config, "--sensor", "1", "--lang", "ko") == OK
    made = calibration_file.read(load(config))[1]
    assert -145 <= made.correction_milli <= -125
    assert made.uncertainty_milli == 102
    told = capsys.readouterr().out
    assert "센서 1: 보정 -0.1" in told
    assert "성적서 ICE-2027-01-15-1, 2027-01-15" in told
    assert told.count("0.12 ℃") > 20


@pytest.mark.parametrize(
    ("values", "why"),
    [([9_000] * 13, "9.00 degrees is not melting ice"), ([None] * 13, "only 0 usable readings")],
)
def test_a_probe_in_no_ice_or_without_a_word_writes_nothing(
    values: list[int | None], why: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replayed(config, values)
    assert run(config, "--sensor", "1") == NO
    assert f"Nothing was written: {why}" in capsys.readouterr().err
    assert not load(config).calibration_path.exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--sensor", "2"), "is a dht, which must not get wet"),
        (("--sensor", "9"), "there is no sensor 9 in the settings; there are: 1, 2"),
        (("--sensor", "1", "--correction", "1"), "go together"),
        (("--sensor", "1", "--uncertainty", "1"), "go together"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(
    words: tuple[str, ...], why: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "--config", str(config), *words]) == CONFIGURATION
    assert why in capsys.readouterr().err
    assert not load(config).calibration_path.exists()


def test_a_correction_is_said_in_one_place_only(config: Path) -> None:
    text = "[sensor.correction_milli]\ntemperature = 50\n"
    config.write_text(SETTINGS + text + SECOND)
    with pytest.raises(RefusedError, match="in one place only"):
        run(config, "--sensor", "1", "--correction", "1", "--uncertainty", "1")
    calibration_file.write(load(config), [MADE])
    with pytest.raises(SettingsError, match="none, as the settings have one"):
        calibrated(load(config))


@pytest.mark.parametrize(
    "text", ["[[calibration]]\nsensor = 1\n", "x = 1\n", "[[calibration]]\nsensor = 7\n", "\0"]
)
def test_a_damaged_file_keeps_the_agent_from_starting_and_says_why(text: str, config: Path) -> None:
    settings = load(config)
    settings.calibration_path.write_text(text)
    with pytest.raises(SettingsError, match=r"calibration\.toml"):
        calibrated(settings)


@pytest.mark.parametrize("text", ["1.2345", "1,5", "٣", "", "20.001", "-20.5", "1e3"])
def test_degrees_are_written_plainly(text: str) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["calibrate", "--sensor", "1", f"--correction={text}"])


@pytest.mark.parametrize(
    ("text", "milli"), [("-0.12", -120), ("+1", 1_000), ("0.005", 5), ("-20", -20_000)]
)
def test_degrees_become_thousandths(text: str, milli: int) -> None:
    parsed = parser().parse_args(["calibrate", "--sensor", "1", "--correction", text])
    assert parsed.correction == milli
