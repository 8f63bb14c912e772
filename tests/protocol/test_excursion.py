"""The excursion detector: worked examples, then every figure against counting by hand.

The model walks millisecond by millisecond with exact fractions and knows nothing of the formulas.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import excursion
from protocol.excursion import Limit, Notice, NoticeKind, Sample, State

MINUTE = 60_000
CHILLED = Limit(
    id="chilled",
    threshold=5_000,
    delay_ms=30 * MINUTE,
    budget_ms=40 * MINUTE,
    gap_ms=60 * MINUTE,
    hysteresis=500,
)


def run(limit: Limit, samples: Sequence[Sample]) -> tuple[State, list[Notice]]:
    state = excursion.begin(limit)
    notices: list[Notice] = []
    for sample in samples:
        state, new = excursion.step(limit, state, sample)
        notices += new
    return state, notices


def totals(state: State) -> tuple[int, int, int, int]:
    assert state.window is not None
    window = state.window
    return window.good_ms, window.possible_ms, window.confirmed_ms, window.unknown_ms


def steps(*parts: tuple[int, int]) -> list[Sample]:
    """Flat stretches (minutes, value), joined by a rise or fall of one millisecond."""
    samples, at_ms = [], 0
    for minutes, value in parts:
        samples.append(Sample(at_ms, value))
        at_ms += minutes * MINUTE
        samples.append(Sample(at_ms - 1, value))
    return [*samples, Sample(at_ms, parts[-1][1])]


# The model.


@dataclass
class Tally:
    """What is counted, one millisecond at a time."""

    start_ms: int
    peak: int | None = None
    area: int = 0
    known: int = 0
    beyond: int = 0
    confirmed: int = 0
    possible: int = 0
    unknown: int = 0

    def count(self, excess: Fraction | None, uncertainty: int) -> None:
        if excess is None:
            self.unknown += 1
            return
        self.known += 1
        self.confirmed += excess > uncertainty
        self.possible += -uncertainty < excess <= uncertainty
        if excess > 0:
            self.beyond += 1
            self.area += floor(excess)

    def see(self, excess: Fraction | None) -> None:
        if excess is not None:
            self.peak = floor(excess) if self.peak is None else max(self.peak, floor(excess))

    def figures(self) -> tuple[int, ...]:
        return self.area, self.known, self.beyond, self.confirmed, self.possible, self.unknown


def signed(limit: Limit, value: int | None) -> int | None:
    if value is None:
        return None
    return value - limit.threshold if limit.above else limit.threshold - value


def milliseconds(
    limit: Limit, samples: Sequence[Sample]
) -> Iterator[tuple[int, Fraction | None, Fraction | None]]:
    """(time, what a sample shows there, the state of that millisecond) from first to newest."""
    for left, right in pairwise(samples):
        a, b, ms = signed(limit, left.value), signed(limit, right.value), right.at_ms - left.at_ms
        known = a is not None and b is not None and ms <= limit.gap_ms
        for k in range(ms):
            line = None
            if known and a is not None and b is not None:
                line = a + Fraction((b - a) * k, ms)
            shown = Fraction(a) if k == 0 and a is not None else line
            yield left.at_ms + k, shown, line
    newest = signed(limit, samples[-1].value)
    yield samples[-1].at_ms, None if newest is None else Fraction(newest), None


@dataclass
class Model:
    """The definitions of the module's docstring, taken literally."""

    limit: Limit
    window: Tally
    episode: Tally | None = None
    announced: bool = False
    spent: bool = False

    def instant(self, at_ms: int, shown: Fraction | None) -> list[Notice]:
        """What becomes true at this instant: what was counted before it, then what it shows."""
        notices = []
        for tally in (self.window, self.episode):
            if tally is not None:
                tally.see(shown)
        notices += self.reached(at_ms)
        if shown is not None and self.episode is None and shown > 0:
            self.episode = Tally(at_ms)
            self.episode.see(shown)
            notices += self.reached(at_ms)
        elif shown is not None and self.episode and shown < -self.limit.hysteresis:
            if self.announced:
                notices.append(self.notice(NoticeKind.ENDED, self.episode, at_ms))
            self.episode, self.announced = None, False
        return notices

    def reached(self, at_ms: int) -> list[Notice]:
        notices, budget = [], self.limit.budget_ms
        if self.episode and not self.announced and self.episode.known >= self.limit.delay_ms:
            self.announced = True
            notices.append(self.notice(NoticeKind.STARTED, self.episode, at_ms))
        if budget is not None and not self.spent and self.window.beyond >= budget:
            self.spent = True
            notices.append(self.notice(NoticeKind.BUDGET_SPENT, self.window, at_ms))
        return notices

    def notice(self, kind: NoticeKind, tally: Tally, at_ms: int) -> Notice:
        peak = tally.peak or 0
        value = self.limit.threshold + (peak if self.limit.above else -peak)
        area, _, _, confirmed, possible, unknown = tally.figures()
        figures = (area // 1000, confirmed, possible, unknown)
        return Notice(kind, at_ms, tally.start_ms, value, *figures)

    def count(self, line: Fraction | None) -> None:
        for tally in (self.window, self.episode):
            if tally is not None:
                tally.count(line, self.limit.uncertainty)


def by_hand(limit: Limit, samples: Sequence[Sample]) -> tuple[Model, list[Notice]]:
    model, notices = Model(limit, Tally(samples[0].at_ms)), []
    for at_ms, shown, line in milliseconds(limit, samples):
        notices += model.instant(at_ms, shown)
        if at_ms < samples[-1].at_ms:
            model.count(line)
    return model, notices


values = st.one_of(st.none(), st.integers(-12, 12), st.integers(-12, 12), st.integers(-12, 12))


@st.composite
def limits(draw: st.DrawFn) -> Limit:
    return Limit(
        id="tiny",
        threshold=draw(st.integers(-5, 5)),
        above=draw(st.booleans()),
        hysteresis=draw(st.integers(0, 6)),
        delay_ms=draw(st.integers(0, 30)),
        budget_ms=draw(st.one_of(st.none(), st.integers(1, 60))),
        gap_ms=draw(st.integers(1, 25)),
        uncertainty=draw(st.integers(0, 5)),
    )


@st.composite
def series(draw: st.DrawFn) -> list[Sample]:
    at_ms, samples = draw(st.integers(-50, 50)), []
    for value in draw(st.lists(values, min_size=1, max_size=12)):
        samples.append(Sample(at_ms, value))
        at_ms += draw(st.integers(1, 30))
    return samples


# The one test that everything here rests on looks five times as hard as the others.
@settings(max_examples=5 * settings().max_examples)
@given(limits(), series())
def test_every_notice_and_figure_is_what_counting_by_hand_gives(
    limit: Limit, samples: list[Sample]
) -> None:
    state, notices = run(limit, samples)
    model, expected = by_hand(limit, samples)
    assert notices == expected
    for found, counted in ((state.window, model.window), (state.episode, model.episode)):
        assert (found is None) == (counted is None)
        if found is not None and counted is not None:
            figures = (found.area, found.known_ms, found.beyond_ms, found.confirmed_ms)
            assert (*figures, found.possible_ms, found.unknown_ms) == counted.figures()
            assert (found.start_ms, found.peak) == (counted.start_ms, counted.peak)


@given(limits(), series())
def test_every_millisecond_is_in_exactly_one_state(limit: Limit, samples: list[Sample]) -> None:
    state, _ = run(limit, samples)
    parts = totals(state)
    assert min(parts) >= 0
    assert sum(parts) == samples[-1].at_ms - samples[0].at_ms


@given(limits(), series(), st.data())
def test_a_sample_on_the_line_changes_nothing(
    limit: Limit, samples: list[Sample], data: st.DataObject
) -> None:
    stretched = [Sample(s.at_ms * 60, s.value and s.value * 60) for s in samples]
    limit = replace(limit, gap_ms=limit.gap_ms * 60)
    split = [stretched[0]]
    for left, right in pairwise(stretched):
        ms = right.at_ms - left.at_ms
        k = data.draw(st.integers(1, ms // 60 - 1)) * 60 if ms > 60 else 0
        if k and left.value is not None and right.value is not None and ms <= limit.gap_ms:
            on_line = left.value + Fraction((right.value - left.value) * k, ms)
            if on_line.denominator == 1:
                split.append(Sample(left.at_ms + k, int(on_line)))
        split.append(right)
    assert run(limit, split) == run(limit, stretched)


@given(limits(), series(), st.integers(-1000, 1000))
def test_a_limit_below_is_a_limit_above_in_the_mirror(
    limit: Limit, samples: list[Sample], shift: int
) -> None:
    mirrored = replace(limit, above=not limit.above, threshold=shift - limit.threshold)
    other = [Sample(s.at_ms, None if s.value is None else shift - s.value) for s in samples]
    _, notices = run(limit, samples)
    state, reflected = run(mirrored, other)
    assert [replace(n, peak=shift - n.peak) for n in reflected] == notices
    assert totals(state) == totals(run(limit, samples)[0])


@given(limits(), series())
def test_silence_adds_unknown_time_and_never_good_time(limit: Limit, samples: list[Sample]) -> None:
    state, _ = run(limit, samples)
    later, notices = excursion.step(limit, state, Sample(samples[-1].at_ms + 7, None))
    good, possible, confirmed, unknown = totals(state)
    assert totals(later) == (good, possible, confirmed, unknown + 7)
    assert notices == ()
    assert (later.episode is None) == (state.episode is None)


@given(limits(), series())
def test_notices_come_in_order_and_belong_together(limit: Limit, samples: list[Sample]) -> None:
    _, notices = run(limit, samples)
    assert [n.at_ms for n in notices] == sorted(n.at_ms for n in notices)
    episodes = [n.kind for n in notices if n.kind is not NoticeKind.BUDGET_SPENT]
    assert episodes[::2] == [NoticeKind.STARTED] * len(episodes[::2])
    assert episodes[1::2] == [NoticeKind.ENDED] * len(episodes[1::2])
    assert len(notices) - len(episodes) <= 1


def test_two_short_rises_spend_the_budget_but_are_no_single_event() -> None:
    _, notices = run(CHILLED, steps((20, 6_000), (5, 4_000), (25, 6_000)))
    assert [(n.kind, n.at_ms) for n in notices] == [(NoticeKind.BUDGET_SPENT, 45 * MINUTE)]
    assert notices[0].confirmed_ms == 40 * MINUTE
    assert notices[0].peak == 6_000


def test_three_hours_of_silence_are_unknown_and_not_confirmed() -> None:
    state, notices = run(CHILLED, [Sample(0, 6_000), Sample(180 * MINUTE, 6_000)])
    assert totals(state) == (0, 0, 0, 180 * MINUTE)
    assert notices == []
    assert state.episode is not None


def test_an_excursion_from_its_start_to_its_end() -> None:
    _, notices = run(CHILLED, steps((10, 2_000), (40, 8_000), (10, 2_000)))
    started, spent, ended = notices
    start_ms = 10 * MINUTE  # the millisecond of the jump: 8 °C is reached here
    assert (started.kind, started.at_ms) == (NoticeKind.STARTED, start_ms + 30 * MINUTE)
    assert (spent.kind, spent.at_ms) == (NoticeKind.BUDGET_SPENT, start_ms + 40 * MINUTE)
    assert (ended.kind, ended.at_ms) == (NoticeKind.ENDED, start_ms + 40 * MINUTE)
    assert {n.start_ms for n in (started, ended)} == {start_ms}
    assert (ended.peak, ended.confirmed_ms, ended.unknown_ms) == (8_000, 40 * MINUTE, 0)
    assert ended.area == 3_000 * 40 * 60


def test_the_crossing_is_interpolated() -> None:
    limit = replace(CHILLED, delay_ms=0, budget_ms=None)
    _, notices = run(limit, [Sample(0, 4_000), Sample(10_000, 6_000), Sample(20_000, 4_000)])
    assert [(n.kind, n.at_ms) for n in notices] == [
        (NoticeKind.STARTED, 5_001),  # exactly 5 °C at 5,000 ms is not yet beyond
        (NoticeKind.ENDED, 17_501),  # exactly 4.5 °C at 17,500 ms is still within hysteresis
    ]
    assert [n.peak for n in notices] == [5_000, 6_000]  # 5,000.2 milli-degrees, rounded down


def test_a_notice_comes_with_the_sample_that_completes_it() -> None:
    _, notices = run(CHILLED, [Sample(0, 8_000), Sample(30 * MINUTE, 8_000)])
    assert [(n.kind, n.at_ms) for n in notices] == [(NoticeKind.STARTED, 30 * MINUTE)]
    _, notices = run(replace(CHILLED, budget_ms=20 * MINUTE), [*hot(0), *hot(20 * MINUTE)])
    assert [(n.kind, n.at_ms) for n in notices] == [(NoticeKind.BUDGET_SPENT, 20 * MINUTE)]


def hot(at_ms: int) -> list[Sample]:
    return [Sample(at_ms, 8_000)]


def test_the_budget_counts_from_the_first_thousandth_beyond() -> None:
    limit = replace(CHILLED, budget_ms=5)
    _, notices = run(limit, [Sample(0, 5_000), Sample(100, 5_010)])
    assert [n.at_ms for n in notices] == [6]


def test_a_value_at_the_end_of_the_hysteresis_ends_nothing() -> None:
    limit = replace(CHILLED, delay_ms=0, budget_ms=None)
    for at_ms in (10_000, 900 * MINUTE):  # on a line, and after silence
        state, _ = run(limit, [Sample(0, 6_000), Sample(at_ms, 4_500)])
        assert state.episode is not None
        state, _ = run(limit, [Sample(0, 6_000), Sample(at_ms, 4_499)])
        assert state.episode is None


def test_what_a_limit_does_not_say_is_nothing() -> None:
    bare = Limit(id="bare", threshold=0, delay_ms=0, gap_ms=1)
    assert (bare.above, bare.hysteresis, bare.uncertainty, bare.budget_ms) == (True, 0, 0, None)


@pytest.mark.parametrize(("value", "counted"), [(5_000, 0), (5_001, 10_000)])
def test_the_limit_itself_is_not_beyond(value: int, counted: int) -> None:
    state, _ = run(CHILLED, [Sample(0, value), Sample(10_000, value)])
    assert state.window is not None
    assert state.window.beyond_ms == counted


def test_noise_within_the_hysteresis_is_one_event() -> None:
    limit = replace(CHILLED, budget_ms=None)
    noisy = [Sample(at * MINUTE, 5_200 if at % 2 else 4_600) for at in range(40)]
    _, notices = run(limit, noisy)
    assert [n.kind for n in notices] == [NoticeKind.STARTED]
    _, none = run(replace(limit, hysteresis=0), noisy)
    assert none == []


def test_uncertainty_parts_the_confirmed_from_the_possible() -> None:
    limit = replace(CHILLED, uncertainty=500)
    state, _ = run(limit, steps((10, 6_000), (10, 5_300), (10, 4_700), (10, 4_000)))
    good, possible, confirmed, unknown = totals(state)
    assert (good, possible, confirmed, unknown) == (10 * MINUTE, 20 * MINUTE, 10 * MINUTE, 0)


def test_a_fault_is_unknown_on_both_sides() -> None:
    samples = [Sample(0, 2_000), Sample(10_000, None), Sample(20_000, 2_000)]
    state, _ = run(CHILLED, samples)
    assert totals(state) == (0, 0, 0, 20_000)


def test_unknown_time_neither_ends_nor_hastens_an_episode() -> None:
    limit = replace(CHILLED, budget_ms=None)
    hot = [Sample(at * MINUTE, 8_000) for at in (*range(21), *range(200, 221))]
    _, notices = run(limit, hot)
    started = notices[0]
    assert (started.kind, started.at_ms) == (NoticeKind.STARTED, 210 * MINUTE)
    assert (started.start_ms, started.confirmed_ms) == (0, 30 * MINUTE)
    assert started.unknown_ms == 180 * MINUTE


def test_a_long_window_costs_no_more_than_a_short_one() -> None:
    month = 30 * 24 * 60 * MINUTE
    limit = replace(CHILLED, gap_ms=month, budget_ms=None)
    state, notices = run(limit, [Sample(0, -40_000), Sample(month, 80_000)])
    assert sum(totals(state)) == month
    assert notices[0].kind is NoticeKind.STARTED
    assert notices[0].start_ms == month * 45 // 120 + 1
