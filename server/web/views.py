# ruff: noqa: ARG001  every view is given its request, used or not
"""The pages: all devices, one device. They read, and change nothing but the reader's language.

Useful without script, in Korean and English, on a phone 360 pixels wide. A state is always a
shape, a colour and a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from server.devices import overview
from server.ledger import keys, log
from server.ledger.tick import now_ms
from server.web import pages
from server.web.words import LANGUAGES, words

STYLE = Path(__file__).with_name("static") / "web" / "style.css"
COOKIE_S = 365 * 24 * 3600


@require_safe
def devices(request: HttpRequest) -> HttpResponse:
    """All devices, and the newest checkpoint."""
    language, number = _language(request), _page(request)
    now = now_ms()
    rows = [pages.row(summary, language, now) for summary in overview.summaries(now, number)]
    more = (number + 1) * overview.PAGE < overview.count()
    content = {"rows": rows, "next": number + 1 if more else None}
    return _page_of(request, "web/devices.html", content, language)


@require_safe
def device(request: HttpRequest, name: str) -> HttpResponse:
    """One device: its runs, what is held and missing, lost tails and conflicts."""
    language, now = _language(request), now_ms()
    found = overview.detail(name, now)
    if found is None:
        return not_found(request)
    content = {"device": pages.device(found, language, now)}
    return _page_of(request, "web/device.html", content, language)


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """The one style sheet."""
    response = HttpResponse(_style(), "text/css; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Whatever is not here, in the reader's language."""
    return _page_of(request, "web/not_found.html", {}, _language(request), status=404)


@cache
def _style() -> bytes:
    return STYLE.read_bytes()


def _language(request: HttpRequest) -> str:
    """What was chosen last; else Korean, unless the browser asks for another language first."""
    for wish in (request.GET.get("lang"), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)):
        if wish in LANGUAGES:
            return str(wish)
    first = request.headers.get("Accept-Language", "ko").strip().lower()
    return "ko" if first.startswith(("ko", "*")) or not first else "en"


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "0")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0


def _page_of(
    request: HttpRequest,
    template: str,
    content: Mapping[str, object],
    language: str,
    status: int = 200,
) -> HttpResponse:
    checkpoint = log.newest()
    common = {
        "w": words(language),
        "language": language,
        "demo": settings.JAGALCHI.demo,
        "checkpoint": pages.checkpoint(checkpoint.size, checkpoint.utc_ms, keys.current().origin),
    }
    response = render(request, template, {**common, **content}, status=status)
    response.headers["Content-Language"] = language
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    if request.GET.get("lang") in LANGUAGES:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            COOKIE_S,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=True,
            samesite="Strict",
        )
    return response
