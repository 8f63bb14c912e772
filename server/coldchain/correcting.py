"""What a correction changes: the lot itself, and whatever lots that came of it have from it.

What a lot has from its parents (lineage.py) follows them when they are corrected, unless it was
corrected itself there or was said to be something else when it was made; so it does not matter
whether the correction or the work came first. Form, state and weight are the lot's own and stay.
Settled and sold lots follow, too: weights and prices are not touched, and a shopper reads them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Any, Final

from django.db.models import Sum

from science import balance as mass
from science.balance import Step
from science.species import SPECIES, Species
from server.coldchain import taking, trace
from server.coldchain.acting import Refusal
from server.coldchain.lineage import inherited
from server.coldchain.models import EventLot, Handover, Link, Lot, Stay
from server.coldchain.rules import Custody, Kind, Part, Reason

FOLLOWS: Final = (
    *(("species",), ("trade",), ("catch_ms", "catch_by"), ("ice", "ice_ratio"), ("area",)),
    *(("gear",), ("vessel",), ("origin",), ("use_by",), ("trace_no",)),
)
"""Columns that follow the parents; those of one group together or not at all."""


def reach(before: Lot, now: Lot) -> list[Lot]:
    """The lots that change with a corrected one, locked and changed, not yet written; parents come
    before their children. Raises Refusal for more than a trace holds."""
    lots = _descendants(now.id)
    parents = _parents(lots)
    others = {one for some in parents.values() for one in some} - {*lots, now.id}
    has = {**_read(others), **lots, now.id: now}
    had = {id_: copy(one) for id_, one in has.items()} | {now.id: before}
    own = _corrected(lots)
    changed = []
    for id_ in sorted(lots):
        told = [inherited([side[one] for one in parents[id_]]) for side in (had, has)]
        if _follow(lots[id_], told[0], told[1], own.get(id_, set())):
            changed.append(lots[id_])
    return changed


def _follow(lot: Lot, had: Mapping[str, Any], has: Mapping[str, Any], own: set[str]) -> bool:
    """Change what this lot has from its parents; whether there was any."""
    follows = [
        name
        for group in FOLLOWS
        if not own & set(group) and all(getattr(lot, name) == had[name] for name in group)
        for name in group
        if had[name] != has[name]
    ]
    for name in follows:
        setattr(lot, name, has[name])
    return bool(follows)


def _descendants(lot: int) -> dict[int, Lot]:
    """All that came of a lot, locked. Others may be making children meanwhile: it is walked until
    nothing is found that is not locked."""
    found: dict[int, Lot] = {}
    while True:
        traced = trace.forward((lot,))
        if not traced.complete:
            raise Refusal(Reason.TOO_MANY_PARTS)
        new = sorted(traced.lots - {lot, *found})
        if not new:
            return found
        for start in range(0, len(new), taking.CHUNK):
            some = Lot.objects.select_for_update().filter(id__in=new[start : start + taking.CHUNK])
            found |= {one.id: one for one in some.order_by("id")}


def _parents(lots: Iterable[int]) -> dict[int, list[int]]:
    """The parents of each lot, in the order in which they were taken."""
    found: dict[int, list[int]] = {}
    for some in _chunks(lots):
        rows = Link.objects.filter(child__in=some).order_by("id")
        for child, parent in rows.values_list("child", "parent"):
            found.setdefault(child, []).append(parent)
    return found


def _read(lots: Iterable[int]) -> dict[int, Lot]:
    return {one.id: one for some in _chunks(lots) for one in Lot.objects.filter(id__in=some)}


def _corrected(lots: Iterable[int]) -> dict[int, set[str]]:
    """The columns in which each lot was itself corrected."""
    found: dict[int, set[str]] = {}
    for some in _chunks(lots):
        rows = EventLot.objects.filter(lot__in=some, event__kind=Kind.CORRECTED)
        for lot, ref, text in rows.values_list("lot", "lot__ref", "event__told"):
            told = json.loads(text)
            if told.get("lot", ref) == ref:
                found.setdefault(lot, set()).update(told["changed"])
    return found


def weigh(lot: Lot, grams: int, boxes: int) -> None:
    """Correct the weight of a lot, not yet written. Raises Refusal where more was taken of it, lies
    somewhere or is offered, and where it would be more than its parents gave."""
    taking.sane(grams, boxes)
    left = (grams - (lot.grams - lot.left_grams), boxes - (lot.boxes - lot.left_boxes))
    if min(left) < 0:
        raise Refusal(Reason.MORE_WAS_TAKEN)
    if _sum(Stay.objects.filter(lot=lot, until_ms=None)) > left[0]:
        raise Refusal(Reason.ELSEWHERE)
    if _sum(Handover.objects.filter(lot=lot, status=Custody.PROPOSED)) > left[0]:
        raise Refusal(Reason.OFFERED_ALREADY)
    _check_making(lot, grams)
    lot.grams, lot.boxes = grams, boxes
    lot.left_grams, lot.left_boxes = left


def _sum(rows: Any) -> int:
    return int(rows.aggregate(sum=Sum("grams"))["sum"] or 0)


def _check_making(lot: Lot, grams: int) -> None:
    """No more came out of a step than went in, with all its lots as they are corrected."""
    parents = _parents([lot.id]).get(lot.id, [])
    if not parents:
        return
    named = EventLot.objects.filter(event=lot.event).select_related("lot")
    used = sum(one.grams for one in named if one.part == Part.USED and one.lot_id in parents)
    made = [one.lot for one in named if one.part == Part.MADE and _kin(one.lot, parents)]
    told = json.loads(lot.event.told)
    weights = [(one.feed, grams if one.id == lot.id else one.grams) for one in made]
    products = sum(weight for feed, weight in weights if not feed)
    rest = sum(weight for feed, weight in weights if feed)
    rest += told.get("waste", 0) + told.get("loss", 0)
    step = Step(told.get("step", Step.SPLIT))
    family = SPECIES[Species(lot.species.split()[0])].family
    weighed = mass.Weighed(used, products, rest)
    if not mass.balance(weighed, mass.bounds_of(step, family)).possible:
        raise Refusal(Reason.HEAVIER)


def _kin(lot: Lot, parents: Sequence[int]) -> bool:
    return Link.objects.filter(child=lot, parent__in=parents).exists()


def _chunks(ids: Iterable[int]) -> Iterable[list[int]]:
    listed = sorted(ids)
    for start in range(0, len(listed), taking.CHUNK):
        yield listed[start : start + taking.CHUNK]
