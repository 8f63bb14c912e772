"""What stands on a lot and on all that came of it: 판매 중지, 회수, a laboratory's 부적합.

A mark (`Lot.side`) is copied to whatever came of a lot when it is ordered, and to whatever is made
of a marked lot later (effects/goods.py), so that lists, pages and actions need no walk. Who ordered
a hold, and what was found, is asked upwards. `verify` holds the marks against the holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from server.coldchain import trace
from server.coldchain.acting import Refusal
from server.coldchain.models import Hold, Lot, Sample
from server.coldchain.rules import SIDE_STEPS, HoldState, Reason, SampleState, Side


def reached(sources: Iterable[int]) -> frozenset[int]:
    """These lots and all that came of them. Raises Refusal for more than a trace holds."""
    traced = trace.forward(sources)
    if not traced.complete:
        raise Refusal(Reason.TOO_MANY_PARTS)
    return traced.lots


def mark(sources: frozenset[int], side: Side) -> frozenset[int]:
    """Mark these lots and all that came of them; return which they are. Raises Refusal.

    Others may be making children meanwhile: a marked lot makes none, so once a walk finds nothing
    that is not marked, nothing is missing.
    """
    found: frozenset[int] = frozenset()
    while (now := reached(sources)) != found:
        found = now
        for some in _chunks(found):
            # A lot whose making was undone has nothing to stop, and is marked all the same.
            ids = [one.id for one in _locked(some) if (Side(one.side), side) in SIDE_STEPS]
            Lot.objects.filter(id__in=ids).update(side=side)
    return found


def lift(sources: frozenset[int]) -> None:
    """Free these lots and all that came of them, but for what another hold stands on. Raises
    Refusal.

    Locked before it is asked what stands: a hold that is ordered meanwhile waits, and marks after.
    """
    found = reached(sources)
    held = {one.id for some in _chunks(found) for one in _locked(some) if one.side == Side.HELD}
    still = reached({one.lot_id for one in over(held)})
    for some in _chunks(held - still):
        Lot.objects.filter(id__in=some).update(side=Side.FREE)


def over(lots: Collection[int]) -> list[Hold]:
    """The holds that stand on these lots or on any that they came from, the oldest first."""
    found: dict[int, Hold] = {}
    for some in _chunks(lots):
        rows = Hold.objects.filter(state=HoldState.HELD, lot__in=trace.above(some))
        found |= {one.id: one for one in rows.select_related("lot", "organisation", "ordered")}
    return [found[id_] for id_ in sorted(found)]


def failed(lot: Lot) -> list[Sample]:
    """What a laboratory found 부적합 in a lot or in any that it came from: of each of them the
    newest result counts, and a sample without a result says nothing yet."""
    rows = Sample.objects.filter(lot__in=trace.above([lot.id])).exclude(state=SampleState.TAKEN)
    newest = {one.lot_id: one for one in rows.order_by("result", "id")}
    return [one for one in newest.values() if one.state == SampleState.FAILED]


def _locked(some: Sequence[int]) -> Iterator[Lot]:
    yield from Lot.objects.select_for_update().filter(id__in=some).order_by("id")


def _chunks(ids: Collection[int]) -> Iterator[Sequence[int]]:
    listed = sorted(ids)
    for start in range(0, len(listed), trace.CHUNK):
        yield listed[start : start + trace.CHUNK]
