"""Who takes part, their places, trucks and rooms."""

from __future__ import annotations

from dataclasses import dataclass

from science import gs1
from science.paging import PROFILES
from server.accounts.rules import Need
from server.coldchain.acting import Desk, Refusal, action
from server.coldchain.events import Told, happened, new_ref
from server.coldchain.models import Event, Place, Room
from server.coldchain.rules import Kind, PlaceKind, Reason, RoomKind
from server.devices.models import Asset
from server.pilots.rules import ActionKind


@dataclass(frozen=True, slots=True)
class Site:
    """A place to be added. region: what everybody may see of where it is. id: of a place of which
    a restore brought back no more than that."""

    kind: PlaceKind
    name: str
    region: str
    name_en: str = ""
    region_en: str = ""
    gln: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an organisation says of itself. dealer: 중도매인 번호."""

    region: str = ""
    region_en: str = ""
    gln: str = ""
    dealer: str = ""


@action(Need.ADMINISTER, ActionKind.USE_EXISTING)
def tell_party(desk: Desk, facts: Facts) -> Event:
    """Say, or say anew, what the cold chain has to know of one's organisation."""
    _check_texts(facts, ("region", "region_en"), 40)
    own = {
        "region": facts.region,
        "region_en": facts.region_en,
        "gln": _gln(facts.gln),
        "dealer": facts.dealer.strip()[:20],
    }
    return happened(desk, Told(Kind.PARTY_TOLD, own={"": own}))


@action(Need.ADMINISTER, ActionKind.USE_EXISTING)
def add_place(desk: Desk, site: Site) -> Event:
    """Add a fixed site, or name one again; the event's place is it."""
    _check_texts(site, ("name", "name_en"), 80)
    _check_texts(site, ("region", "region_en"), 40)
    for name in ("name", "region"):
        if not getattr(site, name):
            raise Refusal(Reason.BAD_INPUT, name)
    place = _place(desk, site)
    place.name, place.name_en = site.name, site.name_en
    place.region, place.region_en = site.region, site.region_en
    place.gln = _gln(site.gln)
    place.save(force_insert=not site.id)
    own = {"": {"place": site.name}}
    told = {"kind": str(site.kind)}
    return happened(desk, Told(Kind.PLACE_ADDED, told=told, place=place, own=own))


@action(Need.ADMINISTER, ActionKind.USE_EXISTING)
def add_room(desk: Desk, asset: str, kind: RoomKind, place: str = "", profile: str = "") -> Event:
    """Make a room of an asset of one's own: a truck, or a room of a place. profile: its limits,
    of those that have rules: a room of any other would never raise an alarm."""
    found = Asset.objects.filter(name=asset, organisation=desk.organisation).first()
    where = Place.objects.filter(id=place, organisation=desk.organisation).first()
    if found is None or (place and where is None):
        raise Refusal(Reason.NOT_FOUND)
    if (where is None) is not (kind is RoomKind.TRUCK):
        raise Refusal(Reason.BAD_INPUT, "place")
    if profile not in PROFILES:
        raise Refusal(Reason.BAD_INPUT, "profile")
    room = Room.objects.create(
        asset=found,
        organisation_id=desk.organisation,
        place=where,
        kind=kind,
        profile=profile,
        made_ms=desk.now_ms,
    )
    told = {"room": room.id, "kind": str(kind), "asset": asset, "profile": profile}
    return happened(desk, Told(Kind.ROOM_ADDED, told=told, place=where))


def _place(desk: Desk, site: Site) -> Place:
    """A new place, or the nameless one that is meant. Raises Refusal."""
    whose = {"organisation_id": desk.organisation, "kind": site.kind}
    if not site.id:
        return Place(id=new_ref(), made_ms=desk.now_ms, **whose)
    found = Place.objects.filter(id=site.id, name=site.id, **whose).first()
    if found is None:
        raise Refusal(Reason.NOT_FOUND)
    return found


def _gln(text: str) -> str:
    try:
        return gs1.gln(text) if text else ""
    except gs1.Gs1Error:
        raise Refusal(Reason.BAD_INPUT, "gln") from None


def _check_texts(told: Facts | Site, names: tuple[str, ...], longest: int) -> None:
    for name in names:
        text = getattr(told, name)
        if len(text) > longest or not text.isprintable():
            raise Refusal(Reason.BAD_INPUT, name)
