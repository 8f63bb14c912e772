"""What the agent tells about itself when it is asked: the answer behind `status`. Changes nothing.

Called in the main thread between two turns, so it may look at the card, and reads a few rows only.
Plain values, so that they can be written as JSON; where the card cannot be read its part is left
out, because whoever asks wants to hear the rest all the more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.core.plan import Plan
from agent.core.sensing import Senses, Whereabouts
from agent.edge import State
from agent.edges import rows, stock
from agent.edges.outbox import Caps, StorageTrouble
from agent.edges.sealer import Sealer
from agent.edges.tuner import Tuner
from hal import Bench, FittedContact
from protocol.bodies import Measured
from protocol.registry import Quantity

Plain = dict[str, object]

SHOWN_ROWS = 50
"""Of the chain; as hexadecimal digits they stay far below what an answer may have."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where the answers come from; `path` is the outbox's file. Without a `tuner` `base` counts."""

    sealer: Sealer
    base: Plan
    bench: Bench
    caps: Caps
    path: Path
    tuner: Tuner | None = None

    @property
    def plan(self) -> Plan:
        """What the loop does now."""
        return self.tuner.plan if self.tuner else self.base

    def status(self, state: State) -> Mapping[str, object]:
        """Everything `status --json` says."""
        return {
            **state.status(),
            "log_key": self.sealer.outbox.log.vkey,
            "software": self.sealer.identity.software,
            "simulated": self.sealer.identity.simulated,
            "period_ms": self.plan.sample_period_ms,
            "language": self.plan.language,
            "config": dict(self.tuner.facts()) if self.tuner else None,
            **self._parts(state.senses, state.now.boot_ms),
            **self._card(state),
        }

    def chain(self, state: State) -> Mapping[str, object]:
        """The newest records of this run as they lie on the card, for `doctor` to check them."""
        head, outbox = state.head, self.sealer.outbox
        with suppress(StorageTrouble), outbox.using() as sql:
            for shelf in reversed(outbox.shelves):
                if head is not None and shelf.epoch == head.epoch:
                    first = max(0, shelf.last - SHOWN_ROWS + 1)
                    found = rows.between(sql, shelf.number, first, shelf.last)
                    return {"records": [sealed.hex() for _, _, sealed in found]}
        return {"records": []}

    def _parts(self, senses: Senses, now_ms: int) -> Plain:
        names = {one.number: one.name for one in self.sealer.identity.sensors}
        return {
            "sensors": sensor_lines(senses.latest, names, now_ms - senses.latest_ms),
            "position": position_lines(senses.place, now_ms - senses.place_ms),
            "contacts": contact_lines(self.bench.contacts, senses.contacts),
        }

    def _card(self, state: State) -> Plain:
        outbox = self.sealer.outbox
        with suppress(StorageTrouble, OSError), outbox.using() as sql:
            found = stock.look(sql, outbox.unproved, self.path)
            a_day = stock.rows_per_day(self.plan.sample_period_ms, self.plan.position_period_ms)
            days = stock.room_days(found, self.caps, state.counters.waiting, a_day)
            return card_lines(found, days)
        return {}


def card_lines(found: stock.Stock, room_days: int) -> Plain:
    """The card's part of the status."""
    oldest = found.oldest
    return {
        "card": {
            "stored": found.stored,
            "used_bytes": found.used,
            "free_bytes": found.free,
            "room_days": room_days,
            "refused": dict(found.refused),
            "oldest": None
            if oldest is None
            else {"utc_ms": oldest.utc_ms, "boot_ms": oldest.boot_ms},
        },
        "receipt": None
        if found.receipt_ms is None
        else {"utc_ms": found.receipt_ms, "entry": found.entry},
    }


def sensor_lines(
    measured: Iterable[Measured], names: Mapping[int, str], age_ms: int
) -> list[Plain]:
    """Each measurement, in the quantity's unit and with codes in words."""
    return [
        {
            "sensor": one.sensor,
            "name": names.get(one.sensor, ""),
            "quantity": Quantity(one.quantity).name.lower(),
            "value": one.value,
            "raw": one.raw,
            "status": one.status.name.lower(),
            "tries": one.tries,
            "age_ms": age_ms,
        }
        for one in measured
    ]


def contact_lines(fitted: Iterable[FittedContact], known: Mapping[int, bool]) -> list[Plain]:
    """Each two-state input whose state is known."""
    return [
        {"number": one.number, "name": one.name, "role": one.role.value, "on": known[one.number]}
        for one in fitted
        if one.number in known
    ]


def position_lines(place: Whereabouts | None, age_ms: int) -> Plain | None:
    """How well the receiver works; where the truck is is nobody's business here."""
    if place is None:
        return None
    return {
        "fix": place.position.fix.name.lower(),
        "satellites": place.position.satellites,
        "fix_age_ms": place.position.age_ms,
        "age_ms": age_ms,
        "fault": None if place.fault is None else place.fault.name.lower(),
    }
