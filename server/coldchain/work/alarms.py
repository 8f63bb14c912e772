"""알림: open temperature excursions, each with one instruction; what shoppers reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from server.coldchain.models import Excursion, Problem
from server.coldchain.rules import MINUTE_MS, ProblemKind, RoomKind
from server.coldchain.work import attention
from server.coldchain.work.frame import Here, shown
from server.coldchain.work.labels import LABELS
from server.coldchain.work.rooms import celsius
from server.coldchain.work.sheet import Sheet
from server.coldchain.work.shows import PAGE
from server.web.shown import moment

INSTRUCTIONS: Final[Mapping[RoomKind, str]] = {
    RoomKind.TRUCK: "warm_truck_do",
    RoomKind.COLD_ROOM: "warm_room_do",
    RoomKind.DISPLAY: "warm_room_do",
    RoomKind.WORK_ROOM: "warm_floor_do",
    RoomKind.FLOOR: "warm_floor_do",
}
"""One instruction for each kind of room; never two."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One excursion. Minutes are kept apart: certain, possible, without a record."""

    room: str
    since: str
    is_over: bool
    peak: str
    confirmed: int
    possible: int
    unknown: int
    instruction: str
    lots: tuple[tuple[str, str], ...]
    stage: str


@shown("alarms")
def alarms(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    """Every excursion that nobody has closed and signed."""
    rows = attention.warm(here).select_related("room__asset").order_by("-from_ms")[:PAGE]
    return {"alarms": [_alarm(here, one) for one in rows]}


def _alarm(here: Here, one: Excursion) -> Alarm:
    held = one.lots.filter(holder=here.organisation).order_by("id")
    return Alarm(
        room=one.room.asset.name,
        since=moment(one.from_ms)[:16],
        is_over=one.until_ms is not None,
        peak=celsius(one.peak_milli),
        confirmed=one.confirmed // MINUTE_MS,
        possible=one.possible // MINUTE_MS,
        unknown=one.unknown // MINUTE_MS,
        instruction=here.say(LABELS[INSTRUCTIONS[RoomKind(one.room.kind)]]),
        lots=tuple(held.values_list("ref", "code")[:20]),
        stage=here.say(LABELS[_stage(one)]),
    )


def _stage(one: Excursion) -> str:
    """How far its handling is: the last step that somebody took."""
    if one.disposed_ms is not None:
        return "stage_disposed"
    if one.acted_ms is not None:
        return "stage_acted"
    return "stage_known" if one.acknowledged_ms is not None else "stage_new"


@shown("problems")
def problems(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    """What shoppers reported of lots that this organisation made."""
    mine = Problem.objects.filter(lot__maker=here.organisation, closed_ms=None)
    rows = mine.select_related("lot").order_by("-at_ms")[:PAGE]
    return {
        "problems": [
            (
                moment(one.at_ms)[:16],
                one.lot.ref,
                one.lot.code,
                here.say(LABELS[f"problem_{ProblemKind(one.kind)}"]),
                one.told,
            )
            for one in rows
        ]
    }
