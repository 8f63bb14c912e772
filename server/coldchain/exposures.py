"""A lot's history: where it was joined with what was measured there, across owners and parents.

A lot made of several has the history of all of them at once: at each moment the worst counts, and
where nobody says where one of them was, nothing is known. Time in a place without a record is
charged at the readings of the places before and behind it. Stays that contradict each other are
told, never mended. It reads; what is judged of it is for science.verdict to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from science import sensing, timeline, verdict
from science.histogram import RECORDED, Bin, Exposure, State, total
from science.species import Form, Ice, IceRatio, Kept, Product, Species
from science.spoilage import Score, Side
from science.timeline import NOWHERE, Leg, Piece, Strand, Stretch
from science.verdict import Certificate, History, Section, Source, Where
from server.coldchain import cells, tracks
from server.coldchain.models import Inspection, Link, Lot, Room, Stay
from server.coldchain.rules import RoomKind

MOST_PARENTS: Final = 10_000
"""Lots that one history reaches back to; beyond that it says so."""
KOREA: Final = ZoneInfo("Asia/Seoul")
DARK: Final = Bin(State.UNKNOWN, None, 0)


class TooManyParents(ValueError):
    """This lot was made of more lots than one history may have."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """More of a lot than there is was in several rooms at once, [from_ms, until_ms)."""

    lot: int
    rooms: tuple[int, ...]
    from_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Told:
    """A history, and what contradicts itself in it. rooms: those that it was in, by number."""

    history: History
    contradictions: tuple[Contradiction, ...]
    rooms: frozenset[int]


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A lot while it was itself, on its way into the one that is asked for."""

    lot: Lot
    until_ms: int


def of(lot: Lot, until_ms: int) -> Told:
    """The history of a lot up to a moment (UTC ms). Raises TooManyParents."""
    with tracks.still() as entries:
        line = ancestors(lot, until_ms)
        stays = _stays(line)
        rooms = _rooms(stays)
        strands = [_strand(one, stays.get(one.lot.pk, ())) for one in line]
        begun_ms = min(one.from_ms for one in strands)
        found = timeline.lineage(strands)
        scores = _scores(line, until_ms)
        window = Stretch(begun_ms, until_ms)
        legs = _cut(timeline.legs(found, window), [at_ms for at_ms, _ in scores])
        parts = [_part(leg, rooms) for leg in legs]
        sections = [
            replace(_section(one), exposure=_charged(parts, n)) for n, one in enumerate(parts)
        ]
    product = product_of(lot)
    first = _before(lot, product, begun_ms, parts)
    places = [sum(leg.from_ms < at_ms for leg in legs) + len(first) for at_ms, _ in scores]
    history = History(
        product=product,
        sections=(*first, *sections),
        until_ms=until_ms,
        catch_ms=lot.catch_ms,
        known_from_ms=next((one.known_ms for one in parts if one.known_ms is not None), None),
        scores=tuple(replace(one, after=n) for n, (_, one) in zip(places, scores, strict=True)),
        certificate=_certificate(parts),
        use_by_ms=_end_of_day(lot),
        graded=lot.graded,
        entries=entries,
    )
    return Told(history, tuple(_contradictions(line, stays)), frozenset(rooms))


def product_of(lot: Lot) -> Product:
    """What a lot is, as the science knows it."""
    return Product(
        tuple(Species(one) for one in lot.species.split()) or (Species.UNIDENTIFIED,),
        Form(lot.form),
        Kept(lot.kept),
        Ice(lot.ice),
        IceRatio(lot.ice_ratio),
    )


