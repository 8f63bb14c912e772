"""팔레트: boxes of lots put together under one number, moved as one, and taken apart again.

The lots stay what they are. A pallet's code is scanned like any other and opens its page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.http import Http404

from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import pallets
from server.coldchain.models import Event, OnPallet, Pallet
from server.coldchain.work.basket import amounts, basket
from server.coldchain.work.frame import Here, shown, task
from server.coldchain.work.sheet import Sheet
from server.coldchain.work.shows import PAGE, amount, lots
from server.web.shown import moment

SEVERAL: Final = 2 * PAGE


@shown("pallets")
def all_pallets(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    """Pallets that this organisation made and nobody has taken apart."""
    mine = Pallet.objects.filter(organisation=here.organisation, ended_ms=None)
    rows = mine.order_by("-made_ms", "id")[:PAGE]
    return {"pallets": [(one.id, named(one), moment(one.made_ms)[:16]) for one in rows]}


def named(pallet: Pallet) -> str:
    """What a pallet is called: its SSCC, else our own number."""
    return pallet.sscc or pallet.id


def _pack_show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    return basket(here, sheet)


def _pack(_here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    return pallets.pack(desk, amounts(sheet), sheet.text("sscc").replace(" ", ""))


def _to_pallet(here: Here, _sheet: Sheet, event: Event) -> str:
    found = OnPallet.objects.filter(packed=event).values_list("pallet", flat=True).first()
    return f"{here.home}/pallets/{found}" if found else f"{here.home}/pallets"


def _here(here: Here) -> Pallet:
    """A pallet of which something is in this organisation's hands, or that it made."""
    found = Pallet.objects.filter(id=here.named["pallet"]).first()
    held = OnPallet.objects.filter(pallet=found, lot__holder=here.organisation)
    if found is None or not (found.organisation_id == here.organisation.id or held.exists()):
        raise Http404
    return found


def _unpack_show(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    """What of it is in the reader's hands; what else is on it is its holders' own business."""
    found = _here(here)
    on_it = OnPallet.objects.filter(pallet=found, off=None, lot__holder=here.organisation)
    some = list(on_it.select_related("lot").order_by("id")[:SEVERAL])
    row = lots([one.lot for one in some], here.language)
    parts = [amount(one.grams, one.boxes, here.language) for one in some]
    return {
        "pallet": found,
        "called": named(found),
        "inside": list(zip(row, parts, strict=True)),
        "query": "&".join(f"lot={one.ref}" for one in row),
    }


def _unpack(here: Here, desk: Desk, _sheet: Sheet) -> Event | Refused:
    return pallets.unpack(desk, _here(here).id)


pack = task("pack", _pack_show, _pack, _to_pallet)
unpack = task("pallet", _unpack_show, _unpack, lambda here, _s, _e: f"{here.home}/pallets")
