"""On the way, for whoever takes the goods: how cold now, worst so far, when expected, how late the
record is. Never where: positions are nobody's business. It reads.

It is over as soon as every hand-over of the offer is answered.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from science.timeline import RULES, Stretch
from server.coldchain import cells, tracks
from server.coldchain.models import Handover, Stay
from server.coldchain.packing import Seen
from server.coldchain.rules import MINUTE_MS, OPEN_CUSTODY, RoomKind

MOST = 50


@dataclass(frozen=True, slots=True)
class Truck:
    """One truck with something of the offer on it. Temperatures are milli-degrees, None: no record.

    fresh: whether the last reading still counts as now. late: whole minutes since then. arrives_ms:
    as the carrier declared it when it loaded, None: it did not.
    """

    name: str
    lots: tuple[tuple[str, str], ...]
    since_ms: int
    last: int | None
    last_ms: int | None
    fresh: bool
    late: int
    worst: int | None
    worst_ms: int | None
    unknown: int
    arrives_ms: int | None


@dataclass(frozen=True, slots=True)
class Way:
    """An offer on its way; waiting: its lots that are in no truck now."""

    giver: str
    trucks: tuple[Truck, ...]
    waiting: tuple[tuple[str, str], ...]


def of(offer: str, now_ms: int) -> Way | None:
    """What is to be seen of an offer, by the ref of its event; None: it is over."""
    rows = list(
        Handover.objects.filter(proposed__ref=offer, status__in=OPEN_CUSTODY)
        .select_related("lot", "went", "giver")
        .order_by("id")
    )
    if not rows:
        return None
    lots = {one.pk: one for row in rows for one in [row.went or row.lot]}
    open_ = Stay.objects.filter(
        Q(until_ms=None), lot__in=list(lots), room__kind=RoomKind.TRUCK
    ).select_related("room__asset", "lot", "loaded")
    by_room: dict[int, list[Stay]] = {}
    for stay in open_.order_by("id"):
        by_room.setdefault(stay.room_id, []).append(stay)
    aboard = {stay.lot_id for stays in by_room.values() for stay in stays}
    waiting = tuple((one.trade, one.code) for pk, one in lots.items() if pk not in aboard)
    trucks = tuple(_truck(stays, now_ms) for stays in by_room.values())
    return Way(rows[0].giver.name, trucks, waiting[:MOST])


def _truck(stays: Sequence[Stay], now_ms: int) -> Truck:
    since_ms, asset = min(one.from_ms for one in stays), stays[0].room.asset
    window = Stretch(since_ms, max(now_ms, since_ms + 1))
    seen = [one for one in tracks.readings(asset.pk, window).seen if one.warmest is not None]
    last, worst = seen[-1] if seen else None, max(seen, key=_warmth, default=None)
    late_ms = now_ms - (last.at_ms if last else since_ms)
    return Truck(
        name=asset.name,
        lots=tuple((one.lot.trade, one.lot.code) for one in stays[:MOST]),
        since_ms=since_ms,
        last=last.warmest if last else None,
        last_ms=last.at_ms if last else None,
        fresh=last is not None and late_ms <= RULES.gap_ms,
        late=max(late_ms, 0) // MINUTE_MS,
        worst=worst.warmest if worst else None,
        worst_ms=worst.at_ms if worst else None,
        unknown=-(-cells.exposure(asset.pk, window).unknown_ms // MINUTE_MS),
        arrives_ms=_declared(stays),
    )


def _warmth(seen: Seen) -> int:
    return seen.warmest if seen.warmest is not None else -(2**31)


def _declared(stays: Sequence[Stay]) -> int | None:
    """What was declared last."""
    told = [json.loads(one.loaded.told).get("arrives_ms") for one in stays]
    return max((one for one in told if isinstance(one, int)), default=None)
