"""Links that go out by themselves: at loading one to watch the way, at unloading one to the paper.

Each goes once to whoever takes the goods, and the paper to the carrier as well, in the transaction
of the action: undone, nothing was sent. The live link of a hand-over is over when that is answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from django.db.models import Q

from server.accounts import links
from server.accounts.links import Wanted
from server.accounts.models import Link
from server.accounts.rules import DAY_MS
from server.coldchain import telling
from server.coldchain.models import Event, Handover, Lot, Room
from server.coldchain.rules import OPEN_CUSTODY, Custody, RoomKind

PAPER: Final = "paper"
LIVE: Final = "live"
"""The fronts of the links' addresses."""
PAPER_MS: Final = 30 * DAY_MS
LIVE_MS: Final = 14 * DAY_MS
CHUNK: Final = 500


class To(NamedTuple):
    """A member, or somebody who is none and has a contact."""

    organisation: str | None = None
    person: str = ""


def loaded(room: Room, lots: Sequence[Lot], now_ms: int) -> None:
    """Give whoever awaits these lots a link to watch them, one for each offer; who has no address
    is shown it by the giver."""
    if room.kind != RoomKind.TRUCK:
        return
    rows = _handed(lots, Q(status__in=OPEN_CUSTODY))
    offers = {one.proposed.ref: _taker(one) for one in rows}
    for ref, to in offers.items():
        if not Link.objects.filter(purpose=LIVE, target=ref).exists():
            _send(to, Wanted(LIVE, LIVE_MS, target=ref), room, now_ms)


def unloaded(event: Event, room: Room, lots: Sequence[Lot], since_ms: int) -> None:
    """Give the paper of a trip to its carrier and to whoever takes what was on it."""
    if room.kind != RoomKind.TRUCK:
        return
    open_then = Q(settled=None) | Q(settled__at_ms__gte=since_ms)
    rows = _handed(lots, open_then & ~Q(status=Custody.WITHDRAWN))
    takers = [_taker(one) for one in rows]
    for to in dict.fromkeys([To(room.organisation_id), *takers]):
        _send(to, Wanted(PAPER, PAPER_MS, target=event.ref), room, event.noted_ms)


def _handed(lots: Sequence[Lot], which: Q) -> Iterator[Handover]:
    """Their hand-overs of this kind; many lots are asked for in parts."""
    for start in range(0, len(lots), CHUNK):
        ids = [one.id for one in lots[start : start + CHUNK]]
        rows = Handover.objects.filter(Q(lot__in=ids) | Q(went__in=ids)).filter(which)
        yield from rows.select_related("proposed").order_by("id")


def _taker(one: Handover) -> To:
    return To(one.taker_id) if one.taker_id else To(None, one.person)


def _send(to: To, wanted: Wanted, room: Room, now_ms: int) -> None:
    nobody = to.organisation is None and not to.person
    if nobody and wanted.purpose != LIVE:
        return
    made = links.make(
        Wanted(
            wanted.purpose,
            wanted.life_ms,
            person=to.person or None,
            organisation=to.organisation,
            target=wanted.target,
        ),
        now_ms,
    )
    values: dict[str, str | int] = {"organisation": room.organisation.name, "link": made.id}
    template = f"trip-{wanted.purpose}"
    if to.organisation is not None:
        telling.organisation(to.organisation, template, values, now_ms)
    else:
        telling.person(to.person, template, values, now_ms)
