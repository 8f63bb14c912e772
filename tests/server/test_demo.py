"""The demonstration's own parts: its options, its counts, its table, its children."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import tomllib
from pathlib import Path

import pytest

from server import cli, demo, demo_report, fleet
from server.demo_report import Count, Line
from server.fleet import CAST, Child, Truck


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    demo.add_arguments(parser)
    return parser.parse_args(arguments)


@pytest.mark.parametrize(
    ("text", "seconds"), [("40s", 40), ("7", 7), ("5m", 300), ("1h", 3600)]
)
def test_a_time_is_read(text: str, seconds: int) -> None:
    assert options("--for", text).seconds == seconds


@pytest.mark.parametrize("text", ["", "0s", "x", "-1s", "1.5s", "10 s", "99999999s"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(SystemExit):
        options("--for", text)


@pytest.mark.parametrize("option", ["--port=0", "--port=65536", "--port=x", "--speed=0"])
def test_what_is_no_port_or_speed_is_refused(option: str) -> None:
    with pytest.raises(SystemExit):
        options(option)


def test_a_taken_port_is_a_clear_message_and_starts_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with socket.socket() as taken:
        taken.bind((fleet.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        assert cli.main(["demo"]) == demo.UNUSABLE
    assert f"Port {port} on 127.0.0.1 is taken" in capsys.readouterr().err
    assert list(Path.cwd().iterdir()) == []


def test_a_port_from_the_environment_that_is_none_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "eighty")
    assert demo.run(options()) == demo.UNUSABLE
    assert "PORT: 'eighty' is not a port" in capsys.readouterr().err


def truck(tmp_path: Path, **counters: int) -> Truck:
    return Truck(CAST[0], tmp_path, tmp_path / "s", status={"counters": counters})


def test_what_was_sealed_and_is_not_held_is_lost(tmp_path: Path) -> None:
    told = truck(tmp_path, committed=10, shipped=9, proved=8)
    told.most_made = 12
    found = demo_report.count(told, held=9, logged=11)
    assert found == Count(CAST[0].plate, 12, 10, 9, 8, duplicates=2, lost=3)


@pytest.mark.parametrize(
    ("proved", "duplicates", "lost", "whole"),
    [(5, 0, 0, True), (4, 0, 0, False), (5, 1, 0, False), (5, 0, 1, False)],
)
def test_whole_is_proved_once_and_not_lost(
    proved: int, duplicates: int, lost: int, whole: bool
) -> None:
    assert Count("x", 5, 5, 5, proved, duplicates, lost).whole is whole


def test_the_table_and_the_file_say_the_same(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    counts = [Count("부산 80바 1234", 5, 5, 5, 5, 0, 0), Count("x", 5, 5, 5, 4, 0, 0)]
    demo_report.show(counts)
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["truck", *demo_report.NUMBERS]
    assert first.split()[3:] == ["5", "5", "5", "5", "0", "0"]
    assert second.endswith("<- not whole")
    demo_report.write(tmp_path / "new" / "counts.json", counts, {"shopper_url": "x"})
    written = json.loads((tmp_path / "new" / "counts.json").read_text("utf-8"))
    assert [list(one) for one in written["trucks"]] == [["name", *demo_report.NUMBERS]] * 2
    assert written["trucks"][1]["proved"] == 4
    assert written["story"] == {"shopper_url": "x"}


def test_away_from_a_terminal_progress_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = Line()
    line.show("one")
    line.show("too soon")
    line.say("two")
    assert capsys.readouterr().out == "one\ntwo\n"


def test_the_settings_of_a_truck_are_toml_that_names_simulated_parts_only(tmp_path: Path) -> None:
    for cast in CAST:
        table = tomllib.loads(fleet.settings(cast, tmp_path / "agent.sock"))
        assert table["agent"]["name"] == cast.plate
        assert table["mock"]["scenario"] == cast.scenario
        parts = [*table["sensor"], table["position"], table["door"], table["link"]]
        assert {part["part"] for part in parts} == {"mock-truck"}


def test_the_cast_is_what_was_promised() -> None:
    assert [cast.scenario for cast in CAST] == ["steady", "dead-zone", "failing-compressor"]


def test_an_agent_that_does_not_answer_leaves_what_it_said_before(tmp_path: Path) -> None:
    told = truck(tmp_path, made=3)
    told.look()
    assert told.counter("made") == 3
    assert told.counter("nothing") == 0


def test_a_child_is_ended_by_its_own_id_and_its_log_tells_why(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = Child.start("child", ["http.server", "--bind", "127.0.0.1", "0"], os.environ, log)
    assert child.running
    child.tell(signal.SIGTERM)
    assert child.end(10) == -signal.SIGTERM
    broken = Child.start("broken", ["no_such_module_here"], os.environ, log)
    assert broken.end(20) == 1
    text = str(broken.failure("did not start"))
    assert text.startswith("broken: did not start\n")
    assert "no_such_module_here" in text


STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
while True:
    signal.pause()
"""


def test_a_child_that_will_not_end_is_killed_with_its_group(tmp_path: Path) -> None:
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    child = Child.start("stubborn", ["stubborn"], env, tmp_path / "log")
    while child.running and "up" not in child.log.read_text():
        pass
    child.tell(signal.SIGTERM)
    assert child.end(0.2) == -signal.SIGKILL
