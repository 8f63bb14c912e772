"""What pages and programs ask of the cold chain, as plain frozen values. It changes nothing.

`lot` is for organisations that have to do with it, as far as they dealt with each other, `public`
for everybody: role, region and time to the hour; never a partner's name, a price, a vessel, a
driver or what people wrote. Readings, exposures and verdicts are asked elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from server.accounts.models import Organisation
from server.coldchain import partners
from server.coldchain.models import (
    Event,
    EventLot,
    Handover,
    Inspection,
    Label,
    Link,
    Lot,
    Party,
    Sample,
    Stay,
)
from server.coldchain.partners import Partners
from server.coldchain.rules import Kind
from server.coldchain.taking import visible

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Who:
    """An organisation: what it is and roughly where; `id` and `name` are not for the public."""

    kind: str
    region: str
    region_en: str
    id: str = ""
    name: str = ""
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a lot. corrected: refs of events that say it was wrong; undone: taken back.
    at_parent: a correction of a lot that this one came from, which it follows.

    said: what was written, for who wrote it alone. restored: written again from the log.
    """

    ref: str
    kind: str
    part: str
    at_ms: int
    noted_ms: int
    by: Who
    grams: int
    boxes: int
    told: Mapping[str, Any]
    said: str
    corrected: tuple[str, ...]
    undone: bool
    restored: bool
    at_parent: bool


@dataclass(frozen=True, slots=True)
class Where:
    """A stay; kind of the room, and whose. room: its number; until_ms None: still there."""

    room: int
    kind: str
    by: Who
    grams: int
    boxes: int
    from_ms: int
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class Hand:
    """A hand-over; taker None: no member. unconfirmed: 수령 미확인."""

    ref: str
    status: str
    giver: Who
    taker: Who | None
    grams: int
    took_grams: int
    excursions: int
    at_ms: int
    settled_ms: int | None
    unconfirmed: bool


@dataclass(frozen=True, slots=True)
class Kin:
    """A parent or child."""

    ref: str
    kind: str
    grams: int


@dataclass(frozen=True, slots=True)
class Found:
    """An inspection (side, score) or a sample (state, laboratory)."""

    at_ms: int
    side: str = ""
    score: int = 0
    out_of: int = 0
    ice_seen: bool = False
    state: str = ""
    laboratory: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was said of a lot; `vessel` is "" for the public."""

    ref: str
    code: str
    gtin: str
    trace_no: str
    trade: str
    species: tuple[str, ...]
    form: str
    kept: str
    feed: bool
    graded: bool
    catch_ms: int | None
    catch_by: str
    ice: str
    ice_ratio: str
    area: str
    gear: str
    vessel: str
    origin: str
    use_by: str
    status: str
    side: str
    made_ms: int
    grams: int
    boxes: int
    left_grams: int
    left_boxes: int


@dataclass(frozen=True, slots=True)
class Clash:
    """Two stays that cannot both be true: together they were more of the lot than there is."""

    first: Where
    second: Where
    from_ms: int
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A lot with its history, in order of what happened when."""

    facts: Facts
    maker: Who
    holder: Who | None
    history: tuple[Happening, ...]
    stays: tuple[Where, ...]
    hands: tuple[Hand, ...]
    parents: tuple[Kin, ...]
    children: tuple[Kin, ...]
    found: tuple[Found, ...]
    labels: int
    clashes: tuple[Clash, ...]


def lot(ref: str, organisation: str, *, inspects: bool = False) -> Whole | None:
    """A lot as an organisation sees it that has to do with it; None like one that is not there."""
    rows = Lot.objects.filter(ref=ref)
    one = (rows if inspects else rows.filter(visible(organisation))).first()
    if one is None:
        return None
    known = None if inspects else partners.of(one, organisation)
    return _Reader(organisation, named=True, known=known).whole(one)


def public(ref: str) -> Whole | None:
    """A lot as everybody sees it. A recalled or held one says no more than `facts.side`: the page
    shows nothing else then."""
    one = Lot.objects.filter(ref=ref).first()
    return _Reader("", named=False).whole(one) if one else None


def clashes(stays: Sequence[Where], grams: int) -> Iterator[Clash]:
    """Pairs of stays that overlap and together are more than the lot weighed. Pure."""
    for place, first in enumerate(stays):
        for second in stays[place + 1 :]:
            from_ms = max(first.from_ms, second.from_ms)
            ends = [one.until_ms for one in (first, second) if one.until_ms is not None]
            until_ms = min(ends, default=None)
            overlap = until_ms is None or from_ms < until_ms
            if overlap and first.grams + second.grams > grams:
                yield Clash(first, second, from_ms, until_ms)


