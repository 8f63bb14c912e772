"""What comes of lots: work on them, where they stand, corrections.

Lots that an event made are written before its effect; here they are linked to those they came from
and lie where those lay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from server.coldchain.done import Done, Line
from server.coldchain.facts import CHANGEABLE
from server.coldchain.lineage import shares
from server.coldchain.models import Award, Link, Lot, Stay
from server.coldchain.rules import Kind, LinkKind, Part, Side, Status
from server.coldchain.taking import begin, common_room, end, leave_room, make_room, take

CHUNK: Final = 2000
LINKS: Final[Mapping[Kind, LinkKind]] = {
    Kind.SORTED: LinkKind.SORT,
    Kind.TRANSFORMED: LinkKind.TRANSFORM,
    Kind.MERGED: LinkKind.MERGE,
    Kind.REWORKED: LinkKind.REWORK,
}
"""How children come of their parents; by any other event they are split from them."""
STATES: Final[Mapping[Kind, Status]] = {
    Kind.PASSED_IN: Status.PASSED_IN,
    Kind.AWARDED: Status.AWARDED,
    Kind.ON_SALE: Status.ON_SALE,
    Kind.SOLD: Status.SOLD,
    Kind.SOLD_OUT: Status.SOLD_OUT,
    Kind.SCRAPPED: Status.SCRAPPED,
}
CORRECTED: Final = (*CHANGEABLE, "vessel", "left_grams", "left_boxes")

Family = tuple[list[Line], list[Line]]
"""Lots that are taken from, and those that come of them."""


def families(lines: Iterable[Line]) -> list[Family]:
    """The families of an event, in the order of its lines: parents, then children, and so on."""
    found: list[Family] = []
    for one in lines:
        if one.part == Part.USED:
            if not found or found[-1][1]:
                found.append(([], []))
            found[-1][0].append(one)
        elif one.part == Part.MADE and found:
            found[-1][1].append(one)
    return found


def work(done: Done) -> None:
    """Less is left of the parents; every child is linked to each of its own, and lies where what
    was taken for it lay: so much of them lies there no more."""
    found = families(done.lines)
    at_ms = done.event.at_ms
    rooms = [common_room(_taken(used), at_ms) if made else None for used, made in found]
    for (used, made), room in zip(found, rooms, strict=True):
        for one in used:
            take(one.lot, one.grams, one.boxes)
            if room is not None:
                leave_room(one.lot, (one.grams, one.boxes), done.event)
        make_room([one.lot for one in used], done.event)
        _link(done, used, made)
        if room is not None:
            for one in made:
                begin(one.lot, room, (one.grams, one.boxes), done.event)
        if any(one.lot.side == Side.HELD for one in used):
            _held(made)


def _taken(used: list[Line]) -> dict[int, int]:
    return {one.lot.id: one.grams for one in used}


def _held(made: list[Line]) -> None:
    """What came of a held lot is held: the log may tell of it after the hold."""
    Lot.objects.filter(id__in=[one.lot.id for one in made]).update(side=Side.HELD)
    for one in made:
        one.lot.side = Side.HELD


def _link(done: Done, used: list[Line], made: list[Line]) -> None:
    children = {one.lot.ref: one.lot for one in made}
    parts = shares(
        {one.lot.id: one.grams for one in used}, {one.lot.ref: one.grams for one in made}
    )
    Link.objects.bulk_create(
        (
            Link(
                parent_id=parent,
                child=children[ref],
                event=done.event,
                kind=LINKS.get(done.kind, LinkKind.SPLIT),
                grams=grams,
                boxes=children[ref].boxes,
            )
            for (parent, ref), grams in parts.items()
        ),
        batch_size=CHUNK,
    )


def stand(done: Done) -> None:
    """The lots stand elsewhere now."""
    Lot.objects.filter(id__in=[one.id for one in done.lots]).update(status=STATES[done.kind])


def leave(done: Done) -> None:
    """The lots are gone, and lie nowhere."""
    stand(done)
    for stay in Stay.objects.filter(lot__in=done.lots, until_ms=None).order_by("id"):
        end(stay, done.event)


def award(done: Done) -> None:
    """Each has a buyer; who, and at what price, only the table knows."""
    stand(done)
    Award.objects.bulk_create(
        Award(lot=one, event=done.event, **done.own_of(one.ref)) for one in done.lots
    )


def settle(done: Done) -> None:
    """정산."""
    ids = [one.id for one in done.lots]
    Lot.objects.filter(id__in=ids).update(settled_ms=done.event.noted_ms)


def correct(done: Done) -> None:
    """What is said of the lots now; it stands in them already."""
    weighed = "grams" in done.told.get("changed", ())
    for lot in done.lots:
        was = Lot.objects.get(id=lot.id).left_grams if weighed else lot.left_grams
        lot.save(update_fields=CORRECTED)
        if lot.left_grams > was:
            _heavier(lot, was, done)


def _heavier(lot: Lot, was: int, done: Done) -> None:
    """All of a lot that lay in a room of its holder still does; another's room holds what it
    brought in."""
    stays = Stay.objects.filter(lot=lot, until_ms=None, grams=was, from_ms__lte=done.event.at_ms)
    for stay in stays.filter(room__organisation=lot.holder_id):
        end(stay, done.event)
        begin(lot, stay.room_id, (lot.left_grams, lot.left_boxes), done.event)
