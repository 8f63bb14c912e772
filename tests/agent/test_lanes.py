"""Whatever lies on the card: a batch keeps its bounds, its order, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agent.core import lanes
from agent.core.lanes import Way
from agent.core.ranges import NONE, Ranges, run
from agent.core.shelf import Cut, Shelf
from protocol.span import MAX_SPANS

members = st.sets(st.integers(0, 60))


@st.composite
def shelves(draw: st.DrawFn) -> tuple[Shelf, ...]:
    made = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        last = draw(st.integers(0, 60))
        proved, aside, alarms = (Ranges.of((n, n) for n in draw(members)) for _ in range(3))
        shelf = Shelf(number, b"epoch--%d" % number, last, aside=aside, alarms=alarms)
        former, kid = Ranges.of((n, n) for n in draw(members)), draw(st.sampled_from([b"", b"k"]))
        made.append(replace(shelf, proved=proved & shelf.committed, former=former, kid=kid))
    return tuple(made)


def has(waiting: Sequence[lanes.Open], way: Way) -> bool:
    """Whether this lane has anything to do."""
    return any(one.later if way is Way.C else one.fresh for one in waiting)


@given(shelves(), st.sampled_from(Way), st.integers(1, 500))
def test_a_batch_is_bounded_in_order_and_holds_only_what_is_open(
    made: tuple[Shelf, ...], way: Way, reach: int
) -> None:
    waiting = lanes.still_open(made, {}, made[-1].kid)
    cuts = lanes.cut(waiting, way, reach)
    assert bool(cuts) is has(waiting, way)
    assert len(cuts) <= MAX_SPANS
    assert all(1 <= len(cut) <= reach for cut in cuts)
    places = [(cut.number, cut.first, cut.last) for cut in cuts]
    assert places == sorted(places)
    rows = [(cut.number, seq) for cut in cuts for seq in range(cut.first, cut.last + 1)]
    assert len(rows) == len(set(rows))
    is_open = {(one.number, seq) for one in waiting for seq in one.rows}
    assert set(rows) <= is_open


@given(shelves(), st.sampled_from(Way), st.integers(1, 500))
def test_no_row_goes_before_an_older_opening_that_is_open(
    made: tuple[Shelf, ...], way: Way, reach: int
) -> None:
    waiting = lanes.still_open(made, {}, made[-1].kid)
    cuts = lanes.cut(waiting, way, reach)
    seen: set[int] = set()
    for cut in cuts:
        older = {one.number for one in waiting if 0 in one.rows and one.number < cut.number}
        assert older <= seen
        seen |= {cut.number} if cut.first == 0 else set()
        assert cut.first == 0 or cut.number in seen or not _opening_open(waiting, cut)


def _opening_open(waiting: tuple[lanes.Open, ...], cut: Cut) -> bool:
    return any(one.number == cut.number and 0 in one.rows for one in waiting)


@given(shelves(), st.integers(1, 500))
def test_taking_turns_ships_everything_that_is_open(made: tuple[Shelf, ...], reach: int) -> None:
    held: dict[int, Ranges] = {}
    for turn in range(400):
        waiting = lanes.still_open(made, held, made[-1].kid)
        if not waiting:
            break
        turns = [way for way in Way if has(waiting, way)]
        way = turns[turn % len(turns)]
        held = lanes.held_after(held, lanes.cut(waiting, way, reach))
    assert lanes.still_open(made, held, made[-1].kid) == ()


@given(shelves(), st.integers(1, 500))
def test_what_an_ended_key_sealed_goes_from_the_end_backwards(
    made: tuple[Shelf, ...], reach: int
) -> None:
    held: dict[int, Ranges] = {}
    while has(waiting := lanes.still_open(made, held, made[-1].kid), Way.C):
        cuts = lanes.cut(waiting, Way.C, reach)
        for cut in cuts:
            shelf = made[cut.number - 1]
            right = shelf.open_to(held.get(cut.number, NONE)) & run(cut.last + 1, shelf.last)
            assert shelf.kid == made[-1].kid or cut.last == 0 or not right
        held = lanes.held_after(held, cuts)


def test_the_newest_alarms_go_even_if_there_are_more_than_a_batch_holds() -> None:
    alarms = Ranges.of((n, n) for n in range(1, 100, 2))
    shelf = Shelf(1, b"epoch--1", 100, alarms=alarms, proved=Ranges.of([(0, 0)]))
    cuts = lanes.cut(lanes.still_open((shelf,), {}), Way.A, 500)
    assert [cut for cut in cuts if cut.first in alarms] == [
        Cut(1, seq, seq) for seq in range(85, 100, 2)
    ]
    assert Cut(1, 100, 100) in cuts
