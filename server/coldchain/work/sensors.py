"""센서 점검: sensors of one's own trucks and rooms that need a look, and that one has looked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from science.plausibility import Sign
from server.accounts.door import guarded
from server.accounts.rules import Need, Refused
from server.accounts.views.frame import go
from server.coldchain import looking
from server.coldchain.models import Room, SensorSign
from server.coldchain.published import SENTENCES, Said
from server.coldchain.rules import SERVICE, Reason
from server.coldchain.signs import Look
from server.coldchain.work.frame import Here, covered, here_of, page, refused, shown
from server.coldchain.work.sheet import Sheet
from server.coldchain.work.shows import PAGE, choices
from server.coldchain.work.words import LOOKS, SENSORS
from server.web.shown import moment

SHOWN: Final = 4 * PAGE
"""Rooms on one page, those that wait longest; the others come as these are looked at."""


@dataclass(frozen=True, slots=True)
class Odd:
    """A truck or room of which a sensor needs a look; signs: what, from when, until when."""

    id: int
    name: str
    signs: tuple[tuple[str, str, str], ...]
    last: tuple[str, str] | None


@shown("sensors")
def sensors(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    """What needs a look."""
    return _shown(here)


def _shown(here: Here) -> dict[str, object]:
    rows = looking.waiting(here.organisation.id).select_related("room__asset")
    odd: dict[Room, list[SensorSign]] = {}
    for row in rows.order_by("seen_ms", "id")[: SHOWN * len(Sign)]:
        odd.setdefault(row.room, []).append(row)
    some = list(odd.items())[:SHOWN]
    return {
        "odd": [_odd(here, room, signs) for room, signs in some],
        "more": rows.values("room").distinct().count() - len(some),
        "check": here.say(SENTENCES[Said.CHECK_SENSOR]),
        "looks": choices(LOOKS, here.language),
    }


def _odd(here: Here, room: Room, signs: Sequence[SensorSign]) -> Odd:
    last = looking.looked(room)
    return Odd(
        room.pk,
        room.asset.name,
        tuple(
            (here.say(SENSORS[Sign(one.sign)]), moment(one.from_ms)[:16], moment(one.until_ms)[:16])
            for one in signs
        ),
        (moment(last.at_ms)[:16], here.say(LOOKS[Look(last.detail)])) if last else None,
    )


@guarded(Need.OPERATE, service=SERVICE)
@require_POST
def looked_at(request: HttpRequest, organisation: str) -> HttpResponse:
    """Say that one has looked."""
    here, sheet = here_of(request, organisation, {}), Sheet.of(request)
    if (cover := covered(here)) is not None:
        return cover
    room, word = sheet.text("room"), sheet.text("look")
    done: object = Refused(Reason.BAD_INPUT, "look")
    if room.isascii() and room.isdecimal() and len(room) < 10 and word in list(Look):
        done = looking.look(here.desk(sheet), int(room), Look(word))
    if isinstance(done, Refused):
        return page(here, "sensors", _shown(here), refused(here, done))
    return go(f"{here.home}/sensors")
