"""The control socket answers its few questions and survives whoever else calls."""

from __future__ import annotations

import json
import os
import resource
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.edges.clock import SystemClock
from agent.edges.control import (
    MAX_CLIENTS,
    MAX_QUESTION_BYTES,
    Answer,
    Control,
    NotRunningError,
    ask,
)

CLOCK = SystemClock()
ANSWERS = {"status": lambda: {"state": "recording", "sentence": "정상"}}


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    opened = Control.open(tmp_path / "agent.sock")
    yield opened
    opened.close()


def turn(control: Control) -> None:
    """What the loop does: wait for anything, serve it."""
    control.serve(CLOCK.wait(5_000, control.descriptors()), ANSWERS)


def put(control: Control, path: Path, question: bytes) -> object:
    """One question by hand; the loop turns in between."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(str(path))
        turn(control)
        client.sendall(question)
        turn(control)
        return json.loads(client.makefile("rb").read())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "agent.sock"


def test_a_question_is_answered_through_the_loop(control: Control, path: Path) -> None:
    heard: list[Answer] = []
    asking = Thread(target=lambda: heard.append(ask(path, "status")))
    asking.start()
    turn(control)
    turn(control)
    asking.join(5)
    assert heard == [{"state": "recording", "sentence": "정상"}]


def test_owner_and_group_may_ask_and_nobody_else(control: Control, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


@pytest.mark.parametrize(
    ("question", "error"),
    [
        (b"\n", "a question is one line of JSON"),
        (b"status\n", "a question is one line of JSON"),
        (b'{"ask": "sign"}\n', "ask one of: status"),
        (b'{"ask": ["status"]}\n', "ask one of: status"),
        (b'["status"]\n', "ask one of: status"),
        (b"[" * 1_000, "a question is one line of JSON"),
        (b"\xff\xfe\x00", "a question is one line of JSON"),
        (b"x" * (MAX_QUESTION_BYTES + 1), "a question has at most 1024 bytes"),
    ],
)
def test_another_question_is_an_error_and_nothing_more(
    control: Control, path: Path, question: bytes, error: str
) -> None:
    assert put(control, path, question) == {"error": error}
    assert put(control, path, b'{"ask": "status"}')


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(min_size=1, max_size=2_000))
def test_no_bytes_bring_the_socket_down(control: Control, path: Path, question: bytes) -> None:
    answer = put(control, path, question)
    assert "error" in str(answer) or answer == ANSWERS["status"]()


def test_silent_clients_make_room_for_the_next(control: Control, path: Path) -> None:
    silent = []
    for _ in range(MAX_CLIENTS + 3):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(path))
        silent.append(client)
        turn(control)
    assert len(control.descriptors()) == 1 + MAX_CLIENTS
    assert put(control, path, b'{"ask": "status"}') == ANSWERS["status"]()
    for client in silent:
        client.close()


def test_a_client_that_leaves_is_forgotten(control: Control, path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        turn(control)
    assert len(control.descriptors()) == 2
    turn(control)
    assert len(control.descriptors()) == 1


def test_out_of_descriptors_the_listener_rests_instead_of_spinning(
    control: Control, path: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        lowest_free = os.dup(0)
        os.close(lowest_free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
        try:
            turn(control)
            assert control.descriptors() == ()
            assert len(control.descriptors()) == 1
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        turn(control)
        client.sendall(b'{"ask": "status"}\n')
        turn(control)
        client.settimeout(5)
        assert json.loads(client.recv(4_096)) == ANSWERS["status"]()


def test_a_left_over_socket_is_replaced_and_a_file_is_not(tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    Control.open(path).close()
    assert not path.exists()
    path.write_text("somebody's letter")
    with pytest.raises(OSError, match="in use"):
        Control.open(path)
    assert path.read_text() == "somebody's letter"


def test_nobody_at_the_socket_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError, match="no agent answers"):
        ask(tmp_path / "agent.sock", "status")


def test_closing_twice_is_closing_once(control: Control, path: Path) -> None:
    control.close()
    control.close()
    assert not path.exists()


def _stranger(answer: bytes, path: Path) -> Thread:
    """Something else that listens where the agent should."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        with listener, listener.accept()[0] as client:
            client.recv(4_096)
            client.sendall(answer)

    thread = Thread(target=serve)
    thread.start()
    return thread


@pytest.mark.parametrize("answer", [b"", b"hello\n", b"[]\n", b"\xff\n"])
def test_a_stranger_at_the_socket_is_not_an_agent(path: Path, answer: bytes) -> None:
    thread = _stranger(answer, path)
    with pytest.raises(NotRunningError):
        ask(path, "status")
    thread.join(5)
