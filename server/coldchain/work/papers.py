"""The papers as pages and PDFs: of a trip, of a lot by sections; and what their links open.

A paper is for who took part, or who has its link. Where no Korean font is installed the same
content is a page to print, and it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from server.accounts import links, refusals
from server.accounts.door import View, guarded
from server.accounts.models import Link
from server.accounts.rules import Need, Reason, Refused
from server.coldchain import exposures
from server.coldchain.models import Event
from server.coldchain.papers import live, pdf, records, sending, trips
from server.coldchain.papers.sheet import Curve, Paper, degrees
from server.coldchain.papers.trips import Trip
from server.coldchain.rules import SERVICE
from server.coldchain.shopper import chart, codes
from server.coldchain.work.frame import Here, covered, here_of, page, shown
from server.coldchain.work.goods import link_page, turned_away
from server.coldchain.work.labels import LABELS
from server.coldchain.work.sheet import Sheet
from server.coldchain.work.shows import PAGE
from server.ledger.tick import now_ms
from server.web import shell
from server.web.shown import moment
from server.web.words import say

Make = Callable[[Here], Paper]


@shown("trips")
def all_trips(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    """Unloadings of one's trucks, and of goods that one gave or takes; newest first."""
    rows = trips.unloadings(here.organisation.id).prefetch_related("unloads__room__asset")
    return {"rows": [_row(one) for one in rows[:PAGE]]}


def _row(event: Event) -> tuple[str, str, str, int]:
    stays = list(event.unloads.all())
    return event.ref, moment(event.at_ms)[:16], stays[0].room.asset.name, len(stays)


def _trip(here: Here) -> Paper:
    found = trips.seen_by(trips.of(here.named["event"]), here.organisation.id)
    if found is None:
        raise Http404
    return trips.paper(found, here.now_ms)


def _record(here: Here) -> Paper:
    lot = here.lot()
    try:
        named = None
        if not here.desk(Sheet.of(here.request)).inspects:
            named = records.named_for(lot, here.organisation.id, here.now_ms)
        found = records.sections(lot, here.now_ms, named)
    except exposures.TooManyParents:
        raise Http404 from None
    return records.paper(lot, found, here.now_ms)


def _page_of(make: Make) -> View:
    @guarded(Need.SEE, service=SERVICE)
    @require_safe
    @wraps(make)
    def view(request: HttpRequest, organisation: str, **named: str) -> HttpResponse:
        here = here_of(request, organisation, named)
        return covered(here) or page(here, "paper", _content(make(here), f"{request.path}.pdf"))

    return view


def _file_of(make: Make) -> View:
    @guarded(Need.SEE, service=SERVICE)
    @require_safe
    @wraps(make)
    def view(request: HttpRequest, organisation: str, **named: str) -> HttpResponse:
        here = here_of(request, organisation, named)
        if (cover := covered(here)) is not None:
            return cover
        made = make(here)
        return _file(made) or page(here, "paper", _content(made, ""))

    return view


def _file(made: Paper) -> HttpResponse | None:
    """The PDF; None where there is no font for it."""
    try:
        data = pdf.draw(made)
    except pdf.NoFont:
        return None
    response = refusals.unkept(HttpResponse(data, content_type="application/pdf"))
    response.headers["Content-Disposition"] = f'inline; filename="{made.name}.pdf"'
    return response


def _content(made: Paper, file: str) -> dict[str, object]:
    """What the page of a paper shows; file: the address of its PDF, "" where there is none."""
    return {
        "paper": made,
        "file": file,
        "picture": _picture(made.curve) if made.curve else "",
        "squares": [(one.caption, codes.inline(one.address)) for one in made.codes],
    }


def _picture(curve: Curve) -> str:
    words = chart.Words(curve.title, curve.note, "기록 없음")
    return chart.svg(curve.band, curve.limits, words)


trip, trip_file = _page_of(_trip), _file_of(_trip)
record, record_file = _page_of(_record), _file_of(_record)


def _linked(request: HttpRequest, token: str) -> Paper | HttpResponse:
    link = links.look(token, sending.PAPER, now_ms())
    if isinstance(link, Refused):
        return turned_away(request, link, "paper_link")
    found = _of_link(link)
    if found is None:
        return turned_away(request, Refused(Reason.NOT_FOUND), "paper_link")
    return trips.paper(found, now_ms())


def _of_link(link: Link) -> Trip | None:
    whole = trips.of(link.target)
    if link.organisation_id is not None:
        return trips.seen_by(whole, link.organisation_id)
    return trips.for_stranger(whole, link.person_id or "")


@guarded(Need.OPEN, service=SERVICE)
@require_safe
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """A trip's paper for who has its link."""
    made = _linked(request, token)
    if isinstance(made, HttpResponse):
        return made
    return link_page(request, "paper_link", _content(made, f"{request.path}.pdf"))


@guarded(Need.OPEN, service=SERVICE)
@require_safe
def file_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The same as a PDF."""
    made = _linked(request, token)
    if isinstance(made, HttpResponse):
        return made
    return _file(made) or link_page(request, "paper_link", _content(made, ""))


@guarded(Need.OPEN, service=SERVICE)
@require_safe
def on_the_way(request: HttpRequest, token: str) -> HttpResponse:
    """How it goes on the way, until it is answered for."""
    at_ms = now_ms()
    link = links.look(token, sending.LIVE, at_ms)
    if isinstance(link, Refused):
        return turned_away(request, link, "live")
    way = live.of(link.target, at_ms)
    if way is None:
        return link_page(request, "live", {"ended": True})
    spoken = shell.language(request)
    trucks = [_truck(one, spoken) for one in way.trucks]
    return link_page(request, "live", {"way": way, "trucks": trucks, "here": request.path})


def _truck(one: live.Truck, spoken: str) -> dict[str, object]:
    """A truck as it is shown; 기록 없음 stays 기록 없음."""
    none = say(LABELS["no_record"], spoken)
    return {
        "name": one.name,
        "lots": one.lots,
        "since": moment(one.since_ms)[:16],
        "fresh": one.fresh,
        "last": degrees(one.last) if one.last is not None else none,
        "last_at": moment(one.last_ms)[11:16] if one.last_ms is not None else "",
        "late": say(LABELS["way_late"], spoken).format(n=one.late),
        "is_late": not one.fresh,
        "worst": degrees(one.worst) if one.worst is not None else none,
        "worst_at": moment(one.worst_ms)[11:16] if one.worst_ms is not None else "",
        "unknown": one.unknown,
        "arrives": moment(one.arrives_ms)[:16] if one.arrives_ms is not None else "",
    }
