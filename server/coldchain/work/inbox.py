"""인수: what was handed over waits here; scan, scan, accept all; or less, or nothing (photo)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import custody
from server.coldchain.handing import Answer
from server.coldchain.models import Event
from server.coldchain.work import attention
from server.coldchain.work.find import find
from server.coldchain.work.frame import ADD, Here, task
from server.coldchain.work.labels import LABELS
from server.coldchain.work.photos import keep
from server.coldchain.work.sheet import Blank, Hint, Sheet, grams_of
from server.coldchain.work.shows import PAGE, HandRow, handovers


@dataclass(frozen=True, slots=True)
class Row:
    """A hand-over that waits, with what was typed: ticked, and how much of it."""

    hand: HandRow
    ticked: bool
    grams: str
    boxes: str


def _show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    rows = handovers(list(attention.incoming(here)[: 2 * PAGE]), here.language, given=False)
    ticked = set(sheet.many("handover"))
    code, said = sheet.text("code"), None
    if code and sheet.text("do") == ADD:
        refs = set(find(here, code).refs)
        hit = [one for one in rows if one.lot.ref in refs]
        ticked |= {one.id for one in hit}
        word, tone = ("scan_ticked", "good") if hit else ("scan_not_waiting", "bad")
        shape = "✓" if hit else "✕"
        said = (tone, shape, f"{here.say(LABELS[word])} {code[-40:]}")
    shown = [
        Row(one, one.id in ticked, sheet.text(f"grams_{one.id}"), sheet.text(f"boxes_{one.id}"))
        for one in rows
    ]
    return {
        "rows": shown,
        "scanned": said,
        "chosen": sum(one.ticked for one in shown),
        "warm": any(one.hand.lot.warm for one in shown),
    }


def _act(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    """All of it, what is ticked, less of it, or nothing."""
    chosen = sheet.many("handover")
    if sheet.text("do") == "all":
        chosen = tuple(attention.incoming(here).values_list("id", flat=True)[: 2 * PAGE])
    if not chosen:
        raise Blank("handover", Hint.LOT)
    photo = keep(sheet, here.now_ms)
    why = sheet.text("why")
    if sheet.text("do") == "refuse":
        return custody.refuse(desk, chosen, photo, why)
    answers = tuple(_answer(sheet, one, photo) for one in chosen)
    return custody.accept(desk, answers, why)


def _answer(sheet: Sheet, handover: str, photo: str) -> Answer:
    text = sheet.text(f"grams_{handover}")
    if not text or sheet.text("do") == "all":
        return Answer(handover)
    grams = grams_of(text, "part_grams")
    return Answer(handover, grams, sheet.count(f"boxes_{handover}"), photo)


inbox = task("inbox", _show, _act, lambda here, _sheet, _event: f"{here.home}/inbox")
