"""Signs that a sensor needs a look, as rows: looked for in what came into the log, told once.

Whoever reads the log owes each room of which the air changed a look from then on (`owe`). A round
takes few rooms, each at most every few hours, and none while the reader is behind, unless it has
waited as long again. A day of readings and what is new is read and judged outside any transaction;
rows, word of new ones and what is left to do are one. A crash leaves what is owed.

A sign waits for a person as one row however long it shows, so nobody is told twice of the same.
What a person said of a room ends what showed until then, also where its readings came later: so
the rows are a function of the tracks and of what people said, and can be derived again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Q, QuerySet

from science.plausibility import Sign
from science.timeline import Stretch, merged
from server.accounts.models import Deed, Organisation
from server.accounts.models import Kind as Sort
from server.accounts.rules import DAY_MS
from server.coldchain import telling, tracks, watching
from server.coldchain.models import DueSign, Room, SensorSign, Stay
from server.coldchain.rules import MINUTE_MS, SERVICE
from server.coldchain.signs import COOLED, SIGN_STEPS, Later, Look, SignState
from server.coldchain.tracks import Changed
from server.ledger import rows
from server.web.shown import moment

ACT: Final = "sensor-looked"
"""The act of a person who looked; its target is the room."""
TEMPLATE: Final = "sensor-sign"
SEEN: Final = SignState.SEEN
REST_MS: Final = 180 * MINUTE_MS
"""A room is looked at no more often; and no later than as long again, however busy the server."""
BACK_MS: Final = DAY_MS + 60 * MINUTE_MS
"""How far before what is new: the longest sign, no defrost, shows after a day."""
AHEAD_MS: Final = 2 * DAY_MS
"""How much of what is new one look takes, at most."""
AT_ONCE: Final = 2
"""Rooms of one round."""

_OWE = (
    "INSERT INTO coldchain_duesign (room_id, from_ms, due_ms)"
    " SELECT id, %s, %s FROM coldchain_room WHERE asset_id = %s"
    " ON CONFLICT (room_id) DO UPDATE SET from_ms = excluded.from_ms"
    " WHERE coldchain_duesign.from_ms IS NULL OR coldchain_duesign.from_ms > excluded.from_ms"
)
_DUE = (
    "SELECT room_id, due_ms FROM coldchain_duesign WHERE from_ms IS NOT NULL AND due_ms <= %s"
    " ORDER BY due_ms, room_id LIMIT %s"
)
_CAME = "SELECT coalesce(max(id), 0) FROM coldchain_track"
_SINCE = "SELECT min(from_ms) FROM coldchain_track WHERE id > %s AND asset_id = %s"
_NEXT = (
    "SELECT min(from_ms) FROM coldchain_track"
    " WHERE asset_id = %s AND from_ms >= %s AND until_ms >= %s"
)


@dataclass(frozen=True, slots=True)
class Part:
    """What one look is at: a window between two looks of a person, None where nothing is.

    closing: the look that ended it, if it has come. came: the newest track there was.
    """

    window: Stretch | None
    closing: Deed | None
    came: int = field(compare=False)


def owe(change: Changed, now_ms: int) -> None:
    """The room of an asset is looked at again, from the change on. In a transaction."""
    rows.execute(_OWE, [change.from_ms, now_ms, change.asset])


def due(now_ms: int, go_on: Callable[[], bool]) -> list[int]:
    """Rooms to look at now."""
    found = rows.fetch(_DUE, [now_ms, AT_ONCE])
    return [room for room, since_ms in found if since_ms + REST_MS <= now_ms or go_on()]


def later(room: int, now_ms: int) -> None:
    """Look at a room when it has rested."""
    DueSign.objects.filter(room=room).update(due_ms=now_ms + REST_MS)


def looks(room: int) -> QuerySet[Deed]:
    """What people said who looked at a room's sensors."""
    return Deed.objects.filter(service=SERVICE, act=ACT, target=str(room), reason="")


def look(room: int, now_ms: int) -> None:
    """Look at what of a room's readings is due. Something said meanwhile makes it due again."""
    one = Room.objects.select_related("asset").get(id=room)
    part = _part(one)
    found = _shown(one, part.window) if part.window else {}
    with tracks.still():
        Room.objects.select_for_update().get(id=room)  # whoever looks at it in person waits
        if _part(one) != part:
            return
        if part.window:
            _write(one, part.window, part.closing, found, now_ms)
        _done(one, part, now_ms)


def take_again() -> None:
    """After a restore: what people said who looked ends the signs that are known, too. In a
    transaction; what is not known is found again."""
    for row in SensorSign.objects.filter(state=SEEN).order_by("id"):
        closing = looks(row.room_id).filter(at_ms__gt=row.from_ms).order_by("at_ms").first()
        if closing is not None:
            row.state, row.looked_ms = SIGN_STEPS[SEEN, Look(closing.detail)], closing.at_ms
            row.save(update_fields=["state", "looked_ms"])


