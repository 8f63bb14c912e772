"""One request at a time, bound by one deadline, and nothing believed."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from agent.core import reply
from agent.core.reply import Answered, Lost, Reply
from agent.edges.courier import (
    Courier,
    LinkLost,
    Outcome,
    Request,
    RequestsTransport,
    Response,
)
from protocol import wire
from protocol.wire import MAX_ANSWER_BYTES, Answer

ASK = Request("GET", "/api/x")


@dataclass
class Slow:
    """A transport that answers when it is let go."""

    gate: threading.Event = field(default_factory=threading.Event)
    seen: list[str] = field(default_factory=list)
    error: Exception | None = None

    def send(self, method: str, path: str, body: bytes, deadline_s: float) -> Response:
        self.seen.append(path)
        self.gate.wait(30)
        if self.error:
            raise self.error
        return Response(200, {}, b"yes")


def awaited(courier: Courier) -> Outcome:
    """Wait on the descriptor, as the loop does."""
    assert select.select([courier.wake], [], [], 30)[0]
    outcome = courier.collect()
    assert outcome is not None
    return outcome


def test_it_carries_one_at_a_time_and_wakes_whoever_waits() -> None:
    slow = Slow()
    courier = Courier(slow)
    assert courier.collect() is None
    assert courier.post(ASK)
    assert not courier.post(ASK)
    assert courier.collect() is None
    assert select.select([courier.wake], [], [], 0)[0] == []
    slow.gate.set()
    assert awaited(courier) == Outcome(ASK, Response(200, {}, b"yes"))
    assert select.select([courier.wake], [], [], 0)[0] == []
    assert courier.post(ASK)
    awaited(courier)
    courier.close()


def test_a_lost_link_is_an_outcome() -> None:
    slow = Slow(error=LinkLost("dark", timed_out=True))
    slow.gate.set()
    courier = Courier(slow)
    courier.post(ASK)
    outcome = awaited(courier)
    assert (outcome.response, outcome.lost, outcome.timed_out) == (None, "dark", True)
    courier.close()


def test_a_bug_in_the_worker_ends_the_agent_not_only_the_shipping() -> None:
    slow = Slow(error=ZeroDivisionError("a bug"))
    slow.gate.set()
    courier = Courier(slow)
    courier.post(ASK)
    assert select.select([courier.wake], [], [], 30)[0]
    with pytest.raises(ZeroDivisionError, match="a bug"):
        courier.collect()
    courier.close()


def test_without_a_link_nothing_is_sent() -> None:
    slow = Slow()
    courier = Courier(slow)
    courier.link_up = False
    courier.post(ASK)
    assert awaited(courier).lost == "there is no link"
    assert slow.seen == []
    courier.close()


def test_a_link_that_goes_while_the_answer_comes_takes_the_answer_with_it() -> None:
    slow = Slow()
    courier = Courier(slow)
    courier.post(ASK)
    courier.link_up = False
    slow.gate.set()
    assert awaited(courier).response is None
    courier.close()


def test_closing_leaves_a_hanging_request_behind() -> None:
    slow = Slow()
    courier = Courier(slow)
    courier.post(ASK)
    courier.close(patience_s=0.0)
    courier.close()
    assert not courier.post(ASK)
    slow.gate.set()


def test_no_thread_is_started_before_the_first_request() -> None:
    before = threading.active_count()
    courier = Courier(Slow())
    assert threading.active_count() == before
    courier.close()


def test_where_no_thread_can_be_started_the_request_is_lost_and_the_next_may_pass() -> None:
    courier = Courier(Slow(gate=open_gate()))
    before = threading.stack_size(1 << 47)
    try:
        assert courier.post(ASK)
        assert awaited(courier) == Outcome(ASK, None, "no thread can be started")
    finally:
        threading.stack_size(before)
    assert courier.post(ASK)
    assert awaited(courier).response is not None
    courier.close()


def open_gate() -> threading.Event:
    gate = threading.Event()
    gate.set()
    return gate


# Over a real socket ------------------------------------------------------------------------------

Say = Callable[[socket.socket], None]


@contextlib.contextmanager
def serving(answer: Say) -> Iterator[str]:
    """A server of one connection that says exactly these bytes; yields its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def serve() -> None:
        with contextlib.suppress(OSError):
            while not stopped.is_set():
                client, _ = listener.accept()
                with client, contextlib.suppress(OSError):
                    client.recv(65_536)
                    answer(client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopped.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def said(content: bytes) -> Say:
    return lambda client: client.sendall(content)


def whole(body: bytes, status: bytes = b"200 OK", headers: bytes = b"") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return b"HTTP/1.1 " + status + b"\r\n" + length + headers + b"Connection: close\r\n\r\n" + body


def test_a_whole_answer_comes_through_as_it_is() -> None:
    content = whole(b"abc", headers=b"Content-Type: application/cbor\r\nRetry-After: 5\r\n")
    with serving(said(content)) as url:
        response = RequestsTransport(url).send("POST", "/api/x", b"body", 5.0)
    assert (response.status, response.body) == (200, b"abc")
    assert response.headers["content-type"] == "application/cbor"
    assert response.headers["retry-after"] == "5"


def test_a_redirect_is_not_followed() -> None:
    content = whole(b"", b"302 Found", b"Location: http://127.0.0.1:9/portal\r\n")
    with serving(said(content)) as url:
        assert RequestsTransport(url).send("GET", "/", b"", 5.0).status == 302


def test_an_answer_cut_off_anywhere_proves_nothing() -> None:
    answer = wire.encode_answer(Answer((), None, 0, (), (), None, 7))
    content = whole(answer, headers=b"Content-Type: application/cbor\r\n")
    for end in range(0, len(content), 11):
        with serving(said(content[:end])) as url:
            meaning = _meaning(url)
        assert isinstance(meaning, Lost), content[:end]
    with serving(said(content)) as url:
        assert isinstance(_meaning(url), Answered)


def _meaning(url: str) -> Reply:
    try:
        response = RequestsTransport(url).send("GET", "/", b"", 5.0)
    except LinkLost as lost:
        return Lost(str(lost))
    return reply.read(response.status, response.headers, response.body, head=False)


def test_an_answer_without_end_is_cut_at_the_cap() -> None:
    def endless(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            client.sendall(b"x" * 65_536)

    with serving(endless) as url, pytest.raises(LinkLost, match=str(MAX_ANSWER_BYTES)):
        RequestsTransport(url).send("GET", "/", b"", 20.0)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"])
def test_a_dripping_server_is_given_up_at_the_deadline(start: bytes) -> None:
    """Every byte comes well within any timeout of a single read: only the total can end it."""
    end = threading.Event()

    def drip(client: socket.socket) -> None:
        client.sendall(start)
        while not end.wait(0.02):
            client.sendall(b"H")

    with serving(drip) as url, pytest.raises(LinkLost) as caught:
        try:
            RequestsTransport(url).send("GET", "/", b"", 0.4)
        finally:
            end.set()
    assert caught.value.timed_out


def test_a_silent_server_is_given_up_at_the_deadline() -> None:
    end = threading.Event()

    def hang(_: socket.socket) -> None:
        end.wait(10)

    with serving(hang) as url, pytest.raises(LinkLost) as caught:
        try:
            RequestsTransport(url).send("GET", "/", b"", 0.2)
        finally:
            end.set()
    assert caught.value.timed_out


def test_nobody_there_is_a_lost_link_and_no_time_out() -> None:
    with serving(said(b"")) as url:
        gone = url
    with pytest.raises(LinkLost) as caught:
        RequestsTransport(gone).send("GET", "/", b"", 5.0)
    assert not caught.value.timed_out


def test_a_proxy_of_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving(said(whole(b"abc"))) as url:
        assert RequestsTransport(url).send("GET", "/", b"", 5.0).body == b"abc"


def test_plain_text_where_tls_is_expected_is_a_lost_link() -> None:
    with serving(said(whole(b"abc"))) as url, pytest.raises(LinkLost):
        RequestsTransport(url.replace("http:", "https:")).send("GET", "/", b"", 5.0)
