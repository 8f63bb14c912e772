"""Events of our tables as facts, for one organisation: its own in full, others' as far as it may.

Of what others did it is told what, when and with which lots; not where, nor whom they dealt with
unless it is one of the two, nor what they weighed of lots that are no business of its own. The
vessel's name is for who made the lot.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db.models import Q

from science.histogram import RECORDED, Exposure
from science.timeline import Stretch
from server.coldchain import cells
from server.coldchain.epcis import ids
from server.coldchain.epcis.facts import Catch, Declared, Fact, Goods, Job, Sensed
from server.coldchain.epcis.ids import Noun
from server.coldchain.epcis.vocabulary import SHAPES, Disposition, Shape, Type, Wrong
from server.coldchain.exchange import names
from server.coldchain.exchange.names import Viewer
from server.coldchain.models import Event, EventLot, Handover, Link, Lot, Room, Sample, Stay
from server.coldchain.rules import Kind, Part, RoomKind, SampleState

FOUND = {
    SampleState.PASSED: Disposition.CONFORMANT,
    SampleState.FAILED: Disposition.NON_CONFORMANT,
}
MOVES = (Kind.LOADED, Kind.UNLOADED)
PALLETS = (Kind.PACKED, Kind.UNPACKED)
HANDS = (Kind.OFFERED, Kind.WITHDRAWN, Kind.RECEIVED, Kind.REFUSED, Kind.LEFT)


@dataclass(slots=True)
class _Event:
    """An event with what belongs to it."""

    row: Event
    shape: Shape
    own: bool
    told: Mapping[str, Any]
    lines: list[EventLot] = field(default_factory=list)
    later: list[Event] = field(default_factory=list)


def facts(rows: Sequence[Event], viewer: Viewer) -> list[Fact]:
    """These events for this viewer, in their order. An event that says several things at once (a
    landing of lots from several catches, a part taken over) is several facts."""
    gathered = _gathered(rows, viewer)
    ours = _ours(gathered, viewer)
    found: list[Fact] = []
    for one in gathered:
        several = [fact for fact in _facts(one, viewer, ours) if fact.goods]
        found += [
            replace(fact, id=ids.own(Noun.EVENT, one.row.ref, number or ""))
            for number, fact in enumerate(several)
        ]
    return found


def _gathered(rows: Sequence[Event], viewer: Viewer) -> list[_Event]:
    found = {
        row.id: _Event(
            row,
            SHAPES[Kind(row.kind)],
            viewer.inspects or row.organisation == viewer.organisation,
            json.loads(row.told),
        )
        for row in rows
        if row.kind in SHAPES
    }
    lines = EventLot.objects.filter(event__in=found).select_related("lot__landed").order_by("id")
    for line in lines:
        found[line.event_id].lines.append(line)
    for later in Event.objects.filter(corrects__in=found).order_by("id"):
        assert later.corrects_id is not None
        found[later.corrects_id].later.append(later)
    return [one for one in found.values() if one.lines]


def _ours(gathered: Sequence[_Event], viewer: Viewer) -> set[int] | None:
    """Lots that the viewer has to do with; None: all of them."""
    if viewer.inspects:
        return None
    lots = {line.lot_id for one in gathered if not one.own for line in one.lines}
    some, seen = sorted(lots), set[int]()
    for start in range(0, len(some), names.CHUNK):
        rows = viewer.lots(Lot.objects.filter(id__in=some[start : start + names.CHUNK]))
        seen |= set(rows.values_list("id", flat=True))
    return seen


def _facts(one: _Event, viewer: Viewer, ours: set[int] | None) -> Iterator[Fact]:
    base = _base(one, viewer)
    mine = [line for line in one.lines if one.own or ours is None or line.lot_id in ours]
    if not mine:
        return
    made = [line for line in mine if line.part == Part.MADE]
    if one.row.kind == Kind.LANDED:
        yield from _landed(one, base, made, viewer)
        return
    if one.row.kind == Kind.CORRECTED:
        yield from _caught(base, ((line, _newest(one, line)) for line in mine), viewer)
        return
    parts = any(line.part == Part.MADE for line in one.lines)
    if one.shape.type is not Type.TRANSFORMATION:
        goods = [_line(line) for line in mine if not (parts and line.part == Part.USED)]
        yield replace(base, goods=tuple(goods))
    if parts:
        yield from _families(one, base, {line.lot_id for line in mine}, viewer)


def _base(one: _Event, viewer: Viewer) -> Fact:
    """What is the same for all that an event says."""
    row, shape = one.row, one.shape
    giver, taker, carrier = _hands(one, viewer)
    return Fact(
        id="",
        type=shape.type,
        at_ms=row.at_ms,
        step=shape.step,
        action=shape.action,
        disposition=_disposition(one),
        noted_ms=row.noted_ms,
        parent=_parent(one),
        place=names.place(row.place) if row.place and one.own else "",
        giver=giver,
        taker=taker,
        sensed=tuple(_sensed(one)),
        declared=_declared(one.later),
        kind=row.kind,
        carrier=carrier,
    )


def _disposition(one: _Event) -> Disposition:
    if one.row.kind == Kind.LOADED:
        truck = Room.objects.filter(id=one.told["room"], kind=RoomKind.TRUCK).exists()
        return one.shape.disposition if truck else Disposition.IN_PROGRESS
    if one.row.kind == Kind.RESULT:
        state = Sample.objects.filter(result=one.row).values_list("state", flat=True).first()
        return FOUND.get(SampleState(state or SampleState.TAKEN), one.shape.disposition)
    return one.shape.disposition


def _parent(one: _Event) -> str:
    if one.row.kind in MOVES:
        return ids.own(Noun.ROOM, one.told["room"])
    return names.pallet(one.told["pallet"]) if one.row.kind in PALLETS else ""


def _hands(one: _Event, viewer: Viewer) -> tuple[str, str, str]:
    """Giver, taker and carrier, for the three of them and an authority."""
    if one.row.kind not in HANDS:
        return "", "", ""
    rows = Handover.objects.filter(Q(proposed=one.row) | Q(settled=one.row))
    refs = one.told["handovers"]
    left = Handover.objects.filter(id__in=refs) if one.row.kind == Kind.LEFT else rows
    found = list(left.values_list("giver", "taker", "carrier").distinct()[:2])
    known = len(found) == 1 and (viewer.inspects or viewer.organisation in found[0])
    if not known:
        return "", "", ""
    giver, taker, carrier = (name or "" for name in found[0])
    uris = names.parties([giver, taker, carrier])
    return uris.get(giver, ""), uris.get(taker, ""), uris.get(carrier, "")


def _landed(one: _Event, base: Fact, made: Iterable[EventLot], viewer: Viewer) -> Iterator[Fact]:
    """Lots of one catch together; of a lot that was corrected nobody knows any more what was said
    first, and the correction says what holds."""
    corrected = _corrected(one)
    yield from _caught(base, ((line, line.lot_id not in corrected) for line in made), viewer)


def _caught(base: Fact, lines: Iterable[tuple[EventLot, bool]], viewer: Viewer) -> Iterator[Fact]:
    """A fact for the lots of each catch; of those that are not known (False) none is told."""
    groups: dict[Catch | None, list[Goods]] = {}
    for line, known in lines:
        catch = _catch(line.lot, viewer) if known else None
        groups.setdefault(catch, []).append(_new(line, known=known))
    for catch, goods in groups.items():
        yield replace(base, goods=tuple(goods), catch=catch)


def _corrected(one: _Event) -> set[int]:
    """Lots of the event that were corrected later, themselves or at a parent."""
    lots, found = [line.lot_id for line in one.lines], set[int]()
    for start in range(0, len(lots), names.CHUNK):
        some = EventLot.objects.filter(
            lot__in=lots[start : start + names.CHUNK], event__kind=Kind.CORRECTED
        )
        found |= set(some.values_list("lot", flat=True))
    return found


def _newest(one: _Event, line: EventLot) -> bool:
    """Whether no later correction of this lot says something else."""
    later = EventLot.objects.filter(lot=line.lot_id, event__kind=Kind.CORRECTED)
    return not later.filter(event__id__gt=one.row.id).exists()


def _families(one: _Event, base: Fact, mine: set[int], viewer: Viewer) -> Iterator[Fact]:
    """Parents and what came of them. Of lots that are not the viewer's, only their names."""
    lines = {(line.lot_id, line.part): line for line in one.lines}
    corrected = _corrected(one)
    children: dict[int, list[int]] = {}
    for parent, child in (
        Link.objects.filter(event=one.row).order_by("id").values_list("parent", "child")
    ):
        children.setdefault(child, []).append(parent)
    families: dict[tuple[int, ...], list[int]] = {}
    for child, theirs in children.items():
        families.setdefault(tuple(theirs), []).append(child)
    shape = base if base.type is Type.TRANSFORMATION else _part(base)
    for parents, made in families.items():
        used = [lines[id_, Part.USED] for id_ in parents]
        born = [lines[id_, Part.MADE] for id_ in made]
        first = next((line for line in born if line.lot_id not in corrected), None)
        yield replace(
            shape,
            goods=tuple(_line(line, line.lot_id in mine) for line in used),
            made=tuple(
                _new(line, known=line.lot_id not in corrected)
                if line.lot_id in mine
                else _line(line, weighed=False)
                for line in born
            ),
            catch=_catch(first.lot, viewer) if first and first.lot_id in mine else None,
            job=_job(one),
        )


