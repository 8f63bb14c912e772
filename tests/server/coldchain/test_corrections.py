"""A correction reaches what came of the lot, whichever came first; one event names all of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from science.balance import Step
from science.species import Ice, IceRatio, Species
from server.coldchain import again as rebuilding
from server.coldchain import audit, due, verdicts
from server.coldchain.actions import custody, landing, working
from server.coldchain.actions.custody import To
from server.coldchain.actions.landing import Correction, Sold
from server.coldchain.actions.working import Job, Out
from server.coldchain.correcting import FOLLOWS
from server.coldchain.facts import digest
from server.coldchain.models import DueLot, EventLot, Lot
from server.coldchain.rules import Gear, Source
from server.coldchain.taking import Amount
from tests.server.coldchain import older
from tests.server.coldchain.rig import HOUR, KG, Chain, done, mackerel, no, undone
from tests.server.coldchain.rig import again as now
from tests.server.pilots.tally import Tally

pytestmark = pytest.mark.django_db

OWN = "cooperative"
NAMES = [name for group in FOLLOWS for name in group]
ROOTS = 3
START = 1_000_000


def corrections(caught_ms: int) -> list[Correction]:
    return [
        Correction(species=Species.SCOMBER_AUSTRALASICUS),
        Correction(species=Species.MACKEREL, trade="고등어 소"),
        Correction(catch_ms=caught_ms, catch_by=Source.DOCUMENT),
        Correction(catch_unknown=True),
        Correction(ice=Ice.NONE, ice_ratio=IceRatio.UNRECORDED),
        Correction(ice=Ice.ICED, ice_ratio=IceRatio.ONE_TO_TWO),
        Correction(area="71", origin="원양산"),
        Correction(gear=Gear.TRAWL, vessel="다른 배"),
    ]


lot = st.integers(0, 99)
works = st.one_of(
    st.tuples(st.just("split"), lot, st.sampled_from(["", "고등어 대"])),
    st.tuples(st.just("merge"), lot, lot),
)
corrects = st.tuples(st.just("correct"), lot, st.integers(0, 7))
Op = tuple[str, int, Any]


def played(chain: Chain, ops: list[Op]) -> list[Lot]:
    """The lots after all of this, in the order in which they came into being."""
    made = [chain.land(grams=START, boxes=0, area=f"6{n}") for n in range(ROOTS)]
    desk, listed = chain.desk(OWN), corrections(chain.now_ms - 9 * HOUR)
    for name, which, more in ops:
        one = now(made[which % len(made)])
        if name == "correct":
            done(landing.correct(desk, one.ref, listed[more], "잘못"))
            continue
        used = [one]
        if name == "merge" and (other := now(made[more % len(made)])) != one:
            used.append(other)
        amounts = tuple(Amount(each.ref, each.left_grams // 4) for each in used)
        weight = sum(each.grams or 0 for each in amounts)
        out = (Out(weight, trade=more if name == "split" else ""),)
        act = working.split if len(used) == 1 else working.merge
        event = done(act(desk, Job(amounts, out)))
        made += Lot.objects.filter(event=event)
    return [now(each) for each in made]


def early(ops: list[Op]) -> list[Op]:
    """The same, but every correction as soon as its lot is there."""
    there, fixed = ROOTS, []
    for name, which, more in ops:
        fixed.append((there, (name, which % there, more)))
        there += name != "correct"
    right = [(which, (name, which, more)) for _, (name, which, more) in fixed if name == "correct"]
    found = [op for which, op in right if which < ROOTS]
    for there, op in fixed:
        if op[0] != "correct":
            # What `which` means is settled: lots are numbered as before.
            found += [op, *(each for which, each in right if which == there)]
    return found


@pytest.mark.django_db
def test_it_does_not_matter_whether_the_correction_or_the_work_came_first(chain: Chain) -> None:
    tally = Tally("CC2", "corrections told early and late, over random work", "differing")

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.one_of(works, corrects), min_size=2, max_size=10))
    def holds(drawn: list[Op]) -> None:
        ops, there = [], ROOTS
        for name, which, more in drawn:
            other = more % there if name == "merge" else more
            ops.append((name, which % there, other))
            there += name != "correct"
        found = []
        for told in (ops, early(ops)):
            with undone():
                lots = played(chain, told)
                found.append([[str(getattr(one, name)) for name in NAMES] for one in lots])
                assert list(audit.check(older.logged())) == []
        tally.expect(found[0] == found[1])

    tally.during(holds)


def test_one_event_names_all_lots_that_it_changed_and_they_are_judged_again(chain: Chain) -> None:
    root, other = chain.land(), chain.land(species=Species.MONKFISH)
    (child,) = chain.split(root, 100 * KG)
    job = Job((Amount(child.ref, 50 * KG), Amount(other.ref, 50 * KG)), (Out(100 * KG),))
    mixed = Lot.objects.get(event=done(working.merge(chain.desk(OWN), job)))
    gone = chain.hand(chain.split(child, 20 * KG)[0], OWN, "plant")
    (fillet,) = _gutted(chain, gone)
    before = {one.id: digest(one) for one in Lot.objects.all()}
    older.logged()
    while due.read(chain.now_ms):
        pass
    with_none = DueLot.objects.update(due_ms=chain.now_ms + HOUR)
    desk = chain.later().desk(OWN)
    change = Correction(species=Species.SCOMBER_AUSTRALASICUS, area="71", vessel="진짜 배")
    event = done(landing.correct(desk, root.ref, change, "종이 달랐음"))
    named = set(EventLot.objects.filter(event=event).values_list("lot", flat=True))
    changed = {one.id for one in Lot.objects.all() if digest(one) != before[one.id]}
    assert named == changed == {one.id for one in (root, child, mixed, gone, fillet)}
    assert now(mixed).species == "scomber-australasicus monkfish"
    assert (now(fillet).area, now(fillet).vessel, now(fillet).form) == ("71", "진짜 배", "gutted")
    older.logged()
    while due.read(chain.now_ms):
        pass
    again = set(DueLot.objects.filter(due_ms__lte=chain.now_ms).values_list("lot", flat=True))
    assert with_none and again == named
    verdicts.judge(fillet.id, chain.now_ms)
    assert list(audit.check(older.logged())) == []


def _gutted(chain: Chain, lot: Lot) -> list[Lot]:
    job = Job((Amount(lot.ref),), (Out(lot.grams * 8 // 10),), waste=lot.grams // 10)
    event = done(working.transform(chain.desk("plant"), Step.GUT, job))
    return list(Lot.objects.filter(event=event))


def test_what_was_corrected_there_or_said_to_be_something_else_stays(chain: Chain) -> None:
    root = chain.land()
    (child,) = chain.split(root, 100 * KG)
    (grandchild,) = chain.split(child, 10 * KG)
    desk = chain.later().desk(OWN)
    done(landing.correct(desk, child.ref, Correction(area="27"), "이 상자는"))
    assert now(grandchild).area == "27"
    change = Correction(area="71", ice=Ice.NONE)
    done(landing.correct(desk, root.ref, change, "해역과 얼음"))
    found = [(now(one).area, now(one).ice) for one in (root, child, grandchild)]
    assert found == [("71", "none"), ("27", "none"), ("27", "none")]


def test_a_settled_lot_follows_its_landing_and_keeps_its_weight(chain: Chain) -> None:
    root = chain.land()
    desk = chain.desk(OWN)
    sorted_ = done(working.sort(desk, Job((Amount(root.ref, 100 * KG),), (Out(100 * KG),))))
    child = Lot.objects.get(event=sorted_)
    done(landing.award(desk, (Sold(child.ref, "7", 1),)))
    done(landing.settle(desk, (child.ref,)))
    assert no(landing.correct(desk, child.ref, Correction(area="71"), "?")) == "settled"
    done(landing.correct(desk, root.ref, Correction(area="71", grams=900 * KG), "해역"))
    assert (now(child).area, now(child).grams) == ("71", 100 * KG)


def test_a_weight_that_what_came_of_it_does_not_bear_out_is_refused(chain: Chain) -> None:
    root = chain.land(grams=1000 * KG, boxes=50)
    children = chain.split(root, 300 * KG, 300 * KG)
    desk = chain.later().desk(OWN)

    def correct(lot: Lot, grams: int) -> object:
        return landing.correct(desk, lot.ref, Correction(grams=grams), "저울")

    assert no(correct(root, 599 * KG)) == "more-was-taken"
    assert no(correct(children[0], 500 * KG)) == "heavier"
    done(landing.correct(desk, children[0].ref, Correction(grams=290 * KG), "저울"))
    assert no(correct(children[1], 400 * KG)) == "heavier"
    chain.load("truck 1", root)
    assert no(correct(root, 900 * KG)) == "elsewhere"
    done(landing.correct(desk, root.ref, Correction(grams=1100 * KG), "저울"))
    assert (now(root).grams, now(root).left_grams) == (1100 * KG, 500 * KG)
    to = To(chain.ids["plant"])
    done(custody.offer(desk, to, (Amount(children[1].ref, 250 * KG),)))
    assert no(correct(children[1], 200 * KG)) == "offered-already"
    assert list(audit.check(older.logged())) == []


def test_after_a_restore_a_correction_has_reached_what_it_had_reached(chain: Chain) -> None:
    landed = replace(mackerel(chain), catch_by=Source.FISHER)
    root = chain.land(OWN, landed)
    (child,) = chain.split(root, 100 * KG)
    size, before = older.logged(), older.kept()
    change = Correction(catch_unknown=True, origin="원양산")
    done(landing.correct(chain.later().desk(OWN), root.ref, change, "몰랐음"))
    grown, newest = older.logged(), older.said()
    older.put_back(before)
    assert now(child).origin == "연근해산"
    rebuilding.rebuild(size, grown)
    assert (now(child).origin, now(child).catch_ms) == ("원양산", None)
    assert older.said() == newest
