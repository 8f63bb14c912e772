"""One address for every action; a table says which. The handlers are all the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from django.http import HttpRequest, HttpResponse
from ninja import Header, Path, Router, Schema
from ninja.responses import Status

from server.accounts import limits, refusals
from server.accounts.door import guarded_api
from server.accounts.limits import Whence, address_of
from server.accounts.rules import Need, Refused, Try
from server.accounts.views.frame import asking
from server.coldchain.acting import Desk
from server.coldchain.actions import (
    custody,
    labels,
    landing,
    loading,
    pallets,
    places,
    quality,
    recalls,
    reports,
    selling,
    strangers,
    undoing,
    working,
)
from server.coldchain.api.bodies import Body, arguments, body_of
from server.coldchain.models import Event, EventLot
from server.coldchain.rules import SERVICE, Kind
from server.ledger.tick import now_ms

ORG: Final = "/{organisation}"
Id = Annotated[str, Path(pattern="^[a-z2-7]{16}$")]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern="^[!-~]{8,64}$",
        description="a name of your own for this request, new for each thing that happened",
    ),
]
Act = Callable[..., Event | Refused]
Answer = HttpResponse | Any

MEMBERS: Final[Mapping[str, Act]] = {
    "party": places.tell_party,
    "places": places.add_place,
    "rooms": places.add_room,
    "landings": landing.land,
    "passed-in": landing.pass_in,
    "awards": landing.award,
    "settlements": landing.settle,
    "corrections": landing.correct,
    "declared-errors": landing.declare_error,
    "sorts": working.sort,
    "transformations": working.transform,
    "splits": working.split,
    "merges": working.merge,
    "reworks": working.rework,
    "waste": working.waste,
    "pallets": pallets.pack,
    "unpackings": pallets.unpack,
    "loads": loading.load,
    "unloads": loading.unload,
    "offers": custody.offer,
    "acceptances": custody.accept,
    "refusals": custody.refuse,
    "withdrawals": custody.withdraw,
    "offers-by-link": strangers.offer_by_link,
    "unconfirmed": strangers.leave,
    "rolls": labels.make_roll,
    "labels": labels.bind,
    "on-sale": selling.put_on_sale,
    "sales": selling.sell,
    "sold-out": selling.sell_out,
    "scrapped": selling.scrap,
    "report-closings": reports.close_report,
    "inspections": quality.inspect,
    "samples": quality.take_sample,
    "sample-results": quality.report_sample,
    "holds": quality.hold,
    "releases": quality.release,
    "recalls": recalls.open_recall,
    "recall-notices": recalls.notify,
    "recall-acknowledgements": recalls.acknowledge,
    "recall-unreached": recalls.list_unreached,
    "recall-counts": recalls.count,
    "recall-closings": recalls.close_recall,
    "undo": undoing.undo,
}
"""Below one organisation: what its people and programs do."""
STRANGERS: Final[Mapping[str, Act]] = {
    "answers": strangers.answer,
    "recall-answers": recalls.acknowledge_by_link,
    "purchases": selling.mark_purchase,
    "problems": selling.report_problem,
    "disputes": reports.dispute,
}
"""What somebody without an account does: by a link that they were sent, or about a lot they see."""


class LineOut(Schema):
    """A lot in an event: made, used or named."""

    lot: str
    code: str
    part: str
    boxes: int
    grams: int


class EventOut(Schema):
    """What happened. told: ids and words of what it made (room, pallet, roll, hand-overs, recall).

    link: where somebody who is no member answers what was offered to them.
    """

    event: str
    kind: str
    at_ms: int
    noted_ms: int
    place: str
    lots: list[LineOut]
    told: dict[str, Any]
    link: str = ""


def register(router: Router) -> None:
    """Hang every action's address on the router; fixed ones first, or an id would hide them."""
    for path, act in STRANGERS.items():
        _post(router, f"/{path}", act, _stranger(act, body_of(act)))
    for path, act in MEMBERS.items():
        _post(router, f"{ORG}/{path}", act, _member(act, body_of(act)))


def event_out(event: Event) -> EventOut:
    """An event, as its own organisation is told it."""
    named = EventLot.objects.filter(event=event).select_related("lot").order_by("id")
    rows = named.values_list("lot__ref", "lot__code", "part", "boxes", "grams")
    return EventOut(
        event=event.ref,
        kind=event.kind,
        at_ms=event.at_ms,
        noted_ms=event.noted_ms,
        place=event.place_id or "",
        lots=[
            LineOut(lot=lot, code=code, part=part, boxes=boxes, grams=grams)
            for lot, code, part, boxes, grams in rows
        ],
        told=json.loads(event.told),
        link=strangers.link_of(event) if event.kind == Kind.OFFERED else "",
    )


def _post(router: Router, path: str, act: Act, handler: Callable[..., Answer]) -> None:
    need: Need = act.need  # type: ignore[attr-defined]
    handler.__name__ = act.__name__
    handler.__doc__ = act.__doc__
    handler.__module__ = act.__module__
    summary = (act.__doc__ or "").partition("\n")[0].rstrip(".")
    router.post(path, response={201: EventOut}, summary=summary)(
        guarded_api(need, service=SERVICE)(handler)
    )


def _member(act: Act, body_type: type[Body]) -> Callable[..., Answer]:
    def handler(request: HttpRequest, organisation: str, body: Body, key: str) -> Answer:
        at_ms: int | None = body.at_ms  # type: ignore[attr-defined]
        desk = Desk(asking(request), organisation, now_ms(), key, at_ms)
        return done(request, act(desk, **arguments(body)))

    handler.__annotations__ |= {
        "request": HttpRequest,
        "organisation": Id,
        "body": body_type,
        "key": Key,
        "return": Any,
    }
    return handler


def _stranger(act: Act, body_type: type[Body]) -> Callable[..., Answer]:
    """Strangers are counted by address, so that nobody guesses links or floods the log."""

    def handler(request: HttpRequest, body: Body, key: str) -> Answer:
        at_ms = now_ms()
        tries = limits.tried(Try.ASK_LINK, Whence(address=address_of(request)), at_ms)
        if isinstance(tries, Refused):
            return refusals.answer(request, tries)
        return done(request, act(Desk(asking(request), "", at_ms, key), **arguments(body)))

    handler.__annotations__ |= {
        "request": HttpRequest,
        "body": body_type,
        "key": Key,
        "return": Any,
    }
    return handler


def done(request: HttpRequest, outcome: Event | Refused) -> Answer:
    """The event, or why not."""
    if isinstance(outcome, Refused):
        return refusals.answer(request, outcome)
    return Status(201, event_out(outcome))
