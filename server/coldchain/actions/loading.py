"""상차, 하차, 환적: so much of a lot enters a truck or a room, and leaves it.

What a truck or room recorded counts for what is inside, so only who runs it brings lots in.
What is elsewhere is not loaded, and nothing is unloaded twice. A transshipment is an unloading and
a loading at one time, so that no minute falls between the two.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Sum

from server.accounts.rules import DAY_MS, Need
from server.coldchain import taking
from server.coldchain.acting import Desk, Refusal, action
from server.coldchain.done import Line
from server.coldchain.effects.moves import stays
from server.coldchain.events import Told, happened
from server.coldchain.models import Event, Lot, Room, Stay
from server.coldchain.papers import sending
from server.coldchain.rules import MAX_LANDINGS, OVER, Kind, Reason, RoomKind, Status
from server.coldchain.taking import Amount
from server.pilots.rules import ActionKind

CHUNK = 500
LONGEST_TRIP_MS = 30 * DAY_MS
LONGEST_MS = DAY_MS
"""Nobody loads or unloads for longer."""


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def load(
    desk: Desk,
    room: int,
    amounts: tuple[Amount, ...],
    arrives_ms: int | None = None,
    began_ms: int | None = None,
) -> Event:
    """Bring lots into a truck or room of one's own: what one holds, carries or is to take.

    arrives_ms: when the carrier expects to be there, as whoever waits is told it; None: 미정.
    began_ms: when the loading began that ends now; None: nobody noted it.
    """
    where = _own_room(desk, room)
    if arrives_ms is not None and not 0 <= arrives_ms - desk.when_ms <= LONGEST_TRIP_MS:
        raise Refusal(Reason.BAD_INPUT, "arrives_ms")
    _check_size(amounts)
    lots = taking.carried(desk, [one.lot for one in amounts])
    if any(Status(one.status) in OVER for one in lots):
        raise Refusal(Reason.WRONG_STATE)
    placed = _placed(lots)
    lines = []
    for lot, amount in zip(lots, amounts, strict=True):
        there = placed.get(lot.id, 0)
        grams, boxes = taking.weigh(lot, amount)
        if grams == 0:
            raise Refusal(Reason.USED_UP)
        if grams > lot.left_grams - there:
            raise Refusal(Reason.ELSEWHERE)
        lines.append(Line(lot, boxes=boxes, grams=grams))
    told = {"room": where.id} | _took(desk, began_ms)
    told |= {} if arrives_ms is None else {"arrives_ms": arrives_ms}
    event = happened(desk, Told(Kind.LOADED, lines, told, place=where.place))
    sending.loaded(where, lots, desk.now_ms)
    return event


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def unload(
    desk: Desk, room: int, amounts: tuple[Amount, ...], began_ms: int | None = None
) -> Event:
    """Take lots out of a truck or room; grams None: all of it that is there. began_ms: when the
    unloading began that ends now; None: nobody noted it."""
    where = _room(room)
    _check_size(amounts)
    refs = [one.lot for one in amounts]
    ours = where.organisation_id == desk.organisation
    lots = taking.seen(desk, refs) if ours else taking.carried(desk, refs)
    taking.check_time(desk, lots)
    there = stays(lots, where.id)
    plan = [_leaving(lot, one, there.get(lot.id)) for lot, one in zip(lots, amounts, strict=True)]
    lines = [Line(stay.lot, boxes=boxes, grams=grams) for stay, grams, boxes in plan]
    told = {"room": where.id} | _took(desk, began_ms)
    event = happened(desk, Told(Kind.UNLOADED, lines, told, place=where.place))
    sending.unloaded(event, where, lots, min(stay.from_ms for stay, _, _ in plan))
    return event


def _took(desk: Desk, began_ms: int | None) -> dict[str, int]:
    """What is told of the beginning. Raises Refusal for one that cannot be."""
    if began_ms is None:
        return {}
    if not 0 <= desk.when_ms - began_ms <= LONGEST_MS:
        raise Refusal(Reason.BAD_INPUT, "began_ms")
    return {"began_ms": began_ms}


def _own_room(desk: Desk, room: int) -> Room:
    """Where lots may be brought in: nobody lends its record to a lot but who runs it. Raises
    Refusal."""
    found = _room(room)
    if found.organisation_id != desk.organisation:
        is_truck = found.kind == RoomKind.TRUCK
        raise Refusal(Reason.NOT_YOUR_TRUCK if is_truck else Reason.NOT_FOUND)
    return found


def _room(room: int) -> Room:
    found = Room.objects.select_related("place", "organisation").filter(id=room).first()
    if found is None:
        raise Refusal(Reason.NOT_FOUND)
    return found


def _check_size(amounts: Sequence[Amount]) -> None:
    if len(amounts) > MAX_LANDINGS:
        raise Refusal(Reason.TOO_MANY_PARTS)


def _placed(lots: Sequence[Lot]) -> dict[int, int]:
    """Grams of each lot that lie somewhere now."""
    found: dict[int, int] = {}
    for start in range(0, len(lots), CHUNK):
        ids = [one.id for one in lots[start : start + CHUNK]]
        open_ = Stay.objects.filter(lot__in=ids, until_ms=None).order_by()
        found |= dict(open_.values_list("lot").annotate(sum=Sum("grams")))
    return found


def _leaving(lot: Lot, amount: Amount, stay: Stay | None) -> tuple[Stay, int, int]:
    """The stay that ends, and how much leaves. Raises Refusal."""
    if stay is None:
        ended = Stay.objects.filter(lot=lot, until_ms__isnull=False).exists()
        elsewhere = Stay.objects.filter(lot=lot, until_ms=None).exists()
        reason = Reason.UNLOADED_ALREADY if ended and not elsewhere else Reason.NOT_THERE
        raise Refusal(reason)
    if amount.grams is None:
        return stay, stay.grams, stay.boxes
    taking.sane(amount.grams, amount.boxes)
    if amount.grams > stay.grams:
        raise Refusal(Reason.NOT_THERE)
    return stay, amount.grams, amount.boxes
