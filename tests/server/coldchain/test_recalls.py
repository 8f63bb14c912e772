"""CC15: a recall reaches every present and past holder, counts each unit once, and is signed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.accounts.contacts import Contact
from server.accounts.rules import Actor
from server.coldchain import read
from server.coldchain.acting import Desk
from server.coldchain.actions import custody, recalls, selling, strangers, working
from server.coldchain.actions.custody import To
from server.coldchain.actions.recalls import Count, Order
from server.coldchain.actions.working import Job, Out
from server.coldchain.handing import Answer
from server.coldchain.models import EventLot, Handover, Lot, Recall, RecallHolder, RecallLot
from server.coldchain.recalling import Scope
from server.coldchain.rules import Basis, HolderState, RecallPart, RecallWhy, Side
from server.coldchain.taking import Amount
from server.messages.models import Message
from tests.server.coldchain.rig import KG, Chain, again, done, no, undone
from tests.server.pilots.tally import Tally

pytestmark = pytest.mark.django_db

OWN = "cooperative"
ORDER = Order(RecallWhy.HISTAMINE, Basis.OWN, 1, said="수거검사 결과")


def opened(chain: Chain, *lots: Lot, order: Order = ORDER, who: str = OWN) -> Recall:
    scope = Scope(lots=tuple(one.ref for one in lots))
    event = done(recalls.open_recall(chain.desk(who), scope, order))
    return Recall.objects.get(opened=event)


def holders(row: Recall) -> dict[str | None, RecallHolder]:
    return {one.organisation_id: one for one in RecallHolder.objects.filter(recall=row)}


def spread(chain: Chain) -> tuple[Lot, dict[str, Lot]]:
    """A landing of which plant, shop and a stranger have a part each, and a rest is at home."""
    lot = chain.land(grams=1000 * KG, boxes=50)
    (part,) = chain.split(lot, 600 * KG)
    at_plant = chain.hand(part, OWN, "plant")
    at_shop = chain.hand(at_plant, "plant", "shop", 200 * KG)
    amount = (Amount(at_plant.ref, 100 * KG),)
    contact = Contact("010-9999-0000")
    event = done(strangers.offer_by_link(chain.desk("plant"), amount, contact))
    token = strangers.link_of(event).rpartition("/")[2]
    done(strangers.answer(chain.stranger(), token, ()))
    row = Handover.objects.get(proposed=event)
    assert row.went is not None
    return lot, {"plant": at_plant, "shop": at_shop, "stranger": row.went}


def test_CC15_every_present_and_past_holder_is_told_and_each_gram_is_counted_once(
    chain: Chain,
) -> None:
    lot, parts = spread(chain)
    back = chain.hand(parts["shop"], "shop", "wholesaler")
    assert back.id == parts["shop"].id
    row = opened(chain, lot)
    listed = holders(row)
    ids = chain.ids
    grams = {name: listed[ids[name]].grams for name in (OWN, "plant", "shop", "wholesaler")}
    assert grams == {OWN: 400 * KG, "plant": 300 * KG, "shop": 0, "wholesaler": 200 * KG}
    assert (listed[None].grams, row.handed_grams) == (100 * KG, 1000 * KG)
    before = Message.objects.count()
    done(recalls.notify(chain.desk(OWN), row.id))
    sent = Message.objects.order_by("id")[before:].values_list("template", flat=True)
    assert sorted(sent) == ["recall-link"] + ["recall-notice"] * 4
    assert {one.state for one in holders(row).values()} == {HolderState.NOTIFIED}
    assert no(recalls.notify(chain.desk(OWN), row.id)) == "wrong-state"


def test_CC15_it_closes_when_all_have_answered_and_every_gram_is_told(chain: Chain) -> None:
    lot, _ = spread(chain)
    row = opened(chain, lot)
    boss = chain.desk(OWN)
    assert no(recalls.close_recall(boss, row.id)) == "wrong-state"
    done(recalls.notify(boss, row.id))
    done(recalls.acknowledge(chain.desk("plant"), row.id, Count(recovered=300 * KG)))
    done(recalls.acknowledge(boss, row.id, Count(destroyed=400 * KG)))
    assert no(recalls.close_recall(boss, row.id)) == "holders-open"
    listed = holders(row)
    token = recalls.link_of(listed[None]).rpartition("/")[2]
    too_much = Count(gone=101 * KG)
    stranger = chain.stranger()
    assert no(recalls.acknowledge_by_link(stranger, token, too_much)) == "quantities-open"
    done(recalls.acknowledge_by_link(stranger, token, Count(gone=90 * KG)))
    assert no(recalls.acknowledge_by_link(stranger, token)) == "used"
    shop = listed[chain.ids["shop"]]
    done(recalls.list_unreached(boss, shop.id))
    assert no(recalls.close_recall(boss, row.id)) == "quantities-open"
    done(recalls.count(boss, shop.id, Count(recovered=50 * KG, gone=150 * KG)))
    done(recalls.count(boss, listed[None].id, Count(gone=100 * KG)))
    tablet = replace(boss, who=replace(boss.who, actor=Actor.BADGE))
    assert no(recalls.close_recall(tablet, row.id)) == "person-needed"
    event = done(recalls.close_recall(boss, row.id, "회수 완료"))
    assert '"effectiveness":750' in event.told
    row.refresh_from_db()
    assert (row.state, row.signed_by) == ("closed", boss.who.id)
    assert no(recalls.count(boss, shop.id, Count())) == "wrong-state"
    assert no(recalls.acknowledge(chain.desk("plant"), row.id)) == "wrong-state"


def test_a_recalled_lot_is_neither_worked_on_nor_sold_nor_taken(chain: Chain) -> None:
    lot, parts = spread(chain)
    row = chain.offer(parts["plant"], "plant", "wholesaler", 10 * KG)
    opened(chain, lot)
    plant, ref = chain.desk("plant"), parts["plant"].ref
    for act in (
        selling.sell(plant, (ref,)),
        working.split(plant, Job((Amount(ref, KG),), (Out(KG),))),
        custody.offer(plant, To(chain.ids["shop"]), (Amount(ref, KG),)),
        custody.accept(chain.desk("wholesaler"), (Answer(row.id),)),
    ):
        assert no(act) == "recalled"
    photo = "cd" * 32
    done(custody.refuse(chain.desk("wholesaler"), (row.id,), photo, "회수 대상"))
    chain.load("plant room", parts["plant"], name="plant")
    shown = read.public(ref)
    assert shown is not None and shown.facts.side == Side.RECALLED


def test_a_rehearsal_marks_no_lot_and_tells_nobody(chain: Chain) -> None:
    lot, _ = spread(chain)
    row = opened(chain, lot, order=replace(ORDER, rehearsal=True))
    before = Message.objects.count()
    done(recalls.notify(chain.desk(OWN), row.id))
    assert Message.objects.count() == before
    assert not Lot.objects.exclude(side=Side.FREE).exists()
    assert len(holders(row)) == 4


def test_a_recall_by_truck_and_time_lists_contacts_apart(chain: Chain) -> None:
    bad, beside, clean = chain.land(), chain.land(), chain.land()
    chain.load("truck 1", bad)
    chain.later(30).unload("truck 1", bad)
    chain.load("cooperative room", bad, beside)
    (child,) = chain.later().split(bad, 10 * KG)
    scope = Scope(room=chain.rooms["truck 1"], from_ms=0, until_ms=chain.now_ms)
    law = replace(ORDER, basis=Basis.FOOD_SANITATION)
    assert no(recalls.open_recall(chain.desk(OWN), scope, ORDER)) == "not-found"
    event = done(recalls.open_recall(chain.desk("agency"), scope, law))
    listed = RecallLot.objects.filter(recall__opened=event).values_list("lot", "part")
    assert dict(listed) == {
        bad.id: RecallPart.SOURCE,
        child.id: RecallPart.DERIVED,
        beside.id: RecallPart.CONTACT,
    }
    assert [again(one).side for one in (bad, child, beside, clean)] == [
        "recalled",
        "recalled",
        "",
        "",
    ]


def test_who_may_recall_and_what(chain: Chain) -> None:
    lot, parts = spread(chain)
    scope, empty = Scope(lots=(lot.ref,)), Scope(room=chain.rooms["truck 2"], until_ms=1)
    assert no(recalls.open_recall(chain.desk("plant"), scope, ORDER)) == "not-found"
    handed = Scope(lots=(parts["shop"].ref,))
    assert no(recalls.open_recall(chain.desk("carrier"), handed, ORDER)) == "not-holder"
    assert no(recalls.open_recall(chain.desk("agency"), scope, ORDER)) == "bad-input"
    law = replace(ORDER, basis=Basis.FOOD_SANITATION)
    assert no(recalls.open_recall(chain.desk("agency"), empty, law)) == "nothing-touched"
    assert no(recalls.open_recall(chain.desk(OWN), scope, replace(ORDER, grade=4))) == "bad-input"
    assert no(recalls.notify(chain.desk("plant"), "x" * 16)) == "not-found"
    row = opened(chain, lot, who="agency", order=law)
    assert no(recalls.notify(chain.desk(OWN), row.id)) == "not-found"


acts = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(1, 999)), max_size=14)


def test_CC15_whatever_happened_before_each_gram_is_in_one_pair_of_hands(chain: Chain) -> None:
    tally = Tally("CC15", "random splits, wastes and hand-overs, then a recall", "wrong sums")
    names = [OWN, "plant", "wholesaler", "shop"]

    @settings(max_examples=25, deadline=None)
    @given(acts)
    def holds(acts: list[tuple[int, int, int]]) -> None:
        with undone():
            lot = chain.land(grams=1_000, boxes=0)
            for which, to, grams in acts:
                _do(chain, names, (which, names[to], grams))
            gone = sum(one.grams for one in _wasted())
            row = opened(chain, lot)
            shares = [one.grams for one in RecallHolder.objects.filter(recall=row)]
            tally.expect(sum(shares) == row.handed_grams == 1_000 - gone)

    tally.during(holds)


def _do(chain: Chain, names: list[str], act: tuple[int, str, int]) -> None:
    """Split, waste or hand over so much of some lot, if that can be."""
    which, to, grams = act
    lots = list(Lot.objects.filter(left_grams__gte=grams).order_by("id"))
    if not lots:
        return
    lot = lots[which % len(lots)]
    name = next((one for one in names if chain.ids[one] == lot.holder_id), "")
    if not name:
        return
    if which % 3 == 0:
        chain.split(lot, grams, name=name)
    elif which % 3 == 1 and name != to:
        chain.hand(lot, name, to, grams)
    else:
        done(working.waste(chain.desk(name), (Amount(lot.ref, grams),)))


def _wasted() -> Any:
    return EventLot.objects.filter(event__kind="wasted", part="used")


def test_a_desk_of_nobody_recalls_nothing(chain: Chain) -> None:
    lot = chain.land()
    scope = Scope(lots=(lot.ref,))
    stranger: Desk = chain.stranger()
    assert no(recalls.open_recall(stranger, scope, ORDER)) == "signed-out"
