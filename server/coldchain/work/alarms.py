"""알림: temperature excursions, each with one instruction, who acted and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from protocol.registry import Text
from server.accounts import vault
from server.accounts.door import guarded
from server.accounts.models import Organisation
from server.accounts.rules import Need, Refused
from server.accounts.views.frame import go
from server.coldchain import excursions
from server.coldchain.excursions import NEXT, Stage
from server.coldchain.models import Excursion
from server.coldchain.rules import MINUTE_MS, SERVICE, Reason, RoomKind
from server.coldchain.work.frame import Here, covered, here_of, page, refused, shown
from server.coldchain.work.labels import LABELS
from server.coldchain.work.rooms import celsius
from server.coldchain.work.sheet import Sheet
from server.coldchain.work.shows import PAGE, choices
from server.coldchain.work.words import DISPOSITIONS, MEASURES
from server.web.shown import moment

CLOSED: Final = 10

INSTRUCTIONS: Final[Mapping[RoomKind, str]] = {
    RoomKind.TRUCK: "warm_truck_do",
    RoomKind.COLD_ROOM: "warm_room_do",
    RoomKind.DISPLAY: "warm_room_do",
    RoomKind.WORK_ROOM: "warm_floor_do",
    RoomKind.FLOOR: "warm_floor_do",
}
"""One instruction for each kind of room; never two."""
AFTERWARDS: Final[Mapping[Stage, str]] = {
    Stage.NEW: "warm_over_do",
    Stage.KNOWN: "warm_over_do",
    Stage.ACTED: "warm_dispose_do",
    Stage.DISPOSED: "warm_sign_do",
}
"""The one instruction once it is cold again, or something was done."""
STAGES: Final[Mapping[Stage, str]] = {
    Stage.NEW: "stage_new",
    Stage.KNOWN: "stage_known",
    Stage.ACTED: "stage_acted",
    Stage.DISPOSED: "stage_disposed",
    Stage.SIGNED: "stage_signed",
}
ASKED: Final[Mapping[Stage, str]] = {
    Stage.KNOWN: "warm_known",
    Stage.ACTED: "warm_acted",
    Stage.DISPOSED: "warm_disposed",
    Stage.SIGNED: "warm_signed",
}
"""What the next step is called on its key, or before its choices."""
SAID: Final[Mapping[str, Text]] = {
    **{str(one): text for one, text in MEASURES.items()},
    **{str(one): text for one, text in DISPOSITIONS.items()},
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """One excursion. Minutes are kept apart: certain, possible, without a record.

    step: the next one, with what it is called and the words that it chooses from.
    """

    id: int
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
    taken: tuple[tuple[str, str, str], ...]
    step: str
    asked: str
    words: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Over:
    """One that is closed and signed: where, since when, how warm, and who did what."""

    room: str
    since: str
    peak: str
    taken: tuple[tuple[str, str, str], ...]


@shown("alarms")
def alarms(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    """Every excursion that nobody has closed and signed, and the newest of the others."""
    return _shown(here)


def _shown(here: Here) -> dict[str, object]:
    rows = excursions.of(here.organisation.id).select_related("room__asset").order_by("-from_ms")
    over = excursions.of(here.organisation.id, signed=True).select_related("room__asset")
    return {
        "alarms": [_alarm(here, one) for one in rows[:PAGE]],
        "over": [_over(here, one) for one in over.order_by("-signed_ms")[:CLOSED]],
    }


def _over(here: Here, one: Excursion) -> Over:
    since, peak = moment(one.from_ms)[:16], celsius(one.peak_milli)
    return Over(one.room.asset.name, since, peak, tuple(_taken(here, one)))


@guarded(Need.OPERATE, service=SERVICE)
@require_POST
def handled(request: HttpRequest, organisation: str) -> HttpResponse:
    """Take the next step with one excursion."""
    here, sheet = here_of(request, organisation, {}), Sheet.of(request)
    if (cover := covered(here)) is not None:
        return cover
    number, step = sheet.text("excursion"), sheet.text("step")
    done: object = Refused(Reason.BAD_INPUT, "step")
    if number.isascii() and number.isdecimal() and len(number) < 16 and step in list(Stage):
        desk = here.desk(sheet)
        done = excursions.take(desk, int(number), Stage(step), sheet.text("word"))
    if isinstance(done, Refused):
        return page(here, "alarms", _shown(here), refused(here, done))
    return go(f"{here.home}/alarms")


def _alarm(here: Here, one: Excursion) -> Alarm:
    held = one.lots.filter(holder=here.organisation).order_by("id")
    now = excursions.stage(one)
    step = NEXT[now]
    return Alarm(
        id=one.id,
        room=one.room.asset.name,
        since=moment(one.from_ms)[:16],
        is_over=one.until_ms is not None,
        peak=celsius(one.peak_milli),
        confirmed=one.confirmed // MINUTE_MS,
        possible=one.possible // MINUTE_MS,
        unknown=one.unknown // MINUTE_MS,
        instruction=here.say(LABELS[_instruction(one, now)]),
        lots=tuple(held.values_list("ref", "code")[:20]),
        stage=here.say(LABELS[STAGES[now]]),
        taken=tuple(_taken(here, one)),
        step=str(step),
        asked=here.say(LABELS[ASKED[step]]),
        words=tuple(_words(here, step)),
    )


def _instruction(one: Excursion, now: Stage) -> str:
    if one.until_ms is None and now in (Stage.NEW, Stage.KNOWN):
        return INSTRUCTIONS[RoomKind(one.room.kind)]
    return AFTERWARDS[now]


def _words(here: Here, step: Stage) -> list[tuple[str, str]]:
    if step is Stage.ACTED:
        return choices(MEASURES, here.language)
    return choices(DISPOSITIONS, here.language) if step is Stage.DISPOSED else []


def _taken(here: Here, excursion: Excursion) -> Iterator[tuple[str, str, str]]:
    """When, what and who: people of one's own organisation by name, others by organisation."""
    steps = excursions.history(excursion)
    people = vault.names(one.person for one in steps if one.organisation == here.organisation.id)
    places = Organisation.objects.filter(id__in={one.organisation for one in steps})
    names = dict(places.values_list("id", "name"))
    for one in steps:
        what = here.say(SAID[one.word] if one.word else LABELS[STAGES[one.stage]])
        who = people.get(one.person) or names.get(one.organisation, "")
        yield moment(one.at_ms)[:16], what, who
