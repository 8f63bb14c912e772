"""New lots, built for an event; effects/goods.py links them and lays them down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from science import gs1
from server.coldchain.acting import Desk, Refusal
from server.coldchain.days import code_of
from server.coldchain.done import Line
from server.coldchain.events import Told, happened, new_ref
from server.coldchain.lineage import inherited
from server.coldchain.models import Event, Lot
from server.coldchain.rules import Part, Reason
from server.coldchain.taking import sane


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
        raise Refusal(Reason.GTIN, "gtin") from None


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

    @property
    def lines(self) -> list[Line]:
        """What the event says of them."""
        return [
            *(Line(lot, Part.USED, boxes, grams) for lot, grams, boxes in self.used),
            *(Line(lot, Part.MADE, lot.boxes, lot.grams) for lot in self.made),
        ]


def descend(desk: Desk, families: Sequence[Family], what: Told) -> Event:
    """Write one event by which children come of parents. `what.lines` come first."""
    lines = [*what.lines, *(line for family in families for line in family.lines)]
    return happened(desk, replace(what, lines=lines))
