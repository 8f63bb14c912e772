"""`jagalchi-server config`: what it refuses is told in one sentence, and nothing is published."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from server.ledger import keys
from tests.server.test_cli import call, refuse

pytestmark = pytest.mark.e2e


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A server that has begun."""
    assert call(tmp_path / "home", "migrate").returncode == 0
    return tmp_path / "home"


def test_what_cannot_be_published_is_refused_in_words(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "wish.toml"
    publish = ("config", "publish", str(file))
    refuse(call(home, "config", "publish", "--device", "a" * 16), "Name the file to publish")
    refuse(call(home, *publish, "--device", "a" * 16), "wish.toml: cannot be read")
    file.write_text("outbox_rows = 1\n")
    refuse(call(home, *publish, "--device", "a" * 16), "outbox_rows: not settable from afar")
    file.write_bytes(b"\xff")
    refuse(call(home, *publish, "--device", "a" * 16), "not UTF-8")
    file.write_text("door_open_ms = 600000\n")
    refuse(call(home, *publish, "--device", "a" * 16), "no device a* is enrolled here")
    refuse(call(home, *publish, "--asset", "nowhere"), "no device is fitted to nowhere")
    refuse(call(home, "config", "show", "--asset", "nowhere"), "no device is fitted to nowhere")


def test_a_key_that_is_not_the_configuration_key_signs_nothing(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "wish.toml"
    file.write_text("door_open_ms = 600000\n")
    shutil.copy(home / "keys/log.key", tmp_path / "wrong.key")
    wrong = ("--key", str(tmp_path / "wrong.key"))
    done = call(home, "config", "publish", str(file), "--device", "a" * 16, *wrong)
    refuse(done, "is not the private half of")
    (home / "keys/config.key").rename(tmp_path / "config.key")
    done = call(home, "config", "publish", str(file), "--device", "a" * 16)
    refuse(done, "config.key cannot be read")
    assert keys.read(home / "keys").config
