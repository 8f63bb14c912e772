"""Lots, trucks, recalls and codes of other organisations do not exist on one's pages."""

from __future__ import annotations

import pytest

from server.accounts.rules import Actor
from server.coldchain.actions import pallets, recalls
from server.coldchain.actions.recalls import Order
from server.coldchain.models import Event, Label, Pallet, Recall
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
