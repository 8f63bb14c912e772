"""Lots, trucks, recalls and codes of other organisations do not exist on one's pages."""

from __future__ import annotations

from itertools import pairwise

import pytest

from science.species import Species
from server.accounts.models import Organisation
from server.accounts.rules import Actor
from server.coldchain.actions import pallets, recalls
from server.coldchain.actions.recalls import Order
from server.coldchain.models import Event, Label, Lot, Pallet, Recall
from server.coldchain.papers import records
from server.coldchain.recalling import Scope
from server.coldchain.rules import Basis, RecallWhy
from server.coldchain.taking import Amount
from tests.server.coldchain.rig import Chain, done
from tests.server.coldchain.work.harbour import Hands

pytestmark = pytest.mark.django_db

OF_A_LOT = (
    *("", "/sort", "/transform", "/split", "/waste", "/inspect", "/hold", "/release", "/correct"),
    *("/sample", "/on-sale", "/sold-out", "/scrap"),
)


@pytest.mark.parametrize("actor", [Actor.PERSON, Actor.BADGE])
def test_a_lot_of_others_is_answered_like_none(harbour: Chain, actor: Actor) -> None:
    lot, hands = harbour.land(), Hands(harbour, "plant", actor)
    before = Event.objects.count()
    for page in OF_A_LOT:
        for ref in (lot.ref, "a" * 16):
            path = f"{hands.home}/lots/{ref}{page}"
            assert hands.client.get(path).status_code == 404, path
            if page:
                assert hands.client.post(path, {"key": "a" * 16}).status_code == 404, path
    assert Event.objects.count() == before


def test_a_code_of_others_is_not_found_and_no_basket_takes_it(harbour: Chain) -> None:
    lot, hands = harbour.land(), Hands(harbour, "plant")
    for code in (lot.code, lot.ref, f"https://j.kr/c/{lot.ref}"):
        assert "찾지 못했습니다" in hands.at(f"/find?code={code}")
    shown = hands.send("/offer", do="add", code=lot.code, lot=[lot.ref]).content.decode()
    assert lot.ref not in shown
    answer = hands.send("/offer", do="send", lot=[lot.ref], to=harbour.ids["shop"])
    assert answer.status_code == 404


def test_recalls_rooms_and_label_rolls_of_others_do_not_exist(harbour: Chain) -> None:
    lot, hands = harbour.land(), Hands(harbour, "plant")
    order = Order(RecallWhy.OTHER, Basis.OWN, 3, rehearsal=True)
    done(recalls.open_recall(harbour.desk("cooperative"), Scope((lot.ref,)), order))
    recall, room = Recall.objects.get().id, harbour.rooms["cooperative room"]
    paths = [f"/recalls/{recall}", f"/recalled/{recall}"]
    paths += [f"/rooms/{room}{page}" for page in ("", "/load", "/unload", "/door")]
    for path in paths:
        assert hands.client.get(f"{hands.home}{path}").status_code == 404, path
    assert Label.objects.count() == 0


def test_in_a_truck_of_others_one_sees_ones_own_goods_only(harbour: Chain) -> None:
    mine, theirs = harbour.land(), harbour.land("plant")
    harbour.load("truck 1", mine)
    harbour.load("truck 1", theirs, name="plant")
    path = f"/rooms/{harbour.rooms['truck 1']}"
    text = Hands(harbour, "cooperative").at(path)
    assert mine.code in text and theirs.code not in text
    both = Hands(harbour, "carrier").at(path)
    assert mine.code in both and theirs.code in both


def test_of_a_pallet_one_sees_what_is_in_ones_own_hands(harbour: Chain) -> None:
    one, two = harbour.land(), harbour.land()
    both = (Amount(one.ref), Amount(two.ref))
    done(pallets.pack(harbour.desk("cooperative"), both))
    path = f"/pallets/{Pallet.objects.get().id}"
    whole = Hands(harbour, "cooperative").at(path)
    assert one.code in whole and two.code in whole
    harbour.hand(one, "cooperative", "plant")
    maker, taker = (Hands(harbour, name).at(path) for name in ("cooperative", "plant"))
    assert (one.code in maker, two.code in maker) == (False, True)
    assert (one.code in taker, two.code in taker) == (True, False)
    harbour.hand(two, "cooperative", "plant")
    none = Hands(harbour, "cooperative").at(path)
    assert one.code not in none and two.code not in none and "해체한" not in none


def test_the_work_of_another_organisation_is_no_address(harbour: Chain) -> None:
    hands = Hands(harbour, "plant")
    for path in ("", "/lots", "/land", "/inbox", "/recalls", "/undo"):
        assert hands.client.get(f"/work/{harbour.ids['shop']}{path}").status_code == 404


def _named_in_english(harbour: Chain) -> None:
    for name, id in harbour.ids.items():
        Organisation.objects.filter(id=id).update(name_en=f"{name.title()} Busan")


def test_a_lots_page_names_whom_the_reader_dealt_with_and_to_an_authority_all(
    harbour: Chain,
) -> None:
    _named_in_english(harbour)
    lot = harbour.land()
    for giver, taker in pairwise(("cooperative", "plant", "wholesaler", "shop")):
        lot = harbour.hand(lot, giver, taker)
    path = f"/lots/{lot.ref}"
    shop, maker, agency = (
        Hands(harbour, name).at(path, language="en") for name in ("shop", "cooperative", "agency")
    )
    assert "Came from Wholesaler Busan" in shop and "Plant Busan" not in shop
    assert "Cooperative Busan" in maker and "Shop Busan" not in maker
    assert "Plant Busan" in maker and "another organisation" in maker
    assert all(f"{one} Busan" in agency for one in ("Cooperative", "Plant", "Shop"))


def test_a_record_by_section_names_whom_the_reader_dealt_with(harbour: Chain) -> None:
    lot = harbour.land()
    for giver, taker in pairwise(("cooperative", "plant", "wholesaler", "shop")):
        if (room := f"{giver} room") in harbour.rooms:
            harbour.load(room, lot, name=giver)
            harbour.later(5).unload(room, lot, name=giver)
        lot = harbour.hand(lot, giver, taker)
        harbour.later(5)
    text = sections(harbour, "shop", lot)
    assert "wholesaler" in text and "cooperative" in text
    assert "plant" not in text and "다른 기관" in text
    assert "plant 1" in sections(harbour, "agency", lot)


def sections(harbour: Chain, name: str, lot: Lot) -> str:
    here = harbour.ids[name]
    named = None if name == "agency" else records.named_for(lot, here, harbour.now_ms)
    found = records.sections(lot, harbour.now_ms, named)
    return str(records.paper(lot, found, harbour.now_ms).tables)


def test_a_species_that_is_sold_by_its_familys_name_is_said_in_english(harbour: Chain) -> None:
    lot = harbour.land(species=Species.SCOMBER_AUSTRALASICUS)
    assert "고등어" not in Hands(harbour, "cooperative").at(f"/lots/{lot.ref}", language="en")