def _part(base: Fact) -> Fact:
    """The split that a hand-over of a part brings with it."""
    shape = SHAPES[Kind.SPLIT]
    split = replace(base, type=shape.type, action=None, step=shape.step, giver="", taker="")
    return replace(split, disposition=shape.disposition, sensed=())


def _job(one: _Event) -> Job:
    if not one.own or "step" not in one.told:
        return Job(str(one.told.get("step", "split")))
    return Job(one.told["step"], one.told["waste"], one.told["loss"])


def _line(line: EventLot, weighed: bool = True) -> Goods:
    if not weighed:
        return Goods(names.lot(line.lot))
    return Goods(names.lot(line.lot), line.grams, line.boxes)


def _new(line: EventLot, *, known: bool) -> Goods:
    """A lot as it was made; known False: what was said of it then was corrected since."""
    lot = line.lot
    if not known:
        return _line(line)
    return replace(_line(line), trade=lot.trade, form=lot.form, kept=lot.kept, feed=lot.feed)


def _catch(lot: Lot, viewer: Viewer) -> Catch:
    own = lot.maker_id == viewer.organisation
    return Catch(
        species=tuple(lot.species.split()),
        catch_ms=lot.catch_ms,
        catch_by=lot.catch_by,
        area=lot.area,
        gear=lot.gear,
        vessel=lot.vessel if own else "",
        landed=names.place(lot.landed) if lot.landed and own else "",
        origin=lot.origin,
        ice=lot.ice,
        ice_ratio=lot.ice_ratio,
        use_by=lot.use_by.isoformat() if lot.use_by else "",
        trace_no=lot.trace_no,
    )


