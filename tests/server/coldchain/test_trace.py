"""CC10: forward and backward are exactly a naive walk; contact is another class."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.coldchain import trace
from server.coldchain.models import Stay
from tests.server.coldchain import graphs
from tests.server.coldchain.rig import Chain, undone
from tests.server.pilots.rig import organisation
from tests.server.pilots.tally import Tally

pytestmark = pytest.mark.django_db

LOTS = 24

edges = st.lists(
    st.tuples(st.integers(0, LOTS - 1), st.integers(0, LOTS - 1))
    .filter(lambda two: two[0] != two[1])
    .map(lambda two: (min(two), max(two))),
    max_size=60,
    unique=True,
)
seeds = st.sets(st.integers(0, LOTS - 1), min_size=1, max_size=4)


def test_CC10_a_trace_is_what_a_naive_walk_finds() -> None:
    tally = Tally("CC10", "random graphs of lots against a naive walk", "other sets")
    first = graphs.lots(LOTS, organisation("graph"))

    @settings(max_examples=60, deadline=None)
    @given(edges, seeds)
    def holds(edges: list[tuple[int, int]], seeds: set[int]) -> None:
        with undone():
            graphs.links(edges, first)
            asked = [first + one for one in seeds]
            there = {first + one for one in graphs.walk(edges, seeds)}
            back = {first + one for one in graphs.walk([(b, a) for a, b in edges], seeds)}
            tally.expect(trace.forward(asked).lots == there)
            tally.expect(trace.backward(asked).lots == back)

    tally.during(holds)


def test_a_trace_is_bounded_and_says_so() -> None:
    first = graphs.lots(LOTS, organisation("graph"))
    graphs.links([(0, n) for n in range(1, LOTS)], first)
    assert len(trace.forward([first], most=LOTS).lots) == LOTS
    assert trace.forward([first], most=LOTS).complete
    cut = trace.forward([first], most=5)
    assert (len(cut.lots), cut.complete) == (5, False)
    assert trace.forward(range(first, first + LOTS)).complete


def test_possible_contact_is_the_same_room_at_the_same_time_and_nothing_else(
    chain: Chain,
) -> None:
    lots = [chain.land() for _ in range(5)]
    bad, beside, later, elsewhere, undone_lot = lots
    chain.load("truck 1", bad, beside)
    chain.load("truck 2", elsewhere)
    chain.later(30).unload("truck 1", bad)
    chain.load("truck 1", later)
    assert trace.contacts({bad.id}) == {beside.id}
    assert trace.contacts({beside.id}) == {bad.id, later.id}
    stay = Stay.objects.get(lot=beside)
    assert trace.in_room(stay.room_id, 0, chain.now_ms) == {bad.id, beside.id}
    after = trace.in_room(stay.room_id, chain.now_ms, chain.now_ms + 1)
    assert after == {beside.id, later.id}
    assert trace.at_place(chain.market.id, 0, chain.now_ms) == {one.id for one in lots}
    event = chain.load("truck 1", undone_lot)
    Stay.objects.filter(loaded=event).update(until_ms=chain.now_ms, unloaded=event)
    assert undone_lot.id not in trace.contacts({beside.id})


moments = st.integers(0, 12)
stays = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 1), moments, st.none() | moments), max_size=12
)


def test_CC10_contacts_are_what_a_naive_loop_finds(chain: Chain) -> None:
    tally = Tally("CC10", "random stays against a naive loop over minutes", "other sets")
    first = graphs.lots(6, organisation("graph"))
    event = chain.land().event
    rooms = [chain.rooms["truck 1"], chain.rooms["truck 2"]]

    @settings(max_examples=60, deadline=None)
    @given(stays, st.sets(st.integers(0, 5), min_size=1, max_size=2))
    def holds(drawn: list[tuple[int, int, int, int | None]], seeds: set[int]) -> None:
        real = [one for one in drawn if one[3] is None or one[3] >= one[2]]
        with undone():
            Stay.objects.bulk_create(
                Stay(
                    lot_id=first + lot,
                    room_id=rooms[room],
                    grams=1,
                    boxes=0,
                    from_ms=start,
                    until_ms=end,
                    loaded=event,
                    unloaded=None if end is None else event,
                )
                for lot, room, start, end in real
            )
            found = trace.contacts({first + one for one in seeds})
            tally.expect(found == {first + one for one in _naive(real, seeds)})

    tally.during(holds)


def _naive(stays: list[tuple[int, int, int, int | None]], seeds: set[int]) -> set[int]:
    """Whoever shares a room with a seed in some minute."""
    found = set()
    for minute in range(14):
        here = [
            (lot, room)
            for lot, room, start, end in stays
            if start <= minute and (end is None or minute < end)
        ]
        hot = {room for lot, room in here if lot in seeds}
        found |= {lot for lot, room in here if room in hot}
    return found - seeds
