"""What an HTTP answer means: nothing but our server's own words moves a record."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import reply
from agent.core.reply import Answered, Busy, Denied, Heads, Lost, Refused, Succeeded, TooLarge
from protocol import wire
from protocol.registry import PROBLEMS, Problem
from protocol.wire import Answer, HeadAnswer

CBOR = {"content-type": "application/cbor"}
PROBLEM = {"content-type": "application/problem+json; charset=utf-8"}
ANSWER = Answer((), None, 0, (), (), None, 7)
HEAD = HeadAnswer((), 3, None)


def problem(slug: str) -> bytes:
    return json.dumps({"type": f"urn:jagalchi:problem:{slug}"}).encode()


def test_the_two_good_answers_are_read() -> None:
    assert reply.read(200, CBOR, wire.encode_answer(ANSWER), head=False) == Answered(ANSWER)
    assert reply.read(202, CBOR, wire.encode_answer(ANSWER), head=False) == Answered(ANSWER)
    assert reply.read(200, CBOR, wire.encode_head(HEAD), head=True) == Heads(HEAD)


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {"content-type": "text/html"}, b"<html>Welcome to our Wi-Fi"),
        (200, {}, b""),
        (200, CBOR, b""),
        (200, CBOR, b"<html>"),
        (200, CBOR, wire.encode_head(HEAD)),
        (204, CBOR, b""),
        (301, {"location": "http://portal.example/"}, b""),
        (302, {}, b"<html>"),
        (400, {"content-type": "text/html"}, b"<html>"),
        (401, {}, b""),
        (403, {"content-type": "text/html"}, b"Forbidden"),
        (404, {}, b"Not Found"),
        (404, PROBLEM, problem("no-such-problem")),
        (404, PROBLEM, b"[" * 100_000),
        (404, PROBLEM, b'{"type": 5}'),
        (511, {"content-type": "text/html"}, b"Network Authentication Required"),
    ],
)
def test_a_captive_portal_is_no_server(status: int, headers: dict[str, str], body: bytes) -> None:
    got = reply.read(status, headers, body, head=False)
    assert isinstance(got, Busy if status >= 500 else Lost)


@pytest.mark.parametrize("slug", list(Problem))
def test_every_problem_of_the_closed_list_has_its_meaning(slug: Problem) -> None:
    status = PROBLEMS[slug].status
    got = reply.read(status, PROBLEM, problem(slug.value), head=False)
    if status == 413:
        assert got == TooLarge()
    elif slug is Problem.LOG_SUCCEEDED:
        assert got == Succeeded()
    elif slug in reply.DENIALS:
        assert got == Denied(slug)
    elif slug in reply.ABOUT_ROWS:
        assert got == Refused(slug)
    else:
        assert isinstance(got, Busy)


@pytest.mark.parametrize(
    ("value", "ms"),
    [
        ("30", 30_000),
        (" 30 ", 30_000),
        ("0", 0),
        ("-5", 0),
        ("1e9", 0),
        ("٣", 0),
        ("999999999", 86_400_000),
        ("9" * 30, 0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 0),
    ],
)
def test_retry_after_is_read_in_seconds_or_not_at_all(value: str, ms: int) -> None:
    got = reply.read(503, {"retry-after": value}, b"", head=False)
    assert isinstance(got, Busy)
    assert got.retry_after_ms == ms


def test_what_may_be_retried_is_never_about_rows() -> None:
    assert not any(reply.is_retryable(one) for one in reply.ABOUT_ROWS | reply.DENIALS)


@given(st.integers(100, 599), st.binary(max_size=200), st.sampled_from([CBOR, PROBLEM, {}]))
def test_garbage_never_raises_and_never_settles(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    got = reply.read(status, headers, body, head=False)
    assert not isinstance(got, Answered | Heads)
