"""Facts as EPCIS 2.0 documents in JSON-LD.

What the standard has a field for stands there; the rest stands in fields of our own namespace, so
that `read` gives back the same facts. What is not said is left out, never made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from science.species import SPECIES, Form, Species
from server.coldchain.epcis import times
from server.coldchain.epcis.facts import Catch, Declared, Fact, Goods, Sensed
from server.coldchain.epcis.vocabulary import (
    CONDITIONS,
    CONTEXT,
    GEARS,
    OWN,
    VERSION,
    Type,
)
from server.coldchain.rules import Gear

Document = dict[str, Any]
TEMPERATURE: Final = "Temperature"
CELSIUS: Final = "CEL"
CARRIER: Final = f"{OWN}:carrier"
FAO: Final = "urn:gdst:fao:"
_AREA: Final = re.compile(r"[0-9]{2}(\.[0-9A-Za-z]+)*", re.ASCII)
ABOUT_GOODS: Final = ("boxes", "trade", "form", "kept", "feed")


def document(facts: Iterable[Fact], made_ms: int) -> Document:
    """A document to be captured elsewhere."""
    return {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": VERSION,
        "creationDate": times.text(made_ms),
        "epcisBody": {"eventList": [event(one) for one in facts]},
    }


def answer(facts: Iterable[Fact], made_ms: int) -> Document:
    """The answer to a query for events."""
    results = {
        "queryName": "SimpleEventQuery",
        "resultsBody": {"eventList": [event(one) for one in facts]},
    }
    return {
        "@context": CONTEXT,
        "type": "EPCISQueryDocument",
        "schemaVersion": VERSION,
        "creationDate": times.text(made_ms),
        "epcisBody": {"queryResults": results},
    }


def event(fact: Fact) -> Document:
    """One event, without a context of its own."""
    return said(
        {
            "type": fact.type,
            "eventID": fact.id,
            "eventTime": times.text(fact.at_ms),
            "eventTimeZoneOffset": times.OFFSET,
            "recordTime": None if fact.noted_ms is None else times.text(fact.noted_ms),
            "errorDeclaration": _declared(fact.declared),
            "action": fact.action,
            "bizStep": fact.step,
            "disposition": fact.disposition,
            "bizLocation": {"id": fact.place} if fact.place else None,
            "sourceList": _party("source", fact.giver),
            "destinationList": _party("destination", fact.taker),
            **_goods(fact),
            "ilmd": _ilmd(fact),
            "sensorElementList": [_sensed(one) for one in fact.sensed],
            f"{OWN}:kind": fact.kind,
            CARRIER: fact.carrier,
            f"{OWN}:goods": _about((*fact.goods, *fact.made)),
            **_job(fact),
        }
    )


def said(all_: Mapping[str, Any]) -> Document:
    """Without what was not said."""
    return {name: one for name, one in all_.items() if one not in (None, "", [], {}, False)}


def _goods(fact: Fact) -> Document:
    goods = [_quantity(one) for one in fact.goods]
    if fact.type is Type.TRANSFORMATION:
        made = [_quantity(one) for one in fact.made]
        return {"inputQuantityList": goods, "outputQuantityList": made}
    if fact.type is Type.OBJECT:
        return {"epcList": list(fact.units), "quantityList": goods}
    return {"parentID": fact.parent, "childEPCs": list(fact.units), "childQuantityList": goods}


def _quantity(one: Goods) -> Document:
    if not one.grams:
        return {"epcClass": one.id}
    return {"epcClass": one.id, "quantity": times.kilograms(one.grams), "uom": "KGM"}


def _about(goods: Sequence[Goods]) -> list[Document]:
    """What the standard's list of quantities has no field for."""
    found = []
    for one in goods:
        more = said({f"{OWN}:{name}": getattr(one, name) for name in ABOUT_GOODS})
        if more:
            found.append({f"{OWN}:lot": one.id, **more})
    return found


def _party(what: str, party: str) -> list[Document]:
    return [{"type": "possessing_party", what: party}] if party else []


def _job(fact: Fact) -> Document:
    if fact.job is None:
        return {}
    return {
        f"{OWN}:step": fact.job.step,
        f"{OWN}:wasteGrams": fact.job.waste,
        f"{OWN}:lossGrams": fact.job.loss,
    }


def _ilmd(fact: Fact) -> Document | None:
    if fact.catch is None:
        return None
    catch = fact.catch
    names = [SPECIES[Species(one)].scientific for one in catch.species if one in set(Species)]
    forms = {one.form for one in fact.made or fact.goods}
    form = forms.pop() if len(forms) == 1 else ""  # read fills it in where a lot has none
    day = times.text(catch.catch_ms)[:10] if catch.catch_ms is not None else ""
    return said(
        {
            "cbvmda:speciesForFisheryStatisticsPurposesName": [one for one in names if one],
            "cbvmda:productionMethodForFishAndSeafoodCode": "MARINE_FISHERY",
            "cbvmda:vesselCatchInformationList": _vessel(catch),
            "cbvmda:harvestStartDate": day,
            "cbvmda:harvestEndDate": day,
            "cbvmda:tradeItemConditionCode": CONDITIONS.get(Form(form)) if form else None,
            "cbvmda:itemExpirationDate": catch.use_by,
            **_own_catch(catch),
        }
    )


def _vessel(catch: Catch) -> Document:
    areas = [FAO + one for one in catch.area.split() if _AREA.fullmatch(one)]
    gear = GEARS[Gear(catch.gear)] if catch.gear else ""
    ship = {
        "cbvmda:vesselID": catch.vessel,
        "cbvmda:catchArea": " ".join(areas[:1]),
        "cbvmda:fishingGearTypeCode": gear,
    }
    whole = said(ship)
    return {"cbvmda:vesselCatchInformation": [whole]} if whole else {}


CATCH_FIELDS: Final = tuple(
    one.name for one in fields(Catch) if one.name not in ("catch_ms", "vessel", "use_by")
)
"""What stands once more in our own spelling, exactly."""


def _own_catch(catch: Catch) -> Document:
    own = {f"{OWN}:{camel(name)}": _plain(getattr(catch, name)) for name in CATCH_FIELDS}
    at = times.text(catch.catch_ms) if catch.catch_ms is not None else None
    return {f"{OWN}:catchTime": at, **own}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def camel(name: str) -> str:
    """A field's name as JSON-LD spells names."""
    first, *rest = name.split("_")
    return first + "".join(one.capitalize() for one in rest)


def _declared(one: Declared | None) -> Document | None:
    if one is None:
        return None
    return said(
        {
            "declarationTime": times.text(one.at_ms),
            "reason": one.wrong,
            "correctiveEventIDs": list(one.by),
        }
    )


def _sensed(one: Sensed) -> Document:
    metadata = said(
        {
            "startTime": times.text(one.from_ms),
            "endTime": times.text(one.until_ms),
            "rawData": one.proof,
            f"{OWN}:unknownMilliseconds": one.unknown_ms or None,
        }
    )
    report: Document = {"type": TEMPERATURE, "uom": CELSIUS}
    for name, milli in (
        ("minValue", one.min_milli),
        ("maxValue", one.max_milli),
        ("meanValue", one.mean_milli),
    ):
        if milli is not None:
            report[name] = times.degrees(milli)
    return {"sensorMetadata": metadata, "sensorReport": [report]}
