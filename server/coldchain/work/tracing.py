"""An inspector's search: every lot by a lot, a truck or a place, and a time; and what each became.

An authority sees all lots, everybody else those that it has to do with. What was only in the same
room at the same time is a list of its own. Holding and releasing are one tap away, and so are the
record, the spreadsheet and the evidence file that anybody can check.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from server.accounts import refusals
from server.accounts.door import guarded
from server.accounts.rules import Need
from server.coldchain import trace
from server.coldchain.models import Lot, Place, Room
from server.coldchain.rules import SERVICE, Reason, Status
from server.coldchain.shopper import evidence
from server.coldchain.work.find import find
from server.coldchain.work.frame import Here, Trouble, here_of, page, shown
from server.coldchain.work.labels import LABELS
from server.coldchain.work.sheet import Blank, Sheet
from server.coldchain.work.shows import PAGE, LotRow, lots
from server.ledger.tick import steady_ms

MOST = 1_000
"""Rooms and places to choose from."""
SHOWN = 4 * PAGE


@dataclass(frozen=True, slots=True)
class Group:
    """Lots of one kind; more: how many are not shown."""

    title: str
    rows: list[LotRow]
    count: int
    more: str


@shown("trace")
def search(here: Here, sheet: Sheet) -> Mapping[str, object]:
    """The form, and what was found."""
    rooms, places = rooms_of(here), places_of(here)
    content: dict[str, object] = {"rooms": rooms, "places": places}
    asked = any(sheet.text(name) for name in ("find", "room_no", "place_id"))
    return {**content, **_answer(here, sheet)} if asked else content


def rooms_of(here: Here) -> list[tuple[int, str]]:
    """Trucks and rooms to choose from: one's own; an authority's are everybody's."""
    rows = Room.objects.order_by("kind", "asset__name")
    mine = rows if here.inspects else rows.filter(organisation=here.organisation)
    return list(mine.values_list("id", "asset__name")[:MOST])


def places_of(here: Here) -> list[tuple[str, str]]:
    """The same of places."""
    rows = Place.objects.order_by("name")
    mine = rows if here.inspects else rows.filter(organisation=here.organisation)
    return list(mine.values_list("id", "name")[:MOST])


def _answer(here: Here, sheet: Sheet) -> Mapping[str, object]:
    begun = steady_ms()
    try:
        named = _named(here, sheet)
    except Blank:
        return {"nothing": True}
    before, after = trace.backward(named), trace.forward(named)
    apart = trace.contacts(named | after.lots)
    took = steady_ms() - begun
    groups = (
        ("trace_named", named),
        ("trace_before", before.lots - named),
        ("trace_after", after.lots - named),
        ("trace_contact", apart - before.lots),
    )
    found = [_group(here, title, ids) for title, ids in groups]
    told = [one for one in found if one.count]
    return {
        "groups": told,
        "nothing": not told,
        "cut": not (before.complete and after.complete),
        "took": here.say(LABELS["trace_took"]).format(ms=took),
    }


def _named(here: Here, sheet: Sheet) -> frozenset[int]:
    """The lots that were asked for, by number. Raises Blank for a time that is none."""
    from_ms = sheet.moment("from") or 0
    until_ms = sheet.moment("until") or here.now_ms
    found: list[frozenset[int]] = []
    if sheet.text("find"):
        found.append(_by_code(here, sheet.text("find")))
    if sheet.text("room_no"):
        room = sheet.count("room_no")
        known = any(id == room for id, _ in rooms_of(here))
        found.append(trace.in_room(room, from_ms, until_ms) if known else frozenset())
    if sheet.text("place_id"):
        found.append(trace.at_place(sheet.text("place_id"), from_ms, until_ms))
    return _seen(here, frozenset.intersection(*found))


def _by_code(here: Here, text: str) -> frozenset[int]:
    """What a code names; an authority finds the lots of everybody by number, label or name."""
    known = find(here, text)
    ids = {one.pk for one in (*known.several, *([known.lot] if known.lot else []))}
    last = text.strip().rstrip("/").rpartition("/")[2]
    if here.inspects:
        code = Q(code__iexact=last) | Q(trace_no=last) | Q(ref=last.lower())
        code |= Q(labels__serial=last.upper(), labels__void_ms=None)
        ids |= set(Lot.objects.filter(code).values_list("pk", flat=True)[:SHOWN])
    return frozenset(ids)


def _seen(here: Here, ids: Collection[int]) -> frozenset[int]:
    """Those of these lots that this organisation may see; what was undone is none."""
    if not ids:
        return frozenset()
    mine = here.lots().exclude(status=Status.VOID)
    listed, found = sorted(ids), set[int]()
    for start in range(0, len(listed), trace.CHUNK):
        some = mine.filter(pk__in=listed[start : start + trace.CHUNK])
        found |= set(some.values_list("pk", flat=True))
    return frozenset(found)


def _group(here: Here, title: str, ids: Collection[int]) -> Group:
    seen = sorted(_seen(here, ids))
    rows = lots(list(Lot.objects.filter(pk__in=seen[:SHOWN]).order_by("pk")), here.language)
    rest = len(seen) - len(rows)
    more = here.say(LABELS["trace_more"]).format(n=rest) if rest else ""
    return Group(here.say(LABELS[title]), rows, len(seen), more)


@guarded(Need.SEE, service=SERVICE)
@require_safe
def evidence_file(request: HttpRequest, organisation: str, lot: str) -> HttpResponse:
    """The evidence of a lot that one may see, whole, as `jagalchi-agent verify` reads it."""
    here = here_of(request, organisation, {"lot": lot})
    data = evidence.whole(here.lot(), here.now_ms)
    if data is None:
        said = here.say(LABELS["no_evidence"])
        return page(here, "trace", {}, Trouble(said, Reason.NOT_FOUND, status=404))
    response = refusals.unkept(HttpResponse(data, content_type="application/cbor-seq"))
    response.headers["Content-Disposition"] = f'attachment; filename="{lot}.evidence"'
    return response
