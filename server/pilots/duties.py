"""Duties of a pilot: who holds each, who else stands in, and the days on which nobody does.

The database of accounts refuses a deputy who is the holder; here is shown which days of a phase
lack a duty altogether, and a phase does not open while one is held by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from server.accounts.models import Duty
from server.pilots.days import Period, begins_ms, ends_ms
from server.pilots.models import Party
from server.pilots.rules import DUTIES, Part


@dataclass(frozen=True, slots=True)
class Held:
    """A duty as somebody held it, from when until when (None: still)."""

    name: str
    from_ms: int
    until_ms: int | None


def uncovered(held: Iterable[Held], period: Period) -> list[tuple[str, date]]:
    """The duties, and the days of a period, that lack a holder for some part of the day. Pure."""
    spans = list(held)
    return [
        (name, day)
        for name in DUTIES
        for day in period.days()
        if not _all_day([one for one in spans if one.name == name], day)
    ]


def of(service: str) -> list[Duty]:
    """The duties of a pilot's operators, those that have ended too."""
    operators = Party.objects.filter(pilot=service, part=Part.OPERATOR).values("organisation")
    rows = Duty.objects.filter(organisation__in=operators, name__in=DUTIES)
    return list(rows.order_by("name", "from_ms"))


def as_held(rows: Iterable[Duty]) -> list[Held]:
    """Rows as `uncovered` takes them."""
    return [Held(row.name, row.from_ms, row.until_ms) for row in rows]


def _all_day(spans: list[Held], day: date) -> bool:
    """Whether the spans, one after the other, hold from midnight to midnight."""
    covered = begins_ms(day)
    for span in sorted(spans, key=lambda one: one.from_ms):
        if span.from_ms <= covered:
            covered = max(covered, ends_ms(day) if span.until_ms is None else span.until_ms)
    return covered >= ends_ms(day)
