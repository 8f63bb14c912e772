"""A settings file is read whole, strictly, and every mistake in it is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.settings import PartSettings, Profile, Settings
from agent.settings_file import load, parse
from agent.toml_table import MAX_FILE_BYTES, SettingsError
from protocol.registry import Quantity

FILE = Path("/etc/jagalchi/agent.toml")
SMALL = """
[agent]
profile = "truck"

[[sensor]]
number = 1
name = "air-front"
part = "mock-truck"
"""
FULL = """
[agent]
profile = "truck"
name = "부산 80바 1234"
state_dir = "state"
socket = "/run/jagalchi/agent.sock"
sample_period_ms = 5000
position_period_ms = 30000
stop_unpowered_ms = 60000

[server]
url = "https://cold.example/"
ca_file = "ca.pem"
deadline_ms = 20000

[[sensor]]
number = 1
name = "air-front"
part = "acme-probe"
options = { pin = 4, pulseio = false, bus = "gpio" }
correction_milli = { temperature = -250 }

[position]
part = "nmea"
options = { device = "/dev/ttyUSB1" }

[door]
part = "none"

[[contact]]
number = 2
name = "side-door"
part = "gpio"
options = { pin = 17 }

[mock]
scenario = "door"
seed = 7

[[limit]]
id = 1
sensor = 1
quantity = "temperature"
threshold_milli = -18000
delay_ms = 600000

