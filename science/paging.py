"""Who is paged when: rules by profile, several rules as one condition, restricted hours. Pure.

A profile's rules are data of the same lines that pages show, so an alarm cites the class of its
limit. Work rooms are no cold rooms and have no rule of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from science.alarms import Alarm, Evaluation, Rule, Severity
from science.limits import KR_CHILLED, KR_FROZEN, MELTING_ICE, Line

DAY_MINUTES: Final = 1_440
KST_MINUTES: Final = 9 * 60
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS


def _rule(line: Line, threshold: int, severity: Severity, hard: int | None = None) -> Rule:
    """The rule that watches a line: half an hour at once, or an hour in all of one trip."""
    return Rule(
        id=line.id,
        threshold=threshold,
        kind=line.kind,
        budget_ms=HOUR_MS,
        hard=hard,
        severity=severity,
        escalate=((2 * HOUR_MS, Severity.CRITICAL),),
        clear_ms=10 * MINUTE_MS,
    )


PROFILES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "": (),
    "kr_chilled": (_rule(KR_CHILLED, 10_000, Severity.WARNING, hard=15_000),),
    "melting_ice": (
        _rule(MELTING_ICE, 2_000, Severity.NOTICE),
        _rule(KR_CHILLED, 10_000, Severity.WARNING, hard=15_000),
    ),
    "kr_frozen": (_rule(KR_FROZEN, -18_000, Severity.WARNING, hard=-12_000),),
}
"""Rules by the profile of a room or truck. Delays, budgets and hard stops are ours [D]."""


def together(name: str, evaluations: Iterable[Evaluation]) -> tuple[Alarm, ...]:
    """Several rules as one condition, any of them: alarms that overlap become one of that name."""
    out: list[Alarm] = []
    flat = [one for evaluation in evaluations for one in evaluation.alarms]
    for one in sorted(flat, key=lambda alarm: (alarm.start_ms, alarm.raised)):
        before = out[-1] if out else None
        if before and (before.end_ms is None or one.start_ms < before.end_ms):
            ends = (before.end_ms, one.end_ms)
            end_ms = None if None in ends else max(end for end in ends if end is not None)
            raised = tuple(sorted({*before.raised, *one.raised}))
            out[-1] = replace(before, end_ms=end_ms, raised=raised)
        else:
            out.append(replace(one, rule=name))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Hours:
    """Restricted hours of a person or place, minutes of the day in Korea; may pass midnight."""

    from_minute: int
    until_minute: int

    def pages_at(self, at_ms: int, severity: Severity) -> int:
        """When somebody may be paged: at once when critical, else after the restricted hours."""
        minute = (at_ms // 60_000 + KST_MINUTES) % DAY_MINUTES
        length = (self.until_minute - self.from_minute) % DAY_MINUTES
        passed = (minute - self.from_minute) % DAY_MINUTES
        if severity is Severity.CRITICAL or passed >= length:
            return at_ms
        return (at_ms // 60_000 + length - passed) * 60_000
