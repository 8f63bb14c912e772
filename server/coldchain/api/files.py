"""Spreadsheets to take away: of one lot that one may see."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from ninja import Router

from server.accounts import refusals
from server.accounts.door import guarded_api
from server.accounts.rules import Need, Refused
from server.coldchain import read, trace
from server.coldchain.api.doing import ORG, Answer, Id
from server.coldchain.api.reading import inspects, seen
from server.coldchain.exchange import names, query
from server.coldchain.exchange.names import Viewer
from server.coldchain.exchange.query import Wanted
from server.coldchain.export import fsma, inspector, table
from server.coldchain.models import Lot
from server.coldchain.rules import SERVICE, Reason
from server.ledger.tick import now_ms

MOST_EVENTS = 5_000


def register(router: Router) -> None:
    """Hang the addresses on the router."""
    see = guarded_api(Need.SEE, service=SERVICE)
    for path, summary, handler in (
        ("lots/{lot}/fsma204.csv", "Key data elements, FSMA 204", elements),
        ("lots/{lot}/records.xlsx", "Temperature records and inspections", records),
    ):
        router.get(f"{ORG}/{path}", summary=summary)(see(handler))


def elements(request: HttpRequest, organisation: Id, lot: Id) -> Answer:
    """Of a lot and all that it came from, as far as one may see it."""
    row = seen(organisation, lot)
    if row is None:
        return refusals.answer(request, Refused(Reason.NOT_FOUND))
    line = Lot.objects.filter(id__in=trace.backward([row.id], MOST_EVENTS).lots).order_by("id")
    uris = tuple(names.lot(one) for one in line)
    viewer = Viewer(organisation, inspects(organisation))
    facts = query.page(viewer, Wanted(lots=uris, most=MOST_EVENTS)).facts
    return _file(f"{row.code}.csv", table.CSV, table.csv_bytes(fsma.HEADER, fsma.rows(facts)))


def records(request: HttpRequest, organisation: Id, lot: Id) -> Answer:
    """온도기록·점검 of a lot, for an inspector."""
    whole = read.lot(lot, organisation, inspects=inspects(organisation))
    if whole is None:
        return refusals.answer(request, Refused(Reason.NOT_FOUND))
    book = table.xlsx_bytes(inspector.sheets(whole, now_ms()))
    return _file(f"{whole.facts.code}.xlsx", table.XLSX, book)


def _file(name: str, media: str, data: bytes) -> HttpResponse:
    plain = re.sub(r"[^A-Za-z0-9.-]", "_", name)
    response = refusals.unkept(HttpResponse(data, media))
    response.headers["Content-Disposition"] = f'attachment; filename="{plain}"'
    return response
