"""D22: another user of the machine reads no key, no record and no answer; the key is in no log."""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ecdsa import SigningKey

from agent.cli import main
from tests import reliability
from tests.agent.test_daemon import Daemon, config

__all__ = ["config"]

NOBODY = 65_534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")


@contextmanager
def somebody_else() -> Iterator[None]:
    """Without a right of root's meanwhile: a second user with no group of ours."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def opened(path: Path) -> str:
    """What comes of reading a file, or of asking a socket."""
    try:
        if path.is_socket():
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
        else:
            path.read_bytes()
    except PermissionError:
        return "EACCES"
    return "open"


def spellings(key: Path) -> list[bytes]:
    """The secret as it could stand in a line or a file."""
    secret: bytes = SigningKey.from_pem(key.read_bytes()).to_string()
    lines = key.read_bytes().splitlines()[1:-1]
    return [secret, secret.hex().encode(), base64.b64encode(secret)[:-4], *lines]


@needs_root
def test_D22_another_user_gets_eacces_and_no_byte_of_the_key_is_anywhere_else(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, key = config.parent, config.parent / "device.key"
    folder.chmod(0o755)  # worse than installed, where nobody else comes even so far
    with Daemon(config) as daemon:
        daemon.hear("READY=1")
        daemon.hear_work(3)
        ours = sorted(
            path for path in folder.iterdir() if path.name not in ("agent.toml", "notify")
        )
        with somebody_else():
            met = {path.name: opened(path) for path in ours}
        for word in ("status", "doctor"):
            main([word, "--json", "--config", str(config)])
        _, said = daemon.end()
    told = capsys.readouterr()
    others = [path.read_bytes() for path in folder.iterdir() if path.is_file() and path != key]
    looked = [said.encode(), told.out.encode(), told.err.encode(), *others]
    found = sum(looked_in.count(one) for looked_in in looked for one in spellings(key))
    allowed = [name for name, end in met.items() if end != "EACCES"]
    reliability.note(
        "D22",
        "another user reads key, outbox and all that lies beside them, and opens the socket",
        len(met),
        f"EACCES but for {len(allowed)}; the key found {found} times in log, answers and files",
    )
    assert {"device.key", "outbox.db", "outbox.db-wal", "agent.sock"} <= met.keys()
    assert (allowed, found) == ([], 0)
    assert spellings(key)[3] in key.read_bytes(), "the search finds what is there"
