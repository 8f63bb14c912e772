"""What the log gained, and what has to be judged again for it. One transaction for each step.

Spans change the air of a room, and so its signs, every lot that lay there then and all that came of
it; events change their own lots. What is due is written with the cursor, so a crash loses neither:
the step is done, or it is read again. What is due twice is due once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from django.db.models import Q, QuerySet

from server.coldchain import spotting, trace, tracks
from server.coldchain.models import DueLot, DueRoom, EventLot, Room, Stay
from server.coldchain.rules import Kind
from server.coldchain.tracks import Changed
from server.ledger import rows
from server.ledger.tick import steady_ms
from server.ledger.writing import staging

REST_MS: Final = 600_000
"""A lot that still lies in running air is judged no more often."""
LATE_MS: Final = 5_000
"""Late records come span after span: a lot that left that air is judged no more often than this."""
CHUNK: Final = 500
HOLD_MS: Final = 25
"""How long one step reads: nobody who writes waits much longer for it."""

_BEHIND = (
    "SELECT 1 FROM ledger_entry WHERE number >="
    " coalesce((SELECT max(number) FROM coldchain_followed), 0) LIMIT 1"
)
_EVENTS = (
    "SELECT event.id FROM ledger_entry AS entry"
    " JOIN coldchain_event AS event ON event.leaf_hash = entry.leaf_hash"
    " WHERE entry.number >= %s AND entry.number < %s"
)


def read(now_ms: int) -> bool:
    """Read the next entries of the log, if there are any; whether there were.

    Nothing is synced for it: what a power cut takes is read again.
    """
    if not rows.fetch(_BEHIND):
        return False
    with tracks.still(staging) as cursor:
        begun_ms = steady_ms()
        progress = tracks.follow(in_time=lambda: steady_ms() - begun_ms < HOLD_MS)
        for change in tracks.widest(progress.changed):
            _air(change, now_ms)
            spotting.owe(change, now_ms)
        if found := rows.fetch(_EVENTS, [cursor, cursor + progress.entries]):
            _deeds([event for (event,) in found], now_ms)
    return progress.entries > 0


def _air(change: Changed, now_ms: int) -> None:
    """Another air in a room: its alarms, and the lots that lay in it."""
    for room in Room.objects.filter(asset=change.asset):
        stays = Stay.objects.filter(room=room, from_ms__lt=change.until_ms)
        stays = stays.filter(Q(until_ms=None) | Q(until_ms__gt=change.from_ms))
        owe_room(room.pk, change.from_ms)
        owe_lots(_lots(stays.exclude(until_ms=None)), now_ms, LATE_MS)
        owe_lots(_lots(stays.filter(until_ms=None)), now_ms, REST_MS)


def _deeds(events: Collection[int], now_ms: int) -> None:
    """What people did: to their lots, and where lots came or went to the room's alarms."""
    named = EventLot.objects.filter(event__in=events)
    owe_lots(set(named.values_list("lot", flat=True)), now_ms)
    moved = named.filter(event__kind__in=(Kind.LOADED, Kind.UNLOADED)).values("lot")
    for room, from_ms in Stay.objects.filter(lot__in=moved).values_list("room", "from_ms"):
        owe_room(room, from_ms)


def _lots(stays: QuerySet[Stay]) -> set[int]:
    return set(stays.values_list("lot", flat=True))


def owe_room(room: int, from_ms: int) -> None:
    """A room's alarms are evaluated again, from that time on."""
    row, made = DueRoom.objects.get_or_create(room_id=room, defaults={"from_ms": from_ms})
    if not made and from_ms < row.from_ms:
        DueRoom.objects.filter(pk=row.pk).update(from_ms=from_ms)


def owe_lots(lots: Collection[int], now_ms: int, rest_ms: int = 0) -> None:
    """Lots and all that came of them are judged again: now, or once they have rested."""
    if not lots:
        return
    found = sorted(trace.forward(lots).lots)
    for start in range(0, len(found), CHUNK):
        _owe(found[start : start + CHUNK], now_ms, rest_ms)


def _owe(some: Sequence[int], now_ms: int, rest_ms: int) -> None:
    known = DueLot.objects.in_bulk(some)
    for row in known.values():
        due_ms = max(now_ms, row.judged_ms + rest_ms)
        if due_ms < row.due_ms:
            DueLot.objects.filter(pk=row.pk).update(due_ms=due_ms)
    new = [lot for lot in some if lot not in known]
    DueLot.objects.bulk_create(DueLot(lot_id=lot, due_ms=now_ms) for lot in new)
