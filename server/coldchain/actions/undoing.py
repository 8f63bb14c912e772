"""One step back: the last action of a person is compensated by an event of its own.

Nothing is rewritten (what it does: effects/back.py). It is for slips of the hand: for
a quarter of an hour, for the person who slipped, while nobody has done anything to the lots since.
"""

from __future__ import annotations

from server.accounts.rules import Need
from server.coldchain.acting import Desk, Refusal, action
from server.coldchain.done import Line
from server.coldchain.effects.back import UNDOABLE
from server.coldchain.events import Told, happened
from server.coldchain.models import Event, EventLot, Lot
from server.coldchain.rules import UNDO_MS, Kind, Part, Reason
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
    return happened(desk, Told(Kind.UNDONE, lines, told, corrects=last))
