"""With whom an organisation dealt about a lot: whom it is named, and what it is told the weight of.

Whom else a partner sold to, and how much, is that partner's own business. It reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from server.coldchain.models import Event, Handover, Lot
from server.coldchain.rules import Kind

HANDS: Final = (Kind.OFFERED, Kind.WITHDRAWN, Kind.RECEIVED, Kind.REFUSED, Kind.LEFT)


@dataclass(frozen=True, slots=True)
class Partners:
    """Organisations by id, hand-overs by id, and the events of these by number."""

    organisations: frozenset[str]
    hands: frozenset[str]
    events: frozenset[int]

    def knows(self, event: Event) -> bool:
        """Whether the weight in an event is told."""
        dealt = event.organisation in self.organisations
        return event.pk in self.events or (dealt and event.kind not in HANDS)


def of(lot: Lot, organisation: str) -> Partners:
    """Who made the lot, and whoever this organisation gave it to, took it or carried it for."""
    ours = Q(giver=organisation) | Q(taker=organisation) | Q(carrier=organisation)
    rows = list(Handover.objects.filter(ours).filter(Q(lot=lot) | Q(went=lot)))
    dealt = {id for one in rows for id in (one.giver_id, one.taker_id, one.carrier_id) if id}
    events = {id for one in rows for id in (one.proposed_id, one.settled_id) if id}
    own = Event.objects.filter(lots__lot=lot, organisation=organisation)
    return Partners(
        frozenset({organisation, lot.maker_id, *dealt}),
        frozenset(one.id for one in rows),
        frozenset({*events, *own.values_list("id", flat=True)}),
    )
