"""위판·경매: the lots of the floor in a list; 중도매인 번호 is a winning bid, a tick is 유찰."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import landing
from server.coldchain.actions.landing import Sold
from server.coldchain.models import Event
from server.coldchain.rules import FRESH
from server.coldchain.work.frame import Here, task
from server.coldchain.work.sheet import Blank, Hint, Sheet, count_of
from server.coldchain.work.shows import LotRow, live, lots

SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A lot on the floor, with what was typed beside it."""

    lot: LotRow
    dealer: str
    krw: str


def _show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    floor = live(here.organisation.id).filter(status__in=FRESH, side="", feed=False)
    shown = lots(list(floor[:SHOWN]), here.language)
    typed = _typed(sheet)
    rows = [Row(one, *typed.get(one.ref, ("", ""))) for one in shown]
    return {"rows": rows, "ticked": sheet.many("passed")}


def _typed(sheet: Sheet) -> dict[str, tuple[str, str]]:
    columns = (sheet.column("lot"), sheet.column("dealer"), sheet.column("krw"))
    return {ref: (dealer, krw) for ref, dealer, krw in zip(*columns, strict=False)}


def _act(_here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    """Winning bids and lots without a bid are two acts; either button does one of them."""
    if sheet.text("do") == "pass-in":
        passed = sheet.many("passed")
        if not passed:
            raise Blank("passed", Hint.LOT)
        return landing.pass_in(desk, passed)
    sold = tuple(
        Sold(ref, dealer, count_of(krw.replace(",", ""), "krw") if krw else None)
        for ref, (dealer, krw) in _typed(sheet).items()
        if dealer
    )
    if not sold:
        raise Blank("dealer")
    return landing.award(desk, sold)


auction = task("auction", _show, _act, lambda here, _sheet, _event: f"{here.home}/auction")
