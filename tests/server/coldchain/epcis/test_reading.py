"""Documents of others: read as far as our closed lists go, refused with their place beyond them."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from server.coldchain.epcis import read
from server.coldchain.epcis.facts import Catch, Goods
from server.coldchain.epcis.node import Misfit
from server.coldchain.epcis.vocabulary import Action, Disposition, Step, Type, Unfit, Wrong
from tests.server.coldchain.epcis import schema

LOT = "urn:epc:class:lgtin:8801234.056789.L-7"
LINK = "https://fish.example/01/08801234567893/10/L-7"
BOX = "https://id.gs1.org/01/08801234567893/10/L-8"
PALLET = "https://id.gs1.org/00/388012340000000018"


ZONE = {"eventTimeZoneOffset": "+09:00"}
CATCH = {
    "cbvmda:speciesForFisheryStatisticsPurposesName": "Scomber japonicus",
    "cbvmda:vesselCatchInformationList": {
        "cbvmda:vesselCatchInformation": [
            {
                "cbvmda:vesselName": "F/V Two",
                "cbvmda:catchArea": "urn:gdst:fao:61",
                "cbvmda:fishingGearTypeCode": "PS",
            }
        ]
    },
    "cbvmda:itemExpirationDate": "2026-12-01",
    "cbvmda:tradeItemConditionCode": "GUT",
    "gdst:broodstockSource": "wild",
}
LANDED = {
    "type": "ObjectEvent",
    "eventID": "ni:///sha-256;1f4a?ver=CBV2.0",
    "eventTime": "2026-11-26T05:00:00+09:00",
    **ZONE,
    "action": "ADD",
    "bizStep": "commissioning",
    "disposition": "active",
    "readPoint": {"id": "geo:35.09,129.03"},
    "quantityList": [{"epcClass": LOT, "quantity": 1250.5, "uom": "KGM"}],
    "ilmd": CATCH,
}
MOVED = {
    "type": "AggregationEvent",
    "eventTime": "2026-11-25T21:30:00.250Z",
    **ZONE,
    "action": "ADD",
    "bizStep": "loading",
    "parentID": "urn:jagalchi:room:7",
    "childEPCs": [PALLET],
    "childQuantityList": [{"epcClass": LINK, "quantity": 1.25, "uom": "TNE"}],
    "bizTransactionList": [{"type": "po", "bizTransaction": "https://fish.example/po/9"}],
}
CUT = {
    "type": "TransformationEvent",
    "eventTime": "2026-11-26T08:00:00Z",
    **ZONE,
    "bizStep": "commissioning",
    "inputQuantityList": [{"epcClass": LINK, "quantity": 10, "uom": "KGM"}],
    "outputQuantityList": [{"epcClass": BOX, "quantity": 7500, "uom": "GRM"}],
}
FITTED = {
    "type": "AssociationEvent",
    "eventTime": "2026-11-20T00:00:00Z",
    **ZONE,
    "action": "ADD",
    "bizStep": "installing",
    "parentID": "urn:jagalchi:room:7",
    "childEPCs": ["urn:jagalchi:device:aaaabbbbccccdddd"],
    "errorDeclaration": {
        "declarationTime": "2026-11-21T00:00:00Z",
        "reason": "did_not_occur",
    },
}


def partners() -> dict[str, Any]:
    """A document as a partner's system writes one: other spellings, fields that we do not keep."""
    context = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"]
    return {
        "@context": [*context, {"cbvmda": "urn:epcglobal:cbv:mda:", "gdst": "https://g.example/"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-26T09:00:00Z",
        "epcisBody": {"eventList": copy.deepcopy([LANDED, MOVED, CUT, FITTED])},
    }


@pytest.mark.epcis
def test_the_partners_document_is_one_by_the_published_schema() -> None:
    schema.validate()(partners())


def test_what_a_partner_says_is_understood_and_what_is_not_kept_is_named() -> None:
    landed, moved, cut, fitted = read.document(partners())
    assert landed.fact.goods == (Goods(LOT, 1_250_500, form="gutted"),)
    assert landed.fact.catch == Catch(
        species=("scomber-japonicus",), area="61", gear="purse-seine", vessel="F/V Two",
        use_by="2026-12-01",
    )  # fmt: skip
    assert landed.fact.at_ms == 1_795_636_800_000
    assert (landed.ignored, moved.ignored) == (("readPoint",), ("bizTransactionList",))
    assert (moved.at, moved.fact.units) == ("/epcisBody/eventList/1", (PALLET,))
    assert moved.fact.goods == (Goods(LINK, 1_250_000),)
    assert (moved.fact.at_ms % 1000, moved.fact.parent) == (250, "urn:jagalchi:room:7")
    assert cut.fact.action is None and cut.fact.made == (Goods(BOX, 7_500),)
    declared = fitted.fact.declared
    assert declared is not None and declared.wrong is Wrong.DID_NOT_OCCUR


@pytest.mark.parametrize(
    "spelling",
    [
        "loading",
        "https://ns.gs1.org/cbv/BizStep-loading",
        "https://ref.gs1.org/cbv/BizStep-loading",
        "urn:epcglobal:cbv:bizstep:loading",
        "cbv:BizStep-loading",
    ],
)
def test_a_step_is_read_in_every_spelling_of_the_standard(spelling: str) -> None:
    document = partners()
    document["epcisBody"]["eventList"][1]["bizStep"] = spelling
    document["epcisBody"]["eventList"][1]["disposition"] = "cbv:Disp-in_transit"
    fact = read.document(document)[1].fact
    assert (fact.step, fact.disposition) == (Step.LOADING, Disposition.IN_TRANSIT)
    assert (fact.type, fact.action) == (Type.AGGREGATION, Action.ADD)


EVENT = "/epcisBody/eventList"
WRONG: list[tuple[str, Any, Unfit, str]] = [
    ("type", "XMLDocument", Unfit.TYPE, "/type"),
    ("epcisBody/eventList/2/type", "TransactionEvent", Unfit.TYPE, f"{EVENT}/2/type"),
    ("epcisBody/eventList/1/bizStep", "melting", Unfit.STEP, f"{EVENT}/1/bizStep"),
    ("epcisBody/eventList/1/bizStep", "urn:x:bizstep:loading", Unfit.STEP, f"{EVENT}/1/bizStep"),
    ("epcisBody/eventList/0/disposition", "fresh", Unfit.DISPOSITION, f"{EVENT}/0/disposition"),
    ("epcisBody/eventList/0/action", "MELT", Unfit.VALUE, f"{EVENT}/0/action"),
    ("epcisBody/eventList/0/action", "OBSERVE", Unfit.VALUE, f"{EVENT}/0/ilmd"),
    ("epcisBody/eventList/0/eventTime", None, Unfit.MISSING, f"{EVENT}/0/eventTime"),
    ("epcisBody/eventList/0/eventTime", "yesterday", Unfit.VALUE, f"{EVENT}/0/eventTime"),
    ("epcisBody/eventList/0/eventTime", "2026-11-26T05:00", Unfit.VALUE, f"{EVENT}/0/eventTime"),
    ("epcisBody/eventList/0/quantityList/0/epcClass", "x", Unfit.ID,
     f"{EVENT}/0/quantityList/0/epcClass"),
    ("epcisBody/eventList/0/quantityList/0/epcClass",
     "https://id.gs1.org/01/08801234567894/10/L", Unfit.ID, f"{EVENT}/0/quantityList/0/epcClass"),
    ("epcisBody/eventList/0/quantityList/0/epcClass",
     "https://id.gs1.org/01/08801234567893/10/L/21/9", Unfit.ID,
     f"{EVENT}/0/quantityList/0/epcClass"),
    ("epcisBody/eventList/0/quantityList/0/quantity", -1, Unfit.VALUE,
     f"{EVENT}/0/quantityList/0/quantity"),
    ("epcisBody/eventList/0/quantityList/0/quantity", 1e400, Unfit.VALUE,
     f"{EVENT}/0/quantityList/0/quantity"),
    ("epcisBody/eventList/0/quantityList/0/uom", "EA", Unfit.VALUE,
     f"{EVENT}/0/quantityList/0/quantity"),
    ("epcisBody/eventList/0/quantityList", None, Unfit.MISSING, f"{EVENT}/0/quantityList"),
    ("epcisBody/eventList/1/parentID", "urn:epc:id:sscc:8801234.1", Unfit.ID,
     f"{EVENT}/1/parentID"),
    ("epcisBody/eventList/1/childEPCs", "everything", Unfit.VALUE, f"{EVENT}/1/childEPCs"),
    ("epcisBody/eventList/2/outputQuantityList", None, Unfit.MISSING,
     f"{EVENT}/2/outputQuantityList"),
    ("epcisBody/eventList/0/ilmd/cbvmda:speciesForFisheryStatisticsPurposesName",
     "Todarodes pacificus", Unfit.VALUE,
     f"{EVENT}/0/ilmd/cbvmda:speciesForFisheryStatisticsPurposesName"),
    ("epcisBody/eventList/3/errorDeclaration/reason", "bored", Unfit.VALUE,
     f"{EVENT}/3/errorDeclaration/reason"),
    ("epcisBody/eventList/0/surprise", 1, Unfit.VALUE, f"{EVENT}/0/surprise"),
    ("epcisBody", [], Unfit.VALUE, "/epcisBody"),
    ("epcisBody/eventList/0", "event", Unfit.VALUE, f"{EVENT}/0"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "why", "at"), WRONG, ids=lambda one: str(one)[:60])
def test_what_does_not_fit_is_told_with_its_place(
    path: str, value: Any, why: Unfit, at: str
) -> None:
    document = partners()
    *above, last = path.split("/")
    node: Any = document
    for name in above:
        node = node[int(name) if isinstance(node, list) else name]
    node[int(last) if isinstance(node, list) else last] = value
    with pytest.raises(Misfit) as refused:
        read.document(document)
    assert (refused.value.why, refused.value.at) == (why, at)


def test_too_many_events_are_refused() -> None:
    document = partners()
    events = document["epcisBody"]["eventList"]
    document["epcisBody"]["eventList"] = [copy.copy(events[0]) for _ in range(501)]
    with pytest.raises(Misfit, match="epcis-too-many"):
        read.document(document)


@pytest.mark.parametrize("value", [None, [], 3, "x", {}, {"type": []}, {"type": {"a": 1}}])
def test_what_is_no_document_is_refused(value: Any) -> None:
    with pytest.raises(Misfit):
        read.document(value)


def test_fields_of_the_wrong_kind_never_break_the_reader() -> None:
    """Every value of the document in turn becomes a value of each other kind."""
    flat = json.dumps(partners())
    for path in _paths(partners()):
        others: tuple[Any, ...] = (None, 0, -1.5, True, "", "x\x00", [], [None], {}, {"a": []})
        for value in others:
            document = json.loads(flat)
            node = document
            for name in path[:-1]:
                node = node[name]
            node[path[-1]] = value
            try:
                read.document(document)
            except Misfit as refused:
                assert refused.at.startswith("/") or refused.at == ""


def _paths(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = (
        value.items() if isinstance(value, dict)
        else enumerate(value) if isinstance(value, list) else ()
    )  # fmt: skip
    found = []
    for name, one in inside:
        found += [(*above, name), *_paths(one, (*above, name))]
    return found
