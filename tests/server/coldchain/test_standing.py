"""A hold and a laboratory's 부적합 reach all that came of a lot, and a release frees it again."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from server.coldchain import again as restoring
from server.coldchain import audit, logged, standing
from server.coldchain.actions import custody, quality, selling, working
from server.coldchain.actions.custody import To
from server.coldchain.actions.working import Job, Out
from server.coldchain.handing import Answer
from server.coldchain.models import Event, EventLot, Hold, Link, Lot
from server.coldchain.rules import Basis, HoldState, SampleState, Side
from server.coldchain.taking import Amount
from server.ledger import log
from server.ledger.writing import writing
from tests.server.coldchain import graphs
from tests.server.coldchain.rig import KG, Chain, again, done, made, no, undone
from tests.server.coldchain.test_audit import unguarded
from tests.server.pilots.rig import organisation
from tests.server.pilots.tally import Tally

pytestmark = pytest.mark.django_db

OWN = "cooperative"
LAW = Basis.FOOD_SANITATION
LOTS = 12
WHO = 3


def sides(*lots: Lot) -> list[str]:
    return [again(one).side for one in lots]


def test_what_came_of_a_held_lot_is_not_sold_handed_over_or_worked_on(chain: Chain) -> None:
    lot, other = chain.land(), chain.land()
    given, kept = chain.split(lot, 100 * KG, 50 * KG)
    shop = chain.hand(given, OWN, "shop", 40 * KG)
    offered = chain.offer(kept, OWN, "plant")
    job = Job((Amount(given.ref, KG), Amount(other.ref, KG)), (Out(2 * KG),))
    (mixed,) = made(done(working.merge(chain.desk(OWN), job)))
    agency, desk = chain.desk("agency"), chain.desk("shop")
    done(quality.hold(agency, (lot.ref,), LAW, "제72조"))
    assert sides(lot, given, kept, shop, mixed, other) == ["held"] * 5 + [""]
    for act in (
        selling.put_on_sale(desk, (shop.ref,)),
        selling.sell(desk, (shop.ref,)),
        custody.offer(desk, To(chain.ids["plant"]), (Amount(shop.ref),)),
        custody.accept(chain.desk("plant"), (Answer(offered.id),)),
        working.split(desk, Job((Amount(shop.ref, KG),), (Out(KG),))),
        working.split(chain.desk(OWN), Job((Amount(mixed.ref, KG),), (Out(KG),))),
    ):
        assert no(act) == "held"
    assert no(quality.release(desk, (shop.ref,))) == "wrong-state"
    done(quality.release(agency, (lot.ref,)))
    assert sides(lot, given, kept, shop, mixed) == [""] * 5
    done(selling.put_on_sale(desk, (shop.ref,)))


def test_a_release_leaves_what_another_hold_stands_on(chain: Chain) -> None:
    lot = chain.land()
    (child,) = chain.split(lot, 100 * KG)
    (grand, sibling) = chain.split(child, 10 * KG, 10 * KG)
    agency, desk = chain.desk("agency"), chain.desk(OWN)
    done(quality.hold(agency, (lot.ref,), LAW))
    done(quality.hold(desk, (grand.ref,), Basis.OWN))
    done(quality.hold(desk, (child.ref,), Basis.OWN))
    done(quality.release(desk, (child.ref,)))
    assert sides(lot, child, grand, sibling) == ["held"] * 4
    done(quality.release(agency, (lot.ref,)))
    assert sides(lot, child, grand, sibling) == ["", "", "held", ""]
    done(quality.release(desk, (grand.ref,)))
    assert sides(grand) == [""]


edges = st.lists(
    st.tuples(st.integers(0, LOTS - 1), st.integers(0, LOTS - 1))
    .filter(lambda two: two[0] != two[1])
    .map(lambda two: (min(two), max(two))),
    max_size=30,
    unique=True,
)
steps = st.lists(st.tuples(st.integers(0, LOTS - 1), st.integers(0, WHO - 1)), max_size=12)


def test_CC15_holds_flow_over_random_graphs_as_a_naive_walk_says(chain: Chain) -> None:
    tally = Tally("CC15", "random holds and releases over random graphs", "wrong marks")
    first, event = graphs.lots(LOTS, organisation("graph")), chain.land().event
    who = [chain.ids[name] for name in (OWN, "shop", "agency")]

    def turned(lot: int, by: int, standing_: set[tuple[int, int]]) -> None:
        row = {"lot_id": first + lot, "organisation_id": who[by]}
        if (lot, by) in standing_:
            standing_.remove((lot, by))
            ended = {"state": HoldState.RELEASED, "released": event}
            Hold.objects.filter(**row, state=HoldState.HELD).update(**ended)
            standing.lift(frozenset({first + lot}))
        else:
            standing_.add((lot, by))
            Hold.objects.create(**row, basis=Basis.OWN, ordered=event)
            standing.mark(frozenset({first + lot}), Side.HELD)

    @settings(max_examples=40, deadline=None)
    @given(edges, steps)
    def holds(edges: list[tuple[int, int]], steps: list[tuple[int, int]]) -> None:
        with undone():
            graphs.links(edges, first)
            there: set[tuple[int, int]] = set()
            for lot, by in steps:
                turned(lot, by, there)
                naive = {first + one for one in graphs.walk(edges, {lot for lot, _ in there})}
                marked = set(Lot.objects.filter(side=Side.HELD).values_list("id", flat=True))
                tally.expect(marked == naive)
            for lot in range(LOTS):
                back = graphs.walk([(b, a) for a, b in edges], {lot})
                named = {
                    (one.lot_id - first, who.index(one.organisation_id))
                    for one in standing.over([first + lot])
                }
                tally.expect(named == {one for one in there if one[0] in back})

    tally.during(holds)


def test_what_the_log_tells_after_a_hold_is_held_too_and_verify_finds_a_wrong_mark(
    chain: Chain,
) -> None:
    """Two actions at once may stand in the log in the other order than they were done in."""
    lot = chain.land()
    size, newest = log.sequence(chain.now_ms).size, Event.objects.latest("id").pk
    (child,) = chain.split(lot, 10 * KG)
    done(quality.hold(chain.desk("agency"), (lot.ref,), LAW))
    grown = log.sequence(chain.now_ms).size
    assert list(audit.check(grown)) == []
    with unguarded(), undone():
        Lot.objects.filter(id=child.id).update(side=Side.FREE)
        assert [one.text for one in audit.check(grown)] == [
            f"lot {child.ref} is under a hold and not marked so"
        ]
        Lot.objects.filter(id=child.id).update(side=Side.HELD)
        Hold.objects.update(state=HoldState.RELEASED, released=Event.objects.latest("id"))
        assert len(list(audit.check(grown))) == 2
    with unguarded():
        Hold.objects.all().delete()
        for table in (EventLot, Link):
            table.objects.filter(event__id__gt=newest).delete()
        Lot.objects.filter(id=child.id).delete()
        Event.objects.filter(id__gt=newest).delete()
        Lot.objects.update(side=Side.FREE, left_grams=1000 * KG)
    with writing():
        for one in reversed(list(logged.entries(size, grown))):
            restoring._one(one)
    assert {one.side for one in Lot.objects.all()} == {Side.HELD}
    assert list(audit.check(grown)) == []


def test_a_database_of_before_marks_what_its_holds_stand_on(chain: Chain) -> None:
    lot, free = chain.land(), chain.land()
    (child,) = chain.split(lot, 100 * KG)
    (grand,) = chain.split(child, 10 * KG)
    done(quality.hold(chain.desk("agency"), (lot.ref,), LAW))
    Lot.objects.exclude(id=lot.id).update(side=Side.FREE)
    moved = import_module("server.coldchain.migrations.0009_holds_flow_down")
    with connection.cursor() as cursor:
        cursor.execute(moved.MARK)
    assert sides(lot, child, grand, free) == ["held", "held", "held", ""]


def test_the_newest_result_of_each_lot_above_counts_and_a_sample_without_one_says_nothing(
    chain: Chain,
) -> None:
    lot, agency = chain.land(), chain.desk("agency")
    (child,) = chain.split(lot, 10 * KG)

    def sampled(one: Lot, state: SampleState) -> None:
        taken = done(quality.take_sample(agency, one.ref, "검사소"))
        if state is not SampleState.TAKEN:
            done(quality.report_sample(agency, taken.ref, state))

    sampled(lot, SampleState.FAILED)
    sampled(lot, SampleState.TAKEN)
    sampled(child, SampleState.PASSED)
    assert [one.lot_id for one in standing.failed(child)] == [lot.id]
    assert standing.failed(chain.land()) == []
    sampled(lot, SampleState.PASSED)
    assert standing.failed(child) == []
