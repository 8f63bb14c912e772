"""A lot's history: where it was, joined with what was measured there, by hand for each case."""

from __future__ import annotations

from datetime import date

import pytest

from science import verdict
from science.histamine import Risk
from science.histogram import Bin, State
from science.species import Species
from science.spoilage import Grade, Score
from science.timeline import MINUTE_MS
from science.verdict import Start, Where
from server.coldchain import exposures, tracks
from server.coldchain.actions import working
from server.coldchain.actions.working import Job, Out
from server.coldchain.exposures import Told, TooManyParents
from server.coldchain.models import Event, Inspection, Lot, Room, Stay
from server.coldchain.rules import Judge
from server.coldchain.taking import Amount
from tests.server.coldchain.recorder import row
from tests.server.coldchain.rig import KG, Chain, done, made

pytestmark = pytest.mark.django_db
HOUR = 60 * MINUTE_MS


def record(chain: Chain, room: str, from_ms: int, *parts: tuple[int, int | None]) -> None:
    """Readings every five minutes in a room: (minutes, milli_celsius)."""
    asset, at_ms, seen = Room.objects.get(id=chain.rooms[room]).asset, from_ms, []
    for minutes, value in parts:
        seen += [(at_ms + n * MINUTE_MS, value) for n in range(0, minutes, 5)]
        at_ms += minutes * MINUTE_MS
    with tracks.still():
        tracks.put(row(asset, [*seen, (at_ms, parts[-1][1])]))


