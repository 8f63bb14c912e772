"""Days in Korea: 24 hours each, from midnight to midnight, nine hours ahead of UTC. Pure.

No summer time since 1988 and no zone files. Times are UTC milliseconds; a period's last day is
inclusive, as in a public notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

DAY_MS: Final = 86_400_000
KST_MS: Final = 9 * 3_600_000
_EPOCH: Final = date(1970, 1, 1).toordinal()


def begins_ms(day: date) -> int:
    """Midnight at which the day begins."""
    return (day.toordinal() - _EPOCH) * DAY_MS - KST_MS


def ends_ms(day: date) -> int:
    """Midnight at which the day is over: 24:00, no longer part of it."""
    return begins_ms(day) + DAY_MS


def day_of(at_ms: int) -> date:
    """The day in Korea. Raises ValueError or OverflowError for a time of no calendar."""
    return date.fromordinal((at_ms + KST_MS) // DAY_MS + _EPOCH)


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day, both inclusive."""

    first: date
    last: date

    def holds(self, at_ms: int) -> bool:
        """Whether the time lies in [first 00:00, last 24:00)."""
        return begins_ms(self.first) <= at_ms < ends_ms(self.last)

    def over(self, at_ms: int) -> bool:
        """Whether the last day has ended."""
        return at_ms >= ends_ms(self.last)

    def days(self) -> Iterator[date]:
        """Each day of it."""
        return map(date.fromordinal, range(self.first.toordinal(), self.last.toordinal() + 1))
