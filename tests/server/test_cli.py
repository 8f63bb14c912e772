"""The command line: help for everything, one sentence and an exit status for every trouble."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from protocol import checkpoint as c2sp
from server import cli
from server.ledger import keys

ROOT = Path(__file__).parents[2]


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"JAGALCHI_HOME": str(home), "PYTHONUNBUFFERED": "1"} | more


def call(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(home, **more), capture_output=True, text=True, timeout=60
    )


def refuse(done: subprocess.CompletedProcess[str], message: str, status: int = 78) -> None:
    assert done.returncode == status, done.stderr
    assert re.search(message, done.stderr), done.stderr
    assert "Traceback" not in done.stderr


@contextmanager
def running(
    home: Path, *arguments: str, under: Sequence[str] = ()
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server of our own and its address; its end is the test's business or ours.

    under: a program that starts it, and what that is told.
    """
    run = [sys.executable, "-m", "server", "run", "--port", str(free_port())]
    command = [*under, *run, *arguments]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process, told_address(process.stdout)
        finally:
            process.kill()


def told_address(stdout: IO[str] | None) -> str:
    assert stdout is not None
    for line in stdout:
        if found := re.search(r"listening on (\S+)", line):
            return found[1]
    raise AssertionError("the server ended before it listened")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    commands = ("run", "demo", "migrate", "token", "assign", "revoke", "config")
    for arguments in ([], *([one] for one in commands)):
        with pytest.raises(SystemExit) as ended:
            cli.main([*arguments, "--help"])
        assert ended.value.code == 0
        assert "usage: jagalchi-server" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["rnu"],
        ["run", "--port", "70000"],
        ["run", "--port", "x"],
        ["token"],
        ["token", "--asset", " "],
        ["token", "--asset", "a\nb"],
        ["token", "--asset", "a" * 65],
        ["token", "--asset", "a\udcff"],
        ["assign", "aaaaaaaaaaaaaaaa"],
        ["revoke"],
        ["config"],
        ["config", "show"],
        ["config", "publish", "x.toml"],
        ["config", "publish", "x.toml", "--asset", "a", "--device", "b"],
        ["config", "publish", "x.toml", "--asset", "a", "--days", "0"],
        ["config", "wipe", "--asset", "a"],
    ],
)
def test_a_wrong_command_line_is_told_with_status_64(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 64
    assert "--help" in capsys.readouterr().err


@pytest.mark.e2e
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT], ids=lambda stop: stop.name)
def test_a_server_starts_from_nothing_answers_and_stops_cleanly(
    tmp_path: Path, stop: signal.Signals
) -> None:
    home = tmp_path / "home"
    with running(home) as (process, address):
        with urllib.request.urlopen(f"{address}checkpoint", timeout=10) as answer:
            note = answer.read().decode()
        head = c2sp.open_checkpoint(note, keys.read(home / "keys").log, keys.verify_ed25519)
        assert head.origin.startswith("jagalchi.localhost/")
        process.send_signal(stop)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors
        assert f"move {home}/keys/recovery.key to a safe place" in errors
    open_to_others = [p for p in home.rglob("*") if stat.S_IMODE(p.stat().st_mode) & 0o077]
    assert open_to_others == []


@pytest.mark.e2e
def test_a_taken_port_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        done = call(tmp_path / "home", "run", "--port", str(port))
    refuse(done, f"Cannot listen on 127.0.0.1 port {port}: Address already in use.*--port")
    assert list((tmp_path / "home").iterdir()) == []


@pytest.mark.e2e
def test_what_does_not_belong_together_is_one_sentence_and_status_78(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for home in (one, other):
        assert call(home, "migrate").returncode == 0
    (one / "keys").rename(one / "keys.mine")
    (other / "keys").rename(one / "keys")
    refuse(call(one, "run", "--port", str(free_port())), "must come from one installation")
    refuse(call(other, "migrate"), "put its keys back")
    (one / "db.sqlite3").write_bytes(b"not a database " * 100)
    refuse(call(one, "migrate"), "The database cannot be used")
    refuse(call(one, "migrate", JAGALCHI_DEMO="maybe"), "JAGALCHI_DEMO is 'maybe'")
    refuse(call(Path("/proc/none"), "migrate"), "/proc/none cannot be made")


@pytest.mark.e2e
def test_tables_out_of_step_with_the_program_are_refused_at_the_start(tmp_path: Path) -> None:
    assert call(tmp_path, "migrate").returncode == 0
    with sqlite3.connect(tmp_path / "db.sqlite3") as database:
        database.execute("ALTER TABLE devices_device DROP COLUMN heard_ms")
    refuse(call(tmp_path, "run", "--port", str(free_port())), "devices_device lacks heard_ms")


@pytest.mark.e2e
@pytest.mark.parametrize("command", [["revoke"], ["assign", "--asset", "냉동차 2"]])
def test_a_device_that_is_not_enrolled_is_the_answer_no(tmp_path: Path, command: list[str]) -> None:
    done = call(tmp_path, *command, "aaaaaaaaaaaaaaaa")
    refuse(done, "no device aaaaaaaaaaaaaaaa is enrolled here", status=1)


@pytest.mark.e2e
def test_a_token_is_printed_with_the_command_that_uses_it(tmp_path: Path) -> None:
    done = call(tmp_path / "home", "token", "--asset", "냉동차 1", "--url", "https://log.example")
    assert done.returncode == 0, done.stderr
    assert re.search(r"jagalchi-agent enrol https://log\.example \S{20,}", done.stdout)
