"""The whole way: landed, sorted, auctioned, gutted, loaded, transshipped, handed over, sold."""

from __future__ import annotations

import pytest

from science.balance import Finding, Step
from server.accounts.contacts import Contact
from server.coldchain import audit, trace
from server.coldchain.actions import custody, labels, landing, selling, strangers, working
from server.coldchain.actions.landing import Sold
from server.coldchain.actions.working import Job, Out
from server.coldchain.handing import Answer
from server.coldchain.models import Handover, Label, Stay
from server.coldchain.rules import Custody, Status
from server.coldchain.taking import Amount
from server.ledger import log
from tests.server.coldchain.rig import KG, Chain, again, done, made, no

pytestmark = pytest.mark.django_db


def test_a_landing_goes_all_the_way_to_a_shelf_and_every_step_is_in_the_log(chain: Chain) -> None:
    lot = chain.land(grams=1000 * KG, boxes=50)
    job = Job(
        (Amount(lot.ref),),
        (Out(600 * KG, 30), Out(300 * KG, 15), Out(80 * KG, 5, feed=True)),
        loss=15 * KG,
    )
    big, small, feed = made(done(working.sort(chain.later().desk("cooperative"), job)))
    assert (again(lot).left_grams, feed.feed, big.catch_ms) == (0, True, lot.catch_ms)
    done(landing.pass_in(chain.later().desk("cooperative"), (big.ref,)))
    done(landing.award(chain.later().desk("cooperative"), (Sold(big.ref, "17", 3_000_000),)))
    assert again(big).status == Status.AWARDED

    at_plant = chain.later().hand(big, "cooperative", "plant")
    assert (at_plant.id, at_plant.holder_id) == (big.id, chain.ids["plant"])
    chain.later().load("plant room", at_plant, name="plant")
    gutting = Job((Amount(at_plant.ref),), (Out(510 * KG, 51),), waste=80 * KG, loss=5 * KG)
    event = done(working.transform(chain.later().desk("plant"), Step.GUT, gutting))
    (gutted,) = made(event)
    assert (gutted.form, f'"balance":"{Finding.FITS}"' in event.told) == ("gutted", True)
    stay = Stay.objects.get(lot=gutted)
    assert (stay.room_id, stay.from_ms) == (chain.rooms["plant room"], chain.now_ms)

    roll = done(labels.make_roll(chain.desk("plant"), 60))
    serials = tuple(Label.objects.filter(roll__event=roll).values_list("serial", flat=True)[:51])
    done(labels.bind(chain.later().desk("plant"), gutted.ref, serials))
    row = chain.later().offer(gutted, "plant", "wholesaler")
    chain.later().unload("plant room", gutted, name="plant")
    chain.load("truck 1", gutted, name="carrier")
    chain.later(60).unload("truck 1", gutted, name="carrier")
    chain.load("truck 2", gutted, name="carrier")
    done(custody.accept(chain.later(60).desk("wholesaler"), (Answer(row.id),)))
    chain.unload("truck 2", gutted, name="wholesaler")

    part = chain.later().hand(gutted, "wholesaler", "shop", 100 * KG)
    assert (part.grams, again(gutted).left_grams) == (100 * KG, 410 * KG)
    done(selling.put_on_sale(chain.later().desk("shop"), (part.ref,)))
    done(selling.sell_out(chain.later().desk("shop"), (part.ref,)))

    assert trace.backward([part.id]).lots == {part.id, gutted.id, big.id, lot.id}
    assert trace.forward([lot.id]).lots == {lot.id, big.id, small.id, feed.id, gutted.id, part.id}
    size = log.sequence(chain.now_ms).size
    assert [str(one) for one in audit.check(size)] == []


def test_what_a_stranger_is_handed_is_unconfirmed_until_they_answer(chain: Chain) -> None:
    lot = chain.land()
    event = done(
        strangers.offer_by_link(
            chain.desk("cooperative"), (Amount(lot.ref, 100 * KG, 5),), Contact("010-1234-5678")
        )
    )
    row = Handover.objects.get(proposed=event)
    done(strangers.leave(chain.later().desk("cooperative"), (row.id,)))
    row.refresh_from_db()
    assert row.went is not None
    assert (row.status, row.went.holder_id, row.took_grams) == (Custody.ONE_SIDED, None, 0)
    token = strangers.link_of(event).rpartition("/")[2]
    answer = (Answer(row.id, 60 * KG, 3, "ab" * 32),)
    done(strangers.answer(chain.later().stranger(), token, answer, "부족"))
    row.refresh_from_db()
    assert row.went is not None
    gone, rest = row.went, row.went.parents.get().parent
    assert (row.status, gone.grams, gone.holder_id) == (Custody.PART, 60 * KG, None)
    assert (rest.left_grams, rest.holder_id) == (40 * KG, chain.ids["cooperative"])
    assert again(lot).left_grams == 900 * KG
    assert no(strangers.answer(chain.stranger(), token, answer, "부족")) == "used"
    size = log.sequence(chain.now_ms).size
    assert [str(one) for one in audit.check(size)] == []
