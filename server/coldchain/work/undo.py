"""What was just done, told in a word, a colour and a shape; and one step back for who did it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from science.balance import Finding
from server.accounts.rules import Refused
from server.coldchain import attention
from server.coldchain.acting import Desk, told_before
from server.coldchain.actions import undoing
from server.coldchain.models import Event, EventLot
from server.coldchain.rules import Kind, Part, Reason
from server.coldchain.words import EVENTS
from server.coldchain.work.frame import Here, task
from server.coldchain.work.labels import LABELS
from server.coldchain.work.sheet import Sheet
from server.coldchain.work.words import Sign

FITS: Final = Sign("✓", "good", LABELS["done_fine"])
OPEN: Final = Sign("△", "warn", LABELS["mismatch"], LABELS["mismatch_note"])
YIELD: Final = Sign("△", "warn", LABELS["odd_yield"], LABELS["mismatch_note"])
BALANCES: Final = {Finding.OPEN: OPEN, Finding.YIELD: YIELD}
MADE_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Done:
    """One act as its doer reads it. lots: ref and number of what came of it."""

    ref: str
    word: str
    shape: str
    tone: str
    result: str
    note: str
    lots: tuple[tuple[str, str], ...]
    more: int
    undoable: bool


def banner(here: Here, ref: str) -> Done | None:
    """What this organisation's event says; None where there is none of that name."""
    found = Event.objects.filter(ref=ref, organisation=here.organisation.id).first()
    return told(here, found) if found else None


def last(here: Here) -> Done | None:
    """The reader's own last act, if it can still be undone."""
    newest = _undoable(here)
    return banner(here, newest) if newest else None


def told(here: Here, event: Event) -> Done:
    """One event in words."""
    sign = BALANCES.get(json.loads(event.told).get("balance"), FITS)
    made = EventLot.objects.filter(event=event, part=Part.MADE).order_by("id")
    lots = tuple(made.values_list("lot__ref", "lot__code")[:MADE_SHOWN])
    return Done(
        ref=event.ref,
        word=here.say(EVENTS[Kind(event.kind)]),
        shape=sign.shape,
        tone=sign.tone,
        result=here.say(sign.word),
        note=here.say(sign.note) if sign.note else "",
        lots=lots,
        more=max(made.count() - MADE_SHOWN, 0),
        undoable=_undoable(here) == event.ref,
    )


def _undoable(here: Here) -> str:
    """The event that one step back would undo; "" for none."""
    if not here.may_operate:
        return ""
    found = attention.undoable(here.who.id, here.organisation.id, here.now_ms)
    return found.event if found else ""


def _show(here: Here, _sheet: Sheet) -> dict[str, object]:
    return {"last": last(here)}


def _act(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    """Undo what the button named, and nothing that was done since in another window."""
    if told_before(desk) is None and _undoable(here) != sheet.text("event"):
        return Refused(Reason.UNDO_LATE)
    return undoing.undo(desk)


undo = task("undo", _show, _act)
