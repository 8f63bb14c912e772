"""Every answer carries the headers that narrow a browser; no large body is ever read."""

from __future__ import annotations

import json

import pytest
from django.test import Client

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


def test_a_host_that_is_not_ours_is_refused(client: Client) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
