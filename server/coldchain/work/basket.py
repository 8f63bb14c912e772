"""Lots gathered one after another by scanner or tick, before one act is done with all of them.

The basket is the form itself: nothing is kept on the server, and what was typed beside a lot stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from server.coldchain.taking import Amount
from server.coldchain.work.find import Found, find
from server.coldchain.work.frame import ADD, Here
from server.coldchain.work.labels import LABELS
from server.coldchain.work.sheet import Blank, Hint, Sheet, count_of, grams_of
from server.coldchain.work.shows import LotRow, live, lots

MOST: Final = 300
OFFERED: Final = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A lot in the basket, and how much of it; empty: all."""

    lot: LotRow
    grams: str = ""
    boxes: str = ""


def basket(here: Here, sheet: Sheet) -> dict[str, object]:
    """The lots chosen so far, what the scanner just read, and what else could be ticked."""
    found = find(here, sheet.text("code")) if sheet.text("code") else None
    refs = dict.fromkeys((*sheet.many("lot"), *(found.refs if found else ())))
    drop = sheet.text("drop")
    chosen = [ref for ref in refs if ref != drop][:MOST]
    typed = _typed(sheet)
    mine = here.lots().filter(ref__in=chosen)
    shown = {one.ref: one for one in lots(list(mine), here.language)}
    rows = [Row(shown[ref], *typed.get(ref, ("", ""))) for ref in chosen if ref in shown]
    others = live(here.organisation.id).exclude(ref__in=chosen).filter(side="")
    return {
        "basket": rows,
        "others": lots(list(others[:OFFERED]), here.language),
        "scanned": scanned(here, found) if found and sheet.text("do") in (ADD, "") else None,
    }


def scanned(here: Here, found: Found) -> tuple[str, str, str]:
    """What the scanner read: tone, shape and word."""
    if found.refs:
        return "good", "✓", f"{here.say(LABELS['scan_added'])} {found.text[-40:]}"
    if found.several:
        return "warn", "△", f"{here.say(LABELS['scan_several'])} {found.text[-40:]}"
    return "bad", "✕", f"{here.say(LABELS['scan_nothing'])} {found.text[-40:]}"


def amounts(sheet: Sheet) -> tuple[Amount, ...]:
    """How much of which lots; an empty weight is all of it. Raises Blank."""
    typed = _typed(sheet)
    if not typed:
        raise Blank("code", Hint.LOT)
    return tuple(
        Amount(
            ref,
            grams_of(grams, "part_grams") if grams else None,
            count_of(boxes, "part_boxes"),
        )
        for ref, (grams, boxes) in typed.items()
    )


def _typed(sheet: Sheet) -> dict[str, tuple[str, str]]:
    names = ("lot", "part_grams", "part_boxes")
    columns = [sheet.column(name) for name in names]
    rows = zip_longest(*columns, fillvalue="")
    return {ref: (grams, boxes) for ref, grams, boxes in rows if ref}
