"""EPCIS 2.0: capture and query, `/{organisation}/epcis` being the base address of a repository.

A document is captured whole or refused whole with the place that is wrong (`at`, a JSON pointer).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema
from ninja.responses import Status

from server.accounts import refusals
from server.accounts.door import guarded_api
from server.accounts.rules import Need, Refused
from server.accounts.views.frame import asking
from server.coldchain.acting import Desk
from server.coldchain.api import bodies
from server.coldchain.api.doing import ORG, Answer, Id
from server.coldchain.api.reading import inspects
from server.coldchain.epcis import read, times, write
from server.coldchain.epcis.node import Misfit
from server.coldchain.epcis.vocabulary import Step, Type, word
from server.coldchain.exchange import query
from server.coldchain.exchange.capture import Stopped, capture
from server.coldchain.exchange.names import Viewer
from server.coldchain.exchange.query import Wanted
from server.coldchain.rules import SERVICE, Reason
from server.ledger.tick import now_ms

MEDIA: Final = "application/ld+json"
BEHAVIOUR: Final = "GS1-Capture-Error-Behaviour"
VERSIONS: Final = {"GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0.0"}
BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {MEDIA: {"schema": {"type": "object", "description": "an EPCISDocument"}}},
    }
}
TIME: Final = "a time with its zone, RFC 3339"


class CapturedOut(Schema):
    """One event of the document. known: it was here already; ignored: fields that are not kept."""

    eventID: str  # noqa: N815
    event: str
    known: bool
    ignored: list[str]


class CaptureOut(Schema):
    """All events of the document, in its order."""

    events: list[CapturedOut]


class AskedFor(Schema):
    """The query, by the standard's names; several values apart by |."""

    lots: str = Field("", alias="MATCH_anyEPCClass", max_length=4000)
    types: str = Field("", alias="eventType", max_length=200)
    steps: str = Field("", alias="EQ_bizStep", max_length=1000)
    since: str = Field("", alias="GE_eventTime", max_length=40, description=TIME)
    before: str = Field("", alias="LT_eventTime", max_length=40, description=TIME)
    perPage: int = Field(30, ge=1, le=query.MOST)  # noqa: N815  the standard's name
    nextPageToken: int = Field(0, ge=0, le=2**53)  # noqa: N815


def register(router: Router) -> None:
    """Hang the addresses on the router."""
    router.post(
        f"{ORG}/epcis/capture",
        response={201: CaptureOut},
        summary="Capture an EPCIS document",
        openapi_extra=BODY,
    )(guarded_api(Need.OPERATE, service=SERVICE)(captured))
    router.get(f"{ORG}/epcis/events", summary="Query EPCIS events")(
        guarded_api(Need.SEE, service=SERVICE)(events)
    )


def captured(request: HttpRequest, organisation: Id) -> Answer:
    """All of it or nothing; the same document again changes nothing."""
    if request.headers.get(BEHAVIOUR, "rollback") != "rollback":
        return refusals.answer(request, Refused(Reason.BAD_INPUT), {"at": BEHAVIOUR})
    try:
        found = read.document(parsed(request.body))
    except Misfit as misfit:
        return _refused(request, Stopped(misfit.why, misfit.at))
    except ValueError:
        return refusals.answer(request, Refused(Reason.BAD_INPUT))
    outcome = capture(Desk(asking(request), organisation, now_ms()), found)
    if isinstance(outcome, Stopped):
        return _refused(request, outcome)
    rows = [
        CapturedOut(eventID=one.id, event=one.event, known=one.known, ignored=list(one.ignored))
        for one in outcome
    ]
    return Status(201, CaptureOut(events=rows))


def events(request: HttpRequest, organisation: Id, asked: Annotated[AskedFor, Query()]) -> Answer:
    """Events of named lots, or of one's own in a time, oldest first."""
    wanted = _wanted(asked)
    if isinstance(wanted, str):
        return refusals.answer(request, Refused(Reason.BAD_INPUT), {"at": wanted})
    found = query.page(Viewer(organisation, inspects(organisation)), wanted)
    document = write.answer(found.facts, now_ms())
    body = json.dumps(document, ensure_ascii=False)
    response = refusals.unkept(HttpResponse(body, MEDIA, headers=VERSIONS))
    if found.next is not None:
        again = {**request.GET.dict(), "nextPageToken": str(found.next)}
        response.headers["Link"] = f'<{request.path}?{urlencode(again)}>; rel="next"'
    return response


def parsed(body: bytes) -> Any:
    """JSON that a table can hold. Raises ValueError."""
    try:
        value = json.loads(body, parse_constant=_no_number)
        bodies.check(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _refused(request: HttpRequest, stopped: Stopped) -> HttpResponse:
    more: Mapping[str, object] = {"at": stopped.at}
    return refusals.answer(request, Refused(stopped.reason), more)


def _wanted(asked: AskedFor) -> Wanted | str:
    """What is asked for, or the name of what makes no sense."""
    types = [word(one, Type) for one in _several(asked.types)]
    steps = [word(one, Step) for one in _several(asked.steps)]
    span = [times.read(text) if text else None for text in (asked.since, asked.before)]
    if None in types:
        return "eventType"
    if None in steps:
        return "EQ_bizStep"
    for text, at_ms, name in zip(
        (asked.since, asked.before), span, ("GE_eventTime", "LT_eventTime"), strict=True
    ):
        if text and at_ms is None:
            return name
    return Wanted(
        lots=tuple(_several(asked.lots)),
        types=frozenset(one for one in types if one),
        steps=frozenset(one for one in steps if one),
        from_ms=span[0] or 0,
        until_ms=1 << 62 if span[1] is None else span[1],
        after=asked.nextPageToken,
        most=asked.perPage,
    )


def _several(text: str) -> list[str]:
    return [one for one in text.split("|") if one]
