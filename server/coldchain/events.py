"""One event: its row, its lots, its effect, and the entry of the log that commits to all of it.

The entry's private part holds ids, words of closed lists and integers, enough to do the event
again (server/coldchain/again.py); what a person wrote stands in the row, and the log has its digest
under a salt that goes with it when it is erased. Spec: docs/coldchain.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from server.accounts.rules import letters
from server.coldchain import effects, facts
from server.coldchain.acting import Desk, Refusal, request_of
from server.coldchain.done import Done, Line, Own, canonical
from server.coldchain.models import Event, EventLot, Lot, Place
from server.coldchain.models.lots import SAID
from server.coldchain.rules import SERVICE, Kind, Part, Reason
from server.ledger import service
from server.ledger.keys import entropy

MARK: Final = "event/2"
OLD: Final = "event"
"""Entries of before: of what was said of lots they have a digest only."""
NO_FACTS: Final = "-"
SALT: Final = 16


@dataclass(frozen=True, slots=True)
class Told:
    """What happened. told: ids, words of closed lists, integers; said: what a person wrote; own:
    what else only the tables have (see `Done`)."""

    kind: Kind
    lines: Sequence[Line] = ()
    told: Mapping[str, object] = field(default_factory=dict)
    said: str = ""
    place: Place | None = None
    corrects: Event | None = None
    own: Own = field(default_factory=dict)


def new_ref() -> str:
    """A name that means nothing: 16 letters and digits."""
    return letters(entropy(10))


def happened(desk: Desk, what: Told) -> Event:
    """Write one event with its lots (those that it makes are created), do what it does, and stage
    its entry. Raises Refusal for words that are too long, and where the effect does not fit."""
    if len(what.said) > SAID:
        raise Refusal(Reason.BAD_INPUT, "said")
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
        key=request_of(desk.key),
        asked=desk.asked,
    )
    row.leaf_hash = service.stage(SERVICE, row.kind, private(row, what), entropy(2 * SALT))
    write(row, what.lines, what.own)
    return row


def write(row: Event, lines: Sequence[Line], own: Own) -> None:
    """Write an event and its lots, and do what it does: when it is new, and after a restore."""
    row.save(force_insert=True)
    made = [one.lot for one in lines if one.part == Part.MADE]
    for lot in made:
        lot.event = row
    Lot.objects.bulk_create(made)
    EventLot.objects.bulk_create(
        EventLot(event=row, lot=one.lot, part=one.part, boxes=one.boxes, grams=one.grams)
        for one in lines
    )
    effects.apply(Done(row, lines, json.loads(row.told), own))


def facing(row: Event, lines: Iterable[Line]) -> list[Lot]:
    """The lots of which an event says what they are: those it makes, those it corrects."""
    corrects = row.kind == Kind.CORRECTED
    return [one.lot for one in lines if one.part == Part.MADE or corrects]


def private(row: Event, what: Told) -> list[object]:
    """The private part of an event's entry, in the order in which `logged` reads it."""
    told_of = facing(row, what.lines)
    digests = {lot.ref: facts.digest(lot) for lot in told_of}
    lines = [
        (one.part, one.boxes, one.grams, digests.get(one.lot.ref, NO_FACTS), one.lot.ref)
        for one in what.lines
    ]
    said = sha256(bytes(row.salt) + row.said.encode()).digest() if row.said else b""
    return [
        MARK,
        row.ref,
        row.at_ms,
        row.noted_ms,
        row.organisation,
        row.actor,
        row.place_id or "",
        row.corrects.ref if row.corrects else "",
        row.told,
        "\n".join(" ".join(map(str, one)) for one in lines),
        said,
        facts.packed(told_of),
        " ".join(sorted(_held(row, what, told_of))),
        row.key,
    ]


def _held(row: Event, what: Told, told_of: Sequence[Lot]) -> set[str]:
    """Names of the columns in which something stands that only the tables have."""
    held = {name for some in what.own.values() for name, value in some.items() if value}
    typed = facts.kept_back(told_of)
    if row.kind == Kind.LANDED:
        typed |= {"vessel" for lot in told_of if lot.vessel}
    if row.kind == Kind.CORRECTED:
        changed = set(json.loads(row.told)["changed"])
        typed = typed & changed | {"vessel"} & changed
    return held | typed
