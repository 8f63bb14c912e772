"""What waits for an organisation: the first thing that its work page shows. Changes nothing.

Each item says what it is, about which lot, hand-over or recall, how many there are, and since when
the oldest waits; the page adds the one instruction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Count, Min, Q, QuerySet

from server.coldchain import looking
from server.coldchain.effects.back import UNDOABLE
from server.coldchain.models import (
    Event,
    Excursion,
    Handover,
    Lot,
    Problem,
    RecallHolder,
    Stay,
)
from server.coldchain.rules import (
    LIVE,
    UNDO_MS,
    Custody,
    HolderState,
    RecallState,
    RoomKind,
    Side,
)

REFS = 20
"""References of one kind that are listed; `count` says how many there are."""


class Matter(StrEnum):
    """What waits, the gravest first."""

    RECALL = "recall"
    """A recall that this organisation has not acknowledged."""
    RECALLED = "recalled"
    HELD = "held"
    EXCURSION = "excursion"
    SENSOR = "sensor"
    """센서 점검 필요"""
    TO_ANSWER = "to-answer"
    UNCONFIRMED = "unconfirmed"
    """수령 미확인"""
    UNANSWERED = "unanswered"
    IN_TRUCK = "in-truck"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Item:
    """Something that waits. refs: of lots, hand-overs, recalls or rooms, at most REFS."""

    matter: Matter
    count: int
    since_ms: int
    refs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undoable:
    """The last action of somebody, while it can still be undone."""

    event: str
    kind: str
    until_ms: int


def items(organisation: str) -> tuple[Item, ...]:
    """What waits for this organisation; nothing where there is nothing."""
    return tuple(_items(organisation))


def undoable(person: str, organisation: str, now_ms: int) -> Undoable | None:
    """What `undo` would take back; it may still find that somebody went on with the lots."""
    mine = Event.objects.filter(actor=person, organisation=organisation).exclude(actor="")
    last = mine.order_by("-id").first()
    if last is None or last.kind not in UNDOABLE or now_ms > last.noted_ms + UNDO_MS:
        return None
    return Undoable(last.ref, last.kind, last.noted_ms + UNDO_MS)


def _items(organisation: str) -> Iterator[Item]:
    here = Lot.objects.filter(holder=organisation, status__in=LIVE, left_grams__gt=0)
    given = Handover.objects.filter(giver=organisation)
    told = RecallHolder.objects.filter(
        organisation=organisation,
        recall__rehearsal=False,
        state__in=(HolderState.LISTED, HolderState.NOTIFIED, HolderState.UNREACHED),
    )
    excursions = Excursion.objects.filter(signed_ms=None, lots__in=here)
    trucks = Stay.objects.filter(lot__in=here, until_ms=None, room__kind=RoomKind.TRUCK)
    ours = Q(lot__maker=organisation) | Q(lot__holder=organisation)
    problems = Problem.objects.filter(ours, closed_ms=None)
    waiting = Handover.objects.filter(taker=organisation, status=Custody.PROPOSED)
    for matter, rows, since, ref in (
        (
            Matter.RECALL,
            told.exclude(recall__state=RecallState.CLOSED),
            "recall__opened_ms",
            "recall",
        ),
        (Matter.RECALLED, here.filter(side=Side.RECALLED), "made_ms", "ref"),
        (Matter.HELD, here.filter(side=Side.HELD), "made_ms", "ref"),
        (Matter.EXCURSION, excursions, "from_ms", "lots__ref"),
        (Matter.SENSOR, looking.waiting(organisation), "seen_ms", "room"),
        (Matter.TO_ANSWER, waiting, "made_ms", "id"),
        (Matter.UNCONFIRMED, given.filter(status=Custody.ONE_SIDED), "made_ms", "id"),
        (Matter.UNANSWERED, given.filter(status=Custody.PROPOSED), "made_ms", "id"),
        (Matter.IN_TRUCK, trucks, "from_ms", "lot__ref"),
        (Matter.PROBLEM, problems, "at_ms", "lot__ref"),
    ):
        item = _item(matter, rows, since, ref)
        if item.count:
            yield item


def _item(matter: Matter, rows: QuerySet[Any], since: str, ref: str) -> Item:
    found = rows.order_by().aggregate(count=Count("pk", distinct=True), since=Min(since))
    refs = rows.order_by(since, "pk").values_list(ref, flat=True)[:REFS]
    return Item(matter, found["count"], found["since"] or 0, tuple(map(str, dict.fromkeys(refs))))