def _part(room: Room) -> Part:
    (came,) = rows.fetch(_CAME)[0]
    from_ms = DueSign.objects.filter(room=room).values_list("from_ms", flat=True).get()
    next_ms = None if from_ms is None else _next(room, from_ms)
    if from_ms is None or next_ms is None:
        return Part(None, None, came)
    low = max(from_ms, next_ms)
    before = looks(room.pk).filter(at_ms__lte=low).order_by("-at_ms").first()
    closing = looks(room.pk).filter(at_ms__gt=low).order_by("at_ms").first()
    start = max(low - BACK_MS, before.at_ms) if before else low - BACK_MS
    end = min(low + AHEAD_MS, closing.at_ms) if closing else low + AHEAD_MS
    return Part(Stretch(start, end), closing, came)


def _next(room: Room, from_ms: int) -> int | None:
    """When the first track that reaches that time begins; no span is longer than a day."""
    found: int | None = rows.fetch(_NEXT, [room.asset_id, from_ms - DAY_MS, from_ms])[0][0]
    return found


def _shown(room: Room, window: Stretch) -> dict[Sign, Stretch]:
    """Each sign in a window once, from its first beginning to its last end."""
    found: dict[Sign, Stretch] = {}
    for one in watching.signs(room.asset_id, window, _cooled(room, window)):
        seen = found.get(one.sign, Stretch(one.from_ms, one.until_ms))
        found[one.sign] = Stretch(min(seen[0], one.from_ms), max(seen[1], one.until_ms))
    return found


def _cooled(room: Room, window: Stretch) -> list[Stretch]:
    """When a unit kept goods cold there."""
    if room.kind not in COOLED:
        return []
    stays = Stay.objects.filter(room=room, from_ms__lt=window.until_ms)
    stays = stays.filter(Q(until_ms=None) | Q(until_ms__gt=window.from_ms))
    times = stays.values_list("from_ms", "until_ms")
    return merged(Stretch(a, window.until_ms if b is None else b) for a, b in times)


def _write(
    room: Room,
    window: Stretch,
    closing: Deed | None,
    found: Mapping[Sign, Stretch],
    now_ms: int,
) -> None:
    """Widen the rows that there are, make those that are new, and tell of these."""
    if closing is not None:
        state, looked_ms = SIGN_STEPS[SEEN, Look(closing.detail)], closing.at_ms
        ended = SensorSign.objects.filter(room=room, looked_ms=looked_ms)
        _put(room, ended, found, {"state": state, "looked_ms": looked_ms, "seen_ms": now_ms})
        return
    waiting = SensorSign.objects.filter(room=room, state=SEEN)
    gone = waiting.exclude(sign__in=found)
    gone = gone.filter(from_ms__gte=window.from_ms, until_ms__lt=window.until_ms)
    gone.update(state=SIGN_STEPS[SEEN, Later.GONE])
    _back(room, found)
    if new := _put(room, waiting, found, {"seen_ms": now_ms}):
        _tell(room, new, now_ms)


def _back(room: Room, found: Mapping[Sign, Stretch]) -> None:
    """What had lapsed and shows again is the same sign: it waits again, and nobody is told."""
    held = set(SensorSign.objects.filter(room=room, state=SEEN).values_list("sign", flat=True))
    for sign, (from_ms, until_ms) in found.items():
        lapsed = SensorSign.objects.filter(room=room, sign=sign, state=SignState.LAPSED)
        lapsed = lapsed.filter(from_ms__lte=until_ms, until_ms__gte=from_ms)
        if sign not in held and (row := lapsed.order_by("-id").first()):
            row.state = SIGN_STEPS[SignState.LAPSED, Later.BACK]
            row.save(update_fields=["state"])


def _put(
    room: Room,
    there: QuerySet[SensorSign],
    found: Mapping[Sign, Stretch],
    given: Mapping[str, object],
) -> list[SensorSign]:
    """Widen what is there, make what is not; the new ones."""
    known = {row.sign: row for row in there}
    new: list[SensorSign] = []
    for sign, (from_ms, until_ms) in found.items():
        row = known.get(sign)
        if row is None:
            times = {"from_ms": from_ms, "until_ms": until_ms}
            new.append(SensorSign.objects.create(room=room, sign=sign, **times, **given))
        elif from_ms < row.from_ms or row.until_ms < until_ms:
            row.from_ms, row.until_ms = min(row.from_ms, from_ms), max(row.until_ms, until_ms)
            row.save(update_fields=["from_ms", "until_ms"])
    return new


def _tell(room: Room, new: Sequence[SensorSign], now_ms: int) -> None:
    """To whoever runs the room and the operator, and to nobody else: it accuses nobody."""
    operator = Organisation.objects.filter(kind=Sort.OPERATOR).values_list("id", flat=True)
    since = moment(min(one.from_ms for one in new))[:16]
    values: dict[str, str | int] = {"room": room.asset.name, "since": since, "signs": len(new)}
    for one in sorted({room.organisation_id, *operator}):
        telling.organisation(one, TEMPLATE, values, now_ms)


def _done(room: Room, part: Part, now_ms: int) -> None:
    """What is left: readings behind the window, and those that came while it was looked at."""
    left = None
    if part.window and _next(room, part.window.until_ms) is not None:
        left = part.window.until_ms
    (late_ms,) = rows.fetch(_SINCE, [part.came, room.asset_id])[0]
    due_ms = now_ms if left is not None else now_ms + REST_MS
    times = [one for one in (left, late_ms) if one is not None]
    DueSign.objects.filter(room=room).update(from_ms=min(times, default=None), due_ms=due_ms)
