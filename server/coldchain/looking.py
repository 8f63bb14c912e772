"""센서 점검 필요: signs that a sensor of a truck or room needs a look, until a person has looked.

A sign is no finding and accuses nobody, so whoever runs the room and the operator see it and nobody
else does. Whoever looked says what was found, as an act with its entry of the log; it ends what
showed until then. Where a sensor was at fault everybody may know since when; where nothing was
wrong nobody ever hears of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import QuerySet

from science.timeline import Stretch, merged
from server.accounts import deeds
from server.accounts.deeds import Act
from server.accounts.models import Deed, Organisation
from server.accounts.models import Kind as Sort
from server.accounts.rules import Need, Refused, Verdict, may
from server.coldchain.acting import Desk
from server.coldchain.models import Room, SensorSign
from server.coldchain.rules import SERVICE, Reason
from server.coldchain.signs import SIGN_STEPS, Look, SignState
from server.coldchain.spotting import ACT, looks
from server.ledger.writing import writing
from server.pilots import policy
from server.pilots.decide import Action
from server.pilots.rules import ActionKind

SEEN: Final = SignState.SEEN


def rooms(organisation: str) -> QuerySet[Room]:
    """Whose sensors this organisation may know about: its own, and the operator all."""
    rows = Room.objects.select_related("asset", "organisation").order_by("asset__name", "id")
    operates = Organisation.objects.filter(id=organisation, kind=Sort.OPERATOR).exists()
    return rows if operates else rows.filter(organisation=organisation)


def waiting(organisation: str) -> QuerySet[SensorSign]:
    """Signs that nobody has looked at yet and this organisation may know about."""
    ours = rooms(organisation).order_by().values("id")
    return SensorSign.objects.filter(state=SEEN, room__in=ours)


def doubted(stays: Iterable[tuple[int, Stretch]]) -> list[Stretch]:
    """When a sensor of one of these rooms was at fault, as a person found, while something lay
    there; all of that is for everybody."""
    times = list(stays)
    found = SensorSign.objects.filter(
        state=SignState.BELIEVED, room__in={room for room, _ in times}
    )
    faults = list(found.values_list("room", "from_ms", "looked_ms"))
    return merged(
        Stretch(max(from_ms, low), min(looked_ms or low, high))
        for room, (low, high) in times
        for of, from_ms, looked_ms in faults
        if of == room
    )


def looked(room: Room) -> Deed | None:
    """Who looked last, and what was found."""
    return looks(room.pk).order_by("-id").first()


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
        Room.objects.select_for_update().get(id=room)  # nothing new is put down meanwhile
        SensorSign.objects.filter(room=room, state=SEEN).update(
            state=SIGN_STEPS[SEEN, found], looked_ms=desk.now_ms
        )
        act = Act(SERVICE, ACT, desk.organisation, str(room), str(found))
        deeds.record(desk.who, act, desk.now_ms)
    return verdict