def where(told: Told) -> list[tuple[Where, int]]:
    """What the sections are, and how many minutes each."""
    found = told.history.sections
    return [(one.where, one.exposure.all_ms // MINUTE_MS) for one in found]


def bins(told: Told, place: int) -> dict[tuple[State, int | None], int]:
    """Minutes of a section by state and temperature."""
    found = told.history.sections[place].exposure.bins
    return {(one.state, one.milli_celsius): ms // MINUTE_MS for one, ms in found.items()}


def test_a_lot_in_a_room_and_two_trucks(chain: Chain) -> None:
    start = chain.now_ms
    lot = chain.land()
    chain.later(30).load("cooperative room", lot)
    chain.later(60).unload("cooperative room", lot)
    chain.load("truck 1", lot)
    chain.later(120).unload("truck 1", lot)
    chain.later(20).load("truck 2", lot)
    chain.later(60).unload("truck 2", lot)
    record(chain, "cooperative room", start, (240, 1_000))
    record(chain, "truck 1", start, (120, 2_000), (120, 3_000))
    record(chain, "truck 2", start, (240, 9_000), (120, 500))
    told = exposures.of(lot, chain.now_ms)
    assert where(told) == [
        (Where.BEFORE, 240),
        (Where.BETWEEN, 30),
        (Where.STORED, 60),
        (Where.TRANSPORT, 120),
        (Where.BETWEEN, 20),
        (Where.TRANSPORT, 60),
    ]
    assert bins(told, 0) == {(State.UNKNOWN, 0): 240}
    assert bins(told, 1) == {(State.UNKNOWN, 1_000): 30}
    assert bins(told, 3) == {(State.KNOWN, 2_000): 30, (State.KNOWN, 3_000): 90}
    # between the trucks: the worse of what the first one last said and the second one first
    assert bins(told, 4) == {(State.UNKNOWN, 9_000): 20}
    assert bins(told, 5) == {(State.KNOWN, 9_000): 10, (State.KNOWN, 500): 50}
    history = told.history
    assert (history.known_from_ms, history.catch_ms) == (start + 30 * MINUTE_MS, start - 4 * HOUR)
    assert (told.contradictions, len(told.rooms)) == ((), 3)
    found = verdict.judge(history)
    assert (found.transport_ms, found.transport_unknown_ms) == (180 * MINUTE_MS, 0)
    assert (found.start, found.histamine) == (Start.CATCH, Risk.LOW)
    assert found.unknown_ms == (240 + 30 + 20) * MINUTE_MS


def test_late_readings_make_known_what_was_unknown(chain: Chain) -> None:
    start = chain.now_ms
    lot = chain.land()
    chain.load("truck 1", lot)
    chain.later(180)
    record(chain, "truck 1", start, (60, 1_000))
    record(chain, "truck 1", start + 120 * MINUTE_MS, (60, 2_000))
    before = verdict.judge(exposures.of(lot, chain.now_ms).history)
    assert before.transport_unknown_ms == 60 * MINUTE_MS
    record(chain, "truck 1", start + 60 * MINUTE_MS, (60, 1_500))
    after = verdict.judge(exposures.of(lot, chain.now_ms).history)
    assert after.transport_unknown_ms == 0
    assert after.spent and before.spent and after.spent[1] < before.spent[1]


def test_a_room_without_a_record_is_charged_at_the_places_around_it(chain: Chain) -> None:
    start = chain.now_ms
    lot = chain.land()
    chain.load("cooperative room", lot)
    chain.later(60).unload("cooperative room", lot)
    chain.load("truck 1", lot)
    chain.later(60)
    record(chain, "truck 1", start + 60 * MINUTE_MS, (90, 4_000))
    told = exposures.of(lot, chain.now_ms)
    assert bins(told, 1) == {(State.UNKNOWN, 4_000): 60}
    assert bins(told, 2) == {(State.KNOWN, 4_000): 60}


def test_a_lot_that_nothing_was_ever_recorded_of_promises_nothing(chain: Chain) -> None:
    lot = chain.land()
    chain.load("truck 1", lot)
    chain.later(60)
    told = exposures.of(lot, chain.now_ms)
    assert told.history.known_from_ms is None
    found = verdict.judge(told.history)
    assert (found.histamine, found.life_shown) == (Risk.UNDECIDED, None)


def test_a_child_has_its_parents_history(chain: Chain) -> None:
    start = chain.now_ms
    lot = chain.land()
    chain.load("cooperative room", lot)
    record(chain, "cooperative room", start, (60, 1_000), (60, 3_000))
    one, other = chain.later(60).split(lot, 300 * KG, 200 * KG)
    chain.later(60)
    for child in (one, other):
        told = exposures.of(child, chain.now_ms)
        assert told.history.sections[1].where is Where.STORED
        assert sum(bins(told, 1).values()) == 120
        assert told.history.catch_ms == lot.catch_ms


def _merged(chain: Chain, cold: int, warm: int, loaded: int = 2) -> tuple[Lot, list[Lot]]:
    start = chain.now_ms
    lots = [chain.land(), chain.land(catch_ms=start - 20 * HOUR)]
    chain.load("cooperative room", lots[0])
    if loaded == 2:
        chain.load("truck 1", lots[1])
    record(chain, "cooperative room", start, (200, cold))
    record(chain, "truck 1", start, (200, warm))
    job = Job(tuple(Amount(one.ref) for one in lots), (Out(2000 * KG, 100),))
    (child,) = made(done(working.merge(chain.later(60).desk("cooperative"), job)))
    return child, lots


def test_a_mixed_lot_has_the_worse_of_both(chain: Chain) -> None:
    child, _ = _merged(chain, 1_000, 5_000)
    told = exposures.of(child, chain.now_ms)
    assert told.history.catch_ms == child.catch_ms
    mixed = told.history.sections[1]
    assert mixed.exposure.bins == {Bin(State.KNOWN, 5_000, 500): 60 * MINUTE_MS}
    assert mixed.where is Where.TRANSPORT


def test_a_mixed_lot_knows_nothing_where_one_of_them_was_nowhere(chain: Chain) -> None:
    child, _ = _merged(chain, 1_000, 5_000, loaded=1)
    told = exposures.of(child, chain.now_ms)
    assert told.history.sections[1].exposure.unknown_ms == 60 * MINUTE_MS


def inspect(lot: Lot, at_ms: int, score: int, side: Judge) -> None:
    event = Event.objects.order_by("id")[0]
    Inspection.objects.create(
        lot=lot,
        event=event,
        organisation=lot.maker,
        side=side,
        score=score,
        out_of=20,
        at_ms=at_ms,
    )


def test_a_score_counts_from_when_it_was_given(chain: Chain) -> None:
    start = chain.now_ms
    lot = chain.land()
    chain.load("truck 1", lot)
    record(chain, "truck 1", start, (24 * 60, 0))
    chain.later(20 * 60)
    inspect(lot, start + 10 * HOUR, 2, Judge.INDEPENDENT)
    told = exposures.of(lot, chain.now_ms)
    assert where(told) == [
        (Where.BEFORE, 240),
        (Where.TRANSPORT, 600),
        (Where.TRANSPORT, 600),
    ]
    assert [one.after for one in told.history.scores] == [2]
    _, spent, _ = verdict.counted(told.history)
    from_score = verdict.counted(
        verdict.History(
            product=told.history.product,
            sections=told.history.sections[2:],
            until_ms=chain.now_ms,
            scores=tuple(Score(one.side, 2, 20) for one in told.history.scores),
        )
    )[1]
    assert spent == from_score


def test_a_good_score_of_one_part_improves_no_mixture(chain: Chain) -> None:
    child, lots = _merged(chain, 1_000, 5_000)
    inspect(lots[0], lots[0].made_ms + 1, 0, Judge.INDEPENDENT)
    inspect(lots[0], lots[0].made_ms + 2, 19, Judge.SELLER)
    scores = exposures.of(child, chain.now_ms).history.scores
    assert [str(one.side) for one in scores] == ["seller"]


def test_more_of_a_lot_than_there_is_in_two_trucks_is_told(chain: Chain) -> None:
    start = chain.now_ms
    lot = chain.land()
    loaded = chain.load("truck 1", lot)
    Stay.objects.create(
        lot=lot,
        room_id=chain.rooms["truck 2"],
        boxes=1,
        grams=lot.grams // 2,
        from_ms=start + 30 * MINUTE_MS,
        until_ms=start + 50 * MINUTE_MS,
        loaded=loaded,
        unloaded=loaded,
    )
    record(chain, "truck 1", start, (60, 1_000))
    record(chain, "truck 2", start, (60, 8_000))
    told = exposures.of(lot, chain.later(60).now_ms)
    (one,) = told.contradictions
    assert one.rooms == tuple(sorted((chain.rooms["truck 1"], chain.rooms["truck 2"])))
    assert (one.from_ms - start, one.until_ms - start) == (30 * MINUTE_MS, 50 * MINUTE_MS)
    assert bins(told, 2) == {(State.KNOWN, 8_000): 20}


def test_frozen_unidentified_and_dated_lots(chain: Chain) -> None:
    lot = chain.land(species=Species.UNIDENTIFIED)
    assert exposures.product_of(lot).species == (Species.UNIDENTIFIED,)
    lot.use_by = date(2020, 6, 4)
    told = exposures.of(lot, chain.now_ms)
    assert (told.history.use_by_ms or 0) // 1000 == 1_591_282_799  # 2020-06-04 23:59:59 in Korea
    found = verdict.judge(told.history)
    assert (found.grade, found.histamine) == (None, Risk.UNDECIDED)


def test_a_lot_of_too_many_lots_says_so(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    child, _ = _merged(chain, 1_000, 1_000)
    monkeypatch.setattr(exposures, "MOST_PARENTS", 2)
    with pytest.raises(TooManyParents):
        exposures.of(child, chain.now_ms)


def test_the_whole_way_gives_a_grade(chain: Chain) -> None:
    start = chain.now_ms
    lot = chain.land()
    chain.load("truck 1", lot)
    record(chain, "truck 1", start, (300, 1_000))
    lot.graded = True
    found = verdict.judge(exposures.of(lot, chain.later(240).now_ms).history)
    assert (found.grade, found.life_d, found.rule_broken) == (Grade.VERY_GOOD, 6, False)
