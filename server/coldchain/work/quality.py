"""검수, 수거검사, 판매 중지와 해제: what somebody found, and whether goods may be sold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from server.accounts.models import Kind as Sort
from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import quality
from server.coldchain.actions.quality import Score
from server.coldchain.models import Event, Sample
from server.coldchain.rules import Basis, Judge, SampleState
from server.coldchain.work.frame import Here, task
from server.coldchain.work.landing import same_lot
from server.coldchain.work.photos import keep
from server.coldchain.work.sheet import Sheet
from server.coldchain.work.shows import choices, lots
from server.coldchain.work.words import BASES, JUDGES

AUTHORITIES: Final = (Sort.AGENCY, Sort.CITY)


def _inspects(here: Here) -> bool:
    return here.organisation.kind in AUTHORITIES


def _show(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    sides = [Judge.INDEPENDENT] if _inspects(here) else [Judge.BUYER, Judge.SELLER]
    mine = [Basis.OWN] if not _inspects(here) else [one for one in Basis if one is not Basis.OWN]
    return {
        "lot": lots([here.lot()], here.language)[0],
        "sides": choices({one: JUDGES[one] for one in sides}, here.language),
        "bases": choices({one: BASES[one] for one in mine}, here.language),
    }


def _inspect(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    sheet.need("score")
    sheet.need("out_of")
    score = Score(
        sheet.word("side", Judge),
        sheet.count("score"),
        sheet.count("out_of"),
        sheet.ticked("ice_seen"),
        keep(sheet, here.now_ms),
    )
    return quality.inspect(desk, here.lot().ref, score)


def _hold(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    return quality.hold(desk, (here.lot().ref,), sheet.word("basis", Basis), sheet.text("said"))


def _release(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    return quality.release(desk, (here.lot().ref,), sheet.text("said"))


def _sample_show(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    found = here.lot()
    open_ = Sample.objects.filter(lot=found, organisation=here.organisation, result=None)
    rows = open_.select_related("taken").order_by("-id")[:10]
    return {
        "lot": lots([found], here.language)[0],
        "open": [(one.taken.ref, one.laboratory) for one in rows],
    }


def _sample(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    if sheet.text("sampled"):
        state = sheet.word("state", SampleState)
        return quality.report_sample(desk, sheet.text("sampled"), state, sheet.text("said"))
    return quality.take_sample(desk, here.lot().ref, sheet.need("laboratory"))


inspect = task("inspect", _show, _inspect, same_lot)
hold = task("hold", _show, _hold, same_lot)
release = task("release", _show, _release, same_lot)
sample = task("sample", _sample_show, _sample, same_lot)
