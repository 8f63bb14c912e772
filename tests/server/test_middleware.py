"""Every answer carries the headers that narrow a browser; no large body is ever read, and what
strangers send ends in a problem document, without a line in the log."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from protocol.wire import MEDIA_TYPE
from server.middleware import Guard
from tests.server.ledger.faults import Trap, faulty_database

pytestmark = pytest.mark.django_db

LIMIT = 1 << 20


def test_every_answer_narrows_the_browser(client: Client) -> None:
    headers = client.get("/no/such/page").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("headers", "status", "slug"),
    [
        ({"CONTENT_LENGTH": str(LIMIT + 1)}, 413, "too-large"),
        ({"CONTENT_LENGTH": "9" * 30}, 413, "too-large"),
        ({"CONTENT_LENGTH": "-1"}, 400, "bad-request"),
        ({"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}, 400, "bad-request"),
    ],
)
def test_a_body_too_large_or_of_unknown_length_is_a_problem_before_it_is_read(
    client: Client, headers: dict[str, str], status: int, slug: str
) -> None:
    response = client.generic("POST", "/api/enrol", b"", **headers)  # type: ignore[arg-type]
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert json.loads(response.content)["type"] == f"urn:jagalchi:problem:{slug}"


def test_the_public_log_is_one_copy_for_every_language(client: Client) -> None:
    headers = client.get("/checkpoint", headers={"Accept-Language": "ko"}).headers
    assert "Vary" not in headers and "Content-Language" not in headers


def problem_of(response: Any) -> str:
    assert response.headers["Content-Type"] == "application/problem+json"
    return str(json.loads(response.content)["type"]).removeprefix("urn:jagalchi:problem:")


@pytest.mark.parametrize("host", ["evil.example", "a b", ""])
def test_a_host_that_is_not_ours_is_a_problem_and_no_traceback(
    client: Client, host: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.get("/checkpoint", headers={"Host": host})
    assert (response.status_code, problem_of(response)) == (400, "bad-request")
    assert caplog.records == []


@pytest.mark.parametrize("path", ["/", "/checkpoint", "/api/enrol"])
@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "FOO"])
def test_a_method_that_nobody_answers_is_a_problem(
    client: Client, method: str, path: str
) -> None:
    response = client.generic(method, path)
    assert (response.status_code, problem_of(response)) == (405, "method-not-allowed")


def test_an_answer_to_head_has_no_body() -> None:
    something = HttpResponse(b"something")
    guard = Guard(lambda _request: something)
    guard(RequestFactory().get("/"))
    assert something.content == b"something"
    guard(RequestFactory().head("/"))
    assert something.content == b""


def test_a_stranger_who_posts_to_a_page_is_worth_no_line_in_the_log() -> None:
    assert Client(enforce_csrf_checks=True).post("/").status_code == 403
    assert not logging.getLogger("django.security.csrf").isEnabledFor(logging.WARNING)


def test_a_body_that_breaks_off_is_a_problem_and_no_traceback(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError(104, f"connection reset, {size} bytes wanted")

    promised = {"CONTENT_TYPE": MEDIA_TYPE, "CONTENT_LENGTH": "9", "wsgi.input": Broken()}
    response = client.generic("POST", "/api/enrol", **promised)  # type: ignore[arg-type]
    assert (response.status_code, problem_of(response)) == (400, "bad-request")
    assert all(record.exc_info is None for record in caplog.records)


@pytest.mark.parametrize("path", ["/", "/checkpoint", "/tile/0/000", "/devices/aaaaaaaaaaaaaaaa"])
def test_pages_and_log_say_busy_without_a_traceback_when_the_database_fails(
    client: Client, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with faulty_database(Trap(1)):
        response = client.get(path)
    assert (response.status_code, problem_of(response)) == (503, "busy")
    assert response.headers["Retry-After"]
    assert all(record.exc_info is None for record in caplog.records)
