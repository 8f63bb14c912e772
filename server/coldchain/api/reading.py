# ruff: noqa: ARG001  every handler is given its request, used or not
"""What an organisation reads: what waits for it, its lots, one lot's history, and where it leads.

A lot that one has nothing to do with is answered like one that does not exist. A trace names the
lots that one may see and counts the others.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, get_type_hints

from django.db.models import Q
from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import create_model

from server.accounts import refusals
from server.accounts.door import guarded_api
from server.accounts.models import Organisation
from server.accounts.rules import MAX_ROWS, Need, Refused
from server.coldchain import attention, read, trace
from server.coldchain.acting import INSPECTORS
from server.coldchain.actions import recalls
from server.coldchain.api.doing import ORG, Answer, Id
from server.coldchain.exchange.names import Viewer
from server.coldchain.models import (
    Handover,
    Label,
    Lot,
    Place,
    Recall,
    RecallHolder,
    Room,
)
from server.coldchain.rules import SERVICE, Reason

Cursor = Annotated[int, Query(ge=0, le=2**53, description="`next` of the page before")]
SEE: Final = guarded_api(Need.SEE, service=SERVICE)


class WaitingOut(Schema):
    """What waits, gravest first."""

    items: list[attention.Item]


class LotOut(Schema):
    """A lot, in a line."""

    lot: str
    code: str
    gtin: str
    trade: str
    status: str
    side: str
    left_grams: int
    left_boxes: int
    made_ms: int


class LotsOut(Schema):
    """Lots, oldest first; next: null where there are no more."""

    lots: list[LotOut]
    next: int | None


class TraceOut(Schema):
    """Lots reached; hidden: how many others there are that one may not see; complete: all of them.

    contacts (possible contact) were in the same room at the same time: another thing than coming
    from a lot.
    """

    lots: list[LotOut]
    hidden: int
    complete: bool


def _shown(name: str, of: type) -> type[Schema]:
    """A schema with the fields of a value that is read; named apart from others of that name."""
    fields: Any = {field: (hint, ...) for field, hint in get_type_hints(of).items()}
    return create_model(name, __base__=Schema, **fields)


class WholeOut(_shown("Whole", read.Whole)):  # type: ignore[misc]
    """A lot as an organisation sees it that has to do with it."""

    facts: _shown("LotFacts", read.Facts)  # type: ignore[valid-type]


class PlaceOut(Schema):
    """A place of one's own."""

    place: str
    kind: str
    name: str
    gln: str


class RoomOut(Schema):
    """A truck or room of one's own; asset: what its sensors are assigned to."""

    room: int
    kind: str
    asset: str
    place: str
    profile: str


class HandoverOut(Schema):
    """A hand-over that one gives, takes or carries."""

    handover: str
    lot: str
    status: str
    giver: str
    taker: str
    carrier: str
    grams: int
    boxes: int
    took_grams: int


class HolderOut(Schema):
    """Somebody who holds or held recalled lots; organisation "": no member."""

    holder: str
    organisation: str
    state: str
    grams: int
    recovered: int
    destroyed: int
    gone: int


class RecallOut(Schema):
    """A recall as its owner sees it; effectiveness: thousandths."""

    recall: str
    state: str
    why: str
    grade: int
    rehearsal: bool
    handed_grams: int
    effectiveness: int
    holders: list[HolderOut]


class RollOut(Schema):
    """The serials of a roll, for whoever prints it."""

    serials: list[str]


def register(router: Router) -> None:
    """Hang the addresses on the router."""
    for path, response, summary, handler in (
        ("attention", WaitingOut, "What waits", waiting),
        ("lots", LotsOut, "Lots in one's hands, page by page", lots),
        ("lots/{lot}", WholeOut, "One lot with its history", one_lot),
        ("lots/{lot}/forward", TraceOut, "What came of a lot", forward),
        ("lots/{lot}/backward", TraceOut, "What a lot came from", backward),
        ("lots/{lot}/contacts", TraceOut, "Possible contact", contacts),
        ("places", list[PlaceOut], "One's places", places),
        ("rooms", list[RoomOut], "One's trucks and rooms", rooms),
        ("handovers", list[HandoverOut], "Hand-overs, newest first", handovers),
        ("recalls/{recall}", RecallOut, "A recall of one's own", recall_of),
        ("rolls/{roll}", RollOut, "A roll of one's own", roll_of),
    ):
        router.get(f"{ORG}/{path}", response=response, summary=summary)(SEE(handler))


def inspects(organisation: str) -> bool:
    """Whether this organisation is an authority, which sees every lot."""
    return Organisation.objects.filter(id=organisation, kind__in=INSPECTORS).exists()


def waiting(request: HttpRequest, organisation: Id) -> Answer:
    """What waits for this organisation."""
    return WaitingOut(items=list(attention.items(organisation)))


def lots(request: HttpRequest, organisation: Id, after: Cursor = 0) -> Answer:
    """Lots that this organisation holds."""
    rows = list(Lot.objects.filter(holder=organisation, id__gt=after).order_by("id")[:MAX_ROWS])
    more = rows[-1].id if len(rows) == MAX_ROWS else None
    return LotsOut(lots=[_lot(row) for row in rows], next=more)


