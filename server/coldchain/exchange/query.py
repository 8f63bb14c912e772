"""Which events somebody asks for, page by page: of named lots, or of one's own in a time.

Of named lots every event is told that concerns them; without names one's own events only, an
authority's question reaching everybody's. Devices and their trucks are asked for by their type.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from server.coldchain.epcis import ids
from server.coldchain.epcis.facts import Fact
from server.coldchain.epcis.ids import Noun
from server.coldchain.epcis.vocabulary import FITTED, SHAPES, UNFITTED, Shape, Step, Type
from server.coldchain.exchange import names, telling
from server.coldchain.exchange.names import Viewer
from server.coldchain.models import Event, EventLot, Lot
from server.devices.models import Assignment

MOST: Final = 100
"""Events of one page."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. lots: URIs; times: UTC ms, from inclusive, until exclusive.

    after: the number of the last one seen; types, steps: empty, all of them.
    """

    lots: tuple[str, ...] = ()
    types: frozenset[Type] = frozenset()
    steps: frozenset[Step] = frozenset()
    from_ms: int = 0
    until_ms: int = 1 << 62
    after: int = 0
    most: int = 30


@dataclass(frozen=True, slots=True)
class Page:
    """Events, and where to go on; None: there are no more."""

    facts: tuple[Fact, ...]
    next: int | None


def page(viewer: Viewer, wanted: Wanted) -> Page:
    """One page of events."""
    if wanted.types == {Type.ASSOCIATION}:
        return _fittings(viewer, wanted)
    rows = Event.objects.filter(
        kind__in=_kinds(wanted),
        at_ms__gte=wanted.from_ms,
        at_ms__lt=wanted.until_ms,
        id__gt=wanted.after,
    )
    if wanted.lots:
        lots = _lots(viewer, wanted.lots)
        rows = rows.filter(id__in=EventLot.objects.filter(lot__in=lots).values("event"))
    elif not viewer.inspects:
        rows = rows.filter(organisation=viewer.organisation)
    found = list(rows.select_related("place").order_by("id")[: wanted.most])
    more = found[-1].id if len(found) == wanted.most else None
    return Page(tuple(telling.facts(found, viewer)), more)


def _kinds(wanted: Wanted) -> list[str]:
    def fits(shape: Shape) -> bool:
        typed = not wanted.types or shape.type in wanted.types
        return typed and (not wanted.steps or shape.step in wanted.steps)

    return [str(kind) for kind, shape in SHAPES.items() if fits(shape)]


def _lots(viewer: Viewer, uris: tuple[str, ...]) -> list[int]:
    """The lots of these names that the viewer has to do with."""
    refs = names.refs(uris, viewer).values()
    return list(Lot.objects.filter(ref__in=refs).values_list("id", flat=True))


def _fittings(viewer: Viewer, wanted: Wanted) -> Page:
    """Devices fitted to trucks and rooms, and taken out of them."""
    rows = Assignment.objects.filter(asset__room__isnull=False, id__gt=wanted.after)
    if not viewer.inspects:
        rows = rows.filter(asset__organisation=viewer.organisation)
    begun = Q(from_ms__gte=wanted.from_ms, from_ms__lt=wanted.until_ms)
    ended = Q(until_ms__gte=wanted.from_ms, until_ms__lt=wanted.until_ms)
    found = list(
        rows.filter(begun | ended).select_related("asset__room").order_by("id")[: wanted.most]
    )
    more = found[-1].id if len(found) == wanted.most else None
    return Page(tuple(fact for row in found for fact in _fitting(row)), more)


def _fitting(row: Assignment) -> Iterator[Fact]:
    room = ids.own(Noun.ROOM, row.asset.room.id)
    device = ids.own(Noun.DEVICE, row.device_id)
    moments = (("on", FITTED, row.from_ms), ("off", UNFITTED, row.until_ms))
    for name, shape, at_ms in moments:
        if at_ms is not None:
            yield Fact(
                id=ids.own(Noun.FITTING, row.pk, name),
                type=shape.type,
                at_ms=at_ms,
                step=shape.step,
                action=shape.action,
                disposition=shape.disposition,
                units=(device,),
                parent=room,
            )
