"""The command line: help for everybody, exit codes for scripts, and never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.cli import main, parser
from agent.exits import CONFIGURATION, USAGE

COMMANDS = (
    "run",
    "status",
    "doctor",
    "identify",
    "calibrate",
    "swap",
    "enrol",
    "join",
    "verify",
    "export",
    "simulate",
)


def usage(*words: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert isinstance(caught.value.code, int)
    return caught.value.code


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert usage(command, "--help") == 0
    assert "usage: jagalchi-agent " + command in capsys.readouterr().out


def test_help_names_every_command_and_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert usage("--help") == 0
    told = capsys.readouterr().out
    assert all(f"    {command} " in told or f"    {command}\n" in told for command in COMMANDS)
    assert all(str(code) in told for code in (0, 1, 64, 70, 78))


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("dance",),
        ("run", "--speed", "0"),
        ("run", "--speed", "10001"),
        ("run", "--speed", "1.5"),
        ("run", "--speed", "٣"),
        ("run", "--drain", "-1"),
        ("run", "extra"),
        ("enrol", "https://cold.example"),
        ("enrol", "cold.example", "token"),
        ("enrol", "https://cold.example/?a=1", "token"),
        ("enrol", "https://cold.example", "to ken"),
        ("enrol", "https://cold.example", ""),
        ("export", "--since", "yesterday"),
        ("export", "--since", "2026-13-01"),
        ("simulate", "--scenario", "earthquake"),
        ("simulate", "--hours", "99999999999999999999"),
        ("verify",),
    ],
)
def test_a_wrong_command_line_is_64_with_a_sentence(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert usage(*words) == USAGE
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("jagalchi-agent")
    assert len(told.err.splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23", 1_795_392_000_000),
        ("2026-11-23T09:00+09:00", 1_795_392_000_000),
        ("2026-11-23T00:00:00Z", 1_795_392_000_000),
    ],
)
def test_a_time_without_a_zone_is_utc(text: str, moment: int) -> None:
    assert parser().parse_args(["export", "--since", text]).since == moment


@settings(max_examples=300)
@given(st.lists(st.sampled_from(COMMANDS) | st.text(max_size=6), max_size=4))
def test_no_words_bring_the_command_line_down(words: list[str]) -> None:
    """Parsing only: it ends in options or in an exit of ours."""
    try:
        parsed = parser().parse_args(words)
    except SystemExit as end:
        assert end.code in (0, USAGE)
    else:
        assert parsed.command in COMMANDS


def test_settings_that_cannot_be_used_are_78_and_told_line_by_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "agent.toml"
    path.write_text("[agent]\nprofile = 1\n")
    for command in ("run", "status", "export"):
        assert main([command, "--config", str(path)]) == CONFIGURATION
        told = capsys.readouterr().err.splitlines()
        assert len(told) == 2
        assert told[0].startswith(f"jagalchi-agent: {path}: agent.profile = 1: expected")


def _process(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agent", *words],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
        env={**os.environ, **environment},
        check=False,
    )


def test_the_program_itself_ends_with_these_codes(tmp_path: Path) -> None:
    assert _process("--version").returncode == 0
    assert _process("dance").returncode == USAGE
    missing = _process("run", "--config", str(tmp_path / "absent.toml"))
    assert missing.returncode == CONFIGURATION
    assert missing.stderr == (
        f"jagalchi-agent: {tmp_path}/absent.toml: cannot be read: No such file or directory\n"
    )


def test_a_terminal_without_korean_letters_still_gets_its_answer() -> None:
    shown = _process("--help", PYTHONIOENCODING="latin-1", LC_ALL="C")
    assert shown.returncode == 0
    assert "usage: jagalchi-agent" in shown.stdout


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m agent --help | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    shown = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in shown.stderr