def ancestors(lot: Lot, until_ms: int) -> list[Ancestor]:
    """A lot and all that it was made of, each until it went into another of them."""
    found = {lot.pk: Ancestor(lot, until_ms)}
    todo = [lot.pk]
    while todo:
        links = Link.objects.filter(child__in=todo).select_related("parent", "event")
        todo = []
        for link in links:
            went_ms, known = link.event.at_ms, found.get(link.parent_id)
            if known is None:
                todo.append(link.parent_id)
            if known is None or known.until_ms < went_ms:
                found[link.parent_id] = Ancestor(link.parent, went_ms)
        if len(found) > MOST_PARENTS:
            raise TooManyParents(f"lot {lot.ref} was made of more than {MOST_PARENTS} lots")
    return list(found.values())


Stays = Mapping[int, Sequence[Stay]]


def _stays(line: Iterable[Ancestor]) -> Stays:
    by_lot: dict[int, list[Stay]] = {}
    found = Stay.objects.filter(lot__in=[one.lot.pk for one in line])
    for stay in found.order_by("from_ms", "id"):
        by_lot.setdefault(stay.lot_id, []).append(stay)
    return by_lot


def _rooms(stays: Stays) -> dict[int, Room]:
    wanted = {stay.room_id for some in stays.values() for stay in some}
    return Room.objects.in_bulk(wanted)


def _strand(one: Ancestor, stays: Iterable[Stay]) -> Strand:
    inside = tuple(
        timeline.Stay(stay.room_id, stay.from_ms, _end(stay, one.until_ms)) for stay in stays
    )
    # Made and gone at once (a sort at landing) is no time, and made later than gone is none either.
    return Strand(min(one.lot.made_ms, one.until_ms), one.until_ms, inside)


def _end(stay: Stay, until_ms: int) -> int:
    return until_ms if stay.until_ms is None else stay.until_ms


def _scores(line: Sequence[Ancestor], until_ms: int) -> list[tuple[int, Score]]:
    """Inspections by time. One that improves counts only where it was of all that is in the lot."""
    lots = {one.lot.pk: one for one in line}
    found = Inspection.objects.filter(lot__in=lots, at_ms__lte=until_ms).order_by("at_ms", "id")
    scores = []
    for one in found:
        alone = all(
            other.lot.pk == one.lot_id or not other.lot.made_ms <= one.at_ms < other.until_ms
            for other in line
        )
        side = Side(one.side)
        if alone or side is not Side.INDEPENDENT:
            scores.append((one.at_ms, Score(side, one.score, one.out_of)))
    return scores


def _cut(legs: Iterable[Leg], at: Iterable[int]) -> list[Leg]:
    """The legs, cut where somebody scored."""
    edges, out = sorted(set(at)), []
    for leg in legs:
        from_ms = leg.from_ms
        for edge in edges:
            if from_ms < edge < leg.until_ms:
                out.append(Leg(from_ms, edge, leg.places))
                from_ms = edge
        out.append(Leg(from_ms, leg.until_ms, leg.places))
    return out


@dataclass(frozen=True, slots=True)
class _Part:
    """A leg with what was measured: its exposure, its first and last bin, its first record."""

    where: Where
    exposure: Exposure
    first: Bin = DARK
    last: Bin = DARK
    known_ms: int | None = None
    certificate: Certificate | None = None
    scattered: bool = False
    """Nobody says where a part of it was, while the rest was somewhere."""
    places: int = 0
    sources: tuple[Source, ...] = ()


def _part(leg: Leg, rooms: Mapping[int, Room]) -> _Part:
    window = Stretch(leg.from_ms, leg.until_ms)
    here = [rooms[place] for place in leg.places if place != NOWHERE]
    trucks = any(room.kind == RoomKind.TRUCK for room in here)
    where = Where.TRANSPORT if trucks else Where.STORED if here else Where.BETWEEN
    if not here:
        return _measured(where, leg, here)
    sources = tuple(one for room in here for one in tracks.sources(room.asset_id, window))
    if len(leg.places) > 1:
        part = _measured(where, leg, here)
    else:
        part = _alone(where, here[0].asset_id, window)
    return replace(part, places=len(leg.places), sources=sources)


