"""The units as files: how exposed they are, and that README.md has a reason for each line."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.boot.debian import ROOT

UNITS = ROOT / "systemd"
WORST = 20
"""Exposure times ten: 2.0."""
GATED = ("jagalchi-agent", "jagalchi-enrol", "jagalchi-server")
PARTS = sorted(
    p.relative_to(UNITS).as_posix() for p in UNITS.rglob("*") if p.suffix in (".service", ".conf")
)

needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="needs systemd-analyze: sudo apt install systemd",
)


def exposed(unit: Path) -> subprocess.CompletedProcess[str]:
    """systemd's own judgement on a unit file; status 0 below the gate."""
    words = ["systemd-analyze", "security", "--offline=yes", f"--threshold={WORST}", str(unit)]
    return subprocess.run(words, capture_output=True, text=True)


def settings(text: str) -> set[str]:
    """The keys that a unit or drop-in sets; for other kinds of file, its first words."""
    lines = (line.strip() for line in text.splitlines())
    return {re.split(r"[= ]", line)[0] for line in lines if line and line[0] not in "#["}


def unexplained(text: str, page: str) -> set[str]:
    """Keys that the page does not name."""
    page = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    named = {word for cell in re.findall(r"`([^`]+)`", page) for word in re.split(r"[=\s,]+", cell)}
    return settings(text) - named


@needs_analyze
@pytest.mark.parametrize("name", GATED)
def test_a_unit_is_at_most_as_exposed_as_it_must_be(name: str) -> None:
    told = exposed(UNITS / f"{name}.service")
    assert told.returncode == 0, told.stdout


@needs_analyze
def test_an_open_unit_is_told(tmp_path: Path) -> None:
    unit = tmp_path / "open.service"
    text = (UNITS / "jagalchi-agent.service").read_text("utf-8")
    unit.write_text(re.sub(r"^SystemCallFilter=.*\n", "", text, flags=re.MULTILINE))
    assert exposed(unit).returncode != 0


@pytest.mark.parametrize("part", PARTS)
def test_every_line_has_its_reason(part: str) -> None:
    page = (UNITS / "README.md").read_text("utf-8")
    assert unexplained((UNITS / part).read_text("utf-8"), page) == set()


def test_a_line_without_a_reason_is_told() -> None:
    assert unexplained("[Service]\nNice=-5\nUser=x\n", "| `User` | why |") == {"Nice"}


@pytest.mark.parametrize("key", ["User", "StateDirectory", "AssertPathExists", "WatchdogSec"])
def test_what_the_agent_relies_on_is_set(key: str) -> None:
    assert key in settings((UNITS / "jagalchi-agent.service").read_text("utf-8"))
