"""One event: its row, its lots, and the entry of the log that commits to both.

The entry's private part holds ids, words of closed lists and integers; what a person wrote stands
in the row, and the log has its digest under a salt that goes with it when it is erased.
`check` holds the rows against the log. Spec: docs/protocol.md, "Leaves"; docs/coldchain.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple

from server.accounts.rules import letters
from server.coldchain.acting import Desk, Refusal
from server.coldchain.models import Event, EventLot, Lot, Place
from server.coldchain.models.lots import SAID
from server.coldchain.rules import SERVICE, Kind, Part, Reason
from server.ledger import service
from server.ledger.keys import entropy

MARK: Final = "event"
NO_FACTS: Final = "-"
FACTS: Final = (
    "code",
    "gtin",
    "maker_id",
    "made_ms",
    "trade",
    "species",
    "form",
    "kept",
    "feed",
    "catch_ms",
    "catch_by",
    "ice",
    "ice_ratio",
    "area",
    "gear",
    "landed_id",
    "origin",
    "use_by",
    "trace_no",
    "boxes",
    "grams",
)
"""Columns of a lot that the log commits to; the vessel's name is not among them."""
SALT: Final = 16


class Line(NamedTuple):
    """A lot in an event, and how much of it."""

    lot: Lot
    part: Part = Part.NAMED
    boxes: int = 0
    grams: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What happened. told: ids, words of closed lists, integers; said: what a person wrote."""

    kind: Kind
    lines: Sequence[Line] = ()
    told: Mapping[str, object] = field(default_factory=dict)
    said: str = ""
    place: Place | None = None
    corrects: Event | None = None


def new_ref() -> str:
    """A name that means nothing: 16 letters and digits."""
    return letters(entropy(10))


def happened(desk: Desk, what: Told) -> Event:
    """Write one event with its lots (those that it makes are created) and stage its entry.

    Raises Refusal for words that are too long.
    """
    if len(what.said) > SAID:
        raise Refusal(Reason.BAD_INPUT)
    row = Event(
        ref=new_ref(),
        kind=what.kind,
        at_ms=desk.when_ms,
        noted_ms=desk.now_ms,
        organisation=desk.organisation,
        actor=desk.who.id,
        place=what.place,
        told=canonical(what.told),
        said=what.said,
        salt=entropy(SALT) if what.said else b"",
        corrects=what.corrects,
        key=desk.key,
        asked=desk.asked,
    )
    facing = what.kind is Kind.CORRECTED
    text = lines_text(
        (*one[1:], facts(one.lot) if one.part is Part.MADE or facing else NO_FACTS, one.lot.ref)
        for one in what.lines
    )
    row.leaf_hash = service.stage(SERVICE, row.kind, private(row, text), entropy(2 * SALT))
    row.save(force_insert=True)
    made = [one.lot for one in what.lines if one.part is Part.MADE]
    for lot in made:
        lot.event = row
    Lot.objects.bulk_create(made)
    EventLot.objects.bulk_create(
        EventLot(event=row, lot=one.lot, part=one.part, boxes=one.boxes, grams=one.grams)
        for one in what.lines
    )
    return row


def canonical(told: Mapping[str, object]) -> str:
    """Equal contents have equal texts."""
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def lines_text(lines: Iterable[tuple[object, ...]]) -> str:
    """The lots of an event as the log has them: a line each, in the order of their rows."""
    return "\n".join(" ".join(map(str, one)) for one in lines)


def facts(lot: Lot) -> str:
    """A digest of what was said of a lot when it was made, or when that was corrected last."""
    text = "\n".join(str(getattr(lot, name)) for name in FACTS)
    return letters(sha256(text.encode()).digest()[:10])


def private(row: Event, lines: str) -> list[object]:
    """The private part of an event's entry; see `TOLD` for the order."""
    said = sha256(bytes(row.salt) + row.said.encode()).digest() if row.said else b""
    corrects = row.corrects.ref if row.corrects else ""
    times = (row.at_ms, row.noted_ms)
    return [
        MARK,
        row.ref,
        *times,
        row.organisation,
        row.actor,
        row.place_id or "",
        corrects,
        row.told,
        lines,
        said,
    ]