def one_lot(request: HttpRequest, organisation: Id, lot: Id) -> Answer:
    """Facts, events, stays, hand-overs, parents and children."""
    whole = read.lot(lot, organisation, inspects=inspects(organisation))
    return whole or nothing(request)


def forward(request: HttpRequest, organisation: Id, lot: Id) -> Answer:
    """Everything that was made of a lot."""
    row = seen(organisation, lot)
    return _traced(organisation, trace.forward([row.id])) if row else nothing(request)


def backward(request: HttpRequest, organisation: Id, lot: Id) -> Answer:
    """Everything that a lot was made of."""
    row = seen(organisation, lot)
    return _traced(organisation, trace.backward([row.id])) if row else nothing(request)


def contacts(request: HttpRequest, organisation: Id, lot: Id) -> Answer:
    """What was in the same truck or room at the same time."""
    row = seen(organisation, lot)
    if row is None:
        return nothing(request)
    return _traced(organisation, trace.Traced(trace.contacts([row.id])))


def places(request: HttpRequest, organisation: Id) -> Answer:
    """Places that have not ended."""
    rows = Place.objects.filter(organisation=organisation, ended_ms=None).order_by("made_ms", "id")
    return [
        PlaceOut(place=row.id, kind=row.kind, name=row.name, gln=row.gln) for row in rows[:MAX_ROWS]
    ]


def rooms(request: HttpRequest, organisation: Id) -> Answer:
    """Trucks and rooms."""
    rows = Room.objects.filter(organisation=organisation).select_related("asset").order_by("id")
    return [
        RoomOut(
            room=row.id,
            kind=row.kind,
            asset=row.asset.name,
            place=row.place_id or "",
            profile=row.profile,
        )
        for row in rows[:MAX_ROWS]
    ]


def handovers(request: HttpRequest, organisation: Id) -> Answer:
    """Of which this organisation is giver, taker or carrier."""
    ours = Q(giver=organisation) | Q(taker=organisation) | Q(carrier=organisation)
    rows = Handover.objects.filter(ours).select_related("lot").order_by("-made_ms", "-id")
    return [
        HandoverOut(
            handover=row.id,
            lot=row.lot.ref,
            status=row.status,
            giver=row.giver_id,
            taker=row.taker_id or "",
            carrier=row.carrier_id or "",
            grams=row.grams,
            boxes=row.boxes,
            took_grams=row.took_grams,
        )
        for row in rows[:MAX_ROWS]
    ]


def recall_of(request: HttpRequest, organisation: Id, recall: Id) -> Answer:
    """Holders, and how far they were reached."""
    row = Recall.objects.filter(id=recall, organisation=organisation).first()
    if row is None:
        return nothing(request)
    holders = RecallHolder.objects.filter(recall=row).order_by("id")
    return RecallOut(
        recall=row.id,
        state=row.state,
        why=row.why,
        grade=row.grade,
        rehearsal=row.rehearsal,
        handed_grams=row.handed_grams,
        effectiveness=recalls.effectiveness(row),
        holders=[_holder(one) for one in holders],
    )


def roll_of(request: HttpRequest, organisation: Id, roll: Id) -> Answer:
    """Every serial, in order."""
    found = Label.objects.filter(roll=roll, roll__organisation=organisation).order_by("serial")
    serials = list(found.values_list("serial", flat=True))
    return RollOut(serials=serials) if serials else nothing(request)


def _holder(one: RecallHolder) -> HolderOut:
    return HolderOut(
        holder=one.id,
        organisation=one.organisation_id or "",
        state=one.state,
        grams=one.grams,
        recovered=one.recovered,
        destroyed=one.destroyed,
        gone=one.gone,
    )


def nothing(request: HttpRequest) -> Answer:
    """There is no such thing here."""
    return refusals.answer(request, Refused(Reason.NOT_FOUND))


def seen(organisation: str, lot: str) -> Lot | None:
    """A lot that this organisation may see."""
    return Viewer(organisation, inspects(organisation)).lots(Lot.objects.filter(ref=lot)).first()


def _traced(organisation: str, found: trace.Traced) -> TraceOut:
    ids = sorted(found.lots)
    rows: list[Lot] = []
    viewer = Viewer(organisation, inspects(organisation))
    for start in range(0, len(ids), MAX_ROWS):
        some = Lot.objects.filter(id__in=ids[start : start + MAX_ROWS]).order_by("id")
        rows += viewer.lots(some)
    return TraceOut(
        lots=[_lot(row) for row in rows],
        hidden=len(ids) - len(rows),
        complete=found.complete,
    )


def _lot(row: Lot) -> LotOut:
    return LotOut(
        lot=row.ref,
        code=row.code,
        gtin=row.gtin,
        trade=row.trade,
        status=row.status,
        side=row.side,
        left_grams=row.left_grams,
        left_boxes=row.left_boxes,
        made_ms=row.made_ms,
    )
