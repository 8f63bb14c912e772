"""상차와 하차: a truck or room by the code on its door; pre-cooling, loading with its 20 minutes,
what is inside, unloading. The 20 minutes are a guide and are shown as one; nothing is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import segno
from django.conf import settings
from django.db.models import Q
from django.http import Http404

from protocol.registry import Quantity
from science.limits import KR_CHILLED, LINES, LOADING_MS
from server.accounts import refusals
from server.accounts.models import Kind as Sort
from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import loading
from server.coldchain.actions.loading import LONGEST_MS
from server.coldchain.models import Event, Lot, Room, Stay
from server.coldchain.rules import MINUTE_MS, OPEN_CUSTODY, Reason, RoomKind
from server.coldchain.taking import Amount
from server.coldchain.work import attention
from server.coldchain.work.basket import amounts, basket
from server.coldchain.work.find import REF
from server.coldchain.work.frame import Here, shown, task
from server.coldchain.work.labels import LABELS
from server.coldchain.work.sheet import Blank, Hint, Sheet
from server.coldchain.work.shows import PAGE, LotRow, Mark, amount, lots, rooms
from server.devices import overview
from server.devices.models import Assignment
from server.web.shown import moment

FRESH_MS: Final = 15 * MINUTE_MS
"""How old a reading may be that says that a hold is cold."""


@dataclass(frozen=True, slots=True)
class Air:
    """The newest temperatures of a hold, and the light of pre-cooling."""

    mark: Mark
    values: tuple[tuple[str, str], ...]
    read_at: str


@dataclass(frozen=True, slots=True)
class Clock:
    """The 20 minutes of loading: began at, minutes so far and left, and the share for a bar."""

    since: int
    minutes: int
    left: int
    share: int
    over: bool


@dataclass(frozen=True, slots=True)
class Aboard:
    """So much of a lot that is inside."""

    lot: LotRow
    amount: str
    since: str


def room_of(here: Here) -> Room:
    """A room of this organisation, or any truck: whoever has goods in one stands at its door."""
    rows = Room.objects.select_related("asset", "place", "organisation")
    seen = rows.filter(Q(organisation=here.organisation) | Q(place=None))
    found = seen.filter(id=int(here.named["room"])).first()
    if found is None:
        raise Http404
    return found


@shown("rooms")
def all_rooms(here: Here, sheet: Sheet) -> Mapping[str, object]:
    """Trucks and rooms of this organisation."""
    rows = Room.objects.filter(organisation=here.organisation).select_related("asset", "place")
    listed = rooms(rows.order_by("kind", "asset__name")[:PAGE], here.organisation.id, here.language)
    query = "&".join(f"lot={one}" for one in sheet.many("lot") if REF.fullmatch(one))
    return {"rooms": listed, "query": f"?{query}" if query else ""}


@shown("room")
def room(here: Here, sheet: Sheet) -> Mapping[str, object]:
    """One truck or room: how cold it is, what is inside, and the next key."""
    found = room_of(here)
    return {**_head(here, found, sheet), "inside": inside(here, found), "lot": sheet.text("lot")}


@shown("door")
def door_code(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    """The code for the door, to be printed and stuck on."""
    found = room_of(here)
    address = f"{settings.JAGALCHI.address}/doors/{found.id}"
    svg = segno.make(address, error="m").svg_inline(omitsize=True, svgclass="qr")
    return {**_head(here, found, Sheet.of(here.request)), "address": address, "qr": svg}


def _head(here: Here, found: Room, sheet: Sheet) -> dict[str, object]:
    row = rooms([found], here.organisation.id, here.language)[0]
    at = air(here, found) if row.ours else None
    ask = {} if row.ours else _ask(here, found, sheet)
    return {"room": row, "air": at, "clock": clock(here, sheet.text("since")), **ask}


def _ask(here: Here, found: Room, sheet: Sheet) -> dict[str, str]:
    """Where one asks who runs a truck to load it, by a custody transfer that names it; and why."""
    part = "carrier" if found.organisation.kind == Sort.CARRIER else "to"
    chosen = "".join(f"&lot={one}" for one in sheet.many("lot") if REF.fullmatch(one))
    return {
        "ask": f"{here.home}/offer?{part}={found.organisation_id}{chosen}",
        "why_ask": refusals.said(Reason.NOT_YOUR_TRUCK, here.language),
    }


def clock(here: Here, since: str) -> Clock | None:
    """Where loading stands that began at this time (UTC ms); None where it did not begin."""
    began_ms = clock_ms(since)
    gone = -1 if began_ms is None else here.now_ms - began_ms
    if not 0 <= gone < LONGEST_MS:
        return None
    minutes, whole = gone // MINUTE_MS, LOADING_MS // MINUTE_MS
    share = min(gone * 100 // LOADING_MS, 100)
    return Clock(here.now_ms - gone, minutes, max(whole - minutes, 0), share, gone > LOADING_MS)


def clock_ms(text: str) -> int | None:
    """A time in UTC ms as the page wrote it down; None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 15 else None


