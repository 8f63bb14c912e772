"""Clients that say nothing, or say it slowly, keep nobody else waiting."""

from __future__ import annotations

import socket
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from agent.core.reply import Busy, read
from server import arrivals
from server.arrivals import MAX_BODY, MAX_HEAD, is_whole
from server.serve import CONNECTIONS, OWN_FILES, files_wanted
from tests.net.http import response_of
from tests.server.test_cli import running

HEAD = b"POST /api/enrol HTTP/1.1\r\nHost: 127.0.0.1\r\n"
THREADS = 2


@pytest.mark.parametrize(
    ("held", "whole"),
    [
        (b"", False),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 100, False),
        (b"a" * (MAX_HEAD + 1), True),
        (b"GET / HTTP/1.1\r\n\r\n", True),
        (HEAD + b"Content-Length: 3\r\n\r\nab", False),
        (HEAD + b"content-length:3\r\n\r\nabc", True),
        (HEAD + b"Content-Length: 3\r\n\r\nabcGET / HTTP/1.1", True),
        (HEAD + b"Content-Length: %d\r\n\r\n" % MAX_BODY, False),
        (HEAD + b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1), True),
        (HEAD + b"Content-Length: x\r\n\r\n", True),
        (HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n", True),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", True),
    ],
)
def test_a_thread_is_given_what_it_need_not_wait_for(held: bytes, whole: bool) -> None:
    assert is_whole(held) is whole


def test_who_is_turned_away_is_told_in_our_words_when_to_come_back() -> None:
    for ahead, back_s in ((0, 2), (99, 3), (1_000, 22), (1_000_000, 60)):
        said = response_of(arrivals.turned_away(ahead))
        assert said.headers["connection"] == "close"
        meaning = read(said.status, said.headers, said.body, head=False)
        assert meaning == Busy("busy", back_s * 1_000)


def test_as_many_descriptors_as_allowed_are_asked_for_and_never_fewer() -> None:
    most = CONNECTIONS + OWN_FILES
    limits = {(1_024, 524_288): most, (1_024, -1): most, (256, 512): 512, (99_999, 99_999): 99_999}
    for (soft, hard), wanted in limits.items():
        assert files_wanted(soft, hard) == wanted
    assert files_wanted(-1, -1) == -1


@pytest.mark.e2e
def test_slow_clients_in_any_number_leave_the_threads_to_others(tmp_path: Path) -> None:
    begun = (
        b"",
        b"GET / HTTP/1.1\r\nX: ",
        HEAD + b"Content-Type: application/cbor\r\nContent-Length: 9\r\n\r\na",
        HEAD + b"Content-Length: %d\r\n\r\na" % (MAX_BODY + 1),
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
    )
    with ExitStack() as held, running(tmp_path, "--threads", str(THREADS)) as (_, address):
        where = (urlsplit(address).hostname, urlsplit(address).port)
        for said in begun * (2 * THREADS):
            client = held.enter_context(socket.create_connection(where, 10))
            client.sendall(said)
            with urllib.request.urlopen(f"{address}checkpoint", timeout=10) as answer:
                assert answer.status == 200


@pytest.mark.e2e
def test_a_request_in_two_pieces_and_another_behind_it_are_both_answered(tmp_path: Path) -> None:
    ask = b"GET /checkpoint HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with running(tmp_path) as (_, address):
        where = (urlsplit(address).hostname, urlsplit(address).port)
        with socket.create_connection(where, 10) as client:
            client.sendall(ask[:20])
            client.sendall(ask[20:] + ask)
            told = b""
            while told.count(b"HTTP/1.1 200 OK") < 2:
                piece = client.recv(arrivals.PIECE)
                assert piece, told
                told += piece