[outbox]
cap_rows = 100000
cap_bytes = 67108864
"""


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "agent.toml"
    path.write_text(text, "utf-8")
    return load(path)


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text)
    return [line.replace(str(tmp_path / "agent.toml"), "F") for line in caught.value.problems]


def test_a_small_file_takes_the_defaults_of_its_profile(tmp_path: Path) -> None:
    truck = read(tmp_path, SMALL)
    site = read(tmp_path, SMALL.replace('"truck"', '"site"'))
    assert (truck.profile, truck.sample_period_ms, truck.position_period_ms) == (
        Profile.TRUCK,
        10_000,
        10_000,
    )
    assert (site.profile, site.sample_period_ms) == (Profile.SITE, 60_000)
    assert truck.state_dir == Path("/var/lib/jagalchi")
    assert truck.socket == Path("/var/lib/jagalchi/agent.sock")
    assert truck.server.url is None
    assert truck.parts == {}


def test_every_key_of_a_full_file_arrives(tmp_path: Path) -> None:
    settings = read(tmp_path, FULL)
    assert settings.name == "부산 80바 1234"
    assert settings.state_dir == tmp_path / "state"
    assert settings.socket == Path("/run/jagalchi/agent.sock")
    assert (settings.sample_period_ms, settings.position_period_ms) == (5_000, 30_000)
    assert settings.stop_unpowered_ms == 60_000
    assert settings.server.url == "https://cold.example"
    assert settings.server.ca_file == tmp_path / "ca.pem"
    assert settings.sensors[0].options == {"pin": 4, "pulseio": False, "bus": "gpio"}
    assert settings.sensors[0].corrections == {Quantity.TEMPERATURE: -250}
    assert settings.parts == {"position": PartSettings("nmea", {"device": "/dev/ttyUSB1"})}
    assert settings.contacts[0].role == "door"
    assert (settings.mock.scenario, settings.mock.seed) == ("door", 7)
    assert settings.limits[0].threshold_milli == -18_000
    assert (settings.limits[0].gap_ms, settings.limits[0].budget_ms) == (15_000, None)
    assert settings.outbox.cap_rows == 100_000


def test_files_of_the_state_lie_together(tmp_path: Path) -> None:
    settings = read(tmp_path, FULL)
    paths = (settings.outbox_path, settings.key_path, settings.enrolment_path)
    assert {path.parent for path in paths} == {tmp_path / "state"}


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ('profile = "truck"', 'profile = "tuck"', "F: agent.profile = 'tuck': expected one of"),
        ("period_ms = 5000", "period_ms = 5", "F: agent.sample_period_ms = 5: expected a whole"),
        ("period_ms = 5000", "period_ms = true", "F: agent.sample_period_ms = True: expected"),
        ("period_ms = 5000", "period_ms = 5e3", "F: agent.sample_period_ms = 5000.0: expected"),
        ("sample_period_ms", "sample_perid_ms", "F: agent.sample_perid_ms: unknown key; did you"),
        ("[outbox]", "[outbux]", "F: outbux: unknown key; did you mean outbox?"),
        ("[outbox]", "[zzz]", "F: zzz: unknown key; known: agent, "),
        ("number = 2", "number = 300", "F: contact[0].number = 300: expected a whole number"),
        ('name = "air-front"', "", "F: sensor[0].name is missing: expected text"),
        ('url = "https://cold.example/"', 'url = "cold"', "F: server.url = 'cold': expected http"),
        ("sensor = 1", "sensor = 9", "F: limit[0].sensor = 9: expected the number of a [[sensor]]"),
        ('"temperature"', '"heat"', "F: limit[0].quantity = 'heat': expected one of temperature"),
        ("pin = 4", "pin = [4]", "F: sensor[0].options.pin = [4]: expected text, a whole"),
        ("pin = 17", "pin = 28", "F: contact[0].options.pin = 28: expected a whole number from 0"),
        ("pin = 17", 'pull = "up"', "F: contact[0].options.pin is missing: expected a whole"),
        (
            "device =",
            "port =",
            "F: position.options.port = '/dev/ttyUSB1': expected one of the opt",
        ),
        ("temperature = -250", "heat = 1", "F: sensor[0].correction_milli.heat: unknown key"),
        ('profile = "truck"', 'profile = "site"', "F: position.part = 'nmea': expected no"),
        ("[door]\npart", "[[door]]\npart", "F: door = [{'part': 'none'}]: expected a table"),
        ('socket = "/run/', 'socket = "/' + 110 * "x" + "/", "F: agent.socket = '/xxxx"),
        ('"부산 80바 1234"', r'"a\u001bb"', r"F: agent.name = 'a\x1bb': expected text"),
    ],
)
def test_a_mistake_names_file_key_value_and_expectation(
    tmp_path: Path, before: str, after: str, problem: str
) -> None:
    assert before in FULL
    told = problems(tmp_path, FULL.replace(before, after, 1))
    assert len(told) == 1
    assert told[0].startswith(problem)


def test_all_mistakes_are_told_together(tmp_path: Path) -> None:
    text = FULL.replace("5000", "5").replace('"truck"', '"tuck"').replace("seed", "sead")
    assert len(problems(tmp_path, text)) == 3


def test_two_sensors_cannot_share_a_number_or_a_name(tmp_path: Path) -> None:
    told = problems(tmp_path, SMALL + SMALL.partition("\n\n")[2])
    assert told == [
        "F: sensor[0].number = 1: expected a number that no other sensor has",
        "F: sensor[0].name = 'air-front': expected a name that no other sensor has",
        "F: sensor[1].number = 1: expected a number that no other sensor has",
        "F: sensor[1].name = 'air-front': expected a name that no other sensor has",
    ]


def test_an_agent_without_a_sensor_is_a_mistake(tmp_path: Path) -> None:
    told = problems(tmp_path, '[agent]\nprofile = "truck"\n')
    assert told == ["F: sensor: expected at least one [[sensor]]"]


def test_an_empty_file_says_what_is_missing(tmp_path: Path) -> None:
    told = problems(tmp_path, "")
    assert told[0] == "F: agent.profile is missing: expected one of truck, site"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[agent\n", "not valid TOML"),
        (b"a = 1\na = 2\n", "not valid TOML"),
        (b"name = '\xff'", "not UTF-8 text (byte 8)"),
        (b"a = " + 10_000 * b"[", "nested too deeply"),
        (b"#" * (MAX_FILE_BYTES + 1), "too large"),
    ],
)
def test_a_file_that_is_no_toml_is_one_sentence(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "agent.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert len(caught.value.problems) == 1
    assert str(caught.value).startswith(f"{path}: {problem}")


def test_a_missing_file_and_a_folder_are_one_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.toml", tmp_path):
        with pytest.raises(SettingsError) as caught:
            load(path)
        assert str(caught.value).startswith(f"{path}: cannot be read: ")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
TABLES = ["agent", "sensor", "server", "mock", "position", "limit", "outbox", "contact"]
KEYS = st.sampled_from(["number", "name", "part", "options", "id", "url", *TABLES])
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=4), inner),
    max_leaves=20,
)


@given(st.dictionaries(KEYS, TREES))
def test_no_tree_of_values_brings_the_reader_down(values: dict[str, object]) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(values, FILE)
    assert all(line.startswith(str(FILE)) for line in caught.value.problems)
