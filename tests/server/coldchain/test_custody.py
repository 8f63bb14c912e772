"""인수인계 and 검수: who gives, who takes, with what proof; what is held is not sold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.accounts.contacts import Contact
from server.coldchain.actions import (
    custody,
    landing,
    quality,
    selling,
    strangers,
    working,
)
from server.coldchain.actions.custody import To
from server.coldchain.actions.landing import Sold
from server.coldchain.actions.quality import Score
from server.coldchain.handing import Answer
from server.coldchain.models import Excursion, Handover
from server.coldchain.rules import (
    Basis,
    Judge,
)
from server.coldchain.taking import Amount
from tests.server.coldchain.rig import (
    KG,
    PHOTO,
    Chain,
    again,
    done,
    no,
)

pytestmark = pytest.mark.django_db

OWN = "cooperative"


def test_custody_is_given_by_who_holds_and_taken_by_who_was_offered(chain: Chain) -> None:
    lot = chain.land()
    plant = To(chain.ids["plant"])
    assert no(custody.offer(chain.desk("shop"), plant, (Amount(lot.ref),))) == "not-found"
    row = chain.offer(lot, OWN, "plant")
    assert no(custody.accept(chain.desk("shop"), (Answer(row.id),))) == "not-found"
    assert no(custody.accept(chain.desk(OWN), (Answer(row.id),))) == "not-found"
    twice = custody.offer(chain.desk(OWN), To(chain.ids["shop"]), (Amount(lot.ref, 1),))
    assert no(twice) == "offered-already"
    taken = working.waste(chain.desk(OWN), (Amount(lot.ref, 1),))
    assert no(taken) == "offered-already"
    done(custody.accept(chain.desk("plant"), (Answer(row.id),)))
    assert no(custody.accept(chain.desk("plant"), (Answer(row.id),))) == "wrong-state"
    assert no(custody.withdraw(chain.desk(OWN), (row.id,))) == "wrong-state"
    assert no(custody.offer(chain.desk(OWN), plant, (Amount(lot.ref),))) == "not-holder"
    for nobody in ("", "x" * 16, chain.ids["plant"]):
        given = custody.offer(chain.desk("plant"), To(nobody), (Amount(lot.ref),))
        assert no(given) == "bad-input"


def test_less_than_was_offered_is_taken_with_a_photo_only(chain: Chain) -> None:
    lot = chain.land(grams=1000 * KG, boxes=50)
    row = chain.offer(lot, OWN, "plant")
    part = Answer(row.id, 700 * KG, 35)
    assert no(custody.accept(chain.desk("plant"), (part,), "부족")) == "photo-missing"
    assert no(custody.refuse(chain.desk("plant"), (row.id,), "", "따뜻함")) == "photo-missing"
    assert no(custody.refuse(chain.desk("plant"), (row.id,), PHOTO, " ")) == "why-missing"
    no_hash = replace(part, photo="photo.jpg")
    assert no(custody.accept(chain.desk("plant"), (no_hash,))) == "bad-input"
    more = replace(part, grams=1001 * KG, photo=PHOTO)
    assert no(custody.accept(chain.desk("plant"), (more,))) == "used-up"
    done(custody.accept(chain.desk("plant"), (replace(part, photo=PHOTO),)))
    row.refresh_from_db()
    assert row.went is not None
    assert (row.status, row.went.grams, row.went.boxes) == ("part", 700 * KG, 35)
    assert (again(lot).left_grams, again(lot).holder_id) == (300 * KG, chain.ids[OWN])


def test_CC8_a_lot_with_an_open_excursion_is_accepted_with_a_reason_only(chain: Chain) -> None:
    lot = chain.land()
    row = chain.offer(lot, OWN, "plant")
    room = chain.rooms["truck 1"]
    open_ = Excursion.objects.create(room_id=room, limit="x", from_ms=1, peak_milli=9_000)
    open_.lots.add(lot)
    assert no(custody.accept(chain.desk("plant"), (Answer(row.id),))) == "excursion-open"
    assert no(custody.accept(chain.desk("plant"), (Answer(row.id),), "  ")) == "excursion-open"
    event = done(custody.accept(chain.desk("plant"), (Answer(row.id),), "얼음 충분"))
    row.refresh_from_db()
    assert (row.excursions, event.said) == (1, "얼음 충분")


def test_CC16_a_one_sided_hand_over_is_no_acceptance_and_only_for_strangers(chain: Chain) -> None:
    lot = chain.land()
    row = chain.offer(lot, OWN, "plant", 10 * KG)
    assert no(strangers.leave(chain.desk(OWN), (row.id,))) == "wrong-state"
    desk, part = chain.desk(OWN), (Amount(lot.ref, 10 * KG),)
    wrong = strangers.offer_by_link(desk, part, Contact("call me"))
    assert no(wrong) == "bad-input"
    event = done(strangers.offer_by_link(desk, part, Contact()))
    row = Handover.objects.get(proposed=event)
    done(strangers.leave(chain.desk(OWN), (row.id,)))
    row.refresh_from_db()
    assert (row.status, row.took_grams, row.settled_ms) == ("one-sided", 0, None)
    token = strangers.link_of(event).rpartition("/")[2]
    other = strangers.answer(chain.stranger(), token, (Answer("x" * 16),))
    assert no(other) == "not-found"
    assert no(strangers.answer(chain.stranger(), "x" * 26, ())) == "not-found"
    nothing = (Answer(row.id, 0, 0, PHOTO),)
    done(strangers.answer(chain.stranger(), token, nothing, "상했음"))
    row.refresh_from_db()
    back = row.lot.children.get().child
    assert (row.status, back.holder_id) == ("refused", chain.ids[OWN])


def test_a_held_lot_is_not_sold_and_only_who_held_it_releases_it(chain: Chain) -> None:
    lot = chain.land()
    law = quality.hold(chain.desk(OWN), (lot.ref,), Basis.FOOD_SANITATION)
    assert no(law) == "not-yours-to-do"
    own = quality.hold(chain.desk("agency"), (lot.ref,), Basis.OWN)
    assert no(own) == "not-yours-to-do"
    done(quality.hold(chain.desk("agency"), (lot.ref,), Basis.FOOD_SANITATION, "제72조"))
    for act in (
        selling.sell(chain.desk(OWN), (lot.ref,)),
        working.waste(chain.desk(OWN), (Amount(lot.ref, 1),)),
        custody.offer(chain.desk(OWN), To(chain.ids["plant"]), (Amount(lot.ref),)),
        landing.award(chain.desk(OWN), (Sold(lot.ref, "1"),)),
    ):
        assert no(act) == "held"
    done(quality.hold(chain.desk(OWN), (lot.ref,), Basis.OWN))
    assert no(quality.release(chain.desk("plant"), (lot.ref,))) == "not-found"
    done(quality.release(chain.desk(OWN), (lot.ref,)))
    assert again(lot).side == "held"
    assert no(quality.release(chain.desk(OWN), (lot.ref,))) == "wrong-state"
    done(quality.release(chain.desk("agency"), (lot.ref,)))
    done(selling.sell(chain.desk(OWN), (lot.ref,)))


def test_a_score_is_within_its_scale_and_only_an_authority_is_independent(chain: Chain) -> None:
    lot = chain.land()
    seller = Score(Judge.SELLER, 5, 20)
    for wrong in (replace(seller, score=21), replace(seller, score=-1), Score(seller.side, 0, 0)):
        assert no(quality.inspect(chain.desk(OWN), lot.ref, wrong)) == "score-exceeds"
    independent = replace(seller, side=Judge.INDEPENDENT)
    assert no(quality.inspect(chain.desk(OWN), lot.ref, independent)) == "not-yours-to-do"
    assert no(quality.inspect(chain.desk("agency"), lot.ref, seller)) == "not-yours-to-do"
    ice = replace(seller, ice_seen=True)
    assert no(quality.inspect(chain.desk(OWN), lot.ref, ice)) == "photo-missing"
    done(quality.inspect(chain.desk("agency"), lot.ref, independent))
