"""The alarm engine: one deterministic evaluator on event time, over the protocol's own detector.

A rule is data. Its episodes, with confirmed, possible and unknown time apart, are those of
`protocol.excursion`; this page decides which of them page somebody, when, how urgently, and when
they are over. Open doors and learned defrosts are counted but page nobody within their allowance.
Beyond is strictly beyond (T > limit). Late readings: evaluate again; a result has a version made
from its content, so an unchanged result keeps its version. Spec: docs/protocol.md, "Excursions".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from enum import IntEnum, StrEnum
from itertools import pairwise
from typing import Final

from protocol import excursion
from protocol.excursion import Limit, Notice, NoticeKind, Sample, Tally
from science.limits import LOADING_MS, Class
from science.marks import Formula, Mark
from science.timeline import Look, Stretch, merged

EVALUATOR: Final = Formula(
    "alarms", 1, "ms", "readings at most the rule's gap apart", "Jagalchi", Mark.OURS
)


_SPENT: Final = NoticeKind.BUDGET_SPENT


class Severity(IntEnum):
    """How urgent it is."""

    NOTICE = 1
    WARNING = 2
    CRITICAL = 3


class Kind(StrEnum):
    """Why it was raised."""

    SINGLE = "single"
    """One uninterrupted episode was longer than its delay."""
    CUMULATIVE = "cumulative"
    """All episodes together were longer than the budget."""
    HARD = "hard"
    """A limit that waits for nothing was passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One limit and what follows from it; milli_celsius and ms.

    budget_ms: over the whole window given, a trip or a lot's life. hard: beyond it at once, doors
    or not. escalate: (counted ms, severity) in rising order. clear_ms: back within for so long,
    until then a new episode is the same alarm. kind: the class that its threshold is cited with.
    """

    id: str
    threshold: int
    kind: Class
    above: bool = True
    hysteresis: int = 500
    delay_ms: int = 30 * 60_000
    budget_ms: int | None = None
    gap_ms: int = 10 * 60_000
    hard: int | None = None
    severity: Severity = Severity.WARNING
    escalate: tuple[tuple[int, Severity], ...] = ()
    clear_ms: int = 0
    excuses: bool = True

    def limit(self, threshold: int, uncertainty: int) -> Limit:
        """The detector's limit: it waits for nothing, because waiting is decided here."""
        return Limit(
            id=self.id,
            threshold=threshold,
            above=self.above,
            hysteresis=self.hysteresis,
            delay_ms=0,
            budget_ms=self.budget_ms,
            gap_ms=self.gap_ms,
            uncertainty=uncertainty,
        )


@dataclass(frozen=True, slots=True)
class Watch:
    """What is evaluated: arranged readings up to `until_ms`, open doors, learned defrosts."""

    looks: Sequence[Look]
    until_ms: int
    openings: Sequence[Stretch] = ()
    defrosts: Sequence[Stretch] = ()

    @property
    def samples(self) -> list[Sample]:
        """The readings for the detector, silence up to the end included."""
        taken = [Sample(look.at_ms, look.milli_celsius) for look in self.looks]
        taken = [one for one in taken if one.at_ms < self.until_ms]
        return [*taken, Sample(self.until_ms, None)]

    @property
    def uncertainty(self) -> int:
        """The widest of the readings: what is confirmed is so by every one of them."""
        return max((look.uncertainty_milli for look in self.looks), default=0)

    @property
    def excused(self) -> list[Stretch]:
        """When being beyond pages nobody."""
        doors = (Stretch(a, min(b, a + LOADING_MS)) for a, b in self.openings)
        return merged((*doors, *self.defrosts))


@dataclass(frozen=True, slots=True)
class Alarm:
    """One record: [start_ms, end_ms) with its figures; end_ms None: not over yet.

    raised: when it paged and became more urgent. cleared_ms: when it had been back for long enough.
    peak in milli_celsius, area in milli_celsius * s.
    """

    rule: str
    kind: Kind
    start_ms: int
    end_ms: int | None
    raised: tuple[tuple[int, Severity], ...]
    cleared_ms: int | None
    peak: int
    area: int
    confirmed_ms: int
    possible_ms: int
    unknown_ms: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All alarms of one rule in order, and the three counters of the whole window, in ms."""

    alarms: tuple[Alarm, ...]
    confirmed_ms: int = 0
    possible_ms: int = 0
    unknown_ms: int = 0

    @property
    def version(self) -> str:
        """Sixteen hexadecimal letters of the content: the same result has the same version."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Run:
    """What the detector found at one threshold."""

    episodes: tuple[Alarm, ...]
    spent: tuple[Alarm, ...] = ()
    window: Tally = field(default_factory=lambda: Tally(start_ms=0))


