"""What a recall covers: its sources, all that came of them, who holds or held that, who was near.

Quantities are counted once: what is left of a lot is in the hands of whoever holds that lot, and
what was taken from it is counted with the lots that came of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from server.accounts.rules import letters
from server.coldchain import standing, taking, trace
from server.coldchain.acting import Desk, Refusal
from server.coldchain.models import Handover, Lot, Place, Recall, RecallHolder, Room
from server.coldchain.rules import Custody, Reason, RecallPart, Side, Status

TAKEN = (Custody.ACCEPTED, Custody.PART, Custody.ONE_SIDED)
"""Hand-overs by which goods went."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked for: lots by ref; or a truck or room, or a place, and a time (UTC ms)."""

    lots: tuple[str, ...] = ()
    room: int | None = None
    place: str = ""
    from_ms: int = 0
    until_ms: int = 0

    def told(self) -> dict[str, object]:
        """As it is kept."""
        return {
            "lots": list(self.lots),
            "room": self.room,
            "place": self.place,
            "from_ms": self.from_ms,
            "until_ms": self.until_ms,
        }


def sources(desk: Desk, scope: Scope) -> frozenset[int]:
    """The lots that are asked for. Raises Refusal: none, or one that is not this desk's to recall.

    Who is no authority recalls what it made or holds, and what was in its own rooms and places.
    """
    found: set[int] = set()
    if scope.lots:
        found |= {one.id for one in taking.seen(desk, scope.lots)}
    if scope.room is not None:
        _check_own(desk, Room.objects.filter(id=scope.room).first())
        found |= trace.in_room(scope.room, scope.from_ms, scope.until_ms)
    if scope.place:
        _check_own(desk, Place.objects.filter(id=scope.place).first())
        found |= trace.at_place(scope.place, scope.from_ms, scope.until_ms)
    if not found:
        raise Refusal(Reason.NOTHING_TOUCHED)
    if scope.lots and not desk.inspects:
        _check_lots(desk, scope.lots)
    return frozenset(found)


def mark(sources: frozenset[int], rehearsal: bool) -> dict[int, RecallPart]:
    """All lots of a recall by their part; those that came of the sources are marked as recalled.
    Raises Refusal for more than a trace holds."""
    found = standing.reached(sources) if rehearsal else standing.mark(sources, Side.RECALLED)
    parts = dict.fromkeys(trace.contacts(found), RecallPart.CONTACT)
    parts |= dict.fromkeys(found, RecallPart.DERIVED)
    return parts | dict.fromkeys(sources, RecallPart.SOURCE)


def lots_of(parts: Mapping[int, RecallPart]) -> Iterator[Lot]:
    """The lots themselves."""
    for some in _chunks(sorted(parts)):
        yield from Lot.objects.filter(id__in=some)


def holders(recall: Recall, lots: Sequence[Lot]) -> list[RecallHolder]:
    """Everybody in whose hands one of these lots is or was, with what they hold now, each gram
    once; not yet written."""
    ids = [one.id for one in lots]
    handed = list(_handed(ids))
    members: dict[str, int] = {}
    for lot in lots:
        members.setdefault(lot.maker_id, 0)
        if lot.holder_id is not None:
            members[lot.holder_id] = members.get(lot.holder_id, 0) + _grams(lot)
    strangers: dict[str, int] = {}
    last: dict[int, Handover] = {}
    for one in handed:
        members.setdefault(one.giver_id, 0)
        if one.taker_id is not None:
            members.setdefault(one.taker_id, 0)
        else:
            strangers[one.id] = 0
            last[one.went_id or one.lot_id] = one
    for lot in lots:
        if lot.holder_id is None and lot.id in last:
            strangers[last[lot.id].id] += _grams(lot)
    return [
        *(
            RecallHolder(id=_id(recall, one), recall=recall, organisation_id=one, grams=grams)
            for one, grams in sorted(members.items())
        ),
        *(
            RecallHolder(id=_id(recall, one), recall=recall, handover_id=one, grams=grams)
            for one, grams in sorted(strangers.items())
        ),
    ]


def _id(recall: Recall, who: str) -> str:
    """A holder's id is the same whenever the recall is written."""
    return letters(sha256(f"{recall.id}/{who}".encode()).digest()[:10])


def _grams(lot: Lot) -> int:
    return 0 if lot.status == Status.VOID else lot.left_grams


def _handed(lots: Sequence[int]) -> Iterator[Handover]:
    for some in _chunks(lots):
        yield from Handover.objects.filter(went__in=some, status__in=TAKEN).order_by(
            "settled_ms", "id"
        )


def _check_own(desk: Desk, found: Room | Place | None) -> None:
    if found is None or (found.organisation_id != desk.organisation and not desk.inspects):
        raise Refusal(Reason.NOT_FOUND)


def _check_lots(desk: Desk, refs: Iterable[str]) -> None:
    lots = Lot.objects.filter(ref__in=list(refs)).values_list("maker", "holder")
    if any(desk.organisation not in two for two in lots):
        raise Refusal(Reason.NOT_HOLDER)


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), taking.CHUNK):
        yield ids[start : start + taking.CHUNK]
