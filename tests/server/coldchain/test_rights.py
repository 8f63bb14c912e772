"""Who may do what, and to whom a lot of another organisation exists at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db.models import Model

from server.accounts.rules import Actor, Role, Who
from server.coldchain import read
from server.coldchain.actions import (
    custody,
    landing,
    loading,
    places,
    quality,
    recalls,
    selling,
    strangers,
    undoing,
    working,
)
from server.coldchain.actions.landing import Sold
from server.coldchain.actions.places import Facts, Site
from server.coldchain.models import Lot, Party, Place, Room
from server.coldchain.rules import PlaceKind, RoomKind
from server.coldchain.taking import Amount
from server.devices.models import Asset
from tests.server.coldchain.rig import KG, Chain, done, mackerel, no
from tests.server.coldchain.test_faults import scenes
from tests.server.pilots.rig import member

pytestmark = pytest.mark.django_db

ACTIONS = [
    one
    for room in (
        custody,
        landing,
        loading,
        places,
        quality,
        recalls,
        selling,
        strangers,
        undoing,
        working,
    )
    for one in vars(room).values()
    if hasattr(one, "need") and one.__module__ == room.__name__
]


def test_every_action_says_what_it_needs() -> None:
    assert len(ACTIONS) > 35
    open_ = {one.__name__ for one in ACTIONS if one.need == "open"}
    assert open_ == {"answer", "acknowledge_by_link", "mark_purchase", "report_problem"}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_only_looks_does_nothing(chain: Chain, role: Role) -> None:
    looking = member("looking", chain.ids["cooperative"], role)
    for scene in scenes(chain):
        if scene.who == "cooperative":
            desk = replace(chain.desk("cooperative"), who=looking)
            assert no(scene.act(desk)) == "role", scene.name


def test_a_stranger_a_guest_and_another_organisations_member_do_nothing(chain: Chain) -> None:
    guest = Who("guest", Actor.GUEST, {chain.ids["cooperative"]: Role.VIEWER})
    for scene in scenes(chain):
        if scene.who != "cooperative":
            continue
        own = chain.desk("cooperative")
        assert no(scene.act(chain.stranger())) == "signed-out", scene.name
        assert no(scene.act(replace(own, who=guest))) == "way-in", scene.name
        assert no(scene.act(replace(own, who=chain.people["shop"]))) == "not-found", scene.name


def test_another_organisations_lots_do_not_exist(chain: Chain) -> None:
    """The shop tries everything that the cooperative can do to its lots."""
    told = {}
    for scene in scenes(chain):
        if scene.who == "cooperative" and scene.name not in ("land", "roll", "undo"):
            told[scene.name] = no(scene.act(chain.desk("shop")))
    assert told.pop("load") == "not-your-truck"
    kinds = {"pass in", "award"}
    assert {told.pop(name) for name in kinds} == {"not-yours-to-do"}
    assert set(told.values()) == {"not-found"}, told
    lot = Lot.objects.earliest("id")
    assert read.lot(lot.ref, chain.ids["shop"]) is None
    assert read.lot(lot.ref, chain.ids["cooperative"]) is not None
    assert read.lot(lot.ref, "", inspects=True) is not None


def test_what_only_one_kind_of_organisation_does(chain: Chain) -> None:
    assert no(landing.land(chain.desk("shop"), (mackerel(chain),))) == "not-yours-to-do"
    lot = chain.land("plant")
    plant = chain.desk("plant")
    assert no(landing.award(plant, (Sold(lot.ref, "1"),))) == "not-yours-to-do"
    assert no(quality.take_sample(plant, lot.ref, "x")) == "not-yours-to-do"


def test_a_lot_is_seen_by_who_made_holds_held_carries_or_awaits_it(chain: Chain) -> None:
    lot = chain.land()

    def seeing() -> set[str]:
        return {name for name, id in chain.ids.items() if read.lot(lot.ref, id)}

    assert seeing() == {"cooperative"}
    row = chain.offer(lot, "cooperative", "plant")
    assert seeing() == {"cooperative", "plant", "carrier"}
    done(custody.withdraw(chain.desk("cooperative"), (row.id,)))
    at_plant = chain.hand(lot, "cooperative", "plant")
    chain.hand(at_plant, "plant", "wholesaler")
    assert seeing() == {"cooperative", "plant", "carrier", "wholesaler"}


def test_a_carrier_loads_what_it_was_given_to_carry_and_nothing_else(chain: Chain) -> None:
    lot, other = chain.land(), chain.land()
    chain.offer(lot, "cooperative", "plant", 100 * KG)
    truck = chain.rooms["truck 1"]
    part = (Amount(lot.ref, 100 * KG, 5),)
    done(loading.load(chain.desk("carrier"), truck, part))
    foreign = loading.load(chain.desk("carrier"), truck, (Amount(other.ref),))
    assert no(foreign) == "not-found"
    room = chain.rooms["plant room"]
    assert no(loading.load(chain.desk("cooperative"), room, (Amount(other.ref),))) == "not-found"
    assert no(loading.load(chain.desk("cooperative"), 0, (Amount(other.ref),))) == "not-found"
    done(loading.unload(chain.desk("plant"), truck, part))


def test_places_and_rooms_are_ones_own_and_an_administrator_adds_them(chain: Chain) -> None:
    site = Site(PlaceKind.STORE, "냉동창고", "부산 서구")
    assert no(places.add_place(chain.desk("plant"), site)) == "role"
    boss = replace(chain.desk("plant"), who=member("boss2", chain.ids["plant"], Role.ADMINISTRATOR))
    event = done(places.add_place(boss, site))
    assert event.place is not None
    assert no(places.add_place(boss, site)) == "taken"
    assert no(places.add_place(boss, replace(site, name="x", gln="1" * 13))) == "bad-input"
    assert no(places.add_place(boss, replace(site, name=""))) == "bad-input"
    Asset.objects.create(name="theirs", made_ms=0, organisation=chain.ids["shop"])
    Asset.objects.create(name="ours", made_ms=0, organisation=chain.ids["plant"])
    cold = RoomKind.COLD_ROOM
    assert no(places.add_room(boss, "theirs", cold, event.place.id)) == "not-found"
    assert no(places.add_room(boss, "ours", cold, chain.market.id)) == "not-found"
    assert no(places.add_room(boss, "ours", cold)) == "bad-input"
    assert no(places.add_room(boss, "ours", RoomKind.TRUCK, event.place.id)) == "bad-input"
    for profile in ("kr-chilled", "김철수 010-1234-5678"):
        assert no(places.add_room(boss, "ours", cold, event.place.id, profile)) == "bad-input"
    done(places.add_room(boss, "ours", cold, event.place.id, "kr_chilled"))
    assert no(places.add_room(boss, "ours", cold, event.place.id)) == "taken"
    facts = Facts("부산", "Busan", "4006381333931", "17")
    done(places.tell_party(boss, facts))
    done(places.tell_party(boss, replace(facts, region="경남")))
    assert Party.objects.get(organisation=chain.ids["plant"]).region == "경남"
    counted: list[type[Model]] = [Place, Room]
    assert [one._default_manager.count() for one in counted] == [4, 8]
