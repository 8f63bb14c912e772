"""라벨: blank pre-printed rolls; stick first, bind by scan. A label is bound once and for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from science import gs1
from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import labels
from server.coldchain.models import Event, Label, Lot, Roll
from server.coldchain.work import attention
from server.coldchain.work.find import find
from server.coldchain.work.frame import ADD, Here, task
from server.coldchain.work.hangul import latin
from server.coldchain.work.labels import LABELS
from server.coldchain.work.sheet import Blank, Hint, Sheet
from server.coldchain.work.shows import lots

SHOWN: Final = 50


def _show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    """The lot, the labels scanned so far, and what the scanner just read."""
    chosen = _lot(here, sheet)
    serials, said = _scanned(here, sheet)
    waiting = attention.unlabelled(here)
    return {
        "lot": lots([chosen], here.language)[0] if chosen else None,
        "serials": serials,
        "said": said,
        "waiting": lots(list(waiting[:SHOWN]), here.language),
        "blank": Label.objects.filter(
            roll__organisation=here.organisation, lot=None, void_ms=None
        ).count(),
    }


def _lot(here: Here, sheet: Sheet) -> Lot | None:
    """The lot that was chosen, or that the code on the box names."""
    chosen = sheet.text("lot") or sheet.text("choose")
    if chosen:
        return here.lot(chosen)
    return find(here, sheet.text("code")).lot if sheet.text("code") else None


def _scanned(here: Here, sheet: Sheet) -> tuple[list[str], tuple[str, str, str] | None]:
    """Labels read so far, each once, and what is said of the newest one."""
    serials = list(sheet.many("serial"))
    drop = sheet.text("drop")
    if drop in serials:
        serials.remove(drop)
    code = sheet.text("code")
    if not code or sheet.text("do") != ADD:
        return serials, None
    try:
        read = serial_of(code)
    except Blank:
        if not sheet.text("lot") and find(here, code).lot:
            return serials, ("good", "✓", here.say(LABELS["scan_lot"]))
        return serials, ("bad", "✕", f"{here.say(LABELS['scan_no_label'])} {code[-30:]}")
    tone, shape, word = _state(read, serials)
    if tone == "good":
        serials.append(read)
    return serials, (tone, shape, f"{here.say(LABELS[word])} {read}")


def _state(serial: str, serials: list[str]) -> tuple[str, str, str]:
    row = Label.objects.filter(serial=serial).first()
    if row is None:
        return "bad", "✕", "label_unknown"
    if row.void_ms is not None:
        return "bad", "✕", "label_void"
    if row.lot_id is not None:
        return "bad", "✕", "label_bound"
    return ("warn", "△", "label_twice") if serial in serials else ("good", "✓", "label_read")


def serial_of(code: str) -> str:
    """The serial in what was scanned: typed, or the end of an address. Raises Blank."""
    last = latin(code).rstrip("/").rpartition("/")[2]
    try:
        return gs1.short_code(gs1.short_number(last))
    except gs1.Gs1Error:
        raise Blank("code", Hint.LABEL) from None


def _act(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    serials = list(sheet.many("serial"))
    if sheet.text("code"):
        serials.append(serial_of(sheet.text("code")))
    if not sheet.text("lot"):
        raise Blank("lot", Hint.LOT)
    if not serials:
        raise Blank("code", Hint.LABEL)
    return labels.bind(desk, here.lot(sheet.text("lot")).ref, tuple(dict.fromkeys(serials)))


def _roll_show(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    rows = Roll.objects.filter(organisation=here.organisation).order_by("-made_ms")[:20]
    return {"rolls": [(row.id, row.labels, _free(row)) for row in rows]}


def _free(roll: Roll) -> int:
    return Label.objects.filter(roll=roll, lot=None, void_ms=None).count()


def _roll(_here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    number = sheet.count("labels")
    if not number:
        raise Blank("labels", Hint.COUNT)
    return labels.make_roll(desk, number)


bind = task("bind", _show, _act, lambda here, sheet, _: f"{here.home}/lots/{sheet.text('lot')}")
roll = task("rolls", _roll_show, _roll, lambda here, _sheet, _event: f"{here.home}/rolls")