def _declared(later: Sequence[Event]) -> Declared | None:
    if not later:
        return None
    undone = any(row.kind == Kind.UNDONE for row in later)
    right = [ids.own(Noun.EVENT, row.ref) for row in later if row.kind == Kind.CORRECTED]
    wrong = Wrong.DID_NOT_OCCUR if undone else Wrong.INCORRECT_DATA
    return Declared(later[-1].noted_ms, wrong, tuple(right))


def _sensed(one: _Event) -> Iterator[Sensed]:
    """At unloading: the air that the goods stood in, for all who see it; once for each window."""
    if one.row.kind != Kind.UNLOADED:
        return
    ended = Stay.objects.filter(unloaded=one.row).select_related("room", "lot").order_by("id")
    seen: set[tuple[int, int]] = set()
    for stay in ended:
        window = (stay.from_ms, stay.until_ms or stay.from_ms)
        if window[0] < window[1] and window not in seen:
            seen.add(window)
            exposure = cells.exposure(stay.room.asset_id, Stretch(*window))
            proof = f"{settings.JAGALCHI.address}/q/{stay.lot.ref}/evidence"
            yield sensed(exposure, window, proof)


def sensed(exposure: Exposure, window: tuple[int, int], proof: str) -> Sensed:
    """What was recorded, and how long nothing was. The mean is by time, to the milli-degree."""
    recorded = exposure.only(RECORDED)
    at = [one.milli_celsius for one in recorded.bins if one.milli_celsius is not None]
    whole_ms = recorded.all_ms
    weighed = sum((one.milli_celsius or 0) * ms for one, ms in recorded.bins.items())
    return Sensed(
        from_ms=window[0],
        until_ms=window[1],
        min_milli=min(at, default=None),
        max_milli=max(at, default=None),
        mean_milli=round(weighed / whole_ms) if whole_ms else None,
        unknown_ms=exposure.unknown_ms,
        proof=proof,
    )
