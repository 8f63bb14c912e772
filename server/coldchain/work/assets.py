"""The style of large keys, and the one script of the work pages. All of it works without either."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from server.accounts.door import guarded
from server.accounts.rules import Need
from server.coldchain.rules import SERVICE

FOLDER: Final = Path(__file__).parent.parent / "static" / "coldchain" / "work"


@guarded(Need.OPEN, service=SERVICE)
@require_safe
def style(_request: HttpRequest) -> HttpResponse:
    """The style sheet."""
    return _file("work.css", "text/css; charset=utf-8")


@guarded(Need.OPEN, service=SERVICE)
@require_safe
def script(_request: HttpRequest) -> HttpResponse:
    """Sums while one types, photos made smaller, minutes counted down."""
    return _file("work.js", "text/javascript; charset=utf-8")


def _file(name: str, media: str) -> HttpResponse:
    response = HttpResponse(_read(name), media)
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@cache
def _read(name: str) -> bytes:
    return (FOLDER / name).read_bytes()
