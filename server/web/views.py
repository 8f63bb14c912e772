# ruff: noqa: ARG001  every view is given its request, used or not
"""The pages: all devices, one device. They read, and change nothing but the reader's language.

Useful without script, in Korean and English, on a phone 360 pixels wide. A state is always a
shape, a colour and a word.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from server.devices import overview
from server.ledger.tick import now_ms
from server.web import pages, shell

STYLE = Path(__file__).with_name("static") / "web" / "style.css"


@require_safe
def devices(request: HttpRequest) -> HttpResponse:
    """All devices, and the newest checkpoint."""
    language, number = shell.language(request), _page(request)
    now = now_ms()
    rows = [pages.row(summary, language, now) for summary in overview.summaries(now, number)]
    more = (number + 1) * overview.PAGE < overview.count()
    content = {"rows": rows, "next": number + 1 if more else None}
    return shell.page(request, "web/devices.html", content)


@require_safe
def device(request: HttpRequest, name: str) -> HttpResponse:
    """One device: its runs, what is held and missing, lost tails and conflicts."""
    language, now = shell.language(request), now_ms()
    found = overview.detail(name, now)
    if found is None:
        return not_found(request)
    content = {"device": pages.device(found, language, now)}
    return shell.page(request, "web/device.html", content)


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """The one style sheet."""
    response = HttpResponse(_style(), "text/css; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Whatever is not here, in the reader's language."""
    return shell.page(request, "web/not_found.html", {}, status=404)


@cache
def _style() -> bytes:
    return STYLE.read_bytes()


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "0")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
