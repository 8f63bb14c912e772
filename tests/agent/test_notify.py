"""systemd hears short messages; without systemd nothing happens."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.edges.notify import Notifier


@pytest.fixture(params=["file", "abstract"])
def ear(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    named = str(tmp_path / "notify")
    name = named if request.param == "file" else "@jagalchi-test" + named
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(5)
        listener.bind(name.replace("@", "\0", 1))
        yield listener, name


def test_systemd_hears_every_message(ear: tuple[socket.socket, str]) -> None:
    listener, name = ear
    notifier = Notifier(name)
    notifier.ready()
    notifier.status("recording\nno network 연결 없음")
    notifier.watchdog()
    notifier.stopping()
    heard = [listener.recv(4_096).decode() for _ in range(4)]
    assert heard == [
        "READY=1",
        "STATUS=recording no network 연결 없음",
        "WATCHDOG=1",
        "STOPPING=1",
    ]
    notifier.close()


def test_the_address_leaves_the_environment(ear: tuple[socket.socket, str]) -> None:
    listener, name = ear
    environment = {"NOTIFY_SOCKET": name, "HOME": "/"}
    Notifier.from_environment(environment).ready()
    assert environment == {"HOME": "/"}
    assert listener.recv(64) == b"READY=1"


@pytest.mark.parametrize("address", [None, "", "/nowhere/at/all"])
def test_nobody_listening_changes_nothing(address: str | None) -> None:
    before = _descriptors()
    notifier = Notifier(address)
    notifier.ready()
    assert _descriptors() == before + 1
    notifier.close()
    notifier.close()
    notifier.watchdog()
    assert _descriptors() == before


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_full_ear_does_not_block(ear: tuple[socket.socket, str]) -> None:
    listener, name = ear
    notifier = Notifier(name)
    for _ in range(2_000):
        notifier.watchdog()
    assert listener.recv(64) == b"WATCHDOG=1"
