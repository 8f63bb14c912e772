"""One step back: the last action of a person is compensated by an event of its own.

Nothing is rewritten: what was made becomes void, what was taken is put back, a stay that was begun
ends where it began, and one that was ended goes on without a gap. It is for slips of the hand: for
a quarter of an hour, for the person who slipped, while nobody has done anything to the lots since.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from server.accounts.rules import Need
from server.coldchain import taking
from server.coldchain.acting import Desk, Refusal, action
from server.coldchain.events import Line, Told, happened
from server.coldchain.models import Event, EventLot, Handover, Label, Lot, Stay
from server.coldchain.rules import UNDO_MS, Custody, Kind, Part, Reason, Step
from server.pilots.rules import ActionKind


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def undo(desk: Desk) -> Event:
    """Undo one's own last action. Raises nothing; a refusal says why it cannot be."""
    mine = Event.objects.filter(actor=desk.who.id, organisation=desk.organisation)
    last = mine.exclude(actor="").order_by("-id").first()
    if last is None or last.kind not in UNDOABLE:
        raise Refusal(Reason.NOT_UNDOABLE)
    named = EventLot.objects.filter(event=last)
    lots = Lot.objects.select_for_update().filter(id__in=named.values("lot")).order_by("id")
    held = {one.id: one for one in lots}
    touched = EventLot.objects.filter(lot__in=held, event__id__gt=last.id).exists()
    if touched or desk.now_ms > last.noted_ms + UNDO_MS:
        raise Refusal(Reason.UNDO_LATE)
    lines = [
        Line(held[one.lot_id], Part.NAMED, one.boxes, one.grams)
        for one in named.exclude(part=Part.MADE).order_by("id")
    ]
    lines += [Line(held[one.lot_id]) for one in named.filter(part=Part.MADE).order_by("id")]
    told = {"undone": last.kind}
    event = happened(desk, Told(Kind.UNDONE, lines, told, corrects=last))
    UNDOABLE[Kind(last.kind)](last, event, held)
    return event


def _put_back(last: Event, event: Event, held: Mapping[int, Lot]) -> None:
    for one in EventLot.objects.filter(event=last):
        lot = held[one.lot_id]
        if one.part == Part.MADE:
            lot.status = taking.step(lot, Step.VOID)
            lot.left_grams = lot.left_boxes = 0
        elif one.part == Part.USED:
            lot.left_grams += one.grams
            lot.left_boxes += one.boxes
        lot.save(update_fields=["status", "left_grams", "left_boxes"])
    _stays_back(last, event, held)


def _stays_back(last: Event, event: Event, _held: Mapping[int, Lot]) -> None:
    """Begun stays end where they began; ended ones go on from where they ended."""
    for stay in Stay.objects.filter(loaded=last, until_ms=None):
        taking.end(stay, event, stay.from_ms)
    Stay.objects.bulk_create(
        Stay(
            lot_id=stay.lot_id,
            room_id=stay.room_id,
            boxes=stay.boxes,
            grams=stay.grams,
            from_ms=stay.until_ms or stay.from_ms,
            loaded=event,
        )
        for stay in Stay.objects.filter(unloaded=last)
    )


def _withdraw(last: Event, event: Event, _held: Mapping[int, Lot]) -> None:
    rows = Handover.objects.filter(proposed=last)
    if rows.exclude(status=Custody.PROPOSED).exists():
        raise Refusal(Reason.UNDO_LATE)
    rows.update(status=Custody.WITHDRAWN, settled=event, settled_ms=event.noted_ms)


def _void_labels(last: Event, event: Event, _held: Mapping[int, Lot]) -> None:
    """A label that was stuck on the wrong box is void; it is never bound again."""
    Label.objects.filter(bound=last).update(void_ms=event.noted_ms)


Back = Callable[[Event, Event, Mapping[int, Lot]], None]

UNDOABLE: Final[Mapping[Kind, Back]] = {
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
