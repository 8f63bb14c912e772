"""What we write is the published standard, and read again it is the same set of events."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any
from urllib.parse import quote

import fastjsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.coldchain.epcis import catches, ids, read, times, write
from server.coldchain.epcis.facts import Catch, Fact
from server.coldchain.epcis.vocabulary import SHAPES, Action, Disposition, Step, Type
from tests.server.coldchain.epcis import schema
from tests.server.coldchain.epcis.told import AT, CODES, GTINS, LOTS, PRINTED, SENSIBLE, WEIGHTS

AT_MS = 1_790_000_000_123


def sent(document: Any) -> Any:
    """As it arrives elsewhere."""
    return json.loads(json.dumps(document))


@given(st.lists(SENSIBLE, max_size=4), AT)
def test_what_was_written_and_read_again_is_the_same_set_of_events(
    facts: list[Fact], made_ms: int
) -> None:
    for document in (write.document(facts, made_ms), write.answer(facts, made_ms)):
        assert [one.fact for one in read.document(sent(document))] == facts


@pytest.mark.epcis
@given(st.lists(SENSIBLE, max_size=3))
def test_what_is_written_fits_the_published_schema(facts: list[Fact]) -> None:
    valid = schema.validate()
    valid(sent(write.document(facts, AT_MS)))
    valid(sent(write.answer(facts, AT_MS)))


@pytest.mark.epcis
@pytest.mark.parametrize("wrong", ["bizStep", "disposition", "action", "eventTime"])
def test_the_published_schema_bites(wrong: str) -> None:
    shape = SHAPES[next(iter(SHAPES))]
    fact = Fact("urn:jagalchi:event:a", Type.OBJECT, AT_MS, shape.step, Action.OBSERVE)
    document = sent(write.document([fact], AT_MS))
    event = document["epcisBody"]["eventList"][0]
    event["quantityList"] = [{"epcClass": "urn:jagalchi:lot:1"}]
    event["disposition"] = "active"
    schema.validate()(document)
    event[wrong] = "melting"
    with pytest.raises(fastjsonschema.JsonSchemaException):
        schema.validate()(document)


@pytest.mark.epcis
def test_our_closed_lists_are_those_of_the_published_schema() -> None:
    lists = json.loads(schema.KEPT.read_text())["definitions"]
    for name, words in (("bizStep", Step), ("disposition", Disposition)):
        assert set(lists[name]["anyOf"][1]["enum"]) == {str(one) for one in words}


def test_every_field_of_a_catch_is_read() -> None:
    apart = {"catch_ms", "vessel", "use_by"}
    assert set(catches.OURS) == {one.name for one in fields(Catch)} - apart


@given(LOTS)
def test_a_lots_name_leads_back_to_its_number(uri: str) -> None:
    name = ids.parse(uri)
    assert name is not None and name.noun is ids.Noun.LOT
    assert ids.lot(name.gs1, name.key) == uri


@given(GTINS, CODES)
def test_digital_links_of_any_host_and_old_urns_name_the_same_lot(gtin: str, code: str) -> None:
    link = ids.lot(gtin, code)
    elsewhere = link.replace("id.gs1.org", "fish.example")
    assert ids.parse(link) == ids.parse(elsewhere)
    urn = f"urn:epc:class:lgtin:{gtin[1:8]}.{gtin[0]}{gtin[8:13]}.{quote(code, safe='')}"
    if "." not in code:
        assert ids.parse(urn) == ids.parse(link)


@given(WEIGHTS.filter(bool), AT)
def test_weights_and_times_come_back_exactly(grams: int, at_ms: int) -> None:
    assert times.grams(sent(times.kilograms(grams)), "KGM") == grams
    assert times.read(times.text(at_ms)) == at_ms


@given(PRINTED)
def test_a_name_that_is_none_is_none(text: str) -> None:
    for uri in (text, f"https://id.gs1.org/{text}", f"urn:jagalchi:{text}", f"https://[{text}"):
        found = ids.parse(uri)
        assert found is None or found.key or found.gs1
