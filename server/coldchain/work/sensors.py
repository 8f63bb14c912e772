"""센서 점검: sensors of one's own trucks and rooms that need a look, and that one has looked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from server.accounts.door import guarded
from server.accounts.rules import Need, Refused
from server.accounts.views.frame import go
from server.coldchain import looking
from server.coldchain.looking import Look
from server.coldchain.models import Room
from server.coldchain.published import SENTENCES, Said
from server.coldchain.rules import SERVICE, Reason
from server.coldchain.work.frame import Here, covered, here_of, page, refused, shown
from server.coldchain.work.sheet import Sheet
from server.coldchain.work.shows import PAGE, choices
from server.coldchain.work.words import LOOKS, SENSORS
from server.web.shown import moment


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
    found = [_odd(here, one) for one in looking.rooms(here.organisation.id)[:PAGE]]
    return {
        "odd": [one for one in found if one.signs],
        "check": here.say(SENTENCES[Said.CHECK_SENSOR]),
        "looks": choices(LOOKS, here.language),
    }


def _odd(here: Here, room: Room) -> Odd:
    signs = looking.signs(room, here.now_ms)
    last = looking.looked(room) if signs else None
    return Odd(
        room.pk,
        room.asset.name,
        tuple(
            (here.say(SENSORS[one.sign]), moment(one.from_ms)[:16], moment(one.until_ms)[:16])
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
    done: object = Refused(Reason.BAD_INPUT)
    if room.isascii() and room.isdecimal() and len(room) < 10 and word in list(Look):
        done = looking.look(here.desk(sheet), int(room), Look(word))
    if isinstance(done, Refused):
        return page(here, "sensors", _shown(here), refused(here, done))
    return go(f"{here.home}/sensors")
