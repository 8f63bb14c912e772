"""Lots at the desk of an action: found, locked, allowed, and taken from.

A lot that one has nothing to do with is answered like one that does not exist. Rows are locked in
the order of their numbers, so that two actions never wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from server.coldchain.acting import Desk, Refusal
from server.coldchain.models import Event, EventLot, Handover, Lot, Stay
from server.coldchain.rules import (
    LOT_STEPS,
    MAX_BOXES,
    MAX_GRAMS,
    MAX_LANDINGS,
    OPEN_CUSTODY,
    Custody,
    Kind,
    Reason,
    Side,
    Status,
    Step,
)

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of a lot, by its ref; grams None: all that is left."""

    lot: str
    grams: int | None = None
    boxes: int = 0


def sane(grams: int, boxes: int) -> None:
    """Raises Refusal for weights and counts that nothing has."""
    if not 0 < grams <= MAX_GRAMS:
        raise Refusal(Reason.BAD_INPUT, "grams")
    if not 0 <= boxes <= MAX_BOXES:
        raise Refusal(Reason.BAD_INPUT, "boxes")


def visible(organisation: str) -> Q:
    """Lots that an organisation has to do with: made, holds or held, carries, or houses them.

    Asked of each lot by itself: what an organisation ever had is far more than what it names.
    """
    here = OuterRef("pk")
    part = Q(giver=organisation) | Q(taker=organisation) | Q(carrier=organisation)
    told = EventLot.objects.filter(lot=here, event__organisation=organisation)
    housed = Stay.objects.filter(lot=here, room__organisation=organisation)
    return (
        Q(maker=organisation)
        | Q(holder=organisation)
        | Q(Exists(Handover.objects.filter(part, lot=here)))
        | Q(Exists(Handover.objects.filter(part, went=here)))
        | Q(Exists(told))
        | Q(Exists(housed))
    )


def answerable(organisation: str) -> Q:
    """Events that an organisation may say to be wrong: its own, and what others told of goods that
    came into or left a truck or room that it runs."""
    whose = Stay.objects.filter(room__organisation=organisation)
    moved = whose.filter(Q(loaded=OuterRef("pk")) | Q(unloaded=OuterRef("pk")))
    return Q(organisation=organisation) | Q(Exists(moved), kind__in=(Kind.LOADED, Kind.UNLOADED))


def seen(desk: Desk, refs: Sequence[str]) -> list[Lot]:
    """These lots, locked, in the order asked for. Raises Refusal: NOT_FOUND for any that is not to
    be seen; an authority sees all."""
    _check_refs(refs)
    rows = Lot.objects.all() if desk.inspects else Lot.objects.filter(visible(desk.organisation))
    return _locked(rows, refs)


def held(desk: Desk, refs: Sequence[str]) -> list[Lot]:
    """These lots, locked, all of them in this organisation's hands. Raises Refusal."""
    _check_refs(refs)
    lots = _locked(Lot.objects.all(), refs)
    others = [one for one in lots if one.holder_id != desk.organisation]
    if others:
        seen(desk, [one.ref for one in others])
        raise Refusal(Reason.NOT_HOLDER)
    check_time(desk, lots)
    return lots


def carried(desk: Desk, refs: Sequence[str]) -> list[Lot]:
    """These lots, locked: in this organisation's hands, or brought or awaited by it now."""
    lots = seen(desk, refs)
    foreign = [one.id for one in lots if one.holder_id != desk.organisation]
    if foreign:
        ours = Q(carrier=desk.organisation) | Q(taker=desk.organisation)
        open_ = Handover.objects.filter(ours, status__in=OPEN_CUSTODY)
        known = {one for two in open_.values_list("lot", "went") for one in two}
        if set(foreign) - known:
            raise Refusal(Reason.NOT_HOLDER)
    check_time(desk, lots)
    return lots


def check_time(desk: Desk, lots: Sequence[Lot]) -> None:
    """Nothing happens to a lot before it was. Raises Refusal."""
    if any(one.made_ms > desk.when_ms for one in lots):
        raise Refusal(Reason.BEFORE_IT_WAS)


def step(lot: Lot, step: Step) -> Status:
    """The state after this step. Raises Refusal."""
    state = LOT_STEPS.get((Status(lot.status), step))
    if state is None:
        raise Refusal(Reason.WRONG_STATE)
    return state


def free(lots: Sequence[Lot]) -> None:
    """Raises Refusal for what is held or recalled."""
    for one in lots:
        if one.side:
            raise Refusal(Reason.RECALLED if one.side == Side.RECALLED else Reason.HELD)


def weigh(lot: Lot, amount: Amount) -> tuple[int, int]:
    """Grams and boxes of an amount of this lot. Raises Refusal for more than is left."""
    if amount.grams is None:
        return lot.left_grams, lot.left_boxes
    sane(amount.grams, amount.boxes)
    if amount.grams > lot.left_grams or amount.boxes > lot.left_boxes:
        raise Refusal(Reason.USED_UP)
    if amount.grams == lot.left_grams:
        return lot.left_grams, lot.left_boxes
    return amount.grams, amount.boxes


