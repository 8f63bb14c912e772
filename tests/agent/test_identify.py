"""Which sensor is which: by the warmth of a hand; its name is changed and nothing else is."""

from __future__ import annotations

import tomllib
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.cli import main
from agent.commands.identify import find
from agent.commands.watching import readings
from agent.core import warmth
from agent.core.board import Board
from agent.edges.clock import SteppedClock, SystemClock
from agent.edges.control import Control
from agent.exits import CONFIGURATION, OK, RefusedError
from agent.settings_edit import rename, renamed
from agent.settings_file import load
from tests.agent.desk import START

HEAD = '[agent]\nprofile = "truck"\nname = "80바 1234"\nstate_dir = "."\n'
TWO = """
# The front one. # "name" is what it is called
[[sensor]]
number = 1
name = "front" # 'as it was'
part = "replay"
options = {{ file = "{file}" }}

[sensor.correction_milli]
#temperature = 0

[[ sensor ]]
name='door'
number = 2  # the other
part = "replay"
options = {{ file = "{file}" }}

[mock]
scenario = "steady"
"""
CSV = "at_ms,sensor,quantity,value,fault\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two sensors; after 20 s somebody holds the second one."""
    recording = tmp_path / "hand.csv"
    rows = [(at, 1, 1_000 + at // 100) for at in range(0, 60_000, 2_000)]
    rows += [(at, 2, 2_000 + max(0, at - 20_000) // 10) for at in range(0, 60_000, 2_000)]
    text = CSV + "".join(f"{at},{n},temperature,{value},\n" for at, n, value in sorted(rows))
    recording.write_text(text)
    path = tmp_path / "agent.toml"
    path.write_text(HEAD + TWO.format(file=recording))
    return path


def test_the_sensor_in_the_hand_is_found(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock = SteppedClock(START)
    assert find(load(config), Board("ko"), clock, 60_000) == 2
    told = capsys.readouterr().out
    assert "센서 2(door)입니다." in told
    assert "1 front: 1.00 ℃ (+0.0)   2 door: 2.00 ℃ (+0.0)" in told
    assert 30_000 <= clock.read().boot_ms <= 36_000


def test_nobody_holds_one_and_none_is_found(config: Path) -> None:
    assert find(load(config), Board("en"), SteppedClock(START), 15_000) is None


@given(st.dictionaries(st.integers(0, 9), st.integers(-30_000, 30_000)), st.integers(0, 5_000))
def test_a_door_that_warms_them_all_is_no_hand(before: dict[int, int], rise: int) -> None:
    now = {number: value + rise for number, value in before.items()}
    found = warmth.moved(before, now)
    assert found is None or len(before) == 1
    assert warmth.coldest(before, now) == before


@given(
    st.dictionaries(st.integers(0, 9), st.integers(-30_000, 30_000), min_size=1),
    st.integers(warmth.LEAST_MILLI, 9_000),
)
def test_whoever_rises_alone_is_it(before: dict[int, int], rise: int) -> None:
    number = min(before)
    assert warmth.moved(before, {**before, number: before[number] + rise}) == number


def test_a_name_is_changed_and_nothing_else(config: Path) -> None:
    before = config.read_text()
    config.chmod(0o644)
    rename(config, 2, 'the "big" door\\')
    after = config.read_text()
    changed = [
        (old, new)
        for old, new in zip(before.splitlines(), after.splitlines(), strict=True)
        if old != new
    ]
    assert changed == [("name='door'", 'name="the \\"big\\" door\\\\"')]
    assert load(config).sensors[1].name == 'the "big" door\\'
    assert config.stat().st_mode & 0o777 == 0o644
    rename(config, 1, "앞쪽")
    assert "name = \"앞쪽\" # 'as it was'\n" in config.read_text()


@given(st.text(max_size=40))
def test_a_name_that_is_written_is_the_name_that_is_read(name: str) -> None:
    text = HEAD + TWO.format(file="x")
    try:
        after = renamed(text, 1, name)
    except ValueError:
        assert not name.isprintable()
    else:
        assert tomllib.loads(after)["sensor"][0]["name"] == name


@pytest.mark.parametrize(
    ("number", "name", "why"),
    [
        (2, "front", "is what sensor 1 is called already"),
        (3, "roof", "there is no sensor 3"),
        (1, "", "1 to 32"),
        (1, "x" * 33, "1 to 32"),
        (1, "a\nb", "1 to 32"),
    ],
)
def test_a_name_that_does_not_fit_changes_nothing(
    number: int, name: str, why: str, config: Path
) -> None:
    before = config.read_bytes()
    with pytest.raises(RefusedError, match=why):
        rename(config, number, name)
    assert config.read_bytes() == before


@pytest.mark.parametrize(
    "text",
    [
        'sensor = [{ number = 1, name = "a", part = "x" }]\n',
        '[[sensor]]\nnumber = 1\nname = """\na"""\n',
        '[[sensor]]\nnumber = 0x1\nname = "a"\n',
    ],
)
def test_a_file_written_in_another_way_is_left_to_a_person(text: str) -> None:
    with pytest.raises(ValueError, match=r"something else|Expected"):
        renamed(text, 1, "b")


def test_the_command_names_and_prints_a_label(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["identify", "--config", str(config), "--lang", "ko", "--sensor", "2"]
    assert main([*words, "--name", "문 쪽"]) == OK
    told = capsys.readouterr().out.splitlines()
    assert told[2:4] == [
        "| 80바 1234                        |",
        "| 센서 2  문 쪽                    |",
    ]
    assert len({len(told[1]), len(told[-1])}) == 1
    assert main(words) == CONFIGURATION


def test_a_running_agent_is_asked_and_each_reading_comes_once(config: Path) -> None:
    control, clock = Control.open(config.parent / "agent.sock"), SystemClock()
    said = [{"sensor": 1, "quantity": "temperature", "value": 5, "age_ms": 0}]
    asked: list[str] = []

    def answer() -> dict[str, object]:
        """The second time, a second later, it is the same reading."""
        asked.append("status")
        return {"sensors": [{**said[0], "age_ms": 1_000 if len(asked) == 2 else 0}]}

    def serve() -> None:
        while len(asked) < 3:
            control.serve(clock.wait(10_000, control.descriptors()), {"status": answer})

    thread = Thread(target=serve)
    thread.start()
    found = readings(load(config), SteppedClock(START), 60_000)
    first, second = next(found), next(found)
    thread.join(10)
    control.close()
    assert (first[0]["age_ms"], second[0]["age_ms"]) == (0, 0)
    assert len(asked) == 3


def test_a_sensor_and_a_name_go_together(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("--sensor", "1"), ("--name", "x")):
        assert main(["identify", "--config", str(config), *words]) == CONFIGURATION
        assert "go together" in capsys.readouterr().err
