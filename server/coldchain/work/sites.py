"""장소: where an organisation works, the trucks and rooms in which its goods are, and what everyone
may know of it. An administrator says so, once; whatever moves or lies is told of these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from science.limits import LINES
from science.paging import PROFILES
from server.accounts.rules import Need, Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import places
from server.coldchain.actions.places import Facts, Site
from server.coldchain.models import Event, Party, Place, Room
from server.coldchain.rules import PlaceKind, RoomKind
from server.coldchain.words import ROOMS
from server.coldchain.work.frame import Here, shown, task
from server.coldchain.work.labels import LABELS
from server.coldchain.work.sheet import Blank, Hint, Sheet
from server.coldchain.work.shows import PAGE, choices, rooms
from server.coldchain.work.words import PLACES
from server.devices.models import Asset

MOST: Final = 200


def _party(here: Here) -> Party | None:
    return Party.objects.filter(organisation=here.organisation).first()


def _places(here: Here) -> list[Place]:
    mine = Place.objects.filter(organisation=here.organisation, ended_ms=None)
    return list(mine.order_by("name")[:PAGE])


@shown("sites")
def sites(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    """Places, rooms and trucks, and what is said of the organisation."""
    rows = Room.objects.filter(organisation=here.organisation).select_related("asset", "place")
    listed = rows.order_by("place__name", "asset__name")[:MOST]
    return {
        "sites": [(one, here.say(PLACES[PlaceKind(one.kind)])) for one in _places(here)],
        "rooms": rooms(listed, here.organisation.id, here.language),
        "party": _party(here),
        "may_administer": here.may_administer,
    }


def _site_show(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    return {"kinds": choices(PLACES, here.language)}


def _site(_here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    site = Site(
        sheet.word("kind", PlaceKind),
        sheet.need("name"),
        sheet.need("region"),
        sheet.text("name_en"),
        sheet.text("region_en"),
        sheet.text("gln"),
    )
    return places.add_place(desk, site)


def _room_show(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    """Assets of devices that are no room yet, with the limits that one can have."""
    known = Room.objects.filter(organisation=here.organisation).values("asset")
    free = Asset.objects.filter(organisation=here.organisation.id).exclude(id__in=known)
    limits = [(one, here.say(LINES[one].name)) for one in PROFILES if one]
    return {
        "assets": list(free.order_by("name").values_list("name", flat=True)[:MOST]),
        "kinds": choices(ROOMS, here.language),
        "sites": [(one.id, one.name) for one in _places(here)],
        "profiles": [*limits, ("", here.say(LABELS["no_limit"]))],
    }


def _room(_here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    kind, place, profile = sheet.word("kind", RoomKind), sheet.text("site"), sheet.text("profile")
    if profile not in PROFILES:
        raise Blank("profile", Hint.CHOICE)
    if kind is RoomKind.TRUCK:
        place = ""
    elif not place:
        raise Blank("site", Hint.CHOICE)
    return places.add_room(desk, sheet.need("asset"), kind, place, profile)


def _party_show(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    return {"party": _party(here)}


def _tell(_here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    said = (sheet.text(name) for name in ("region", "region_en", "gln", "dealer"))
    return places.tell_party(desk, Facts(*said))


def _to_sites(here: Here, _sheet: Sheet, _event: Event) -> str:
    return f"{here.home}/sites"


add_site = task("site_add", _site_show, _site, _to_sites, Need.ADMINISTER)
add_room = task("room_add", _room_show, _room, _to_sites, Need.ADMINISTER)
party = task("party", _party_show, _tell, _to_sites, Need.ADMINISTER)
