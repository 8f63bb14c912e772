"""The page of one lot at work: where it stands, what can be done with it, what happened to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db.models import F

from science.kinetics import MKT
from science.timeline import Stretch
from server.accounts.models import Kind as Sort
from server.coldchain import cells, lost, read, saying, standing
from server.coldchain.lost import ADVICE, NAMES
from server.coldchain.models import Handover, Hold, Inspection, Lot, Room, Sample, Stay
from server.coldchain.published import SENTENCES, Said
from server.coldchain.rules import (
    LIVE,
    MINUTE_MS,
    HoldState,
    Judge,
    RoomKind,
    SampleState,
    Side,
    Status,
)
from server.coldchain.words import EVENTS, ROOMS
from server.coldchain.work.frame import Here, shown
from server.coldchain.work.labels import LABELS
from server.coldchain.work.sheet import Sheet
from server.coldchain.work.shows import called, history, lots, mark, place_name
from server.coldchain.work.stops import ordered_by
from server.coldchain.work.words import JUDGES, SAMPLES
from server.web.shown import moment

HELD: Final = (
    *("sort", "transform", "split", "labels", "offer", "load", "inspect", "rework", "waste"),
    *("sell", "hold"),
)
"""What whoever holds a lot may do with it, in the order of a day."""
SHOPS: Final = (
    *("on-sale", "split", "sold-out", "scrap", "labels", "offer", "inspect", "sell", "hold"),
)
INSPECTS: Final = ("inspect", "sample", "hold")
STOPPED: Final = ("scrap",)
"""What is left to do with goods that must not be sold."""
SHOWN: Final = 5
"""Contradictions and stays of one lot."""
ICONS: Final[Mapping[str, str]] = {
    "sort": "sort",
    "transform": "knife",
    "split": "split",
    "labels": "label",
    "offer": "hand",
    "load": "truck",
    "inspect": "eye",
    "waste": "bin",
    "hold": "stop",
    "release": "check",
    "sample": "eye",
    "on-sale": "shop",
    "sold-out": "check",
    "scrap": "bin",
    "correct": "pen",
    "rework": "undo",
    "sell": "check",
    "recall": "stop",
}
ELSEWHERE: Final = {"labels": "labels?lot={ref}", "offer": "offer?lot={ref}"}
NEXT: Final[Mapping[Status, str]] = {
    Status.LANDED: "sort",
    Status.AWARDED: "labels",
    Status.PROCESSED: "labels",
    Status.RECEIVED: "offer",
    Status.ON_SALE: "sold-out",
}
"""The biggest key, by state; a shop puts on sale what it has received, a plant works on it."""


@shown("lot")
def lot(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    """One lot."""
    found = here.lot()
    todo, known = tasks(here, found), here.known(found)
    return {
        "lot": lots([found], here.language)[0],
        "facts": _facts(here, found),
        "first": _key(here, found, todo[0]) if todo else None,
        "tasks": [_key(here, found, one) for one in todo[1:]],
        "air": _air(here, found),
        "air_rule": here.say(saying.mean_kinetic_rule()),
        "kinetic": f"{here.say(SENTENCES[Said.MKT])} ({MKT.name})",
        "history": history(found, here.organisation.id, known, here.language),
        "clashes": _clashes(here, found),
        "lost": _lost(here, found),
        "scores": _scores(here, found),
        "samples": _samples(here, found),
        "holds": _holds(here, found),
        "came": _came(here, found, known),
        "is_holder": found.holder_id == here.organisation.id,
    }


def _came(here: Here, found: Lot, known: frozenset[str] | None) -> list[str]:
    """Who gave it, as far as these are named to the reader."""
    rows = Handover.objects.filter(went=found).select_related("giver")
    named = rows if known is None else rows.filter(giver__in=known)
    return [called(one.giver, here.language) for one in named.order_by("id")[:SHOWN]]


def _clashes(here: Here, found: Lot) -> list[tuple[str, str, str]]:
    """Two places in which more of a lot was at once than there is; from when, until when."""
    whole = read.lot(found.ref, here.organisation.id, inspects=here.inspects)
    told = whole.clashes[:SHOWN] if whole else ()
    named = {place.room for one in told for place in (one.first, one.second)}
    rooms = dict(Room.objects.filter(id__in=named).values_list("id", "asset__name"))
    return [
        (
            f"{rooms[one.first.room]}, {rooms[one.second.room]}",
            moment(one.from_ms)[:16],
            moment(one.until_ms)[:16] if one.until_ms else "",
        )
        for one in told
    ]


def tasks(here: Here, found: Lot) -> list[str]:
    """What this organisation may do with a lot now, the next step first."""
    if not here.may_operate:
        return []
    if here.organisation.kind in (Sort.AGENCY, Sort.CITY):
        return [*INSPECTS, *(["release"] if _ours_held(here, found) else []), "recall"]
    if found.holder_id != here.organisation.id or Status(found.status) not in LIVE:
        return []
    if found.side:
        return [*(["release"] if _ours_held(here, found) else []), *STOPPED]
    shop = here.organisation.kind in (Sort.SHOP, Sort.MERCHANT)
    some = list(SHOPS if shop else HELD)
    if found.status == Status.ON_SALE:
        some = [one for one in some if one != "on-sale"]
    first = _first(here, Status(found.status))
    if first in some:
        some.remove(first)
        some.insert(0, first)
    if found.maker_id == here.organisation.id and found.settled_ms is None:
        some.append("correct")
    return [*some, "recall"]


def _first(here: Here, status: Status) -> str:
    by_kind = {Sort.SHOP: "on-sale", Sort.MERCHANT: "on-sale", Sort.PLANT: "transform"}
    if status is Status.RECEIVED and here.organisation.kind in by_kind:
        return str(by_kind[Sort(here.organisation.kind)])
    return NEXT.get(status, "labels")


def _key(here: Here, found: Lot, name: str) -> tuple[str, str, str, str]:
    """Name, pictogram, word and address of a key."""
    path = ELSEWHERE.get(name, f"lots/{{ref}}/{name}")
    if name == "recall":
        path = "recalls/open?lot={ref}"
    if name == "load":
        path = "rooms?lot={ref}"
    word = here.say(LABELS[f"do_{name.replace('-', '_')}"])
    return name, ICONS[name], word, f"{here.home}/{path.format(ref=found.ref)}"


def _ours_held(here: Here, found: Lot) -> bool:
    mine = Hold.objects.filter(lot=found, organisation=here.organisation)
    return found.side == Side.HELD and mine.filter(state=HoldState.HELD).exists()


def _facts(here: Here, found: Lot) -> list[tuple[str, str]]:
    """What is said of a lot; a blank stays a blank and is called 기록 없음."""
    none = here.say(LABELS["no_record"])
    caught = moment(found.catch_ms)[:16] if found.catch_ms else here.say(LABELS["catch_unknown"])
    place = place_name(found.landed, here.language) if found.landed else none
    return [
        (here.say(LABELS["catch_time"]), caught),
        (here.say(LABELS["f_area"]), found.area or none),
        (here.say(LABELS["f_origin"]), found.origin or none),
        (here.say(LABELS["landing_market"]), place),
        (here.say(LABELS["f_trace_no"]), found.trace_no or none),
        (here.say(LABELS["made_by"]), called(found.maker, here.language)),
    ]


def _air(here: Here, found: Lot) -> list[tuple[str, ...]]:
    """Of its last stays: where, when, the recorded air, its mean kinetic temperature, and minutes
    without a record."""
    rows = Stay.objects.filter(lot=found, from_ms__lt=here.now_ms).select_related("room")
    rows = rows.exclude(until_ms=F("from_ms"))
    return [_air_of(here, one) for one in rows.order_by("-from_ms", "-id")[:SHOWN]]


def _air_of(here: Here, one: Stay) -> tuple[str, ...]:
    until_ms = here.now_ms if one.until_ms is None else one.until_ms
    spent = cells.exposure(one.room.asset_id, Stretch(one.from_ms, until_ms))
    until = here.say(LABELS["air_now"]) if one.until_ms is None else moment(one.until_ms)[:16]
    told = (ROOMS[RoomKind(one.room.kind)], saying.recorded(spent), saying.mean_kinetic(spent))
    where, ends, kinetic = (here.say(text) for text in told)
    dark = str(-(-spent.unknown_ms // MINUTE_MS))
    return where, f"{moment(one.from_ms)[:16]} – {until}", ends, kinetic, dark


def _lost(here: Here, found: Lot) -> list[tuple[str, str, str, str]]:
    """What a restore could not bring back: when, of what, what it is, and what to do."""
    say = here.say
    return [
        (
            moment(one.at_ms)[:16],
            *(say(EVENTS[one.kind]), say(NAMES[one.thing]), say(ADVICE[one.thing])),
        )
        for one in lost.of(found)
    ]


def _scores(here: Here, found: Lot) -> list[tuple[str, str, str]]:
    rows = Inspection.objects.filter(lot=found).order_by("-id")[:5]
    return [
        (moment(one.at_ms)[:16], here.say(JUDGES[Judge(one.side)]), f"{one.score} / {one.out_of}")
        for one in rows
    ]


def _samples(here: Here, found: Lot) -> list[tuple[object, str, str]]:
    """Samples of a lot, and before them what was found 부적합 in a lot that it came from."""
    rows = Sample.objects.filter(lot=found).select_related("taken").order_by("-id")[:5]
    mine = here.organisation.id
    above = any(one.lot_id != found.id for one in standing.failed(found))
    told = here.say(LABELS["sample_above"])
    return [
        *([(mark(SAMPLES[SampleState.FAILED], here.language), told, "")] if above else []),
        *(
            (
                mark(SAMPLES[SampleState(one.state)], here.language),
                one.laboratory,
                one.taken.ref if one.organisation_id == mine and one.state == "taken" else "",
            )
            for one in rows
        ),
    ]


def _holds(here: Here, found: Lot) -> list[str]:
    """Who ordered the holds on a lot and on those that it came from."""
    if not found.side:
        return []
    return list(dict.fromkeys(ordered_by(here, one) for one in standing.over([found.id])))
