# ruff: noqa: ARG001  every view is given its request, used or not
"""The pages of devices. They read, and change nothing but the reader's language.

Useful without script, in Korean and English, on a phone 360 pixels wide. A state is always a
shape, a colour and a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from server.accounts import who
from server.accounts.door import guarded
from server.accounts.rules import ALLOWED, Need, Who, may
from server.devices import overview, tuning
from server.ledger.tick import now_ms
from server.web import displays, pages, shell, told, wall

STYLE = Path(__file__).with_name("static") / "web" / "style.css"


def of_device(arguments: Mapping[str, Any]) -> str:
    """The organisation whose business a device is: its asset's, else the operator's."""
    return overview.organisation_of(str(arguments["name"])) or who.operator()


@guarded(Need.OPEN, service="devices")
@require_safe
def devices(request: HttpRequest) -> HttpResponse:
    """The devices that the reader may see; to strangers, what Jagalchi is and how to check it."""
    whose, number = _whose(request), _page(request)
    if not settings.JAGALCHI.demo and not request.who.id:  # type: ignore[attr-defined]
        return shell.page(request, "web/welcome.html", {})
    language, now = shell.language(request), now_ms()
    rows = [pages.row(one, language, now) for one in overview.summaries(now, number, whose)]
    more = (number + 1) * overview.PAGE < overview.count(whose)
    content = {"rows": rows, "next": number + 1 if more else None}
    return shell.page(request, "web/devices.html", content)


@guarded(Need.SEE, service="devices", of=of_device, open_in_demo=True)
@require_safe
def device(request: HttpRequest, name: str) -> HttpResponse:
    """One device: its runs, what is held and missing, lost tails and conflicts."""
    language, now = shell.language(request), now_ms()
    found = overview.detail(name, now, _whose(request))
    if found is None:
        return not_found(request)
    content = {
        "device": pages.device(found, language, now),
        "told": told.section(tuning.standing(name), language),
    }
    return shell.page(request, "web/device.html", content)


@guarded(Need.OPEN, service="devices")
@require_safe
def wall_display(request: HttpRequest, token: str) -> HttpResponse:
    """The rooms that a link shows, for a screen on a wall; it draws itself anew without script."""
    language, now = shell.language(request), now_ms()
    rooms = displays.rooms(token, language, now)
    if rooms is None:
        return not_found(request)
    content = {
        "rooms": rooms,
        "columns": wall.columns(len(rooms)),
        "clock": wall.clock(now),
        "simulated": any(room.simulated for room in rooms),
    }
    response = shell.page(request, "web/wall.html", content)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@guarded(Need.OPEN, service="web")
@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """The one style sheet."""
    response = HttpResponse(_style(), "text/css; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@guarded(Need.OPEN, service="web")
def nothing(request: HttpRequest) -> HttpResponse:
    """Every other address."""
    return not_found(request)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Whatever is not here, in the reader's language."""
    return shell.page(request, "web/not_found.html", {}, status=404)


def _whose(request: HttpRequest) -> frozenset[str] | None:
    """Whose devices the reader may see; None: everybody's, in a demonstration."""
    if settings.JAGALCHI.demo:
        return None
    asking: Who = request.who  # type: ignore[attr-defined]
    mine = {one for one in asking.roles if may(asking, Need.SEE, one, "devices") is ALLOWED}
    return frozenset(mine | {""} if who.operator() in mine else mine)


@cache
def _style() -> bytes:
    return STYLE.read_bytes()


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "0")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
