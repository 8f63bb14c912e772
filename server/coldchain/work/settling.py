"""정산: what was bid for is settled, and goes out as a spreadsheet in the office's own columns.

The columns are those of the night's list, by the titles that the office gave them there, and after
them who bid what. From then on the numbers stay, and an error is only declared. Prices are read by
those alone who do this work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from science.species import SPECIES, Form, Ice, IceRatio, Species
from server.accounts import refusals
from server.accounts.door import guarded
from server.accounts.rules import Need, Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import landing
from server.coldchain.export.table import CSV, XLSX, Cell, csv_bytes, xlsx_bytes
from server.coldchain.listing import words
from server.coldchain.listing.columns import Column
from server.coldchain.listing.take import remembered
from server.coldchain.models import Award, Event, Lot
from server.coldchain.rules import SERVICE, Gear, Status
from server.coldchain.work.frame import Here, blanked, covered, here_of, page, task
from server.coldchain.work.sheet import Blank, Hint, Sheet
from server.coldchain.work.shows import amount, lots
from server.coldchain.work.words import FORMS, GEARS, ICES, RATIOS
from server.pilots.days import begins_ms, day_of, ends_ms
from server.web.shown import moment

SHOWN: Final = 200
MOST: Final = 10_000
TITLE: Final = "정산"
BIDS: Final = ("중도매인 번호", "금액(원)", "로트 번호", "정산 시각")
"""What the night's list has no column for."""


def _awards(organisation: str, most: int = MOST, **which: Any) -> list[Award]:
    """What was bid for lots of one organisation, oldest first."""
    rows = Award.objects.filter(lot__maker=organisation, **which).exclude(lot__status=Status.VOID)
    return list(rows.select_related("lot").order_by("id")[:most])


def _show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    waiting = _awards(here.organisation.id, SHOWN, lot__settled_ms=None)
    shown = lots([one.lot for one in waiting], here.language)
    return {
        "rows": [
            (lot, _sold(bid, here.language), bid.dealer, "" if bid.krw is None else f"{bid.krw:,}")
            for lot, bid in zip(shown, waiting, strict=True)
        ],
        "ticked": sheet.many("lot") if sheet.typed.get("key") else [one.ref for one in shown],
        "day": (_day(sheet) or day_of(here.now_ms)).isoformat(),
    }


def _sold(bid: Award, language: str) -> str:
    """How much was bid for, whatever is left of it."""
    return amount(bid.lot.grams, bid.lot.boxes, language)


def _act(_here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    chosen = sheet.many("lot")
    if not chosen:
        raise Blank("lot", Hint.LOT)
    return landing.settle(desk, chosen)


def _day(sheet: Sheet) -> date | None:
    """The day that was asked for; None for what is none."""
    try:
        return sheet.day("day")
    except Blank:
        return None


@guarded(Need.OPERATE, service=SERVICE)
@require_safe
def file(request: HttpRequest, organisation: str, kind: str) -> HttpResponse:
    """What was settled on one day, as XLSX or CSV."""
    here = here_of(request, organisation, {})
    if (cover := covered(here)) is not None:
        return cover
    sheet = Sheet.of(request)
    try:
        day = sheet.day("day") or day_of(here.now_ms)
    except Blank as blank:
        return page(here, "settle", _show(here, sheet), blanked(here, blank))
    header, rows = table(organisation, day)
    data = xlsx_bytes({TITLE: (header, rows)}) if kind == "xlsx" else csv_bytes(header, rows)
    response = refusals.unkept(HttpResponse(data, content_type=XLSX if kind == "xlsx" else CSV))
    name = f"settlement-{day.isoformat()}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def table(organisation: str, day: date) -> tuple[list[str], list[list[Cell]]]:
    """Header and rows of a day: a column of the office's own list wherever it has one."""
    titles = remembered(organisation) or {one: words.COLUMNS[one].ko for one in Column}
    columns = [one for one in Column if one in titles]
    settled = {"lot__settled_ms__gte": begins_ms(day), "lot__settled_ms__lt": ends_ms(day)}
    rows = [
        [*(_cell(one.lot, column) for column in columns), *_bid(one)]
        for one in _awards(organisation, **settled)
    ]
    return [*(titles[one] for one in columns), *BIDS], rows


def _bid(one: Award) -> Iterator[Cell]:
    yield one.dealer
    yield one.krw
    yield one.lot.code
    yield moment(one.lot.settled_ms)[:16]


def _cell(lot: Lot, column: Column) -> Cell:
    """What a list would say of this lot; a blank stays a blank."""
    said: Mapping[Column, Cell] = {
        Column.NUMBER: lot.code,
        Column.TRADE: lot.trade,
        Column.SPECIES: ", ".join(SPECIES[Species(one)].scientific for one in lot.species.split()),
        Column.KILOGRAMS: lot.grams / 1000,
        Column.BOXES: lot.boxes or None,
        Column.FORM: FORMS[Form(lot.form)].ko,
        Column.VESSEL: lot.vessel,
        Column.CAUGHT: moment(lot.catch_ms)[:16] if lot.catch_ms else "",
        Column.AREA: lot.area,
        Column.GEAR: "" if lot.gear == Gear.UNKNOWN else GEARS[Gear(lot.gear)].ko,
        Column.ICE: "" if lot.ice == Ice.UNSTATED else ICES[Ice(lot.ice)].ko,
        Column.ICE_RATIO: "" if not lot.ice_ratio else RATIOS[IceRatio(lot.ice_ratio)].ko,
        Column.ORIGIN: lot.origin,
        Column.TRACE_NO: lot.trace_no,
    }
    return said[column]


settle = task("settle", _show, _act, lambda here, _sheet, _event: f"{here.home}/settle")
