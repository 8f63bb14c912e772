"""From readings to time, and where a lot was: against loops that walk every millisecond."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from science import timeline
from science.histogram import Bin, Exposure, State
from science.timeline import (
    MINUTE_MS,
    Leg,
    Look,
    Piece,
    Rules,
    Stay,
    Stretch,
)

RULES = Rules(gap_ms=5, door_ms=8, settle_ms=2)
LOOKS = st.lists(
    st.builds(Look, st.integers(0, 40), st.none() | st.integers(-3, 3), st.integers(0, 1)),
    max_size=12,
)
WINDOWS = st.tuples(st.integers(-5, 45), st.integers(1, 30)).map(
    lambda pair: Stretch(pair[0], pair[0] + pair[1])
)
STRETCHES = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 12)).map(lambda p: Stretch(p[0], p[0] + p[1])),
    max_size=4,
)


def naive(looks: Sequence[Look], window: Stretch, rules: Rules = RULES) -> list[Bin]:
    """The bin of each millisecond, looked up anew every time."""
    best: dict[int, Look] = {}
    for look in looks:
        worse = (look.milli_celsius is not None, (look.milli_celsius or 0) + look[2], look[1] or 0)
        held = best.get(look.at_ms)
        known = held is not None and held.milli_celsius is not None
        if held is None or worse > (known, (held.milli_celsius or 0) + held[2], held[1] or 0):
            best[look.at_ms] = look
    return [_bin(best, at, rules) for at in range(*window)]


def _bin(best: dict[int, Look], at: int, rules: Rules) -> Bin:
    valued = [one for one in best.values() if one.milli_celsius is not None]
    faults = [one.at_ms for one in best.values() if one.milli_celsius is None]
    last = max((one for one in valued if one.at_ms <= at), default=None)
    after = min((one for one in valued if one.at_ms > at), default=None)
    whole = last and after and not any(last.at_ms < fault < after.at_ms for fault in faults)
    if whole and last and after and after.at_ms - last.at_ms <= rules.gap_ms:
        return Bin(State.KNOWN, last.milli_celsius, last.uncertainty_milli)
    near = [Bin(State.UNKNOWN, one[1], one[2]) for one in (last, after) if one]
    near += [rules.ambient] if rules.ambient else []
    return max(
        near, key=lambda b: ((b[1] or 0) + b[2], b[1] or 0), default=Bin(State.UNKNOWN, None, 0)
    )


def flat(pieces: Sequence[Piece]) -> list[Bin]:
    """Pieces as milliseconds; they must follow each other without a hole."""
    assert all(one.until_ms == after.from_ms for one, after in pairwise(pieces))
    return [piece.bin for piece in pieces for _ in range(piece.from_ms, piece.until_ms)]


@given(LOOKS, WINDOWS, st.none() | st.integers(-3, 3))
def test_readings_become_time(looks: list[Look], window: Stretch, ambient: int | None) -> None:
    charged = None if ambient is None else Bin(State.UNKNOWN, ambient, 0)
    rules = Rules(gap_ms=5, ambient=charged)
    found = timeline.pieces(timeline.arrange(looks), window, rules)
    assert flat(found) == naive(looks, window, rules)


@given(LOOKS, WINDOWS, st.randoms())
def test_the_order_of_arrival_changes_nothing(
    looks: list[Look], window: Stretch, dice: object
) -> None:
    again = list(looks)
    dice.shuffle(again)  # type: ignore[attr-defined]
    here, there = (timeline.arrange(one) for one in (looks, [*again, *looks[:3]]))
    assert timeline.pieces(here, window, RULES) == timeline.pieces(there, window, RULES)


@given(LOOKS, WINDOWS, st.integers(0, 30))
def test_a_window_in_two_is_the_same_time(looks: list[Look], window: Stretch, share: int) -> None:
    arranged = timeline.arrange(looks)
    at = min(window.from_ms + share, window.until_ms)
    parts = [Stretch(window.from_ms, at), Stretch(at, window.until_ms)]
    halves = [
        timeline.exposure(timeline.pieces(arranged, one, RULES)) for one in parts if one[0] < one[1]
    ]
    whole = timeline.exposure(timeline.pieces(arranged, window, RULES))
    assert sum(halves, Exposure()) == whole
    assert whole.all_ms == window.until_ms - window.from_ms


@given(LOOKS, WINDOWS, st.integers(0, 40))
def test_a_further_reading_of_what_holds_changes_nothing(
    looks: list[Look], window: Stretch, at: int
) -> None:
    arranged = timeline.arrange(looks)
    (here,) = timeline.pieces(arranged, Stretch(at, at + 1), RULES)
    if here.bin.state is State.KNOWN:
        more = timeline.arrange([*looks, Look(at, *here.bin[1:])])
        one, other = (
            timeline.exposure(timeline.pieces(held, window, RULES)) for held in (arranged, more)
        )
        assert one == other


@given(LOOKS, WINDOWS, STRETCHES)
def test_open_doors_excuse_known_time_only(
    looks: list[Look], window: Stretch, openings: list[Stretch]
) -> None:
    found = timeline.pieces(timeline.arrange(looks), window, RULES)
    doors = timeline.excused_by_door(openings, RULES)
    excused = flat(list(timeline.excuse(found, doors, State.DOOR)))
    for at, (was, now) in enumerate(zip(flat(found), excused, strict=True), window.from_ms):
        inside = any(o[0] <= at < min(o[1] + 2, o[0] + 8) for o in openings)
        wanted = State.DOOR if inside and was.state is State.KNOWN else was.state
        assert now == was._replace(state=wanted)


@given(st.lists(LOOKS, min_size=2, max_size=3), WINDOWS)
def test_several_devices_and_contradicting_places(
    devices: list[list[Look]], window: Stretch
) -> None:
    lines = [timeline.pieces(timeline.arrange(looks), window, RULES) for looks in devices]
    here = flat(timeline.overlay(lines, timeline.warmest))
    there = flat(timeline.overlay(lines, timeline.doubtful))
    for bins, one, other in zip(zip(*map(flat, lines), strict=True), here, there, strict=True):
        recorded = [b for b in bins if b.state is State.KNOWN]
        assert (one.state is State.KNOWN) == bool(recorded)
        assert (other.state is State.KNOWN) == (len(recorded) == len(bins))
        among = recorded or bins
        tops = [b[1] + b[2] for b in among if b[1] is not None]
        assert (one[1] is None) == (not tops)
        assert not tops or (one[1] or 0) + one[2] == max(tops)


STAYS = st.lists(
    st.builds(Stay, st.integers(1, 3), st.integers(0, 40), st.integers(0, 45)), max_size=6
)


@given(STAYS, WINDOWS)
def test_where_a_lot_was_against_a_naive_loop(stays: list[Stay], window: Stretch) -> None:
    found = timeline.legs(stays, window)
    walked = [leg.places for leg in found for _ in range(leg.from_ms, leg.until_ms)]
    naive = [
        tuple(sorted({one.place for one in stays if one.from_ms <= at < one.until_ms}))
        for at in range(*window)
    ]
    assert walked == naive
    assert all(one.places != after.places for one, after in pairwise(found))


def test_a_lot_in_two_trucks_at_once_is_told() -> None:
    stays = [Stay(1, 0, 20), Stay(2, 10, 30), Stay(1, 40, 50)]
    assert timeline.legs(stays, Stretch(0, 50)) == [
        Leg(0, 10, (1,)),
        Leg(10, 20, (1, 2)),
        Leg(20, 30, (2,)),
        Leg(30, 40, ()),
        Leg(40, 50, (1,)),
    ]


def test_cc1_three_hours_of_silence_are_unknown() -> None:
    hours = 3 * 60 * MINUTE_MS
    looks = [Look(0, 6_000), Look(hours, 6_000), Look(hours + MINUTE_MS, 6_000)]
    found = timeline.exposure(timeline.pieces(looks, Stretch(0, hours + MINUTE_MS)))
    assert found.unknown_ms == hours
    assert found.ms(State.KNOWN) == MINUTE_MS


def test_unknown_time_is_charged_at_the_worst_that_is_near() -> None:
    looks = [Look(0, 1_000, 500), Look(60 * MINUTE_MS, 4_000, 500)]
    window = Stretch(-MINUTE_MS, 61 * MINUTE_MS)
    rules = Rules(ambient=Bin(State.UNKNOWN, 25_000, 0))
    assert [one.bin.milli_celsius for one in timeline.pieces(looks, window)] == [
        1_000,
        4_000,
        4_000,
    ]
    assert {one.bin.milli_celsius for one in timeline.pieces(looks, window, rules)} == {25_000}
    (dark,) = timeline.pieces([], window)
    assert dark.bin == Bin(State.UNKNOWN, None, 0)


@given(LOOKS, WINDOWS)
def test_pieces_read_as_samples_are_known_where_they_were(
    looks: list[Look], window: Stretch
) -> None:
    """But for the millisecond in which known time ends, which a sample cannot tell."""
    wide = Rules(gap_ms=1_000)
    found = timeline.pieces(
        [look._replace(at_ms=look.at_ms * 100) for look in timeline.arrange(looks)],
        Stretch(window[0] * 100, window[1] * 100),
        wide,
    )
    again = timeline.pieces(
        timeline.arrange(timeline.readings(found)),
        Stretch(window[0] * 100, window[1] * 100),
        Rules(gap_ms=10**6),
    )
    known, then = (timeline.exposure(one).ms(State.KNOWN) for one in (found, again))
    runs = sum(1 for piece in found if piece.bin.state is State.UNKNOWN) + 1
    assert 0 <= known - then <= runs
