"""The agent's own door for its command line: a Unix socket, one question and one answer each.

A question is one line of JSON, {"ask": "status"}; so is the answer. Questions are few, short and
harmless: nothing that comes through here can change, ship, delete or sign anything. The loop
waits on the descriptors and serves what is ready, so there is no thread; a client that is silent,
slow or too many is dropped, never waited for.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

MAX_CLIENTS = 8
MAX_QUESTION_BYTES = 1_024
MAX_ANSWER_BYTES = 262_144
OWNER_AND_GROUP = 0o660
HIDE_FROM_OTHERS = 0o117
PATIENCE_S = 3.0

Answer = Mapping[str, object]
Answers = Mapping[str, Callable[[], Answer]]


class NotRunningError(Exception):
    """No agent answers at this socket."""


class ForbiddenError(Exception):
    """This user may not talk to the agent."""


class Control:
    """The agent's end. `open` replaces a left-over socket: the outbox lock says we are alone."""

    def __init__(self, listener: socket.socket, path: Path) -> None:
        self._listener = listener
        self._path = path
        self._clients: dict[int, socket.socket] = {}
        self._deaf = False

    @classmethod
    def open(cls, path: Path) -> Control:
        """Listen at `path`, mode 0660. Raises OSError when the folder does not allow it."""
        _remove_left_over(path)
        listener = socket.socket(
            socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        )
        before = os.umask(HIDE_FROM_OTHERS)
        try:
            listener.bind(str(path))
            listener.listen(MAX_CLIENTS)
        except OSError:
            listener.close()
            raise
        finally:
            os.umask(before)
        return cls(listener, path)

    def descriptors(self) -> tuple[int, ...]:
        """What to wait on. After a failed accept the listener rests once: else the loop spins."""
        listening = () if self._deaf else (self._listener.fileno(),)
        self._deaf = False
        return (*listening, *self._clients)

    def serve(self, ready: tuple[int, ...], answers: Answers) -> None:
        """Answer every ready client once; accept new ones. Never blocks, never raises."""
        for descriptor in ready:
            if descriptor in self._clients:
                self._read(descriptor, answers)
            elif descriptor == self._listener.fileno():
                self._accept()

    def close(self) -> None:
        """Stop listening and take the socket away; idempotent."""
        for descriptor in tuple(self._clients):
            self._drop(descriptor)
        if self._listener.fileno() >= 0:
            self._listener.close()
            with contextlib.suppress(OSError):
                self._path.unlink()

    def _accept(self) -> None:
        """The oldest client makes room: whoever asks in good faith is answered in one turn."""
        try:
            client, _ = self._listener.accept()
        except OSError:
            self._deaf = True
            return
        client.setblocking(False)
        if len(self._clients) >= MAX_CLIENTS:
            self._drop(next(iter(self._clients)))
        self._clients[client.fileno()] = client

    def _read(self, descriptor: int, answers: Answers) -> None:
        """A question comes in one piece or not at all: nobody can hold a half-asked one open."""
        client = self._clients[descriptor]
        with contextlib.suppress(OSError):
            question = client.recv(MAX_QUESTION_BYTES + 1)
            if question:
                self._send(client, _answer(question, answers))
        self._drop(descriptor)

    def _send(self, client: socket.socket, answer: Answer) -> None:
        line = json.dumps(answer, ensure_ascii=False).encode() + b"\n"
        with contextlib.suppress(OSError):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MAX_ANSWER_BYTES)
            client.sendall(line)

    def _drop(self, descriptor: int) -> None:
        self._clients.pop(descriptor).close()


def _remove_left_over(path: Path) -> None:
    """Only ever a socket: a mistyped path must not cost anybody a file."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()


def _answer(question: bytes, answers: Answers) -> Answer:
    if len(question) > MAX_QUESTION_BYTES:
        return {"error": f"a question has at most {MAX_QUESTION_BYTES} bytes"}
    try:
        asked = json.loads(question)
    except (ValueError, RecursionError):
        return {"error": "a question is one line of JSON"}
    word = asked.get("ask") if isinstance(asked, dict) else None
    if not isinstance(word, str) or word not in answers:
        return {"error": "ask one of: " + ", ".join(sorted(answers))}
    return answers[word]()


def ask(path: Path, word: str) -> dict[str, object]:
    """Put one question to a running agent. Raises NotRunningError or ForbiddenError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(PATIENCE_S)
        try:
            client.connect(str(path))
            client.sendall(json.dumps({"ask": word}).encode() + b"\n")
            answer = json.loads(_read_line(client))
        except PermissionError:
            raise ForbiddenError(f"{path}: this user may not ask the agent; try sudo") from None
        except (OSError, ValueError) as error:
            raise NotRunningError(f"{path}: no agent answers ({error})") from None
    if not isinstance(answer, dict):
        raise NotRunningError(f"{path}: this is not an agent")
    return answer


def _read_line(client: socket.socket) -> bytes:
    """At most one answer's worth; the other end is trusted to be ours, but not to be sane."""
    line = b""
    while not line.endswith(b"\n") and len(line) <= MAX_ANSWER_BYTES:
        piece = client.recv(65_536)
        if not piece:
            break
        line += piece
    return line
