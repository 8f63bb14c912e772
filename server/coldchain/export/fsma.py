"""Critical tracking events with their key data elements, a row for each lot in each. Pure.

In the manner of the US rule (FSMA 204): an export for those who ask for it. It is told from the
same facts as EPCIS is, so nobody reads here what they may not read there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from science.species import SPECIES, Species
from server.coldchain.epcis import times
from server.coldchain.epcis.facts import Catch, Fact, Goods
from server.coldchain.epcis.vocabulary import SHAPES, Type
from server.coldchain.export.table import Cell
from server.coldchain.rules import Kind

HEADER: Final = (
    *("critical_tracking_event", "traceability_lot_code", "event_time_utc", "quantity_kg"),
    *("boxes", "product", "scientific_name", "form", "location", "ship_from", "ship_to"),
    *("input_lot_codes", "catch_area", "gear", "harvest_time_utc", "unloading_place", "vessel"),
    *("reference_type", "reference"),
)
EVENTS: Final = {
    Kind.LANDED: "first land-based receiving",
    Kind.CORRECTED: "first land-based receiving (corrected)",
    Kind.OFFERED: "shipping",
    Kind.RECEIVED: "receiving",
}
TRANSFORMATION: Final = "transformation"


def rows(facts: Iterable[Fact]) -> Iterator[list[Cell]]:
    """The rows of these events; those that are no critical tracking events have none."""
    for fact in facts:
        if fact.type is Type.TRANSFORMATION:
            inputs = [one.id for one in fact.goods]
            yield from (_row(TRANSFORMATION, fact, one, inputs) for one in fact.made)
        elif fact.kind in EVENTS and fact.kind in SHAPES:
            yield from (_row(EVENTS[Kind(fact.kind)], fact, one, ()) for one in fact.goods)


def _row(event: str, fact: Fact, goods: Goods, inputs: Sequence[str]) -> list[Cell]:
    catch = fact.catch or Catch()
    known = [SPECIES[Species(one)] for one in catch.species]
    return [
        event,
        goods.id,
        times.text(fact.at_ms),
        times.kilograms(goods.grams) if goods.grams else None,
        goods.boxes or None,
        goods.trade,
        " / ".join(one.scientific for one in known if one.scientific),
        goods.form,
        fact.place,
        fact.giver,
        fact.taker,
        " ".join(inputs),
        catch.area,
        catch.gear,
        times.text(catch.catch_ms) if catch.catch_ms is not None else "",
        catch.landed,
        catch.vessel,
        "EPCIS event",
        fact.id,
    ]
