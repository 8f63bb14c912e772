"""New lots: built for an event, linked to those they came from, and lying where those lay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from science import gs1
from server.coldchain.acting import Desk, Refusal
from server.coldchain.days import code_of
from server.coldchain.events import Line, Told, happened, new_ref
from server.coldchain.lineage import inherited, shares
from server.coldchain.models import Event, Link, Lot
from server.coldchain.rules import LinkKind, Part, Reason
from server.coldchain.taking import begin, common_room, make_room, sane, take

CHUNK = 2000


def new(desk: Desk, columns: Mapping[str, Any]) -> Lot:
    """A lot that is not written yet, in the hands of who makes it. Raises Refusal."""
    given = dict(columns)
    sane(given["grams"], given["boxes"])
    ref = new_ref()
    given["gtin"] = gtin(given.get("gtin", ""))
    given["code"] = given.get("code") or code_of(desk.when_ms, ref)
    return Lot(
        ref=ref,
        maker_id=desk.organisation,
        holder_id=desk.organisation,
        made_ms=desk.when_ms,
        left_grams=given["grams"],
        left_boxes=given["boxes"],
        **given,
    )


def gtin(text: str) -> str:
    """A GTIN as one of 14 digits, "" as it is. Raises Refusal for a wrong check digit."""
    try:
        return gs1.gtin14(text) if text else ""
    except gs1.Gs1Error:
        raise Refusal(Reason.GTIN) from None


def born(parents: Sequence[Lot], said: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a child of these lots, of which its making says this."""
    return {**inherited(parents), **said}


Used = Sequence[tuple[Lot, int, int]]
"""Lots with grams and boxes that are taken from them."""


@dataclass(frozen=True, slots=True)
class Family:
    """Parents, with what is taken from them, and the children that come of it."""

    used: Used
    made: Sequence[Lot]
    kind: LinkKind

    @property
    def parents(self) -> list[Lot]:
        """The lots that are taken from."""
        return [lot for lot, _, _ in self.used]

    @property
    def lines(self) -> list[Line]:
        """What the event says of them."""
        return [
            *(Line(lot, Part.USED, boxes, grams) for lot, grams, boxes in self.used),
            *(Line(lot, Part.MADE, lot.boxes, lot.grams) for lot in self.made),
        ]


def descend(desk: Desk, families: Sequence[Family], what: Told) -> Event:
    """Write one event by which children come of parents: less is left of the parents, every child
    is linked to each of its parents, and lies where they lay. `what.lines` come first."""
    rooms = [common_room(family.parents) for family in families]
    lines = [*what.lines, *(line for family in families for line in family.lines)]
    event = happened(desk, replace(what, lines=lines))
    for family, room in zip(families, rooms, strict=True):
        for lot, grams, boxes in family.used:
            take(lot, grams, boxes)
        make_room(family.parents, event)
        _link(family, event)
        if room is not None:
            for lot in family.made:
                begin(lot, room, (lot.grams, lot.boxes), event)
    return event


def _link(family: Family, event: Event) -> None:
    children = {lot.ref: lot for lot in family.made}
    used = {lot.id: grams for lot, grams, _ in family.used}
    parts = shares(used, {ref: lot.grams for ref, lot in children.items()})
    Link.objects.bulk_create(
        (
            Link(
                parent_id=parent,
                child=children[ref],
                event=event,
                kind=family.kind,
                grams=grams,
                boxes=children[ref].boxes,
            )
            for (parent, ref), grams in parts.items()
        ),
        batch_size=CHUNK,
    )
