"""What was judged of a lot: its verdicts, version after version, and excursions it was in."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from server.accounts.rules import MAX_ROWS
from server.coldchain.api.doing import ORG, Answer, Id
from server.coldchain.api.reading import SEE, nothing, seen
from server.coldchain.models import Excursion, Result


class VerdictOut(Schema):
    """One version as it stands in the log: `text` is what its entry commits to."""

    version: int
    at_ms: int
    verdict: dict[str, Any]
    text: str
    leaf_hash: str


class ExcursionOut(Schema):
    """An episode beyond a limit. Three times kept apart, in ms; peak in milli-degrees Celsius.

    area: °C·min in thousandths. until_ms null: it goes on. Steps of its handling: null, not yet.
    """

    limit: str
    sensor: str
    from_ms: int
    until_ms: int | None
    peak_milli: int
    area: int
    confirmed: int
    possible: int
    unknown: int
    version: int
    acknowledged_ms: int | None
    acted_ms: int | None
    disposed_ms: int | None
    signed_ms: int | None


def register(router: Router) -> None:
    """Hang the addresses on the router."""
    for path, response, summary, handler in (
        ("verdicts", list[VerdictOut], "Verdicts on a lot, newest first", verdicts),
        ("excursions", list[ExcursionOut], "Excursions that a lot was in", excursions),
    ):
        router.get(f"{ORG}/lots/{{lot}}/{path}", response=response, summary=summary)(SEE(handler))


def verdicts(request: HttpRequest, organisation: Id, lot: Id) -> Answer:
    """Nothing of an earlier version is ever changed."""
    row = seen(organisation, lot)
    if row is None:
        return nothing(request)
    return [
        VerdictOut(
            version=one.version,
            at_ms=one.at_ms,
            verdict=json.loads(one.text),
            text=one.text,
            leaf_hash=bytes(one.leaf_hash).hex(),
        )
        for one in Result.objects.filter(lot=row).order_by("-version")[:MAX_ROWS]
    ]


def excursions(request: HttpRequest, organisation: Id, lot: Id) -> Answer:
    """In order of when they began."""
    row = seen(organisation, lot)
    if row is None:
        return nothing(request)
    return list(Excursion.objects.filter(lots=row).order_by("from_ms", "id")[:MAX_ROWS])
