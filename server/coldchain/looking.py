"""센서 점검 필요: what the readings of a truck or room say of its sensors, until a person looked.

A sign is no finding and accuses nobody, so whoever runs the room and the operator see it and nobody
else does. Whoever looked says what was found, as an act with its entry of the log; what showed
until then is not asked for again. Every look reads the tracks anew: late readings are in it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from django.db.models import QuerySet

from science.plausibility import Seen
from science.timeline import Stretch
from server.accounts import deeds
from server.accounts.deeds import Act
from server.accounts.models import Deed, Organisation
from server.accounts.models import Kind as Sort
from server.accounts.rules import DAY_MS, Need, Refused, Verdict, may
from server.coldchain import watching
from server.coldchain.acting import Desk
from server.coldchain.models import Room
from server.coldchain.rules import SERVICE, Reason
from server.ledger.writing import writing
from server.pilots import policy
from server.pilots.decide import Action
from server.pilots.rules import ActionKind

BACK_MS: Final = 2 * DAY_MS
"""How far back signs are looked for; the longest of them, no defrost, shows after a day."""
ACT: Final = "sensor-looked"


class Look(StrEnum):
    """What a person found."""

    FINE = "fine"
    MENDED = "mended"
    REPLACED = "replaced"


def rooms(organisation: str) -> QuerySet[Room]:
    """Whose sensors this organisation may know about: its own, and the operator all."""
    rows = Room.objects.select_related("asset", "organisation").order_by("asset__name", "id")
    operates = Organisation.objects.filter(id=organisation, kind=Sort.OPERATOR).exists()
    return rows if operates else rows.filter(organisation=organisation)


def signs(room: Room, now_ms: int) -> tuple[Seen, ...]:
    """What shows of a room's sensors and nobody has looked at yet."""
    last = looked(room)
    since_ms = last.at_ms if last else 0
    found = watching.signs(room.asset_id, Stretch(now_ms - BACK_MS, now_ms))
    return tuple(one for one in found if one.until_ms > since_ms)


def looked(room: Room) -> Deed | None:
    """Who looked last, and what was found."""
    rows = Deed.objects.filter(service=SERVICE, act=ACT, target=str(room.pk), reason="")
    return rows.order_by("-id").first()


def look(desk: Desk, room: int, found: Look) -> Verdict:
    """Say that one has looked at the sensors of a room."""
    allowed = may(desk.who, Need.OPERATE, desk.organisation, SERVICE)
    if isinstance(allowed, Refused):
        return allowed
    if not rooms(desk.organisation).filter(id=room).exists():
        return Refused(Reason.NOT_FOUND)
    verdict = policy.allow("", SERVICE, Action(ACT, ActionKind.LEAVE), desk.now_ms)
    if isinstance(verdict, Refused):
        return verdict
    with writing():
        act = Act(SERVICE, ACT, desk.organisation, str(room), str(found))
        deeds.record(desk.who, act, desk.now_ms)
    return verdict
