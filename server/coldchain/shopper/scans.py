"""How often a box's own code was looked at, by day and coarse region: so a copied code shows.

A lot code is scanned everywhere by right and is not counted. No address is kept and nothing is put
together from one: the region is what a proxy that the settings name says in X-Client-Region, a
country and perhaps a province (ISO 3166), else unknown. Whoever looks again on one day is counted
once, by a cookie that says no more than that.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from typing import Any, Final

from django.conf import settings
from django.db.models import F
from django.http import HttpRequest, HttpResponse

from server.coldchain.models import Label, Scan
from server.coldchain.shopper.card import Seen
from server.ledger.log import writing
from server.pilots.days import day_of

HEADER: Final = "X-Client-Region"
COOKIE: Final = "seen"
DAY_S: Final = 24 * 60 * 60
_REGION: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


def region_of(request: HttpRequest) -> str:
    """Where somebody roughly is, "" if nobody whose word counts says so."""
    told = request.headers.get(HEADER, "")
    trusted = request.META.get("REMOTE_ADDR", "") in settings.JAGALCHI.proxies
    return told if trusted and _REGION.fullmatch(told) else ""


def count(request: HttpRequest, response: HttpResponse, label: Label, now_ms: int) -> None:
    """Count one look at a box's code, and let the browser remember that it was counted."""
    if request.method != "GET" or label.lot is None or COOKIE in request.COOKIES:
        return
    key: dict[str, Any] = {
        "lot": label.lot,
        "label": label,
        "day": day_of(now_ms),
        "region": region_of(request),
    }
    with writing():
        Scan.objects.get_or_create(**key)
        Scan.objects.filter(**key).update(count=F("count") + 1)
    response.set_cookie(
        COOKIE,
        "1",
        DAY_S,
        path=request.path,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def seen(label: Label) -> Seen:
    """What was counted of a box's code."""
    days: dict[str, set[date]] = defaultdict(set)
    total = 0
    for row in Scan.objects.filter(label=label).order_by("day")[:1_000]:
        days[row.region].add(row.day)
        total += row.count
    return Seen({region: frozenset(found) for region, found in days.items()}, total)
