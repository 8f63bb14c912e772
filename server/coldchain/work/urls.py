"""Addresses of the work pages: below one organisation, and what a link or a door's code opens."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import URLPattern, path, re_path

from server.coldchain.work import (
    alarms,
    assets,
    auction,
    giving,
    goods,
    home,
    inbox,
    labelling,
    landing,
    lists,
    lot,
    papers,
    photos,
    quality,
    recalls,
    rooms,
    sensors,
    shelf,
    stops,
    tracing,
    undo,
    working,
)

ID = "[a-z2-7]{16}"
WORK = f"^work/(?P<organisation>{ID})"
LOT = f"/lots/(?P<lot>{ID})"
ROOM = "/rooms/(?P<room>[0-9]{1,9})"
TOKEN = "(?P<token>[a-z2-7]{26})"


def at(address: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
    """An address below one organisation."""
    return re_path(f"{WORK}{address}$", view, name=f"work-{name}")


urlpatterns = [
    path("work", home.work, name="work"),
    path("work.css", assets.style, name="work-style"),
    path("work.js", assets.script, name="work-script"),
    re_path("^doors/(?P<room>[0-9]{1,9})$", home.door, name="work-door"),
    re_path(f"^goods/{TOKEN}$", goods.goods, name="work-goods"),
    re_path(f"^recall/{TOKEN}$", goods.recalled, name="work-recall-link"),
    re_path(f"^paper/{TOKEN}$", papers.by_link, name="work-paper-link"),
    re_path(f"^paper/{TOKEN}\\.pdf$", papers.file_by_link, name="work-paper-link-file"),
    re_path(f"^live/{TOKEN}$", papers.on_the_way, name="work-live"),
    at("", home.home, "home"),
    at("/find", home.scanned, "find"),
    at("/undo", undo.undo, "undo"),
    at("/acknowledge", stops.acknowledge, "acknowledge"),
    at("/lots", home.lots_in_hand, "lots"),
    at(LOT, lot.lot, "lot"),
    at(f"{LOT}/correct", landing.correct, "correct"),
    at(f"{LOT}/sort", working.sort, "sort"),
    at(f"{LOT}/transform", working.transform, "transform"),
    at(f"{LOT}/split", working.split, "split"),
    at(f"{LOT}/waste", working.waste, "waste"),
    at(f"{LOT}/inspect", quality.inspect, "inspect"),
    at(f"{LOT}/sample", quality.sample, "sample"),
    at(f"{LOT}/hold", quality.hold, "hold"),
    at(f"{LOT}/release", quality.release, "release"),
    at(f"{LOT}/on-sale", shelf.put_on_sale, "on-sale"),
    at(f"{LOT}/sold-out", shelf.sold_out, "sold-out"),
    at(f"{LOT}/scrap", shelf.scrap, "scrap"),
    at(f"{LOT}/record", papers.record, "record"),
    at(f"{LOT}/record\\.pdf", papers.record_file, "record-file"),
    at(f"{LOT}/evidence", tracing.evidence_file, "evidence"),
    at("/trace", tracing.search, "trace"),
    at("/trips", papers.all_trips, "trips"),
    at(f"/trips/(?P<event>{ID})", papers.trip, "trip"),
    at(f"/trips/(?P<event>{ID})\\.pdf", papers.trip_file, "trip-file"),
    at("/land", landing.land, "land"),
    at("/lists", lists.lists, "lists"),
    at("/auction", auction.auction, "auction"),
    at("/merge", working.merge, "merge"),
    at("/labels", labelling.bind, "labels"),
    at("/rolls", labelling.roll, "rolls"),
    at("/rooms", rooms.all_rooms, "rooms"),
    at(ROOM, rooms.room, "room"),
    at(f"{ROOM}/door", rooms.door_code, "door-code"),
    at(f"{ROOM}/load", rooms.load, "load"),
    at(f"{ROOM}/unload", rooms.unload, "unload"),
    at("/offer", giving.offer, "offer"),
    at("/given", giving.given, "given"),
    at("/inbox", inbox.inbox, "inbox"),
    at("/photos/(?P<digest>[0-9a-f]{64})", photos.photo, "photo"),
    at("/shelf", shelf.shelf, "shelf"),
    at("/stopped", shelf.stopped, "stopped"),
    at("/alarms", alarms.alarms, "alarms"),
    at("/alarms/handle", alarms.handled, "handle"),
    at("/sensors", sensors.sensors, "sensors"),
    at("/sensors/looked", sensors.looked_at, "sensor-looked"),
    at("/problems", alarms.problems, "problems"),
    at("/recalls", recalls.all_recalls, "recalls"),
    at("/recalls/open", recalls.open_recall, "recall-open"),
    at(f"/recalls/(?P<recall>{ID})", recalls.recall, "recall"),
    at(f"/recalled/(?P<recall>{ID})", recalls.told, "recalled"),
]
