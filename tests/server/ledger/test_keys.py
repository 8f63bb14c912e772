"""Keys are made together or not at all, for their owner only, and read back as they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from ecdsa import BRAINPOOLP160r1, SigningKey

from protocol.checkpoint import LogKey
from server.ledger import keys
from server.ledger.keys import KeyRefused

FILES = {
    "log.key", "log.pub", "recovery.key", "recovery.pub", "config.key", "config.pub", "secret",
}  # fmt: skip


def test_keys_come_back_as_they_were_made(tmp_path: Path) -> None:
    made = keys.create(tmp_path / "keys", "log.example/1")
    read = keys.read(tmp_path / "keys")
    assert (read.log, read.recovery, read.config) == (made.log, made.recovery, made.config)
    assert read.sign(b"text") == made.sign(b"text")
    assert keys.verify_ed25519(read.log.public, b"text", read.sign(b"text"))
    assert not keys.verify_ed25519(read.log.public, b"Text", read.sign(b"text"))
    assert {read.log.name, read.recovery.name, read.config.name} == {
        "log.example/1", "log.example/1/recovery", "log.example/1/config",
    }  # fmt: skip


def test_every_file_is_for_its_owner_only(tmp_path: Path) -> None:
    keys.create(tmp_path / "keys", "log.example/1")
    assert {path.name for path in (tmp_path / "keys").iterdir()} == FILES
    for path in [tmp_path / "keys", *(tmp_path / "keys").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_an_unnamed_log_gets_a_name_of_its_own(tmp_path: Path) -> None:
    one, other = (keys.create(tmp_path / name) for name in ("one", "other"))
    assert one.origin != other.origin
    assert one.origin.startswith("jagalchi.localhost/")


def test_a_half_made_directory_of_an_earlier_try_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "keys.new").mkdir(mode=0o700)
    (tmp_path / "keys.new" / "log.key").write_bytes(b"x" * 4000)
    made = keys.create(tmp_path / "keys", "log.example/1")
    assert keys.read(tmp_path / "keys").log == made.log


def test_existing_keys_are_never_replaced(tmp_path: Path) -> None:
    made = keys.create(tmp_path / "keys", "log.example/1")
    with pytest.raises(OSError):
        keys.create(tmp_path / "keys", "log.example/2")
    assert keys.read(tmp_path / "keys").log == made.log


def test_the_private_recovery_key_may_be_taken_away(tmp_path: Path) -> None:
    made = keys.create(tmp_path / "keys", "log.example/1")
    assert keys.recovery_is_online(tmp_path / "keys")
    (tmp_path / "keys" / "recovery.key").unlink()
    assert not keys.recovery_is_online(tmp_path / "keys")
    assert keys.read(tmp_path / "keys").recovery == made.recovery


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("log.key", b"", "not an unencrypted PEM key"),
        ("log.key", None, "cannot be read: No such file"),
        ("log.pub", b"nonsense", "is not a verifier key"),
        ("log.pub", LogKey.of("a", bytes(32)).vkey.encode(), "not halves of one key"),
        ("recovery.pub", None, "cannot be read: No such file"),
        ("config.pub", b"\xff", "is not a verifier key"),
        ("log.key", SigningKey.generate(BRAINPOOLP160r1).to_pem(), "not an unencrypted PEM key"),
        ("secret", None, "cannot be read: No such file"),
        ("secret", b"", "is damaged: put a copy of it back"),
        ("secret", b"\xff" * 50, "is damaged: put a copy of it back"),
    ],
)
def test_a_bad_key_file_is_named(
    tmp_path: Path, file: str, content: bytes | None, message: str
) -> None:
    keys.create(tmp_path / "keys", "log.example/1")
    path = tmp_path / "keys" / file
    path.unlink()
    if content is not None:
        path.touch(mode=0o600)
        path.write_bytes(content)
    with pytest.raises(KeyRefused, match=message) as refused:
        keys.read(tmp_path / "keys")
    assert file in str(refused.value)


def test_a_directory_open_to_others_is_refused(tmp_path: Path) -> None:
    keys.create(tmp_path / "keys", "log.example/1")
    (tmp_path / "keys").chmod(0o755)
    with pytest.raises(KeyRefused, match="chmod 700"):
        keys.read(tmp_path / "keys")


def test_entropy_does_not_repeat() -> None:
    assert len({keys.entropy(16) for _ in range(50)}) == 50
