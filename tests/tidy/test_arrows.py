"""The arrows between rooms bite: import-linter, given a file that crosses one, says so.

`make check` runs the same contracts on the real code. Here each contract is tried on a copy of the
project's outline (every module, emptied) with one forbidden import written into it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy.source import ROOT, product

CROSSINGS = [
    ("hal/__init__.py", "import protocol.record", "hal knows nothing of ours"),
    ("hal/mock/light.py", "import hal.pi.gpio", "what is simulated knows nothing"),
    ("hal/drivers/dht.py", "import hal.pi.dht", "hal.drivers decodes"),
    ("hal/drivers/nmea.py", "import serial", "hal.drivers decodes"),
    ("protocol/record.py", "import time", "protocol knows nothing of ours"),
    ("protocol/cose.py", "import cryptography", "protocol knows nothing of ours"),
    ("agent/core/chain.py", "import hal", "agent.core is pure"),
    ("agent/core/chain.py", "import sqlite3", "agent.core is pure"),
    ("agent/edges/outbox.py", "import agent.loop", "inside the agent"),
    ("agent/daemon.py", "import server.settings", "never import each other"),
    ("server/settings.py", "import agent.cli", "does not reach into the truck"),
    ("server/ledger/log.py", "import server.devices", "the ledger knows no service"),
    ("server/devices/intake.py", "import server.web", "devices draws no pages"),
    ("server/devices/roster.py", "import server.accounts.who", "devices draws no pages"),
    ("server/messages/outbox.py", "import server.accounts.vault", "messages knows nobody"),
    ("server/accounts/rules.py", "import time", "the rules of a room are pure"),
    ("science/verdict.py", "import django", "science is pure"),
    ("science/timeline.py", "import server.coldchain.tracks", "science is pure"),
]


@pytest.fixture(scope="module")
def outline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every module of the product, empty, beside the real contracts."""
    folder = tmp_path_factory.mktemp("outline")
    for source in product():
        path = folder / source.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (folder / ".importlinter").write_text((ROOT / ".importlinter").read_text("utf-8"), "utf-8")
    return folder


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    # -P and the first place on the path: the copy's packages stand before ours
    code = "import sys; sys.path[:0] = ['.']; from importlinter.cli import lint_imports_command"
    return subprocess.run(
        [sys.executable, "-P", "-c", f"{code}; lint_imports_command(['--no-cache'])"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
    )


def test_an_outline_without_crossings_is_clean(outline: Path) -> None:
    result = _lint(outline)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("path", "line", "contract"), CROSSINGS)
def test_a_crossing_is_told(outline: Path, path: str, line: str, contract: str) -> None:
    crossing = outline / path
    crossing.write_text(line + "\n", "utf-8")
    try:
        result = _lint(outline)
    finally:
        crossing.write_text("", "utf-8")
    broken = [row for row in result.stdout.splitlines() if row.rstrip().endswith("BROKEN")]
    assert result.returncode == 1
    assert [row for row in broken if contract in row], result.stdout
