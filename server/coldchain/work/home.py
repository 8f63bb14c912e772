"""Where a day's work begins: what needs attention, the keys of this kind of organisation, the lots
in hand, and the one input that a scanner types into."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from server.accounts.door import guarded
from server.accounts.models import Kind as Sort
from server.accounts.models import Organisation
from server.accounts.rules import ALLOWED, Need, may
from server.accounts.views.frame import asking, go
from server.coldchain.models import Room
from server.coldchain.rules import LIVE, SERVICE, RoomKind
from server.coldchain.work import attention, undo
from server.coldchain.work.find import Found, find
from server.coldchain.work.frame import Here, covered, here_of, page, shown
from server.coldchain.work.labels import LABELS
from server.coldchain.work.sheet import Sheet
from server.coldchain.work.shows import PAGE, live, lots
from server.coldchain.work.words import STATUSES
from server.web import shell
from server.web.words import say

ALL_KEYS: Final = (
    *("lots", "rooms", "sensors", "given", "pallets", "trips", "trace", "recalls", "sites"),
)
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    Sort.COOPERATIVE: ("land", "lists", "auction", "settle", "labels", "offer"),
    Sort.PLANT: ("inbox", "merge", "labels", "offer", "land"),
    Sort.CARRIER: ("rooms", "inbox", "offer", "sensors"),
    Sort.WHOLESALER: ("inbox", "offer", "labels", "merge", "land"),
    Sort.SHOP: ("inbox", "shelf", "labels"),
    Sort.MERCHANT: ("inbox", "shelf", "labels"),
    Sort.AGENCY: ("trace",),
    Sort.CITY: ("trace",),
    Sort.OPERATOR: ("sensors",),
}
"""What is done every day, first what comes first."""
ICONS: Final[Mapping[str, str]] = {
    "land": "ship",
    "lists": "sheet",
    "auction": "gavel",
    "labels": "label",
    "offer": "hand",
    "inbox": "inbox",
    "merge": "merge",
    "rooms": "truck",
    "sensors": "warm",
    "shelf": "shop",
    "lots": "box",
    "settle": "check",
    "pallets": "box",
    "sites": "shop",
    "given": "hand",
    "recalls": "stop",
    "trips": "sheet",
    "trace": "eye",
}
STATE: Final = re.compile("[a-z-]{1,16}")


@guarded(Need.OPEN, service=SERVICE)
@require_safe
def work(request: HttpRequest) -> HttpResponse:
    """The home of the one organisation that somebody works for; of several, a choice."""
    who = asking(request)
    if not who.id:
        return go("/sign-in?next=/work")
    mine = [one for one in who.roles if may(who, Need.SEE, one, SERVICE) is ALLOWED]
    if len(mine) == 1:
        return go(f"/work/{mine[0]}")
    rows = Organisation.objects.filter(id__in=mine, ended_ms=None).order_by("name")
    return shell.page(request, "coldchain/work/choose.html", {"places": rows}, LABELS)


@shown("home")
def home(here: Here, sheet: Sheet) -> Mapping[str, object]:
    """What to do now."""
    return _home(here, sheet)


@guarded(Need.SEE, service=SERVICE)
@require_safe
def scanned(request: HttpRequest, organisation: str) -> HttpResponse:
    """Go to what was scanned, or say what was read and that it is not here."""
    here, sheet = here_of(request, organisation, {}), Sheet.of(request)
    if (cover := covered(here)) is not None:
        return cover
    found = find(here, sheet.text("code"))
    address = found.address(here.home)
    return go(address) if address else page(here, "home", _home(here, sheet, found))


@guarded(Need.OPEN, service=SERVICE)
@require_safe
def door(request: HttpRequest, room: str) -> HttpResponse:
    """The code on a truck's door: its page, for whoever works with it."""
    who = asking(request)
    if not who.id:
        return go(f"/sign-in?next=/doors/{room}")
    found = Room.objects.filter(id=int(room)).first()
    mine = [one for one in who.roles if may(who, Need.SEE, one, SERVICE) is ALLOWED]
    if found is None or not mine:
        return go("/work")
    chosen = found.organisation_id if found.organisation_id in mine else sorted(mine)[0]
    return go(f"/work/{chosen}/rooms/{found.id}")


@shown("lots")
def lots_in_hand(here: Here, sheet: Sheet) -> Mapping[str, object]:
    """Lots in this organisation's hands, perhaps of one state only."""
    wanted = sheet.text("state") if STATE.fullmatch(sheet.text("state")) else ""
    rows = live(here.organisation.id)
    chosen = rows.filter(status=wanted) if wanted in list(LIVE) else rows
    states = [
        (str(one), say(STATUSES[one].word, here.language), str(one) == wanted)
        for one in LIVE
        if rows.filter(status=one).exists()
    ]
    some = lots(list(chosen[: 2 * PAGE]), here.language)
    return {"lots": some, "states": states, "state": wanted}


def _home(here: Here, sheet: Sheet, found: Found | None = None) -> dict[str, object]:
    items = attention.items(here)
    kind = here.organisation.kind
    keys = dict.fromkeys((*KEYS.get(kind, ()), *ALL_KEYS))
    rows = live(here.organisation.id)
    return {
        "hero": items[0] if items else None,
        "items": items[1:],
        "keys": [(one, ICONS[one], here.say(LABELS[f"key_{one}"])) for one in keys],
        "first": next(iter(keys)),
        "lots": lots(list(rows[:10]), here.language),
        "more_lots": max(rows.count() - 10, 0),
        "last": None if sheet.text("done") else undo.last(here),
        "found": found,
        "several": lots(list(found.several), here.language) if found else [],
        "told_hold": sheet.text("told") == "hold",
        "is_driver": kind == Sort.CARRIER,
        "trucks": _trucks(here) if kind == Sort.CARRIER else [],
    }


def _trucks(here: Here) -> list[tuple[int, str]]:
    mine = Room.objects.filter(organisation=here.organisation, kind=RoomKind.TRUCK)
    return list(mine.order_by("asset__name").values_list("id", "asset__name")[:PAGE])
