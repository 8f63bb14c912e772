"""Whose record a lot may have: nobody's truck or room lends it but by who runs it, and what came of
a lot has no more of it than lay there."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Max, Min, Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from science.balance import SCALE
from server.accounts.rules import Refused
from server.coldchain.actions import custody, landing, loading, undoing, working
from server.coldchain.actions.custody import To
from server.coldchain.actions.landing import Correction
from server.coldchain.actions.working import Job, Out
from server.coldchain.epcis import ids
from server.coldchain.epcis.ids import Noun
from server.coldchain.handing import Answer
from server.coldchain.models import Event, Handover, Lot, Stay
from server.coldchain.rules import BEHIND_MS, Kind
from server.coldchain.taking import Amount
from tests.server.coldchain import busy, live
from tests.server.coldchain.live import reason
from tests.server.coldchain.rig import (
    HOUR,
    KG,
    MINUTE,
    PHOTO,
    Chain,
    again,
    done,
    mackerel,
    made,
    no,
    undone,
)
from tests.server.coldchain.test_epcis_api import document, event, lots, program, told
from tests.server.pilots.tally import Tally

pytestmark = pytest.mark.django_db
OWN = "cooperative"
ACTS = (*["_move"] * 6, *["_work"] * 3, "_land", "_offer", "_answer", "_undo", "_correct")
days = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 10**6)), min_size=30, max_size=50)


@pytest.fixture
def today(installation: object) -> Chain:
    """A chain whose pilot runs today."""
    return live.chain()


def load(chain: Chain, name: str, room: str, lot: Lot, **at: Any) -> Event | Refused:
    return loading.load(chain.desk(name, **at), chain.rooms[room], (Amount(lot.ref),))


def lying(chain: Chain, room: str, *lots: Lot) -> list[int]:
    """Kilograms of each lot in a room now."""
    here = Stay.objects.filter(room=chain.rooms[room], until_ms=None).order_by()
    found = dict(here.values_list("lot").annotate(sum=Sum("grams")))
    return [found.get(one.id, 0) // KG for one in lots]


def test_a_strangers_truck_is_closed_at_every_time_whatever_was_offered(chain: Chain) -> None:
    lot = chain.land()
    old = chain.land("cooperative", mackerel(chain, catch_ms=chain.now_ms - BEHIND_MS - HOUR))
    Lot.objects.filter(id=old.id).update(made_ms=chain.now_ms - BEHIND_MS)
    before = Event.objects.count()
    assert no(load(chain, OWN, "truck 1", lot)) == "not-your-truck"
    for back in (MINUTE, 24 * HOUR, BEHIND_MS):
        past = load(chain, OWN, "truck 1", old, at_ms=chain.now_ms - back)
        assert no(past) == "not-your-truck"
    assert no(load(chain, OWN, "plant room", lot)) == "not-found"
    assert Event.objects.count() == before
    row = chain.offer(lot, OWN, "plant")
    assert no(load(chain, OWN, "truck 1", lot)) == "not-your-truck"
    assert no(load(chain, "plant", "truck 1", lot)) == "not-your-truck"
    done(custody.withdraw(chain.desk(OWN), (row.id,)))
    assert no(load(chain, OWN, "truck 1", lot)) == "not-your-truck"
    at_plant = chain.hand(lot, OWN, "plant")
    assert no(load(chain, "plant", "truck 1", at_plant)) == "not-your-truck"
    assert not Stay.objects.exists()


def test_who_runs_a_truck_loads_what_it_carries_takes_or_holds_while_it_does(chain: Chain) -> None:
    lot = chain.land()
    assert no(load(chain, "carrier", "truck 1", lot)) == "not-found"
    row = chain.offer(lot, OWN, "plant")
    done(load(chain, "carrier", "truck 1", lot))
    chain.later().unload("truck 1", lot, name="plant")
    done(custody.accept(chain.desk("plant"), (Answer(row.id),)))
    assert no(load(chain, "carrier", "truck 1", lot)) == "not-holder"
    withdrawn = chain.land()
    row = chain.offer(withdrawn, OWN, "plant")
    done(custody.withdraw(chain.desk(OWN), (row.id,)))
    assert no(load(chain, "carrier", "truck 1", withdrawn)) == "not-holder"
    given, fetched = chain.land(), chain.land("plant")
    done(load(chain, OWN, "own truck 1", given))
    to = To(chain.ids[OWN])
    done(custody.offer(chain.desk("plant"), to, (Amount(fetched.ref),)))
    done(load(chain, OWN, "own truck 2", fetched))


def test_a_driver_whose_phone_was_silent_tells_it_late_and_the_office_later(chain: Chain) -> None:
    lot, loaded_ms = chain.land(), chain.now_ms + 5 * MINUTE
    chain.later(15)
    chain.offer(lot, OWN, "plant")
    event_ = done(load(chain, "carrier", "truck 1", lot, at_ms=loaded_ms))
    assert Stay.objects.get().from_ms == event_.at_ms == loaded_ms


def test_a_kilogram_aboard_lends_no_record_to_what_was_never_there(chain: Chain) -> None:
    lot = chain.land()
    part = (Amount(lot.ref, KG),)
    done(custody.offer(chain.desk(OWN), To(chain.ids["plant"], chain.ids["carrier"]), part))
    done(loading.load(chain.desk("carrier"), chain.rooms["truck 1"], part))
    row = Handover.objects.get()
    done(custody.withdraw(chain.later().desk(OWN), (row.id,)))
    (most,) = chain.split(lot, 900 * KG)
    assert lying(chain, "truck 1", lot, most) == [1, 0]
    one, two = (chain.split(lot, KG)[0] for _ in range(2))
    assert lying(chain, "truck 1", lot, one, two) == [0, 1, 0]


def test_what_is_told_of_before_the_loading_was_not_aboard(chain: Chain) -> None:
    lot = chain.land()
    early = chain.now_ms
    chain.later().load("truck 1", lot)
    part = Amount(lot.ref, 100 * KG)
    job = Job((part,), (Out(100 * KG),))
    desk = chain.desk(OWN, at_ms=early)
    assert no(working.split(desk, job)) == "before-it-was"
    chain.unload("truck 1", lot)
    row = chain.offer(lot, OWN, "plant")
    done(loading.load(chain.later().desk("carrier"), chain.rooms["truck 2"], (part,)))
    done(custody.withdraw(chain.desk(OWN), (row.id,)))
    (child,) = made(done(working.split(desk, job)))
    assert not child.stays.exists() and lying(chain, "truck 2", lot) == [100]


def test_what_is_handed_over_of_a_load_leaves_the_rest_where_it_was(chain: Chain) -> None:
    lot = chain.land(boxes=50)
    part = (Amount(lot.ref, 400 * KG, 20),)
    to = To(chain.ids["plant"], chain.ids["carrier"])
    row = Handover.objects.get(proposed=done(custody.offer(chain.desk(OWN), to, part)))
    done(loading.load(chain.desk("carrier"), chain.rooms["truck 1"], part))
    answer = Answer(row.id, 300 * KG, 15, PHOTO)
    done(custody.accept(chain.later().desk("plant"), (answer,)))
    row.refresh_from_db()
    assert row.went is not None
    assert lying(chain, "truck 1", lot, row.went) == [100, 300]
    assert list(again(lot).stays.filter(until_ms=None).values_list("boxes", flat=True)) == [5]


def test_several_loads_in_one_room_are_worked_on_as_one(chain: Chain) -> None:
    lot, desk = chain.land(), chain.desk(OWN)
    for kilos in (300, 700):
        amount = (Amount(lot.ref, kilos * KG),)
        done(loading.load(desk, chain.rooms["cooperative room"], amount))
    (child,) = chain.later().split(lot, 400 * KG)
    assert lying(chain, "cooperative room", lot, child) == [600, 400]
    done(undoing.undo(chain.desk(OWN)))
    assert lying(chain, "cooperative room", lot, child) == [1000, 0]


def test_a_lot_that_is_weighed_anew_lies_where_it_lay_but_no_more_of_it_in_anothers_truck(
    chain: Chain,
) -> None:
    at_home, aboard = chain.land(), chain.land()
    chain.load("cooperative room", at_home)
    chain.load("truck 1", aboard)
    chain.later()
    for lot in (at_home, aboard):
        done(landing.correct(chain.desk(OWN), lot.ref, Correction(grams=1005 * KG), "다시 잼"))
    assert lying(chain, "cooperative room", at_home) == [1005]
    assert lying(chain, "truck 1", aboard) == [1000]
    (child,) = chain.split(at_home, 1005 * KG)
    assert lying(chain, "cooperative room", child) == [1005]


def test_whatever_anybody_does_no_record_is_borrowed(chain: Chain) -> None:
    tally = Tally("CC9", "random days: who brought what into each room, and how much", "borrowed")
    start_ms = chain.now_ms

    @settings(max_examples=15, deadline=None)
    @given(days)
    def holds(steps: list[tuple[str, int]]) -> None:
        chain.now_ms = start_ms
        with undone():
            busy.go_on(chain, [("_land", 1), *steps])
            rows = list(Stay.objects.select_related("loaded", "room"))
            tally.expect([one for one in rows if _is_borrowed(one)] == [], len(rows))

    tally.during(holds)


def _is_borrowed(stay: Stay) -> bool:
    """Whether goods came into a room neither by who runs it, nor of goods that lay there."""
    how = stay.loaded
    if how.kind in (Kind.LOADED, Kind.CORRECTED):
        return how.organisation != stay.room.organisation_id
    ended_by = how.corrects if how.kind == Kind.UNDONE else how
    here = Stay.objects.filter(room=stay.room)
    lay = here.filter(unloaded=ended_by).aggregate(grams=Sum("grams"), since=Max("from_ms"))
    lies = here.filter(loaded=how).aggregate(grams=Sum("grams"), since=Min("from_ms"))
    more: int = lies["grams"] - (lay["grams"] or 0)
    return bool(more * 1000 > lies["grams"] * SCALE or lies["since"] < lay["since"])


def test_a_document_names_the_carrier_and_the_carriers_own_loads_its_truck(today: Chain) -> None:
    market, carrier = program(today, OWN), program(today, "carrier")
    truck = ids.own(Noun.ROOM, today.rooms["truck 1"])
    fish = lots("A-1", 500)
    landed = event(today, "ObjectEvent", "commissioning", 60, action="ADD", quantityList=fish)
    to = [{"type": "possessing_party", "destination": ids.party(today.ids["shop"])}]
    ship = event(today, "ObjectEvent", "shipping", 50, action="OBSERVE", quantityList=fish,
                 destinationList=to)  # fmt: skip
    aboard = event(today, "AggregationEvent", "loading", 40, action="ADD", parentID=truck,
                   childQuantityList=fish)  # fmt: skip
    carried = {**ship, "jagalchi:carrier": ids.party(today.ids["carrier"])}
    refused = market.post("epcis/capture", document(landed, carried, aboard))
    assert (reason(refused), refused.json()["at"]) == ("not-your-truck", "/epcisBody/eventList/2")
    assert not Lot.objects.exists()
    nobody = {**ship, "jagalchi:carrier": "urn:jagalchi:party:nobody"}
    unknown = market.post("epcis/capture", document(landed, nobody))
    assert reason(unknown) == "epcis-id" and unknown.json()["at"].endswith("/jagalchi:carrier")
    assert market.post("epcis/capture", document(landed, carried)).status_code == 201
    assert carrier.post("epcis/capture", document(aboard)).status_code == 201
    assert Stay.objects.get().loaded.organisation == today.ids["carrier"]
    mine = told(market.get("epcis/events"))
    assert mine[-1]["jagalchi:carrier"] == ids.party(today.ids["carrier"])
    whole = {**document(), "epcisBody": {"eventList": mine}}
    back = market.post("epcis/capture", whole).json()["events"]
    assert {one["known"] for one in back} == {True}


def test_who_runs_a_truck_may_say_that_what_others_told_of_it_was_wrong(chain: Chain) -> None:
    lot = chain.land()
    chain.offer(lot, OWN, "plant")
    loaded = chain.load("truck 1", lot)
    left = chain.later(90).unload("truck 1", lot, name="plant")
    for event_, name in ((left, OWN), (loaded, "plant"), (lot.event, "carrier")):
        assert no(landing.declare_error(chain.desk(name), event_.ref, "아님")) == "not-found"
    for event_ in (left, loaded):
        said = done(landing.declare_error(chain.desk("carrier"), event_.ref, "30분 먼저 내림"))
        assert said.corrects == event_
