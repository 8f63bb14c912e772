"""After a restore: what the log knows and these tables have lost is written down, and what was
stopped stays stopped.

An older database that was put back beside its journal lacks later events. Each is written again
from its entry, marked as restored: lots that were made since are lost, and so is what people
wrote. Holds and recalls among them are in force again, for the lots that are still known and all
that came of them; a release or the close of a recall is not done again: people decide that.
"""

from __future__ import annotations

import json

from server.accounts.models import Organisation
from server.coldchain import recalling
from server.coldchain.events import canonical
from server.coldchain.logged import CHUNK, Logged, events
from server.coldchain.models import (
    Event,
    EventLot,
    Hold,
    Lot,
    Place,
    Recall,
    RecallHolder,
    RecallLot,
)
from server.coldchain.rules import Kind, Part, RecallPart, Side
from server.ledger.writing import writing


def rebuild(first: int, size: int) -> None:
    """Write what the log holds from `first` to `size` and these tables do not know."""
    for start in range(first, size, CHUNK):
        with writing():
            for one in events(start, min(start + CHUNK, size)):
                _write(one)


def _write(one: Logged) -> None:
    if Event.objects.filter(leaf_hash=one.leaf_hash).exists():
        return
    event = Event.objects.create(
        ref=one.ref,
        kind=one.kind,
        at_ms=one.at_ms,
        noted_ms=one.noted_ms,
        organisation=one.organisation,
        actor=one.actor,
        place=Place.objects.filter(id=one.place).first(),
        told=one.told,
        corrects=Event.objects.filter(ref=one.corrects).first(),
        leaf_hash=one.leaf_hash,
        restored=True,
    )
    known = {lot.ref: lot for lot in Lot.objects.filter(ref__in=[x.lot for x in one.lines])}
    EventLot.objects.bulk_create(
        # What was taken then is not known to the lots of now, so they are only named.
        EventLot(event=event, lot=lot, part=Part.NAMED)
        for lot in known.values()
    )
    told = json.loads(one.told)
    if one.kind == Kind.HELD:
        _hold(event, list(known.values()), told["basis"])
    elif one.kind == Kind.RECALL_OPENED and not told["rehearsal"]:
        _recall(event, list(known.values()), told)


def _hold(event: Event, lots: list[Lot], basis: str) -> None:
    if not Organisation.objects.filter(id=event.organisation).exists():
        return
    for lot in lots:
        given = {"basis": basis, "ordered": event}
        Hold.objects.get_or_create(
            lot=lot, organisation_id=event.organisation, state="held", defaults=given
        )
        Lot.objects.filter(id=lot.id, side=Side.FREE).update(side=Side.HELD)


def _recall(event: Event, lots: list[Lot], told: dict[str, str]) -> None:
    """Open it again over what is still known; its owner tells the holders again."""
    if not lots or not Organisation.objects.filter(id=event.organisation).exists():
        return
    parts = recalling.mark(frozenset(lot.id for lot in lots), rehearsal=False)
    found = list(recalling.lots_of(parts))
    inside = [lot for lot in found if parts[lot.id] is not RecallPart.CONTACT]
    row = Recall.objects.create(
        id=told["recall"],
        organisation_id=event.organisation,
        why=told["why"],
        basis=told["basis"],
        grade=told["grade"],
        scope=canonical({"lots": [lot.ref for lot in lots]}),
        handed_grams=sum(lot.left_grams for lot in inside),
        opened=event,
        opened_ms=event.noted_ms,
    )
    RecallLot.objects.bulk_create(
        RecallLot(recall=row, lot=lot, part=parts[lot.id], grams=lot.left_grams) for lot in found
    )
    RecallHolder.objects.bulk_create(recalling.holders(row, inside))