def _measured(where: Where, leg: Leg, here: Sequence[Room]) -> _Part:
    """Several places at once, or none: the worst of them at each moment."""
    window = Stretch(leg.from_ms, leg.until_ms)
    dark = [[Piece(*window, DARK)]] if NOWHERE in leg.places or not here else []
    lines = [*dark, *(cells.pieces(room.asset_id, window) for room in here)]
    found = timeline.overlay(lines, timeline.doubtful)
    recorded = (one.from_ms for one in found if one.bin.state in RECORDED)
    certificate = sensing.worst(tracks.certificate(one.asset_id, window) for one in here)
    return _Part(
        where,
        timeline.exposure(found),
        found[0].bin,
        found[-1].bin,
        next(recorded, None),
        certificate if here else None,
        scattered=bool(here) and NOWHERE in leg.places,
    )


def _alone(where: Where, asset: int, window: Stretch) -> _Part:
    """One place, by its cells; its ends by the readings there."""
    exposure = cells.exposure(asset, window)
    first = cells.pieces(asset, Stretch(window.from_ms, window.from_ms + 1))[0].bin
    last = cells.pieces(asset, Stretch(window.until_ms - 1, window.until_ms))[-1].bin
    if not exposure.ms(*RECORDED):
        return _Part(where, exposure, first, last)
    known = cells.first_record(asset, window)
    return _Part(where, exposure, first, last, known, tracks.certificate(asset, window))


def _section(part: _Part) -> Section:
    return Section(part.where, part.exposure, part.places, part.sources)


def _charged(parts: Sequence[_Part], place: int) -> Exposure:
    """A part's exposure, with what could not be charged there charged at its neighbours."""
    exposure, scattered = parts[place].exposure, parts[place].scattered
    if not exposure.uncharged_ms and not scattered:
        return exposure
    before = (one.last for one in reversed(parts[:place]) if one.last.milli_celsius is not None)
    behind = (one.first for one in parts[place + 1 :] if one.first.milli_celsius is not None)
    near = [one for one in (next(before, None), next(behind, None)) if one is not None]
    return total(
        Exposure({timeline.charge([one, *near]) if _open(one, scattered) else one: ms})
        for one, ms in exposure.bins.items()
    )


def _open(one: Bin, scattered: bool) -> bool:
    """Whether the neighbours of a part have a say in what this time is charged at."""
    return one.milli_celsius is None or (scattered and one.state is State.UNKNOWN)


def _before(
    lot: Lot, product: Product, begun_ms: int, parts: Sequence[_Part]
) -> tuple[Section, ...]:
    """From the catch to the landing."""
    if lot.catch_ms is None:
        return ()
    known = (one.first for one in parts if one.first.milli_celsius is not None)
    return (verdict.before(product, begun_ms - lot.catch_ms, next(known, DARK)),)


def _certificate(parts: Iterable[_Part]) -> Certificate:
    return sensing.worst(one.certificate for one in parts if one.certificate is not None)


def _end_of_day(lot: Lot) -> int | None:
    """When the use-by day ends in Korea, UTC ms."""
    if lot.use_by is None:
        return None
    end = datetime.combine(lot.use_by, time.max, KOREA)
    return int(end.timestamp() * 1_000)


def _contradictions(line: Iterable[Ancestor], stays: Stays) -> Iterable[Contradiction]:
    """Where the stays of one lot hold more of it than there is."""
    for one in line:
        own = stays.get(one.lot.pk, ())
        edges = sorted({at for stay in own for at in (stay.from_ms, _end(stay, one.until_ms))})
        for from_ms, until_ms in pairwise(edges):
            here = [s for s in own if s.from_ms <= from_ms < _end(s, one.until_ms)]
            if sum(stay.grams for stay in here) > one.lot.grams:
                rooms = tuple(sorted({stay.room_id for stay in here}))
                yield Contradiction(one.lot.pk, rooms, from_ms, until_ms)
