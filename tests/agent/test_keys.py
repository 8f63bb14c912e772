"""The key files of a rotation: never two keys silently, and never a key whose place is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.cli import main
from agent.edges import files
from agent.edges.keys import KeyFiles
from agent.edges.signer import EcdsaSigner, KeyFileError
from agent.exits import CONFIGURATION, OK
from protocol import cose
from tests.agent.desk import fitted


@pytest.fixture
def keys(tmp_path: Path) -> KeyFiles:
    """A device with its first key."""
    first = EcdsaSigner.create(tmp_path / "device.key")
    return KeyFiles(tmp_path / "device.key", cose.device_id(first.public))


def test_a_device_without_a_wish_has_no_heir(keys: KeyFiles) -> None:
    assert keys.heir() is None
    assert keys.first() == keys.load().public


def test_the_next_key_takes_the_place_of_the_one_in_use_and_the_first_is_remembered(
    keys: KeyFiles,
) -> None:
    first = keys.load().public
    for _ in range(3):
        new = keys.make_heir()
        heir = keys.heir()
        assert heir and heir.public == new.public != keys.load().public
        keys.promote()
        assert keys.load().public == new.public and keys.heir() is None
        assert keys.first() == first


def test_a_second_wish_is_refused_and_the_first_one_kept(keys: KeyFiles) -> None:
    new = keys.make_heir()
    with pytest.raises(KeyFileError, match="under way already"):
        keys.make_heir()
    heir = keys.heir()
    assert heir and heir.public == new.public


def test_a_wish_that_a_power_cut_stopped_half_way_can_be_made_again(keys: KeyFiles) -> None:
    """The first public key was kept, the next key was only written aside."""
    files.create(keys.path.with_name("device.first"), keys.load().public)
    keys.path.with_name("device.key.next.new").write_bytes(b"half a key")
    assert keys.heir() is None
    assert keys.make_heir().public != keys.load().public


def test_the_key_of_another_device_is_refused_before_and_after_a_rotation(
    keys: KeyFiles, tmp_path: Path
) -> None:
    EcdsaSigner.create(tmp_path / "other.key")
    with pytest.raises(KeyFileError, match="is enrolled here"):
        KeyFiles(tmp_path / "other.key", keys.device).load()
    keys.make_heir()
    keys.promote()
    keys.path.with_name("device.first").write_bytes(EcdsaSigner.from_seed(3).public)
    with pytest.raises(KeyFileError, match="is enrolled here"):
        keys.load()


def test_nobody_else_may_read_the_next_key(keys: KeyFiles) -> None:
    keys.make_heir()
    heir = keys.path.with_name("device.key.next")
    assert heir.stat().st_mode & 0o777 == 0o600
    heir.chmod(0o640)
    with pytest.raises(KeyFileError, match="others may read"):
        keys.heir()


def test_rotate_makes_a_key_says_which_and_refuses_to_do_it_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with fitted(tmp_path) as truck:
        command = ["rotate", "--config", str(truck.config)]
        assert main(command) == OK
        told = capsys.readouterr().out
        kids = [EcdsaSigner.load(tmp_path / f"device.key{n}").kid.hex() for n in ("", ".next")]
        assert all(kid in told for kid in kids) and len(set(kids)) == 2
        assert main(command) == CONFIGURATION
        assert "under way" in capsys.readouterr().err
        (tmp_path / "enrolment.cbor").unlink()
        assert main(command) == CONFIGURATION
        assert "not enrolled" in capsys.readouterr().err
