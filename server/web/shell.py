"""The frame that every page of every room stands in: language, words, style, newest checkpoint.

Korean unless the reader chose, or their browser asks for, another language. A page is useful
without script, at 360 pixels, and never says by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from protocol.registry import Text
from server.ledger import keys, log
from server.web import pages
from server.web.words import LANGUAGES, WORDS, in_language

COOKIE_S = 365 * 24 * 3600


def language(request: HttpRequest) -> str:
    """What was chosen last; else Korean, unless the browser asks for another language first."""
    for wish in (request.GET.get("lang"), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)):
        if wish in LANGUAGES:
            return str(wish)
    first = request.headers.get("Accept-Language", "ko").strip().lower()
    return "ko" if first.startswith(("ko", "*")) or not first else "en"


def page(
    request: HttpRequest,
    template: str,
    content: Mapping[str, object],
    words: Mapping[str, Text] | None = None,
    status: int = 200,
) -> HttpResponse:
    """One page in the reader's language; `words`: the room's own, beside those of the frame."""
    spoken, checkpoint = language(request), log.newest()
    common = {
        "w": in_language({**WORDS, **(words or {})}, spoken),
        "language": spoken,
        "demo": settings.JAGALCHI.demo,
        "checkpoint": pages.checkpoint(checkpoint.size, checkpoint.utc_ms, keys.current().origin),
    }
    response = render(request, template, {**common, **content}, status=status)
    response.headers["Content-Language"] = spoken
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    if request.GET.get("lang") in LANGUAGES:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            spoken,
            COOKIE_S,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=True,
            samesite="Strict",
        )
    return response
