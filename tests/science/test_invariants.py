"""The invariants of the design reference that a pure function can break: CC1-CC6, CC9, CC14."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science import histamine, kinetics, limits, spoilage, verdict
from science import histories as telling
from science.balance import (
    BOUNDS,
    Finding,
    Step,
    Weighed,
    balance,
    bounds_of,
)
from science.histamine import Risk
from science.histogram import (
    EMPTY,
    RECORDED,
    Bin,
    End,
    Exposure,
    State,
    total,
)
from science.limits import LINES, Export, Found
from science.species import (
    GRADED_FORMS,
    SPECIES,
    Family,
    Form,
    Ice,
    IceRatio,
    Kept,
    Product,
    Species,
)
from science.spoilage import Grade, Score, Side
from science.verdict import Certificate, History, Section, Source, Where, Why
from tests.science.trips import DAY, MACKEREL, MONKFISH, NOW, exposures, spent

PRODUCTS = st.builds(
    Product,
    st.lists(st.sampled_from(Species), min_size=1, max_size=2).map(tuple),
    st.sampled_from(Form),
    st.sampled_from(Kept),
    st.sampled_from(Ice),
    st.sampled_from(IceRatio),
)
SCORES = st.builds(Score, st.sampled_from(Side), st.integers(0, 20), st.just(20), st.integers(0, 4))
SOURCES = st.builds(Source, st.sampled_from(["a" * 16, "b" * 16]), st.integers(0, 9))
SECTIONS = st.builds(
    Section,
    st.sampled_from(Where),
    exposures(),
    st.integers(0, 2),
    st.lists(SOURCES, max_size=2).map(tuple),
)


def histories(product: st.SearchStrategy[Product] = PRODUCTS) -> st.SearchStrategy[History]:
    """Any history of a lot."""
    maybe = st.none() | st.integers(NOW - 30 * DAY, NOW)
    return st.builds(
        History,
        product=product,
        sections=st.lists(SECTIONS, max_size=4).map(tuple),
        until_ms=st.just(NOW),
        catch_ms=maybe,
        known_from_ms=maybe,
        scores=st.lists(SCORES, max_size=3).map(tuple),
        certificate=st.sampled_from(Certificate),
        use_by_ms=st.none() | st.integers(NOW - DAY, NOW + 9 * DAY),
        graded=st.booleans(),
    )


FRESH = st.builds(
    Product,
    st.sampled_from([(one,) for one in Species if SPECIES[one].family is Family.MACKEREL]),
    st.sampled_from(sorted(GRADED_FORMS)),
    st.just(Kept.CHILLED),
    st.sampled_from(Ice),
    st.sampled_from(IceRatio),
)

RESULTS: list[Callable[[Exposure], object]] = [
    spoilage.ice_days,
    spoilage.partly_frozen_ms,
    spoilage.frozen_hours,
    histamine.clock,
    kinetics.mkt,
    lambda one: [limits.judge(line, one) for line in LINES.values()],
    lambda one: [limits.export(profile, one) for profile in Export],
    lambda one: histamine.risk(MACKEREL, one, start_known=True),
]


@given(st.lists(exposures(), max_size=4), st.randoms())
def test_cc2_cc3_order_and_owners_change_nothing(parts: list[Exposure], order: Any) -> None:
    shuffled = list(parts)
    order.shuffle(shuffled)
    whole = total(parts)
    assert total(shuffled) == whole == sum(parts, EMPTY)
    assert [one(total(shuffled)) for one in RESULTS] == [one(whole) for one in RESULTS]


@given(exposures(), st.data())
def test_splitting_an_interval_changes_nothing(whole: Exposure, data: st.DataObject) -> None:
    share = {one: data.draw(st.integers(0, ms)) for one, ms in whole.bins.items()}
    left = Exposure({one: ms for one, ms in share.items() if ms})
    right = Exposure({one: ms - share[one] for one, ms in whole.bins.items() if ms > share[one]})
    assert left + right == whole
    for rate in (spoilage.rrs_units, histamine.growth):
        for end in End:
            assert left.weigh(rate, end) + right.weigh(rate, end) == whole.weigh(rate, end)


@given(histories(), st.data())
def test_a_section_in_two_gives_the_same_verdict(history: History, data: st.DataObject) -> None:
    scores = tuple(replace(one, after=2 * one.after) for one in history.scores)
    halves: list[Section] = []
    for section in history.sections:
        bins = section.exposure.bins
        share = {one: data.draw(st.integers(0, ms)) for one, ms in bins.items()}
        left = Exposure({one: ms for one, ms in share.items() if ms})
        right = Exposure({one: ms - share[one] for one, ms in bins.items() if ms > share[one]})
        halves += [Section(section.where, left), Section(section.where, right)]
    split = replace(history, sections=tuple(halves), scores=scores)
    assert verdict.judge(split) == verdict.judge(history)


@given(exposures())
def test_cc1_every_millisecond_is_in_one_state(whole: Exposure) -> None:
    assert sum(whole.ms(state) for state in State) == whole.all_ms
    for line in LINES.values():
        found = limits.judge(line, whole)
        three = found.confirmed_ms + found.possible_ms + found.excused_ms
        assert three <= whole.ms(*RECORDED)
        assert found.unknown_ms == whole.unknown_ms


@given(exposures(), st.integers(-25_000, 35_000), st.integers(1, DAY))
def test_unknown_is_never_counted_as_good(whole: Exposure, at: int, ms: int) -> None:
    """Unknown time confirms nothing, forgives nothing, and improves nothing."""
    more = whole + Exposure({Bin(State.UNKNOWN, at, 0): ms})
    for line in LINES.values():
        one, other = limits.judge(line, whole), limits.judge(line, more)
        assert one.confirmed_ms == other.confirmed_ms
        assert one.found == other.found
    spent_before, spent_after = spoilage.ice_days(whole), spoilage.ice_days(more)
    assert spent_before and spent_after
    assert spent_after.high > spent_before.high and spent_after.low > spent_before.low
    order = [Risk.LOW, Risk.CAUTION, Risk.UNDECIDED, Risk.HIGH]
    risks = [histamine.risk(MACKEREL, one, start_known=True) for one in (whole, more)]
    assert order.index(risks[1] or Risk.LOW) >= order.index(risks[0] or Risk.LOW)
    for profile in Export:
        if limits.export(profile, whole) is not Found.MET:
            assert limits.export(profile, more) is not Found.MET


@given(exposures(), st.integers(1, DAY))
def test_time_that_nothing_can_be_charged_at_leaves_nothing_to_promise(
    whole: Exposure, ms: int
) -> None:
    dark = whole + Exposure({Bin(State.UNKNOWN, None, 0): ms})
    assert histamine.risk(MACKEREL, dark, start_known=True) in (Risk.UNDECIDED, Risk.HIGH)
    section = Section(Where.STORED, dark)
    made = History(product=MACKEREL, sections=(section,), until_ms=NOW, catch_ms=0, graded=True)
    found = verdict.judge(made)
    assert (found.grade, found.life_shown, found.no_life) == (None, None, Why.GAPS)


@given(exposures(), st.booleans())
def test_cc3_histamine_never_falls(whole: Exposure, known: bool) -> None:
    colder = whole + spent((-25_000, 24))
    assert histamine.clock(colder) >= histamine.clock(whole)
    before = histamine.risk(MACKEREL, whole, start_known=known)
    if before is Risk.HIGH:
        assert histamine.risk(MACKEREL, colder, start_known=False) is Risk.HIGH


@given(histories())
def test_cc4_the_grade_goes_by_the_worse_end_and_by_the_law(history: History) -> None:
    found = verdict.judge(history)
    if found.grade is None:
        assert found.no_grade is not Why.NONE
        return
    _, ice_days, _ = verdict.counted(history)
    assert ice_days and found.life_d
    assert ice_days.low <= ice_days.high
    by_the_worse_end = spoilage.grade(ice_days, found.life_d, rule_broken=False)
    assert found.grade is (Grade.OUT if found.rule_broken else by_the_worse_end)


def test_the_legal_limit_of_histamine_is_a_reference_value_for_whole_fresh_fish() -> None:
    assert not MACKEREL.has_histamine_law and not MONKFISH.has_histamine_law
    assert replace(MACKEREL, form=Form.FILLET).has_histamine_law
    assert replace(MACKEREL, kept=Kept.FROZEN).has_histamine_law


def test_cc4_an_export_profile_forces_no_grade() -> None:
    section = Section(Where.TRANSPORT, spent((6_000, 9)))
    made = History(product=MACKEREL, sections=(section,), until_ms=NOW, catch_ms=0, graded=True)
    found = verdict.judge(made)
    assert dict(found.exports)[Export.FDA_SCOMBROID] is Found.BROKEN
    assert found.grade is Grade.GOOD


def test_cc4_a_broken_law_forces_the_grade_and_leaves_no_life() -> None:
    section = Section(Where.TRANSPORT, spent((11_000, 1)))
    made = History(product=MACKEREL, sections=(section,), until_ms=NOW, catch_ms=0, graded=True)
    found = verdict.judge(made)
    assert (found.grade, found.life_shown, found.no_life) == (Grade.OUT, None, Why.RULE)
    assert [one.found for one in found.lines] == [Found.BROKEN, Found.BROKEN]


@given(exposures())
def test_cc5_frozen_lots_have_no_ice_days(whole: Exposure) -> None:
    assert spoilage.ice_days(whole, Kept.FROZEN) is None
    product = replace(MACKEREL, kept=Kept.FROZEN)
    section = Section(Where.STORED, whole)
    made = History(product=product, sections=(section,), until_ms=NOW, catch_ms=0, graded=True)
    found = verdict.judge(made)
    assert (found.spent, found.grade, found.life_shown) == (None, None, None)
    assert [limit for limit, _ in found.frozen] == [-18_000, -15_000, -12_000]


def test_cc5_partial_freezing_is_a_fault_and_no_bonus() -> None:
    assert spoilage.ice_days(spent((-8_000, 5))) == spoilage.ice_days(spent((-2_000, 5)))
    assert spoilage.partly_frozen_ms(spent((-3_000, 5), u=500)) == 5 * 3_600_000
    assert spoilage.partly_frozen_ms(spent((-2_200, 5), u=500)) == 0


@given(histories(st.just(MONKFISH)))
def test_cc6_monkfish_has_neither_clock_nor_grade_nor_life(history: History) -> None:
    found = verdict.judge(history)
    assert (found.histamine, found.grade, found.life_left) == (None, None, None)
    assert found.no_grade is Why.SPECIES


@given(histories())
def test_cc6_mackerel_always_has_a_histamine_state(history: History) -> None:
    found = verdict.judge(history)
    if any(SPECIES[one].family is Family.MACKEREL for one in history.product.species):
        assert found.histamine is not None
        if history.catch_ms is None:
            assert found.histamine in (Risk.UNDECIDED, Risk.HIGH)
    assert "mg" not in found.text


@given(histories(FRESH), st.integers(0, 20), st.sampled_from([Side.SELLER, Side.BUYER]))
def test_cc14_a_sellers_score_never_improves_a_figure(
    history: History, qi: int, side: Side
) -> None:
    score = Score(side, qi, 20, after=len(history.sections))
    one = verdict.judge(history)
    other = verdict.judge(replace(history, scores=(*history.scores, score)))
    grades = [*Grade, None]
    assert grades.index(other.grade) >= grades.index(one.grade)
    assert (other.life_shown is None) == (one.life_shown is None)
    assert (other.life_shown or 0) <= (one.life_shown or 0)
    assert (other.spent is None) == (one.spent is None)
    assert (other.spent or (0, 0)) >= (one.spent or (0, 0))
    assert (other.histamine, other.start) == (one.histamine, one.start)


@given(histories())
def test_cc14_no_life_without_a_start_and_never_above_seven_days(history: History) -> None:
    found = verdict.judge(history)
    started = history.catch_ms is not None or any(
        one.side is Side.INDEPENDENT for one in history.scores
    )
    assert found.life_shown is None or (started and 0 <= found.life_shown <= 7_000_000)
    if history.product.life is None:
        assert found.life_shown is None


@given(histories())
def test_a_verdict_comes_back_from_its_canonical_form(history: History) -> None:
    found = verdict.judge(history)
    assert verdict.read(found.told()) == found
    assert found.text == verdict.read(found.told()).text
    assert found.text.isascii() and "." not in found.text.replace("kr_chilled", "")


@given(histories())
def test_whoever_holds_the_history_computes_the_same_verdict(made: History) -> None:
    sent = json.loads(json.dumps(telling.told(made)))
    assert telling.read(sent) == made
    assert verdict.judge(telling.read(sent)).text == verdict.judge(made).text


def test_a_history_of_another_version_is_refused() -> None:
    sent = telling.told(History(product=MACKEREL, sections=(), until_ms=NOW))
    with pytest.raises(ValueError, match="version 2"):
        telling.read({**sent, "version": 2})


def test_a_verdict_of_another_version_is_refused() -> None:
    told = verdict.judge(History(product=MACKEREL, sections=(), until_ms=NOW)).told()
    with pytest.raises(ValueError, match="version 2"):
        verdict.read({**told, "version": 2})


def test_cc11_a_verdict_names_what_it_rests_on() -> None:
    sections = (Section(Where.TRANSPORT, spent((1_000, 2))),)
    made = History(product=MACKEREL, sections=sections, until_ms=NOW, known_from_ms=NOW - DAY)
    told = verdict.judge(made).told()
    assert {"ice-days/1", "histamine-clock/1", "hold/1"} <= set(told["formulas"])
    assert [line[:3] for line in told["lines"]] == [
        ["kr_chilled", "law", "V"],
        ["melting_ice", "own", "D"],
    ]
    assert (told["known_from_ms"], told["certificate"], told["life_d"]) == (NOW - DAY, "none", 6)
    assert (told["transport_ms"], told["transport_unknown_ms"]) == (2 * 3_600_000, 0)


GRAMS = st.integers(0, 10**9)


@given(st.integers(1, 10**9), GRAMS, GRAMS, st.sampled_from(Step), st.sampled_from(Family))
def test_cc9_mass_is_conserved(
    inputs: int, products: int, rest: int, step: Step, family: Family
) -> None:
    bounds = bounds_of(step, family)
    found = balance(Weighed(inputs, products, rest), bounds)
    assert found.weighed.products + found.weighed.rest + found.lost == inputs
    too_much = (products + rest) * 1000 > inputs * bounds.most_out
    assert (found.finding is Finding.HEAVIER) == too_much == (not found.possible)


@pytest.mark.parametrize(
    ("step", "family", "weights", "finding"),
    [
        (Step.SORT, Family.MACKEREL, (1000, 980, 10), Finding.FITS),
        (Step.SORT, Family.MACKEREL, (1000, 900, 10), Finding.OPEN),
        (Step.SORT, Family.MACKEREL, (1000, 1000, 10), Finding.HEAVIER),
        (Step.GUT, Family.MACKEREL, (1000, 860, 130), Finding.FITS),
        (Step.GUT, Family.MACKEREL, (1000, 990, 10), Finding.YIELD),
        (Step.FILLET, Family.MACKEREL, (1000, 500, 480), Finding.FITS),
        (Step.FILLET, Family.MACKEREL, (1000, 500, 100), Finding.OPEN),
        (Step.MERGE, Family.OTHER, (1000, 1000, 0), Finding.FITS),
    ],
)
def test_cc9_what_a_step_may_give(
    step: Step, family: Family, weights: tuple[int, int, int], finding: Finding
) -> None:
    assert balance(Weighed(*weights), bounds_of(step, family)).finding is finding


def test_yields_from_memory_say_so() -> None:
    assert {str(bounds.mark) for bounds in BOUNDS.values()} == {"M"}