def evaluate(rule: Rule, watch: Watch) -> Evaluation:
    """Run one rule over one window."""
    run = _detect(rule, watch, rule.threshold, Kind.SINGLE)
    paged = _paged(rule, watch, run.episodes)
    hard: tuple[Alarm, ...] = ()
    if rule.hard is not None:
        found = _detect(rule, watch, rule.hard, Kind.HARD).episodes
        hard = tuple(replace(one, raised=((one.start_ms, Severity.CRITICAL),)) for one in found)
    alarms = sorted((*paged, *run.spent, *hard), key=lambda one: (one.raised[0], one.kind))
    window = run.window
    return Evaluation(tuple(alarms), window.confirmed_ms, window.possible_ms, window.unknown_ms)


def _detect(rule: Rule, watch: Watch, threshold: int, kind: Kind) -> _Run:
    limit = rule.limit(threshold, watch.uncertainty)
    state, notices = excursion.begin(limit), list[Notice]()
    for sample in watch.samples:
        state, new = excursion.step(limit, state, sample)
        notices += new
    ended = [_told(rule, kind, one) for one in notices if one.kind is NoticeKind.ENDED]
    if state.episode is not None:
        ended.append(_open(rule, limit, kind, state.episode))
    spent = [_told(rule, Kind.CUMULATIVE, one) for one in notices if one.kind is _SPENT]
    window = state.window or Tally(start_ms=watch.until_ms)
    return _Run(tuple(ended), tuple(spent) if kind is Kind.SINGLE else (), window)


def _told(rule: Rule, kind: Kind, notice: Notice) -> Alarm:
    """An episode that ended, which pages nobody yet; or a spent budget, which does and stays."""
    spent = notice.kind is _SPENT
    end_ms, raised = (None, ((notice.at_ms, rule.severity),)) if spent else (notice.at_ms, ())
    times = (notice.confirmed_ms, notice.possible_ms, notice.unknown_ms)
    figures = (notice.peak, notice.area, *times)
    return Alarm(rule.id, kind, notice.start_ms, end_ms, raised, None, *figures)


def _open(rule: Rule, limit: Limit, kind: Kind, tally: Tally) -> Alarm:
    excess = tally.peak or 0
    peak = limit.threshold + (excess if limit.above else -excess)
    times = (tally.confirmed_ms, tally.possible_ms, tally.unknown_ms)
    return Alarm(rule.id, kind, tally.start_ms, None, (), None, peak, tally.area // 1000, *times)


def _paged(rule: Rule, watch: Watch, episodes: Sequence[Alarm]) -> Iterator[Alarm]:
    """Episodes that were counted for long enough, those too close to each other as one."""
    counted = _counted(rule, watch)
    for group in _grouped(rule, episodes):
        marks = ((rule.delay_ms, rule.severity), *rule.escalate)
        raised = tuple(
            (at_ms, severity)
            for after_ms, severity in marks
            if (at_ms := _reached(counted, group, after_ms, watch.until_ms)) is not None
        )
        if raised and raised[0][1] is rule.severity:
            yield replace(_joined(rule, group, watch.until_ms), raised=raised)


def _grouped(rule: Rule, episodes: Sequence[Alarm]) -> Iterator[list[Alarm]]:
    group: list[Alarm] = []
    for one in episodes:
        end_ms = group[-1].end_ms if group else None
        if end_ms is not None and one.start_ms - end_ms >= rule.clear_ms:
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _joined(rule: Rule, group: Sequence[Alarm], until_ms: int) -> Alarm:
    last = group[-1].end_ms
    cleared = None if last is None or until_ms - last < rule.clear_ms else last + rule.clear_ms
    worst = max if rule.above else min
    return replace(
        group[0],
        end_ms=last,
        cleared_ms=cleared,
        peak=worst(one.peak for one in group),
        area=sum(one.area for one in group),
        confirmed_ms=sum(one.confirmed_ms for one in group),
        possible_ms=sum(one.possible_ms for one in group),
        unknown_ms=sum(one.unknown_ms for one in group),
    )


def _counted(rule: Rule, watch: Watch) -> list[Stretch]:
    """Known time that nothing excuses."""
    known = merged(
        Stretch(one.at_ms, after.at_ms)
        for one, after in pairwise(watch.samples)
        if None not in (one.value, after.value) and after.at_ms - one.at_ms <= rule.gap_ms
    )
    return list(_without(known, watch.excused)) if rule.excuses else known


def _without(stretches: Iterable[Stretch], holes: Sequence[Stretch]) -> Iterator[Stretch]:
    for one in stretches:
        at_ms = one.from_ms
        for hole in holes:
            low, high = max(hole.from_ms, at_ms), min(hole.until_ms, one.until_ms)
            if low < high:
                yield Stretch(at_ms, low)
                at_ms = high
        yield Stretch(at_ms, one.until_ms)


def _reached(
    counted: Sequence[Stretch], group: Sequence[Alarm], after_ms: int, until_ms: int
) -> int | None:
    """When one episode of the group had counted for so long; None: it never had."""
    for one in group:
        left = after_ms
        for stretch in counted:
            low, high = max(stretch.from_ms, one.start_ms), min(stretch.until_ms, until_ms)
            high = high if one.end_ms is None else min(high, one.end_ms)
            if low < high and high - low >= left:
                return low + left
            left -= max(high - low, 0)
    return None
