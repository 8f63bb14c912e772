"""The stages of a lot from its landing to a shelf, and the air from one to the next; it reads.

Those of the lots that it came from are its own, as far as they led to it. Who did something, for
whom and at what price is never asked for: of an organisation its public region alone. Time counts
as without a record where one of the places knows nothing, and where nobody says where a lot was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from protocol.registry import Text
from science import timeline
from science.balance import Step
from science.timeline import NOWHERE as NO_PLACE
from science.timeline import Strand, Stretch
from server.coldchain import exposures
from server.coldchain.exposures import Ancestor
from server.coldchain.models import Event, EventLot, Handover, Link, Lot, Party, Place, Stay
from server.coldchain.rules import Custody, Kind, PlaceKind, RoomKind
from server.coldchain.shopper import band, readings
from server.coldchain.shopper.band import Readings
from server.coldchain.shopper.journey import NOWHERE, Air, Leg, Stage, between, joined, stage_of

WORK: Final[Mapping[Kind, Stage]] = {
    Kind.SORTED: Stage.SORTED,
    Kind.SPLIT: Stage.SPLIT,
    Kind.MERGED: Stage.MERGED,
    Kind.REWORKED: Stage.REWORKED,
}
"""Work by which a lot came of others; a transformation is told by its step."""
STEPS: Final[Mapping[Step, Stage]] = {
    Step.GUT: Stage.GUTTED,
    Step.FILLET: Stage.FILLETED,
    Step.PORTION: Stage.CUT,
    Step.SALT: Stage.SALTED,
    Step.PACK: Stage.PACKED,
}
SALES: Final[Mapping[Kind, Stage]] = {
    Kind.AWARDED: Stage.SOLD_AT_MARKET,
    Kind.ON_SALE: Stage.ON_SALE,
}


@dataclass(frozen=True, slots=True)
class Window:
    """A lot, or one that it came from, in a room: [from_ms, until_ms), None: still there."""

    stay: Stay
    from_ms: int
    until_ms: int | None

    def within(self, end_ms: int) -> Stretch:
        """The time of it up to a moment."""
        until_ms = end_ms if self.until_ms is None else min(self.until_ms, end_ms)
        return Stretch(min(self.from_ms, until_ms), until_ms)


@dataclass(frozen=True, slots=True)
class Way:
    """A lot first, then those that it came from, each until it became another; and where they were,
    in order of time."""

    line: Sequence[Ancestor]
    windows: Sequence[Window]

    @property
    def lots(self) -> list[int]:
        """Their numbers."""
        return [one.lot.pk for one in self.line]


NO_WAY: Final = Way((), ())
"""Of a lot of which nothing may be said."""


def way(lot: Lot, now_ms: int) -> Way:
    """Where a lot was, and before it was made those that it came from.

    Of a lot that was made of more than one history may have, its own stays alone.
    """
    try:
        line = exposures.ancestors(lot, now_ms)
    except exposures.TooManyParents:
        line = [Ancestor(lot, now_ms)]
    limits = {one.lot.pk: None if one.lot.pk == lot.pk else one.until_ms for one in line}
    rows = Stay.objects.filter(lot__in=list(limits)).select_related("room__place", "room__asset")
    found = [_clipped(stay, limits[stay.lot_id]) for stay in rows]
    return Way(line, sorted((one for one in found if one), key=lambda one: one.from_ms))


def _clipped(stay: Stay, limit: int | None) -> Window | None:
    ends = [one for one in (stay.until_ms, limit) if one is not None]
    end = min(ends) if ends else None
    return Window(stay, stay.from_ms, end) if end is None or end > stay.from_ms else None


def legs(found: Way, known: Known, end_ms: int) -> tuple[Leg, ...]:
    """The stages in order of time, each with the air from there to the next, the last one up to the
    end."""
    stages = joined([*_landed(found), *_stays(found.windows), *_deeds(found)])
    return tuple(
        replace(leg, air=known.air(stretch))
        for leg, stretch in zip(stages, between(stages, end_ms), strict=True)
    )


def _landed(found: Way) -> Iterator[Leg]:
    """The catch and the landings that a lot goes back to."""
    caught_ms = found.line[0].lot.catch_ms
    if caught_ms is not None:
        yield Leg(Stage.CAUGHT, caught_ms, caught_ms)
    rows = Lot.objects.filter(pk__in=found.lots, event__kind=Kind.LANDED)
    for one in rows.select_related("landed"):
        yield Leg(Stage.LANDED, one.made_ms, one.made_ms, _region(one.landed))


def _stays(windows: Iterable[Window]) -> Iterator[Leg]:
    for one in windows:
        room, place = one.stay.room, one.stay.room.place
        stage = stage_of(RoomKind(room.kind), PlaceKind(place.kind) if place else None)
        truck = room.pk if stage is Stage.CARRIED else 0
        yield Leg(stage, one.from_ms, one.until_ms, _region(place), truck)


def _deeds(found: Way) -> Iterator[Leg]:
    """What was done, by whoever it was, at the region of theirs that everybody may know."""
    deeds = list(dict.fromkeys(_done(found)))
    known = _regions({organisation for _, _, organisation in deeds})
    for stage, at_ms, organisation in deeds:
        yield Leg(stage, at_ms, at_ms, known.get(organisation, NOWHERE))


Deed = tuple[Stage, int, str]
"""What was done, when, and whose region it is said with."""


def _done(found: Way) -> Iterator[Deed]:
    """Work that led to the lot, sales, and hand-overs that were answered for it."""
    links = Link.objects.filter(child__in=found.lots).select_related("event")
    for event in (one.event for one in links):
        if (stage := _work(event)) is not None:
            yield stage, event.at_ms, event.organisation
    until = {one.lot.pk: one.until_ms for one in found.line}
    rows = EventLot.objects.filter(lot__in=found.lots, event__kind__in=list(SALES))
    for one in rows.select_related("event"):
        if one.event.at_ms <= until[one.lot_id]:
            yield SALES[Kind(one.event.kind)], one.event.at_ms, one.event.organisation
    taken = Handover.objects.filter(went__in=found.lots).select_related("settled")
    for hand in taken.filter(status__in=(Custody.ACCEPTED, Custody.PART)):
        if hand.settled is not None:
            yield Stage.ACCEPTED, hand.settled.at_ms, hand.taker_id or ""


def _work(event: Event) -> Stage | None:
    if event.kind != Kind.TRANSFORMED:
        return WORK.get(Kind(event.kind))
    step = json.loads(event.told).get("step")
    return STEPS.get(Step(step)) if step in list(Step) else Stage.WORKED


def _regions(organisations: set[str]) -> dict[str, Text]:
    """By organisation what was told of it, else where all its places are; nothing if they differ.

    A stranger has no organisation.
    """
    found: dict[str, set[Text]] = {}
    for place in Place.objects.filter(organisation__in=organisations, ended_ms=None):
        found.setdefault(place.organisation_id, set()).add(_region(place))
    known = {one: some.pop() for one, some in found.items() if len(some) == 1}
    for party in Party.objects.filter(organisation__in=organisations).exclude(region=""):
        known[party.organisation_id] = _region(party)
    return known


def _region(where: Place | Party | None) -> Text:
    """What everybody may know of where a place is."""
    return Text(where.region_en or where.region, where.region) if where else NOWHERE


@dataclass(frozen=True, slots=True)
class Known:
    """What was read of the air around a lot, stay by stay, and when nothing was."""

    spans: Sequence[tuple[Stretch, Readings]]
    unknown: Sequence[Stretch]

    @classmethod
    def of(cls, found: Way, end_ms: int) -> Known:
        """Of a whole way, up to a moment."""
        stays = [(one.stay.room.asset_id, one.within(end_ms)) for one in found.windows]
        spans = [(at, readings.around(asset, at)) for asset, at in stays if at[0] < at[1]]
        dark = [gap for at, some in spans for gap in band.gaps(some, at)]
        return cls(spans, timeline.merged([*dark, *_nowhere(found, end_ms)]))

    @property
    def drawn(self) -> Readings:
        """What was read while the lot was there."""
        return readings.together(readings.within(some, at) for at, some in self.spans)

    def air(self, window: Stretch) -> Air | None:
        """The air of a time; None where it is no time."""
        if window.from_ms >= window.until_ms:
            return None
        spread = [
            one
            for at, some in self.spans
            if (here := _both(at, window)) and (one := band.spread(some, here))
        ]
        dark = sum(
            both.until_ms - both.from_ms
            for one in self.unknown
            if (both := _both(one, window)) is not None
        )
        if not spread or dark >= window.until_ms - window.from_ms:
            return Air(None, None, dark)
        return Air(min(one.low for one in spread), max(one.high for one in spread), dark)


def _both(one: Stretch, other: Stretch) -> Stretch | None:
    both = Stretch(max(one.from_ms, other.from_ms), min(one.until_ms, other.until_ms))
    return both if both.from_ms < both.until_ms else None


def _nowhere(found: Way, end_ms: int) -> Iterator[Stretch]:
    """Before any of these lots was made, and when nobody says where one of them was."""
    stays: dict[int, list[timeline.Stay]] = {}
    for one in found.windows:
        row = timeline.Stay(one.stay.room_id, *one.within(end_ms))
        stays.setdefault(one.stay.lot_id, []).append(row)
    strands = [
        Strand(min(one.lot.made_ms, until_ms), until_ms, tuple(stays.get(one.lot.pk, ())))
        for one in found.line
        for until_ms in [min(one.until_ms, end_ms)]
    ]
    yield Stretch(0, min(one.from_ms for one in strands))
    for stay in timeline.lineage(strands):
        if stay.place == NO_PLACE:
            yield Stretch(stay.from_ms, stay.until_ms)
