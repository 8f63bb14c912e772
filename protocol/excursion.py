"""The excursion detector: the same arithmetic in the truck and on the server, integers only.

Definitions. Time is cut into milliseconds. Every millisecond of the window, from the first sample
to the newest, is in exactly one of four states, and a later sample never changes an earlier one.

- *excess*: how far a value is beyond the threshold, in milli-units; positive is beyond. For a limit
  with ``above`` it is value - threshold, otherwise threshold - value.
- *known*: a millisecond between two neighbouring samples that both have a value and are at most
  ``gap_ms`` apart. Its excess is exact linear interpolation: a fraction, never rounded before it is
  compared. Anything else is *unknown*: silence, and both sides of a sample without a value (who
  wants to bridge single faults leaves those samples out). The millisecond of a sample belongs to
  what follows it.
- *confirmed*: known, excess > uncertainty. *possible*: known, excess > -uncertainty, but not
  confirmed. The rest of the known is *good*. Unknown is never counted as any of these.
- *episode*: begins at the first known millisecond (or sample) with excess > 0, ends at the first
  with excess < -hysteresis; both strict. Unknown time neither ends it nor adds to its proof.
- *single-event delay*: an episode is an excursion, and STARTED, at the instant when ``delay_ms``
  known milliseconds of it have passed (at once for 0). Unknown time neither counts nor resets.
  A shorter episode leaves no notice, only its share of the totals. ENDED follows STARTED only.
- *cumulative budget*: BUDGET_SPENT, once, at the instant when ``budget_ms`` known milliseconds with
  excess > 0 have passed in the whole window, whatever lies between them.
- *area*: the sum over known milliseconds with excess > 0 of the excess rounded down; a notice gives
  it in milli-unit·seconds, rounded down. *peak*: the worst value up to and at the notice, an
  interpolated one rounded towards the threshold.

So a further sample that lies on the line between two others changes nothing at all.

It refuses samples that do not come in order: late data is the caller's re-run from ``begin``.
Specification: docs/protocol.md, section "Excursions".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from protocol.line import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit, in milli-units of the sensor's quantity; times in ms; ``budget_ms`` None: none."""

    id: str
    threshold: int
    above: bool = True
    hysteresis: int = 0
    delay_ms: int
    budget_ms: int | None = None
    gap_ms: int
    uncertainty: int = 0

    def __post_init__(self) -> None:
        """Refuse a limit that means nothing."""
        least = (self.hysteresis, self.delay_ms, self.uncertainty, self.gap_ms - 1)
        if min(least) < 0 or (self.budget_ms is not None and self.budget_ms < 1):
            raise ValueError(f"limit {self.id}: a negative width or time, or an empty budget")

    def excess(self, value: int | None) -> int | None:
        """How far ``value`` is beyond the threshold; None stays None."""
        if value is None:
            return None
        return value - self.threshold if self.above else self.threshold - value


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading: event time in ms, value in milli-units or None when there is none."""

    at_ms: int
    value: int | None


class NoticeKind(Enum):
    """What a notice announces."""

    STARTED = "started"
    ENDED = "ended"
    BUDGET_SPENT = "budget-spent"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something happened at ``at_ms``; the figures cover ``start_ms`` (inclusive) to ``at_ms``.

    STARTED and ENDED are about the episode, BUDGET_SPENT about the whole window. ``peak`` is a
    value in milli-units, ``area`` is in milli-unit·seconds.
    """

    kind: NoticeKind
    at_ms: int
    start_ms: int
    peak: int
    area: int
    confirmed_ms: int
    possible_ms: int
    unknown_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counters since ``start_ms``; ``peak`` is an excess, ``area`` in milli-unit·milliseconds.

    known = good + possible + confirmed; ``beyond_ms`` is the known time with excess > 0.
    """

    start_ms: int
    peak: int | None = None
    area: int = 0
    known_ms: int = 0
    beyond_ms: int = 0
    confirmed_ms: int = 0
    possible_ms: int = 0
    unknown_ms: int = 0

    @property
    def good_ms(self) -> int:
        """Known time that is neither confirmed nor possible."""
        return self.known_ms - self.confirmed_ms - self.possible_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where the detector stands after the newest sample: all it needs to go on.

    ``window`` is None before the first sample; ``episode`` is None while within the limit;
    ``announced``: STARTED was given for this episode; ``spent``: BUDGET_SPENT was given.
    """

    limit: Limit
    at_ms: int = 0
    excess: int | None = None
    window: Tally | None = None
    episode: Tally | None = None
    announced: bool = False
    spent: bool = False


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The milliseconds ``low <= k < high`` of a line, or of unknown time when there is none."""

    line: Line | None
    low: int
    high: int

    def until(self, cut: int) -> _Stretch:
        """The part before ``cut``."""
        return replace(self, high=cut)


def begin(limit: Limit) -> State:
    """The state of a window that has no sample yet."""
    return State(limit=limit)


def step(limit: Limit, state: State, sample: Sample) -> tuple[State, tuple[Notice, ...]]:
    """Take the next sample; return the new state and what it gave notice of, in order of time.

    To count silence up to now, step with a sample without a value. Raises ValueError when the
    sample is not later than the one before, or when ``limit`` is not the state's.
    """
    if limit != state.limit:
        raise ValueError(f"this state belongs to limit {state.limit.id}, not to {limit.id}")
    if state.window is None:
        state = replace(state, at_ms=sample.at_ms, window=Tally(start_ms=sample.at_ms))
    elif sample.at_ms <= state.at_ms:
        raise ValueError(f"sample at {sample.at_ms} ms is not later than {state.at_ms} ms")
    return _arrive(state, sample.at_ms - state.at_ms, limit.excess(sample.value))


def _arrive(state: State, ms: int, excess: int | None) -> tuple[State, tuple[Notice, ...]]:
    """Cross the ``ms`` milliseconds from the last sample to one with this excess."""
    line = _line(state, ms, excess)
    turn = _turn(state, line, ms, excess)
    if turn is None:
        state, notices = _cross(state, _Stretch(line, 0, ms))
    else:
        state, before = _cross(state, _Stretch(line, 0, turn))
        state, change = _change(state, turn, line.at(turn) if line else excess)
        state, after = _cross(state, _Stretch(line, turn, ms))
        notices = before + change + after
    arrived = replace(
        state,
        at_ms=state.at_ms + ms,
        excess=excess,
        window=state.window and _see(state.window, excess),
        episode=state.episode and _see(state.episode, excess),
    )
    return arrived, notices


def _line(state: State, ms: int, excess: int | None) -> Line | None:
    if state.excess is None or excess is None or ms > state.limit.gap_ms:
        return None
    return Line(state.excess, excess - state.excess, ms)


def _turn(state: State, line: Line | None, ms: int, excess: int | None) -> int | None:
    """Milliseconds until the episode begins or ends; None if it does neither.

    A line is monotone, so its far end tells whether it crosses. Without a line the change is known
    only by the sample at the end.
    """
    if excess is None:
        return None
    if state.episode is None and excess > 0:
        return line.first_above(0) if line else ms
    if state.episode is not None and excess < -state.limit.hysteresis:
        return line.first_below(-state.limit.hysteresis) if line else ms
    return None


def _change(state: State, turn: int, excess: int | None) -> tuple[State, tuple[Notice, ...]]:
    """Begin an episode at ``turn`` with this excess, or end the one that is."""
    at_ms = state.at_ms + turn
    if state.episode is not None:
        ended = _notice(NoticeKind.ENDED, state.limit, state.episode, at_ms)
        after = replace(state, episode=None, announced=False)
        return after, (ended,) if state.announced else ()
    episode = Tally(start_ms=at_ms, peak=excess)
    hard = state.limit.delay_ms == 0
    started = (_notice(NoticeKind.STARTED, state.limit, episode, at_ms),) if hard else ()
    return replace(state, episode=episode, announced=hard), started


def _cross(state: State, stretch: _Stretch) -> tuple[State, tuple[Notice, ...]]:
    """Count a stretch without a change, and see what was reached in it."""
    started, spent = _started(state, stretch), _spent(state, stretch)
    after = replace(
        state,
        window=state.window and _add(state.window, stretch, state.limit),
        episode=state.episode and _add(state.episode, stretch, state.limit),
        announced=state.announced or bool(started),
        spent=state.spent or bool(spent),
    )
    return after, tuple(sorted(started + spent, key=lambda notice: notice.at_ms))


def _started(state: State, stretch: _Stretch) -> tuple[Notice, ...]:
    episode = state.episode
    if episode is None or state.announced or stretch.line is None:
        return ()
    cut = stretch.low + state.limit.delay_ms - episode.known_ms
    if cut > stretch.high:
        return ()
    tally = _add(episode, stretch.until(cut), state.limit)
    return (_notice(NoticeKind.STARTED, state.limit, tally, state.at_ms + cut),)


def _spent(state: State, stretch: _Stretch) -> tuple[Notice, ...]:
    window, budget = state.window, state.limit.budget_ms
    if window is None or budget is None or state.spent or stretch.line is None:
        return ()
    first, end = stretch.line.above(0, stretch.low, stretch.high)
    cut = first + budget - window.beyond_ms
    if cut > end:
        return ()
    tally = _add(window, stretch.until(cut), state.limit)
    return (_notice(NoticeKind.BUDGET_SPENT, state.limit, tally, state.at_ms + cut),)


def _notice(kind: NoticeKind, limit: Limit, tally: Tally, at_ms: int) -> Notice:
    peak = tally.peak or 0
    return Notice(
        kind=kind,
        at_ms=at_ms,
        start_ms=tally.start_ms,
        peak=limit.threshold + (peak if limit.above else -peak),
        area=tally.area // 1000,
        confirmed_ms=tally.confirmed_ms,
        possible_ms=tally.possible_ms,
        unknown_ms=tally.unknown_ms,
    )


def _see(tally: Tally, excess: int | None) -> Tally:
    if excess is None:
        return tally
    return replace(tally, peak=excess if tally.peak is None else max(tally.peak, excess))


def _add(tally: Tally, stretch: _Stretch, limit: Limit) -> Tally:
    line, low, high = stretch.line, stretch.low, stretch.high
    if line is None:
        return replace(tally, unknown_ms=tally.unknown_ms + high - low)
    beyond = line.above(0, low, high)
    confirmed = _length(line.above(limit.uncertainty, low, high))
    at_all = _length(line.above(-limit.uncertainty, low, high))
    counted = replace(
        tally,
        area=tally.area + line.area(*beyond),
        known_ms=tally.known_ms + high - low,
        beyond_ms=tally.beyond_ms + _length(beyond),
        confirmed_ms=tally.confirmed_ms + confirmed,
        possible_ms=tally.possible_ms + at_all - confirmed,
    )
    return _see(counted, line.at(high))


def _length(run: tuple[int, int]) -> int:
    return run[1] - run[0]
