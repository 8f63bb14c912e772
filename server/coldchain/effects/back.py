"""One step back: what was made becomes void, what was taken is put back, a stay that was begun ends
where it began, and one that was ended goes on without a gap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from server.coldchain import taking
from server.coldchain.acting import Refusal
from server.coldchain.done import Done
from server.coldchain.effects import hands
from server.coldchain.models import Event, EventLot, Handover, Label, Lot, Stay
from server.coldchain.rules import Custody, Kind, Part, Reason, Step


def undo(done: Done) -> None:
    """Undo the event that this one corrects. Raises Refusal."""
    last = done.event.corrects
    if last is None:
        raise Refusal(Reason.NOT_UNDOABLE)
    UNDOABLE[Kind(last.kind)](last, done)


def _put_back(last: Event, done: Done) -> None:
    held: Mapping[int, Lot] = {one.id: one for one in done.lots}
    for one in EventLot.objects.filter(event=last).order_by("id"):
        lot = held[one.lot_id]
        if one.part == Part.MADE:
            lot.status = taking.step(lot, Step.VOID)
            lot.left_grams = lot.left_boxes = 0
        elif one.part == Part.USED:
            lot.left_grams += one.grams
            lot.left_boxes += one.boxes
        lot.save(update_fields=["status", "left_grams", "left_boxes"])
    _stays_back(last, done)


def _stays_back(last: Event, done: Done) -> None:
    """Begun stays end where they began; ended ones go on from where they ended."""
    for stay in Stay.objects.filter(loaded=last, until_ms=None).order_by("id"):
        taking.end(stay, done.event, stay.from_ms)
    Stay.objects.bulk_create(
        Stay(
            lot_id=stay.lot_id,
            room_id=stay.room_id,
            boxes=stay.boxes,
            grams=stay.grams,
            from_ms=stay.until_ms or stay.from_ms,
            loaded=done.event,
        )
        for stay in Stay.objects.filter(unloaded=last).order_by("id")
    )


def _withdraw(last: Event, done: Done) -> None:
    rows = Handover.objects.filter(proposed=last)
    if rows.exclude(status=Custody.PROPOSED).exists():
        raise Refusal(Reason.UNDO_LATE)
    hands.take_back(rows, done)


def _void_labels(last: Event, done: Done) -> None:
    """A label that was stuck on the wrong box is void; it is never bound again."""
    Label.objects.filter(bound=last).update(void_ms=done.event.noted_ms)


UNDOABLE: Final[Mapping[Kind, Callable[[Event, Done], None]]] = {
    Kind.LANDED: _put_back,
    Kind.SORTED: _put_back,
    Kind.TRANSFORMED: _put_back,
    Kind.SPLIT: _put_back,
    Kind.MERGED: _put_back,
    Kind.REWORKED: _put_back,
    Kind.WASTED: _put_back,
    Kind.LOADED: _stays_back,
    Kind.UNLOADED: _stays_back,
    Kind.OFFERED: _withdraw,
    Kind.BOUND: _void_labels,
}
"""What can be undone, and how; everything else is corrected by another event."""
