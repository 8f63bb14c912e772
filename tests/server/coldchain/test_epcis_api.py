"""EPCIS through the API: captured whole or not at all, told to each as far as it may know."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from science.species import Species
from server.accounts.rules import Role
from server.coldchain.epcis import ids, read, times
from server.coldchain.epcis.ids import Noun
from server.coldchain.epcis.vocabulary import CONTEXT
from server.coldchain.exchange import names
from server.coldchain.models import Event, Lot, Room
from server.coldchain.rules import Kind
from server.devices.models import Assignment, Device
from tests.server.coldchain import live
from tests.server.coldchain.epcis import schema
from tests.server.coldchain.live import Program, reason
from tests.server.coldchain.rig import HOUR, KG, Chain, mackerel

pytestmark = pytest.mark.django_db

GTIN = "08801234567893"


@pytest.fixture
def chain(installation: object) -> Chain:
    """A chain whose pilot runs today."""
    return live.chain()


def program(chain: Chain, name: str, role: Role = Role.OPERATOR) -> Program:
    return Program(chain.ids[name], role)


def document(*events: dict[str, Any]) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-26T09:00:00Z",
        "epcisBody": {"eventList": [copy.deepcopy(one) for one in events]},
    }


def event(chain: Chain, type_: str, step: str, minutes: int = 60, **more: Any) -> dict[str, Any]:
    """An event of the last hour."""
    return {
        "type": type_,
        "eventTime": times.text(chain.now_ms - minutes * 60_000),
        "eventTimeZoneOffset": "+09:00",
        "bizStep": step,
        **more,
    }


def lots(code: str, kilograms: float, gtin: str = GTIN) -> list[dict[str, Any]]:
    return [{"epcClass": ids.lot(gtin, code), "quantity": kilograms, "uom": "KGM"}]


def truck(chain: Chain, name: str = "own truck 1") -> str:
    return ids.own(Noun.ROOM, chain.rooms[name])


def story(chain: Chain) -> list[dict[str, Any]]:
    """Landed, gutted into two, loaded, unloaded, and shipped to the shop."""
    catch = {
        "cbvmda:speciesForFisheryStatisticsPurposesName": ["Scomber japonicus"],
        "cbvmda:vesselCatchInformationList": {
            "cbvmda:vesselCatchInformation": [
                {"cbvmda:vesselID": "제3부산호", "cbvmda:catchArea": "urn:gdst:fao:61"}
            ]
        },
    }
    cold, fillet = lots("A-2", 300), [*lots("A-2", 300), *lots("A-3", 150)]
    shop = ids.party(chain.ids["shop"])
    return [
        event(chain, "ObjectEvent", "commissioning", 60, eventID="ni:///sha-256;a1", action="ADD",
              quantityList=lots("A-1", 500), ilmd=catch,
              bizLocation={"id": ids.place(chain.market.id)}),
        event(chain, "TransformationEvent", "commissioning", 50,
              inputQuantityList=lots("A-1", 500), outputQuantityList=fillet,
              **{"jagalchi:step": "gut", "jagalchi:wasteGrams": 50_000}),
        event(chain, "AggregationEvent", "loading", 40, action="ADD", parentID=truck(chain),
              childQuantityList=cold),
        event(chain, "AggregationEvent", "unloading", 20, action="DELETE", parentID=truck(chain),
              childQuantityList=cold),
        event(chain, "ObjectEvent", "shipping", 10, action="OBSERVE", quantityList=cold,
              destinationList=[{"type": "possessing_party", "destination": shop}]),
    ]  # fmt: skip


def told(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/ld+json"
    found: list[dict[str, Any]] = answer.json()["epcisBody"]["queryResults"]["resultsBody"][
        "eventList"
    ]
    return found


def test_a_story_is_captured_and_queried_and_captured_again_without_a_change(
    chain: Chain,
) -> None:
    market, shop = program(chain, "cooperative"), program(chain, "shop")
    captured = market.post("epcis/capture", document(*story(chain)))
    assert captured.status_code == 201, captured.content
    assert [one["known"] for one in captured.json()["events"]] == [False] * 5
    lot = Lot.objects.get(code="A-2")
    assert (lot.gtin, lot.grams, lot.form, lot.vessel) == (GTIN, 300 * KG, "gutted", "제3부산호")
    assert lot.event.kind == Kind.TRANSFORMED
    receipt = event(chain, "ObjectEvent", "receiving", 5, action="OBSERVE",
                    quantityList=lots("A-2", 300))  # fmt: skip
    assert shop.post("epcis/capture", document(receipt)).status_code == 201
    lot.refresh_from_db()
    assert (lot.holder_id, lot.status) == (chain.ids["shop"], "received")
    before = Event.objects.count()
    again = market.post("epcis/capture", document(*story(chain)))
    assert [one["known"] for one in again.json()["events"]] == [True] * 5
    found = told(market.get("epcis/events"))
    whole = {**document(), "epcisBody": {"eventList": found}}
    back = market.post("epcis/capture", whole)
    assert back.status_code == 201, back.content
    assert {one["known"] for one in back.json()["events"]} == {True}
    assert Event.objects.count() == before
    assert len(found) == len([one for one in found if one["eventID"]]) >= 5


@pytest.mark.epcis
def test_what_is_answered_fits_the_published_schema(chain: Chain) -> None:
    valid, market = schema.validate(), program(chain, "cooperative")
    sent = document(*story(chain))
    valid(sent)
    assert market.post("epcis/capture", sent).status_code == 201
    lot = Lot.objects.get(code="A-2")
    chain.hand(chain.land(), "cooperative", "plant", 40 * KG)
    for who in ("cooperative", "shop", "agency", "plant"):
        for query in ({}, {"MATCH_anyEPCClass": names.lot(lot)}):
            answer = program(chain, who).get("epcis/events", **query)
            valid(answer.json())
            read.document(answer.json())


def test_one_event_that_fails_undoes_the_whole_document(chain: Chain) -> None:
    market, before = program(chain, "cooperative"), Event.objects.count()
    events = story(chain)
    events[3]["parentID"] = truck(chain, "truck 2")
    answer = market.post("epcis/capture", document(*events))
    assert (reason(answer), answer.json()["at"]) == ("not-there", "/epcisBody/eventList/3")
    assert (Event.objects.count(), Lot.objects.count()) == (before, 0)
    assert market.post("epcis/capture", document(*story(chain))).status_code == 201


def test_another_event_under_a_known_id_is_refused(chain: Chain) -> None:
    market, events = program(chain, "cooperative"), story(chain)
    assert market.post("epcis/capture", document(events[0])).status_code == 201
    events[0]["quantityList"][0]["quantity"] = 499
    answer = market.post("epcis/capture", document(events[0]))
    assert reason(answer) == "key-reused"
    assert answer.json()["at"] == "/epcisBody/eventList/0/eventID"
    mine = told(market.get("epcis/events"))[0]
    mine["quantityList"][0]["quantity"] = 1
    assert reason(market.post("epcis/capture", document(mine))) == "key-reused"
    foreign = program(chain, "plant").post("epcis/capture", document(mine))
    assert reason(foreign) == "not-found"
    assert Lot.objects.get().grams == 500 * KG


BAD: list[tuple[str, int, tuple[str, ...], Any, str]] = [
    ("epcis-step", 2, ("bizStep",), "melting", "/bizStep"),
    ("epcis-step", 2, ("bizStep",), "inspecting", "/bizStep"),
    ("epcis-type", 0, ("type",), "TransactionEvent", "/type"),
    ("epcis-disposition", 0, ("disposition",), "tasty", "/disposition"),
    ("epcis-missing", 0, ("quantityList",), None, "/quantityList"),
    ("epcis-id", 2, ("parentID",), "urn:jagalchi:room:none", "/parentID"),
    ("epcis-id", 2, ("parentID",), "https://id.gs1.org/00/388012340000000018", "/parentID"),
    ("epcis-id", 4, ("destinationList", "0", "destination"), "urn:jagalchi:party:nobody",
     "/destinationList"),
    ("epcis-id", 0, ("bizLocation", "id"), "https://id.gs1.org/414/8801234567893",
     "/bizLocation/id"),
    ("epcis-id", 0, ("quantityList", "0", "epcClass"), "https://id.gs1.org/01/08801234567890/10/A",
     "/quantityList/0/epcClass"),
    ("epcis-value", 1, ("jagalchi:step",), "melt", "/jagalchi:step"),
    ("not-found", 2, ("childQuantityList", "0", "epcClass"), "urn:jagalchi:lot:none",
     "/childQuantityList/0/epcClass"),
    ("heavier", 1, ("outputQuantityList", "0", "quantity"), 900, ""),
    ("future", 0, ("eventTime",), "2099-01-01T00:00:00Z", ""),
    ("too-old", 0, ("eventTime",), "2020-01-01T00:00:00Z", ""),
    ("before-it-was", 1, ("eventTime",), 90, ""),
]  # fmt: skip


def test_what_a_document_may_not_say_is_refused_with_its_place(chain: Chain) -> None:
    market, before = program(chain, "cooperative"), Event.objects.count()
    wrong = []
    for why, place, path, value, at in BAD:
        events = story(chain)
        node: Any = events[place]
        for name in path[:-1]:
            node = node[int(name)] if isinstance(node, list) else node[name]
        late = isinstance(value, int) and path[-1] == "eventTime"
        node[path[-1]] = times.text(chain.now_ms - value * 60_000) if late else value
        answer = market.post("epcis/capture", document(*events))
        if (reason(answer), answer.json().get("at")) != (why, f"/epcisBody/eventList/{place}{at}"):
            wrong.append((why, path, reason(answer), answer.json().get("at")))
    assert wrong == []
    assert (Event.objects.count(), Lot.objects.count()) == (before, 0)


def test_what_is_no_document_is_refused(chain: Chain) -> None:
    market = program(chain, "cooperative")
    for text in ("", "{", "[]", "null", '{"type": NaN}', "[" * 60_000, '"\\ud800"'):
        answer = market.post("epcis/capture", text)
        assert answer.status_code == 422 and reason(answer)
    proceed = {"GS1-Capture-Error-Behaviour": "proceed"}
    answer = market.post("epcis/capture", document(), **proceed)
    assert reason(answer) == "bad-input"
    assert reason(program(chain, "shop", Role.VIEWER).post("epcis/capture", document())) == "role"


def test_ten_thousand_children_are_too_many(chain: Chain) -> None:
    children = [{"epcClass": f"urn:jagalchi:lot:{number}"} for number in range(10_001)]
    load = event(chain, "AggregationEvent", "loading", action="ADD", parentID=truck(chain),
                 childQuantityList=children)  # fmt: skip
    answer = program(chain, "cooperative").post("epcis/capture", document(load))
    assert reason(answer) == "epcis-too-many"


def test_an_error_is_declared_once_and_told_on_the_event_that_was_wrong(chain: Chain) -> None:
    market, events = program(chain, "cooperative"), story(chain)
    assert market.post("epcis/capture", document(events[0])).status_code == 201
    said = {"declarationTime": times.text(chain.now_ms), "reason": "incorrect_data"}
    wrong = document({**events[0], "errorDeclaration": said})
    first, second = (market.post("epcis/capture", wrong).json()["events"][0] for _ in range(2))
    assert (first["known"], second["known"]) == (False, True)
    assert Event.objects.filter(kind=Kind.DECLARED).count() == 1
    (landed,) = told(market.get("epcis/events"))
    assert landed["errorDeclaration"]["reason"] == "incorrect_data"
    unknown = {**events[0], "eventID": "ni:///sha-256;b2", "errorDeclaration": said}
    assert reason(market.post("epcis/capture", document(unknown))) == "not-found"


def test_a_correction_is_told_right_and_what_was_wrong_is_not_made_up(chain: Chain) -> None:
    lot = chain.land()
    market = program(chain, "cooperative")
    correction = {"species": "scomber-australasicus", "boxes": 49}
    body = {"lot": lot.ref, "correction": correction, "why": "다른 종"}
    assert market.post("corrections", body).status_code == 201
    wrong, right = told(market.get("epcis/events"))
    assert wrong["errorDeclaration"]["correctiveEventIDs"] == [right["eventID"]]
    assert "ilmd" not in wrong
    assert right["ilmd"]["jagalchi:species"] == [Species.SCOMBER_AUSTRALASICUS]
    assert "다른 종" not in json.dumps([wrong, right], ensure_ascii=False)


def test_others_learn_neither_vessel_nor_partners_nor_places(chain: Chain) -> None:
    lot = chain.land()
    part = chain.hand(lot, "cooperative", "plant", 100 * KG)
    (mine, _rest) = chain.split(part, 40 * KG, 60 * KG, name="plant")
    sold = chain.hand(mine, "plant", "shop")
    asked = {"MATCH_anyEPCClass": f"{names.lot(lot)}|{names.lot(part)}|{names.lot(sold)}"}
    secrets = ["제3부산호", chain.ids["cooperative"], chain.ids["wholesaler"], chain.market.id]
    text = json.dumps(told(program(chain, "shop").get("epcis/events", **asked)))
    assert [one for one in secrets if json.dumps(one)[1:-1] in text] == []
    assert chain.ids["plant"] in text  # who handed it over
    seen = told(program(chain, "shop").get("epcis/events", **asked))
    kinds = [one["jagalchi:kind"] for one in seen]
    assert "landed" not in kinds and kinds.count("received") == 1
    split = next(one for one in seen if one["jagalchi:kind"] == "split")
    theirs = [one for one in split["outputQuantityList"] if "quantity" in one]
    assert [one["epcClass"] for one in theirs] == [names.lot(sold)]
    assert all("quantity" not in one for one in split["inputQuantityList"])
    own = json.dumps(told(program(chain, "cooperative").get("epcis/events", **asked)))
    assert json.dumps("제3부산호")[1:-1] in own and chain.market.id in own
    assert told(program(chain, "wholesaler").get("epcis/events", **asked)) == []
    assert told(program(chain, "wholesaler").get("epcis/events")) == []


def test_what_is_somebody_elses_is_answered_like_what_does_not_exist(chain: Chain) -> None:
    lot = chain.land()
    (part, _) = chain.split(lot, 400 * KG, 600 * KG)
    split = Event.objects.get(kind=Kind.SPLIT)
    found = []
    for name in (names.lot(part), "urn:jagalchi:lot:none"):
        goods = [{"epcClass": name, "quantity": 1, "uom": "KGM"}]
        load = event(chain, "AggregationEvent", "loading", 0, action="ADD", parentID=truck(chain),
                     childQuantityList=goods)  # fmt: skip
        found.append(program(chain, "shop").post("epcis/capture", document(load)).content)
    for ref in (split.ref, "b" * 16):
        copied = event(chain, "TransformationEvent", "repackaging", 0,
                       eventID=ids.own(Noun.EVENT, ref), inputQuantityList=lots("X", 1),
                       outputQuantityList=lots("Y", 1))  # fmt: skip
        found.append(program(chain, "shop").post("epcis/capture", document(copied)).content)
    assert found[0] == found[1] and found[2] == found[3]
    assert json.loads(found[0])["type"].endswith("not-found")


def test_events_are_paged_and_picked_by_time_type_and_step(chain: Chain) -> None:
    market = program(chain, "cooperative")
    for _ in range(5):
        chain.land("cooperative", mackerel(chain, 10 * KG, 1))
    pages, query = [], {"perPage": "2"}
    while True:
        answer = market.get("epcis/events", **query)
        pages.append([one["eventID"] for one in told(answer)])
        if "Link" not in answer.headers:
            break
        query["nextPageToken"] = answer.headers["Link"].partition("nextPageToken=")[2].split(">")[0]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({one for page in pages for one in page}) == 5
    soon = times.text(chain.now_ms + HOUR)
    for query, count in (
        ({"GE_eventTime": soon}, 0),
        ({"LT_eventTime": soon}, 5),
        ({"eventType": "AggregationEvent"}, 0),
        ({"eventType": "AggregationEvent|ObjectEvent"}, 5),
        ({"EQ_bizStep": "cbv:BizStep-commissioning"}, 5),
        ({"EQ_bizStep": "loading"}, 0),
        ({"MATCH_anyEPCClass": "urn:jagalchi:lot:none"}, 0),
    ):
        assert len(told(market.get("epcis/events", **query))) == count, query
    for name, value in (
        ("eventType", "SomeEvent"),
        ("EQ_bizStep", "melting"),
        ("GE_eventTime", "yesterday"),
    ):
        answer = market.get("epcis/events", **{name: value})
        assert (reason(answer), answer.json()["at"]) == ("bad-input", name)
    assert reason(market.get("epcis/events", perPage="1000")) == "bad-input"


def test_a_landing_of_several_catches_is_several_events(chain: Chain) -> None:
    other = mackerel(chain, 20 * KG, 1, vessel="제7부산호")
    chain.land("cooperative", mackerel(chain), mackerel(chain), other)
    found = told(program(chain, "cooperative").get("epcis/events"))
    assert [len(one["quantityList"]) for one in found] == [2, 1]
    assert found[1]["eventID"] == found[0]["eventID"] + ":1"


def test_a_device_and_its_truck_are_told_and_a_document_may_only_agree(chain: Chain) -> None:
    room = Room.objects.get(id=chain.rooms["truck 1"])
    device = Device.objects.create(name="d" * 16, enrolled_ms=1, answer=b"")
    Assignment.objects.create(asset=room.asset, device=device, from_ms=chain.now_ms - HOUR)
    carrier, before = program(chain, "carrier"), Event.objects.count()
    found = told(carrier.get("epcis/events", eventType="AssociationEvent"))
    assert [(one["action"], one["childEPCs"]) for one in found] == [
        ("ADD", [ids.own(Noun.DEVICE, "d" * 16)])
    ]
    back = carrier.post("epcis/capture", document(*found)).json()["events"]
    assert [one["known"] for one in back] == [True]
    found[0]["parentID"] = truck(chain, "truck 2")
    answer = carrier.post("epcis/capture", document(*found))
    assert (reason(answer), answer.json()["at"][-12:]) == ("wrong-state", "/childEPCs/0")
    assert told(program(chain, "plant").get("epcis/events", eventType="AssociationEvent")) == []
    assert Event.objects.count() == before


def test_temperatures_of_others_are_named_as_not_kept(chain: Chain) -> None:
    landing = story(chain)[0]
    landing["sensorElementList"] = [
        {"sensorReport": [{"type": "Temperature", "minValue": -1.5, "maxValue": 3, "uom": "CEL"}]}
    ]
    answer = program(chain, "cooperative").post("epcis/capture", document(landing))
    assert answer.json()["events"][0]["ignored"] == ["sensorElementList"]