def air(here: Here, found: Room) -> Air:
    """The hold's newest temperatures: ready, not yet, or 기록 없음 when nothing fresh is known."""
    device = Assignment.objects.filter(asset=found.asset, until_ms=None).first()
    known = overview.detail(device.device_id, here.now_ms) if device else None
    reading = known.summary.reading if known else None
    at_ms = reading.record.utc_ms if reading else None
    warm = [
        (name, one.value)
        for name, one in (reading.measured if reading else ())
        if one.quantity is Quantity.TEMPERATURE and one.value is not None
    ]
    if at_ms is None or here.now_ms - at_ms > FRESH_MS or not warm:
        sign = Mark("○", "calm", here.say(LABELS["no_record"]), here.say(LABELS["air_unknown"]))
        return Air(sign, (), moment(at_ms)[:16] if at_ms else "")
    cold = max(value for _, value in warm) <= _limit(found.profile)
    sign = _light(here, cold=cold)
    return Air(sign, tuple((name, celsius(value)) for name, value in warm), moment(at_ms)[:16])


def _limit(profile: str) -> int:
    """Milli-degrees up to which a hold counts as pre-cooled: its profile's limit, else food's."""
    high = LINES.get(profile, KR_CHILLED).high
    return high if high is not None else 0


def _light(here: Here, *, cold: bool) -> Mark:
    if cold:
        return Mark("●", "good", here.say(LABELS["precooled"]), here.say(LABELS["precooled_do"]))
    return Mark("▲", "warn", here.say(LABELS["not_cold"]), here.say(LABELS["not_cold_do"]))


def celsius(milli: int) -> str:
    """A temperature as people read it."""
    sign = "−" if milli < 0 else ""
    return f"{sign}{abs(milli) // 1000}.{abs(milli) % 1000 // 100} ℃"


def inside(here: Here, found: Room) -> list[Aboard]:
    """What is in a room: all of it for who runs it, one's own goods for everybody else."""
    rows = Stay.objects.filter(room=found, until_ms=None).select_related("lot").order_by("-id")
    if found.organisation_id != here.organisation.id:
        rows = rows.filter(
            Q(lot__holder=here.organisation)
            | Q(lot__handovers__taker=here.organisation, lot__handovers__status__in=OPEN_CUSTODY)
        ).distinct()
    some = list(rows[: 2 * PAGE])
    shown_lots = lots([one.lot for one in some], here.language)
    return [
        Aboard(lot, amount(one.grams, one.boxes, here.language), moment(one.from_ms)[:16])
        for one, lot in zip(some, shown_lots, strict=True)
    ]


def _load_show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    found = room_of(here)
    since = sheet.text("since") or str(here.now_ms)
    waiting = attention.awaited(here) if found.kind == RoomKind.TRUCK else attention.carried(here)
    waiting = waiting.exclude(lot__in=attention.aboard(here).values("lot"))
    awaited = Lot.objects.filter(id__in=waiting.values("lot"))
    return {
        **_head(here, found, sheet),
        **basket(here, sheet),
        "clock": clock(here, since),
        "awaited": lots(list(awaited[:PAGE]), here.language),
    }


def _load(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    room, some, arrives_ms = room_of(here).id, amounts(sheet), sheet.moment("arrives")
    return loading.load(desk, room, some, arrives_ms, began(desk, sheet))


def began(desk: Desk, sheet: Sheet) -> int | None:
    """When the key that begins was pressed, on this page's own clock; None: nobody pressed it, or
    it is told of another time."""
    at = clock_ms(sheet.text("since"))
    return at if at is not None and 0 <= desk.when_ms - at <= LONGEST_MS else None


def _unload_show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    found = room_of(here)
    some = inside(here, found)
    ticked = sheet.many("lot") if sheet.typed.get("key") else tuple(one.lot.ref for one in some)
    since = sheet.text("since") or str(here.now_ms)
    return {
        **_head(here, found, sheet),
        "inside": some,
        "ticked": ticked,
        "clock": clock(here, since),
    }


def _unload(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    refs: Sequence[str] = sheet.many("lot")
    if not refs:
        raise Blank("lot", Hint.LOT)
    some = tuple(Amount(ref) for ref in refs)
    return loading.unload(desk, room_of(here).id, some, began(desk, sheet))


def _to_room(here: Here, sheet: Sheet, _event: Event) -> str:
    return f"{here.home}/rooms/{here.named['room']}?since={sheet.text('since')}"


load = task("load", _load_show, _load, _to_room)
unload = task("unload", _unload_show, _unload, _to_room)