class _Reader:
    """Reads for one organisation; `named`: partners are named, and times are to the millisecond;
    known: who is one, None: everybody."""

    def __init__(self, organisation: str, *, named: bool, known: Partners | None = None) -> None:
        self._organisation = organisation
        self._named = named
        self._partners = known
        self._known: dict[str, Who] = {}

    def whole(self, one: Lot) -> Whole:
        stays = tuple(self._stays(one))
        return Whole(
            facts=self._facts(one),
            maker=self._who(one.maker_id),
            holder=self._who(one.holder_id) if one.holder_id else None,
            history=tuple(self._history(one)),
            stays=stays,
            hands=tuple(self._hands(one)),
            parents=tuple(_kin(Link.objects.filter(child=one), "parent")),
            children=tuple(self._children(one)),
            found=tuple(self._found(one)),
            labels=Label.objects.filter(lot=one, void_ms=None).count(),
            clashes=tuple(clashes(stays, one.grams)),
        )

    def _children(self, one: Lot) -> Sequence[Kin]:
        """What came of it: for partners, as far as they have to do with that too."""
        links = Link.objects.filter(parent=one)
        if self._partners is not None:
            mine = Lot.objects.filter(visible(self._organisation), parents__parent=one)
            links = links.filter(child__in=mine)
        return _kin(links, "child") if self._named else ()

    def _is_partner(self, id: str) -> bool:
        found = self._partners
        return self._named and (found is None or id in found.organisations)

    def _time(self, at_ms: int) -> int:
        return at_ms if self._named else at_ms - at_ms % HOUR_MS

    def _until(self, at_ms: int | None) -> int | None:
        return None if at_ms is None else self._time(at_ms)

    def _who(self, id: str) -> Who:
        if id not in self._known:
            row = Organisation.objects.filter(id=id).first()
            party = Party.objects.filter(organisation=id).first()
            region = (party.region, party.region_en) if party else ("", "")
            names = (id, row.name, row.name_en) if row and self._is_partner(id) else ("", "", "")
            self._known[id] = Who(row.kind if row else "", *region, *names)
        return self._known[id]

    def _facts(self, one: Lot) -> Facts:
        return Facts(
            ref=one.ref,
            code=one.code,
            gtin=one.gtin,
            trace_no=one.trace_no,
            trade=one.trade,
            species=tuple(one.species.split()),
            form=one.form,
            kept=one.kept,
            feed=one.feed,
            graded=one.graded,
            catch_ms=self._until(one.catch_ms),
            catch_by=one.catch_by,
            ice=one.ice,
            ice_ratio=one.ice_ratio,
            area=one.area,
            gear=one.gear,
            vessel=one.vessel if self._named and one.maker_id == self._organisation else "",
            origin=one.origin,
            use_by=one.use_by.isoformat() if one.use_by else "",
            status=one.status,
            side=one.side,
            made_ms=self._time(one.made_ms),
            grams=one.grams,
            boxes=one.boxes,
            left_grams=one.left_grams,
            left_boxes=one.left_boxes,
        )

    def _history(self, one: Lot) -> Iterator[Happening]:
        named = EventLot.objects.filter(lot=one).select_related("event")
        rows = list(named.order_by("event__at_ms", "event"))
        later = _later([row.event_id for row in rows])
        for row in rows:
            event, after = row.event, later.get(row.event_id, ())
            own = self._named and event.organisation == self._organisation
            weighs = self._partners is None or self._partners.knows(event)
            yield Happening(
                ref=event.ref,
                kind=event.kind,
                part=row.part,
                at_ms=self._time(event.at_ms),
                noted_ms=self._time(event.noted_ms),
                by=self._who(event.organisation),
                grams=row.grams * weighs,
                boxes=row.boxes * weighs,
                told=json.loads(event.told) if own else {},
                said=event.said if own else "",
                corrected=tuple(ref for kind, ref in after if kind != Kind.UNDONE),
                undone=any(kind == Kind.UNDONE for kind, _ in after),
                restored=event.restored,
                at_parent=at_parent(event, one.ref),
            )

    def _stays(self, one: Lot) -> Iterator[Where]:
        rows = Stay.objects.filter(lot=one).select_related("room").order_by("from_ms", "id")
        for row in rows:
            if row.until_ms == row.from_ms:
                continue  # its loading was undone
            yield Where(
                room=row.room_id if self._named else 0,
                kind=row.room.kind,
                by=self._who(row.room.organisation_id),
                grams=row.grams,
                boxes=row.boxes,
                from_ms=self._time(row.from_ms),
                until_ms=self._until(row.until_ms),
            )

    def _hands(self, one: Lot) -> Iterator[Hand]:
        rows = Handover.objects.filter(Q(lot=one) | Q(went=one)).order_by("made_ms", "id")
        for row in rows:
            named = self._named and (self._partners is None or row.id in self._partners.hands)
            yield Hand(
                ref=row.id if named else "",
                status=row.status,
                giver=self._who(row.giver_id),
                taker=self._who(row.taker_id) if row.taker_id else None,
                grams=row.grams * named,
                took_grams=row.took_grams * named,
                excursions=row.excursions,
                at_ms=self._time(row.made_ms),
                settled_ms=self._until(row.settled_ms),
                unconfirmed=row.status == "one-sided",
            )

    def _found(self, one: Lot) -> Iterator[Found]:
        for seen in Inspection.objects.filter(lot=one).order_by("at_ms"):
            at_ms = self._time(seen.at_ms)
            yield Found(at_ms, seen.side, seen.score, seen.out_of, seen.ice_seen)
        for row in Sample.objects.filter(lot=one).select_related("taken").order_by("id"):
            at_ms = self._time(row.taken.at_ms)
            yield Found(at_ms, state=row.state, laboratory=row.laboratory)


def _kin(links: Any, other: str) -> list[Kin]:
    rows = links.order_by("id").values_list(f"{other}__ref", "kind", "grams")
    return [Kin(ref, kind, grams) for ref, kind, grams in rows]


def _later(events: Sequence[int]) -> dict[int, tuple[tuple[str, str], ...]]:
    """Kinds and refs of the events that correct, declare wrong or undo each of these."""
    found: dict[int, tuple[tuple[str, str], ...]] = {}
    rows = Event.objects.filter(corrects__in=events).order_by("id")
    for wrong, kind, ref in rows.values_list("corrects", "kind", "ref"):
        assert wrong is not None
        found[wrong] = (*found.get(wrong, ()), (kind, ref))
    return found


def at_parent(event: Event, ref: str) -> bool:
    """Whether this is a correction that was made at a lot from which this one came."""
    return event.kind == Kind.CORRECTED and json.loads(event.told).get("lot", ref) != ref
