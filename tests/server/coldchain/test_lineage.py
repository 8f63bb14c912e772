"""CC9 and market.md 5: mass is conserved to the gram, and no child has a better start."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from science.species import GRADED_FORMS, Form, Ice, Kept
from server.coldchain.actions import working
from server.coldchain.actions.working import Job, Out
from server.coldchain.lineage import inherited, shaped, shares
from server.coldchain.models import Lot
from server.coldchain.taking import Amount
from tests.server.coldchain.rig import KG, Chain, done, made, no, undone
from tests.server.pilots.tally import Tally

weights = st.dictionaries(st.integers(1, 99), st.integers(1, 10**9), min_size=1, max_size=8)
children = st.dictionaries(st.text("abc", min_size=1), st.integers(1, 10**9), max_size=8)


@given(weights, children)
def test_shares_add_up_to_every_child_to_the_gram(
    used: dict[int, int], made: dict[str, int]
) -> None:
    found = shares(used, made)
    assert min(found.values(), default=0) >= 0
    assert set(found) == {(parent, child) for parent in used for child in made}
    for child, grams in made.items():
        assert sum(found[parent, child] for parent in used) == grams


def _lot(**more: Any) -> Lot:
    given = {"species": "a", "trade": "t", "ice": "iced", "form": "whole", "kept": "chilled"}
    return Lot(**{**given, "catch_ms": 5, "catch_by": "fisher", **more})


ices = st.sampled_from([str(one) for one in Ice])
starts = st.tuples(st.none() | st.integers(1, 9), ices, st.sampled_from(["", "1:2", "1:4"]))
WORST = ["iced", "rsw", "none", "unstated"]


@given(st.lists(starts, min_size=1, max_size=5))
def test_a_child_has_the_worst_start_of_its_parents(
    drawn: list[tuple[int | None, str, str]],
) -> None:
    parents = [_lot(catch_ms=at, ice=ice, ice_ratio=ratio) for at, ice, ratio in drawn]
    child = inherited(parents)
    catches = [at for at, _, _ in drawn]
    known = [at for at in catches if at is not None]
    assert child["catch_ms"] == (None if None in catches else min(known))
    assert WORST.index(child["ice"]) == max(WORST.index(ice) for _, ice, _ in drawn)
    ratios = [ratio for _, _, ratio in drawn]
    assert child["ice_ratio"] == ("" if "" in ratios else max(ratios))


def test_what_differs_is_named_side_by_side_or_left_blank() -> None:
    one = _lot(area="61", gear="trawl", vessel="v", trace_no="1", feed=False, graded=True)
    other = _lot(area="71", gear="trap", vessel="w", trace_no="2", feed=True, species="b a")
    child = inherited([one, other])
    assert (child["area"], child["species"], child["gear"]) == ("61 71", "a b", "other")
    assert (child["vessel"], child["trace_no"]) == ("", "")
    assert (child["feed"], child["graded"]) == (True, False)


FORMS = [str(one) for one in Form]
shapes = st.tuples(st.sampled_from(FORMS), st.sampled_from([str(one) for one in Kept]))


@given(st.lists(shapes, min_size=1, max_size=4), st.sampled_from(Form), st.sampled_from(Kept))
def test_no_child_is_inside_the_model_that_one_of_its_parents_is_outside_of(
    drawn: list[tuple[str, str]], form: Form, kept: Kept
) -> None:
    parents = [_lot(form=shape, kept=state) for shape, state in drawn]
    outside = any(one.form not in GRADED_FORMS for one in parents)
    frozen = any(one.kept == Kept.FROZEN for one in parents)
    child = inherited(parents)
    assert (child["form"] in GRADED_FORMS) is not outside
    found = shaped(parents, form, kept)
    assert found is None or found not in GRADED_FORMS or not outside
    if found in GRADED_FORMS:
        assert not (frozen and kept is Kept.CHILLED)


@pytest.mark.django_db
def test_a_fillet_is_no_whole_fish_again_and_what_was_frozen_is_thawed(chain: Chain) -> None:
    desk = chain.desk("cooperative")
    whole, fillet = chain.land(graded=True), chain.land(form=Form.FILLET, graded=True)
    for used in ((whole, fillet), (fillet, whole)):
        job = Job(tuple(Amount(one.ref, 10 * KG) for one in used), (Out(20 * KG),))
        assert made(done(working.merge(desk, job)))[0].form == Form.FILLET
    again = Job((Amount(fillet.ref, 10 * KG),), (Out(10 * KG, form=Form.WHOLE),))
    assert no(working.split(desk, again)) == "bad-input"
    frozen = chain.land(kept=Kept.FROZEN)
    job = Job((Amount(frozen.ref, 10 * KG),), (Out(10 * KG, kept=Kept.CHILLED),))
    (thawed,) = made(done(working.split(desk, job)))
    assert (thawed.form, thawed.kept) == (Form.THAWED, Kept.CHILLED)
    job = Job((Amount(whole.ref, 10 * KG), Amount(frozen.ref, 10 * KG)), (Out(20 * KG),))
    (mixed,) = made(done(working.merge(desk, job)))
    assert (mixed.form, mixed.kept) == (Form.THAWED, Kept.CHILLED)


parts = st.lists(st.integers(1, 400), min_size=1, max_size=5)


@pytest.mark.django_db
def test_CC9_no_work_makes_more_of_a_lot_than_there_was(chain: Chain) -> None:
    tally = Tally("CC9", "random splits of a lot, of what is there and of more", "grams made")
    lot = chain.land(grams=1_000, boxes=0)

    @settings(max_examples=40, deadline=None)
    @given(st.lists(parts, max_size=4))
    def holds(splits: list[list[int]]) -> None:
        with undone():
            for grams in splits:
                job = Job((Amount(lot.ref, sum(grams)),), tuple(map(Out, grams)))
                fits = sum(grams) <= Lot.objects.get(id=lot.id).left_grams
                result = working.split(chain.desk("cooperative"), job)
                if fits:
                    done(result)
                left = sum(Lot.objects.values_list("left_grams", flat=True))
                tally.expect(left == 1_000)

    tally.during(holds)
