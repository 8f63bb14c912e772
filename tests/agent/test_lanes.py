"""Whatever lies on the card: a batch keeps its bounds, its order, and leaves nothing behind."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agent.core import lanes
from agent.core.lanes import Way
from agent.core.ranges import Ranges
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
        made.append(replace(shelf, proved=proved & shelf.committed))
    return tuple(made)


@given(shelves(), st.sampled_from(Way), st.integers(1, 500))
def test_a_batch_is_bounded_in_order_and_holds_only_what_is_open(
    made: tuple[Shelf, ...], way: Way, reach: int
) -> None:
    waiting = lanes.still_open(made, {})
    cuts = lanes.cut(waiting, way, reach)
    assert bool(cuts) is bool(waiting)
    assert len(cuts) <= MAX_SPANS
    assert all(1 <= len(cut) <= reach for cut in cuts)
    places = [(cut.number, cut.first, cut.last) for cut in cuts]
    assert places == sorted(places)
    rows = [(cut.number, seq) for cut in cuts for seq in range(cut.first, cut.last + 1)]
    assert len(rows) == len(set(rows))
    is_open = {(shelf.number, seq) for shelf, open_ in waiting for seq in open_}
    assert set(rows) <= is_open


@given(shelves(), st.sampled_from(Way), st.integers(1, 500))
def test_no_row_goes_before_an_older_opening_that_is_open(
    made: tuple[Shelf, ...], way: Way, reach: int
) -> None:
    waiting = lanes.still_open(made, {})
    cuts = lanes.cut(waiting, way, reach)
    seen: set[int] = set()
    for cut in cuts:
        older = {shelf.number for shelf, rows in waiting if 0 in rows and shelf.number < cut.number}
        assert older <= seen
        seen |= {cut.number} if cut.first == 0 else set()
        assert cut.first == 0 or cut.number in seen or not _opening_open(waiting, cut)


def _opening_open(waiting: tuple[lanes.Open, ...], cut: Cut) -> bool:
    return any(shelf.number == cut.number and 0 in rows for shelf, rows in waiting)


@given(shelves(), st.integers(1, 500))
def test_taking_turns_ships_everything_that_is_open(made: tuple[Shelf, ...], reach: int) -> None:
    held: dict[int, Ranges] = {}
    for turn in range(400):
        waiting = lanes.still_open(made, held)
        if not waiting:
            break
        way = Way.A if turn % 2 == 0 else Way.B
        held = lanes.held_after(held, lanes.cut(waiting, way, reach))
    assert lanes.still_open(made, held) == ()


def test_the_newest_alarms_go_even_if_there_are_more_than_a_batch_holds() -> None:
    alarms = Ranges.of((n, n) for n in range(1, 100, 2))
    shelf = Shelf(1, b"epoch--1", 100, alarms=alarms, proved=Ranges.of([(0, 0)]))
    cuts = lanes.cut(lanes.still_open((shelf,), {}), Way.A, 500)
    assert [cut for cut in cuts if cut.first in alarms] == [
        Cut(1, seq, seq) for seq in range(85, 100, 2)
    ]
    assert Cut(1, 100, 100) in cuts
