"""A document captured while writes fail, twice, and by two at once: whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any

import pytest
from django.db import OperationalError, transaction

from server.coldchain.epcis import ids, read, times
from server.coldchain.epcis.facts import Found
from server.coldchain.epcis.ids import Noun
from server.coldchain.exchange.capture import capture
from server.coldchain.models import Event, Lot
from tests.server.coldchain.rig import Chain, undone
from tests.server.coldchain.test_faults import failing, state
from tests.server.coldchain.test_races import at_once
from tests.server.pilots.tally import Tally


def story(chain: Chain) -> list[Found]:
    """Landed, split, and loaded."""

    def lot(code: str, grams: int) -> dict[str, Any]:
        return {"epcClass": ids.lot("", code), "quantity": times.kilograms(grams), "uom": "KGM"}

    def event(type_: str, step: str, **more: Any) -> dict[str, Any]:
        at = {"eventTime": times.text(chain.now_ms), "eventTimeZoneOffset": "+09:00"}
        return {"type": type_, "bizStep": step, **at, **more}

    events = [
        event("ObjectEvent", "commissioning", action="ADD", quantityList=[lot("A", 9_000)]),
        event("TransformationEvent", "repackaging", inputQuantityList=[lot("A", 9_000)],
              outputQuantityList=[lot("B", 4_000), lot("C", 5_000)]),
        event("AggregationEvent", "loading", action="ADD", childQuantityList=[lot("B", 4_000)],
              parentID=ids.own(Noun.ROOM, chain.rooms["own truck 1"])),
    ]  # fmt: skip
    return read.document({"type": "EPCISDocument", "epcisBody": {"eventList": events}})


def _fails_at(tried: int, act: Callable[[], object]) -> int:
    """How many writes there were until the database failed at that one, or until the end."""
    with failing(tried) as seen, suppress(OperationalError), transaction.atomic():
        assert isinstance(act(), tuple)
    return seen[0]


@pytest.mark.django_db
def test_a_capture_that_fails_at_any_of_its_writes_has_written_nothing(chain: Chain) -> None:
    tally = Tally("CC", "a write of a captured document fails, each in turn", "half done")
    found, desk = story(chain), chain.desk("cooperative")

    def holds() -> None:
        before = state()
        for tried in count(1):
            with undone():
                written = _fails_at(tried, partial(capture, desk, found))
                tally.expect(written < tried or state() == before)
            if written < tried:
                break
        assert tried > 6

    tally.during(holds)


@pytest.mark.django_db
def test_a_capture_whose_answer_was_lost_is_known_the_second_time(chain: Chain) -> None:
    found, desk = story(chain), chain.desk("cooperative")
    first = capture(desk, found)
    after = state()
    second = capture(chain.later(5).desk("cooperative"), found)
    assert isinstance(first, tuple) and isinstance(second, tuple)
    assert [one.event for one in first] == [one.event for one in second]
    assert {one.known for one in second} == {True} and state() == after


@pytest.mark.django_db(transaction=True)
def test_two_who_capture_the_same_document_at_once_capture_it_once(chain: Chain) -> None:
    tally = Tally("CC", "two threads capture the same document", "done twice")
    found, desk = story(chain), chain.desk("cooperative")
    before = Event.objects.count()

    def holds() -> None:
        both: list[Any] = [partial(capture, desk, found)] * 2
        first, second = at_once(*both)
        told = [one.event for some in (first, second) if isinstance(some, tuple) for one in some]
        tally.expect(len(told) == 6 and len(set(told)) == 3)
        tally.expect((Event.objects.count() - before, Lot.objects.count()) == (3, 3))

    tally.during(holds)