def take(lot: Lot, grams: int, boxes: int) -> None:
    """Take so much from what is left of a lot; the database refuses more than there is."""
    lot.left_grams -= grams
    lot.left_boxes -= boxes
    lot.save(update_fields=["left_grams", "left_boxes"])


def make_room(lots: Sequence[Lot], event: Event) -> None:
    """After `take`: what lies in a room is no more than what is left of the lot.

    A stay that was for more ends, and goes on with the rest. Raises Refusal where a lot lies in
    several places, because nobody said from which of them it was taken.
    """
    open_ = Stay.objects.filter(lot__in=[one.id for one in lots], until_ms=None)
    left = {one.id: one for one in lots}
    sums = {row["lot"]: row for row in open_.values("lot").annotate(sum=Sum("grams"))}
    for stay in list(open_.order_by("id")):
        lot = left[stay.lot_id]
        if sums[lot.id]["sum"] <= lot.left_grams:
            continue
        if stay.grams != sums[lot.id]["sum"] and lot.left_grams:
            raise Refusal(Reason.ELSEWHERE)
        end(stay, event)
        if lot.left_grams:
            begin(lot, stay.room_id, (lot.left_grams, lot.left_boxes), event)


def begin(lot: Lot, room: int, amount: tuple[int, int], event: Event) -> Stay:
    """So much of a lot is in a room from the event on."""
    grams, boxes = amount
    return Stay.objects.create(
        lot=lot, room_id=room, boxes=boxes, grams=grams, from_ms=event.at_ms, loaded=event
    )


def end(stay: Stay, event: Event, at_ms: int | None = None) -> None:
    """End a stay, at the time of the event unless another is given. Raises Refusal before its
    beginning."""
    stay.until_ms = event.at_ms if at_ms is None else at_ms
    if stay.until_ms < stay.from_ms:
        raise Refusal(Reason.BEFORE_IT_WAS)
    stay.unloaded = event
    stay.save(update_fields=["until_ms", "unloaded"])


def end_all(stays: Sequence[Stay], event: Event) -> None:
    """End many stays at the time of the event. Raises Refusal if one began later."""
    if any(stay.from_ms > event.at_ms for stay in stays):
        raise Refusal(Reason.BEFORE_IT_WAS)
    ids = [stay.id for stay in stays]
    for start in range(0, len(ids), CHUNK):
        some = Stay.objects.filter(id__in=ids[start : start + CHUNK])
        some.update(until_ms=event.at_ms, unloaded=event)


def common_room(taken: Mapping[int, int], at_ms: int) -> int | None:
    """The one room in which so many grams of these lots lay at that time; None: none, several, or
    less of them: then nobody says where what came of them is."""
    open_ = Stay.objects.filter(lot__in=taken, until_ms=None)
    rooms = set(open_.values_list("room", flat=True))
    rows = open_.filter(from_ms__lte=at_ms).order_by().values_list("lot")
    there = dict(rows.annotate(sum=Sum("grams")))
    whole = len(rooms) == 1 and all(there.get(lot, 0) >= taken[lot] for lot in taken)
    return rooms.pop() if whole else None


def leave_room(lot: Lot, amount: tuple[int, int], event: Event) -> None:
    """After `take`: so much of what lies in the one room of a lot is there no more; of what was
    brought in several times, the first goes first."""
    grams, boxes = amount
    open_ = Stay.objects.filter(lot=lot, until_ms=None, from_ms__lte=event.at_ms)
    for stay in list(open_.order_by("id")):
        if grams <= 0:
            return
        end(stay, event)
        if stay.grams > grams:
            rest = (stay.grams - grams, max(stay.boxes - boxes, 0))
            begin(lot, stay.room_id, rest, event)
        grams, boxes = grams - stay.grams, max(boxes - stay.boxes, 0)


def _check_refs(refs: Sequence[str]) -> None:
    if len(set(refs)) != len(refs) or not refs:
        raise Refusal(Reason.BAD_INPUT, "lots")
    if len(refs) > MAX_LANDINGS:
        raise Refusal(Reason.TOO_MANY_PARTS)


def _locked(rows: QuerySet[Lot], refs: Sequence[str]) -> list[Lot]:
    found: dict[str, Lot] = {}
    for start in range(0, len(refs), CHUNK):
        some = rows.filter(ref__in=refs[start : start + CHUNK])
        ids = sorted(some.values_list("id", flat=True))
        locked = Lot.objects.select_for_update().filter(id__in=ids).order_by("id")
        found |= {one.ref: one for one in locked}
    if len(found) != len(refs):
        raise Refusal(Reason.NOT_FOUND)
    return [found[ref] for ref in refs]


def unoffered(used: Sequence[tuple[Lot, int, int]]) -> None:
    """What is being handed over stays whole. Raises Refusal."""
    open_ = Handover.objects.filter(lot__in=[lot.id for lot, _, _ in used], status=Custody.PROPOSED)
    offered = dict(open_.values_list("lot").annotate(sum=Sum("grams")))
    if any(grams > lot.left_grams - offered.get(lot.id, 0) for lot, grams, _ in used):
        raise Refusal(Reason.OFFERED_ALREADY)
