"""An event as it is told and as it is done: its lots, its words, and what stays in the tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from server.coldchain.models import Event, Lot
from server.coldchain.rules import Kind, Part

Own = Mapping[str, Mapping[str, Any]]
"""Columns that never enter the log, by the ref of their lot; "" where they are of none."""


def canonical(told: Mapping[str, object]) -> str:
    """Equal contents have equal texts."""
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Line(NamedTuple):
    """A lot in an event, and how much of it."""

    lot: Lot
    part: Part = Part.NAMED
    boxes: int = 0
    grams: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """An event that is written, for its effect: with nothing but this, now and after a restore.

    told: as the log has it. own: what only the tables have; nothing after a restore.
    """

    event: Event
    lines: Sequence[Line]
    told: Mapping[str, Any]
    own: Own = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """What happened."""
        return Kind(self.event.kind)

    @property
    def lots(self) -> list[Lot]:
        """Its lots, in the order of its lines."""
        return [one.lot for one in self.lines]

    def own_of(self, ref: str = "") -> Mapping[str, Any]:
        """What only the tables have, of a lot or of none."""
        return self.own.get(ref, {})
