"""What every request and answer passes: a cap on bodies, and headers that narrow the browser.

It refuses a body that is too large or of unknown length before a byte of it is read, a method that
nobody answers, and a host name that is not ours: strangers send all of these, so none of them is
worth a line in the log. What a body may contain is the intake's business (server/api.py).
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from protocol.registry import Problem
from server.api import METHODS, problem, trouble
from server.web import views

PROBLEM = "application/problem+json"
PERMISSIONS = "geolocation=(), camera=(), microphone=()"

Answer = Callable[[HttpRequest], HttpResponseBase]


class Guard:
    """The outermost middleware."""

    def __init__(self, get_response: Answer) -> None:
        self._answer = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, or refuse; either way with the headers."""
        response = refusal(request) or _as_problem(request, self._answer(request))
        response.headers.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if response.headers.get("Cache-Control", "").startswith("public"):
            # The same bytes for everybody: one copy in a cache, whatever the reader's language.
            del response.headers["Vary"], response.headers["Content-Language"]
        if request.method == "HEAD" and isinstance(response, HttpResponse):
            response.content = b""
        return response

    def process_exception(
        self, request: HttpRequest, error: Exception  # noqa: ARG002  as Django calls it
    ) -> HttpResponse | None:
        """Pages and the public log say the same as the API when the database cannot be used."""
        return trouble(error)


def _as_problem(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """What Django says of a method that is not answered is empty: a problem, or a page, instead."""
    ours = response.headers.get("Content-Type") == PROBLEM
    if response.status_code != 405 or "Allow" not in response.headers or ours:
        return response
    allowed = response.headers["Allow"]
    if request.path.startswith("/api/"):
        told = problem(Problem.METHOD_NOT_ALLOWED, f"only {allowed} is answered here")
    else:
        told = views.not_found(request)
        told.status_code = 405
    told.headers["Allow"] = allowed
    return told


def refusal(request: HttpRequest) -> HttpResponse | None:
    """Why this request will not be looked at, if so."""
    if request.method not in METHODS:
        return problem(Problem.METHOD_NOT_ALLOWED, "No address here answers this method.")
    try:
        request.get_host()
    except DisallowedHost:
        return problem(Problem.BAD_REQUEST, "Not a name of this server (JAGALCHI_ALLOWED_HOSTS).")
    length = request.headers.get("Content-Length") or "0"
    if request.headers.get("Transfer-Encoding"):
        return problem(Problem.BAD_REQUEST, "A body needs a Content-Length.")
    if not length.isdecimal():
        return problem(Problem.BAD_REQUEST, "Content-Length is not a number.")
    if int(length) > settings.MAX_BODY_BYTES:
        return problem(Problem.TOO_LARGE, f"A body holds at most {settings.MAX_BODY_BYTES} bytes.")
    return None
