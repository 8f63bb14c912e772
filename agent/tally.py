"""What a run recorded, counted out of its own sealed records: nothing is remembered beside them.

Pure; takes records and folds them into plain numbers for a person or a program to read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from protocol.bodies import EventBody, Measured, Reading
from protocol.record import Record
from protocol.registry import VALUED, Event, Param, Quantity, Status

Key = tuple[int, Quantity]
"""(sensor, quantity)."""


@dataclass(slots=True)
class Spread:
    """One quantity of one sensor over the run, in its unit; faults by status."""

    least: int | None = None
    most: int | None = None
    values: int = 0
    faults: Counter[Status] = field(default_factory=Counter)

    def add(self, one: Measured) -> None:
        """Count one measurement; a doubtful value is a fault and still a value."""
        if one.status is not Status.OK:
            self.faults[one.status] += 1
        if one.status in VALUED and one.value is not None:
            self.values += 1
            self.least = one.value if self.least is None else min(self.least, one.value)
            self.most = one.value if self.most is None else max(self.most, one.value)


@dataclass(frozen=True, slots=True)
class Happening:
    """One event: when (UTC ms, None: unknown), what, to which sensor, with which parameters."""

    utc_ms: int | None
    event: Event
    subject: int | None
    params: Mapping[Param, int]


@dataclass(slots=True)
class Tally:
    """The sum of a run."""

    kinds: Counter[str] = field(default_factory=Counter)
    spreads: dict[Key, Spread] = field(default_factory=dict)
    happenings: list[Happening] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Count one record."""
        self.kinds[record.kind.name.lower()] += 1
        body = record.body
        if isinstance(body, Reading):
            for one in body.measurements:
                self.spreads.setdefault((one.sensor, one.quantity), Spread()).add(one)
        elif isinstance(body, EventBody):
            self.happenings.append(
                Happening(record.utc_ms, body.event, body.subject, dict(body.params))
            )

    @property
    def excursions(self) -> int:
        """How many excursions began."""
        return sum(one.event is Event.EXCURSION_START for one in self.happenings)

    def facts(self) -> dict[str, object]:
        """Everything as plain values, codes in words."""
        return {
            "records": dict(self.kinds),
            "excursions": self.excursions,
            "sensors": [
                {
                    "sensor": sensor,
                    "quantity": quantity.name.lower(),
                    "least": spread.least,
                    "most": spread.most,
                    "values": spread.values,
                    "faults": {s.name.lower(): count for s, count in spread.faults.items()},
                }
                for (sensor, quantity), spread in sorted(self.spreads.items())
            ],
            "events": [
                {
                    "utc_ms": one.utc_ms,
                    "event": one.event.name.lower(),
                    "subject": one.subject,
                    "params": {key.name.lower(): number for key, number in one.params.items()},
                }
                for one in self.happenings
            ],
        }


def count(records: Iterable[Record]) -> Tally:
    """Fold records into one tally."""
    tally = Tally()
    for record in records:
        tally.add(record)
    return tally
