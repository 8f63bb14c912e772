"""In whose hands lots are: the one place that moves a lot to other hands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from server.coldchain.done import Done
from server.coldchain.effects import goods
from server.coldchain.models import Handover, Lot
from server.coldchain.rules import Custody, Status
from server.coldchain.taking import CHUNK

ANSWERED: Final = (
    "status",
    "went",
    "took_grams",
    "took_boxes",
    "photo",
    "excursions",
    "settled",
    "settled_ms",
)


def offer(done: Done) -> None:
    """One hand-over for each line, waiting for its answer."""
    to = {"taker_id": done.told["to"] or None, "carrier_id": done.told["carrier"] or None}
    Handover.objects.bulk_create(
        Handover(
            id=id_,
            lot=one.lot,
            giver_id=done.event.organisation,
            boxes=one.boxes,
            grams=one.grams,
            proposed=done.event,
            made_ms=done.event.noted_ms,
            **to,
        )
        for id_, one in zip(done.told["handovers"], done.lines, strict=True)
    )


def withdraw(done: Done) -> None:
    """Proposals are taken back."""
    take_back(Handover.objects.filter(id__in=done.told["handovers"]), done)


def take_back(rows: Any, done: Done) -> None:
    """Hand-overs that nobody has answered end by this event."""
    ended = {"settled": done.event, "settled_ms": done.event.noted_ms}
    rows.update(status=Custody.WITHDRAWN, **ended)


def settle(done: Done) -> None:
    """Hand-overs are answered. The lots that are taken change hands; what is refused of a one-sided
    hand-over goes back to who gave it."""
    goods.work(done)
    going = _Going(done)
    rows = _rows(id_ for id_, *_ in done.told["handovers"])
    for id_, state, grams, boxes, photo, excursions in done.told["handovers"]:
        row = rows[id_]
        source = going.source(row)
        went = going.lot(source) if grams else None
        if went is not None:
            went.holder_id, went.status = row.taker_id, Status.RECEIVED
            went.save(update_fields=["holder", "status"])
        if row.status == Custody.ONE_SIDED and went is not source:
            source.holder_id = row.giver_id
            source.save(update_fields=["holder"])
        row.status, row.went, row.photo, row.excursions = state, went, photo, excursions
        row.took_grams, row.took_boxes = grams, boxes
        row.settled, row.settled_ms = done.event, done.event.noted_ms
        row.save(update_fields=ANSWERED)


def leave(done: Done) -> None:
    """The goods leave the giver's hands, and no acceptance is counted (수령 미확인)."""
    goods.work(done)
    going = _Going(done)
    rows = _rows(done.told["handovers"])
    for id_ in done.told["handovers"]:
        row = rows[id_]
        went = going.lot(going.source(row))
        went.holder_id = None
        went.save(update_fields=["holder"])
        row.status, row.went = Custody.ONE_SIDED, went
        row.save(update_fields=["status", "went"])


class _Going:
    """Which lots of an event go: those that it names, or the part that it split from one."""

    def __init__(self, done: Done) -> None:
        self._named = {one.lot.id: one.lot for one in done.lines}
        self._parts = {used[0].lot.id: made[0].lot for used, made in goods.families(done.lines)}

    def source(self, row: Handover) -> Lot:
        """The lot that a hand-over is about now."""
        return self._named[row.went_id or row.lot_id]

    def lot(self, source: Lot) -> Lot:
        """The lot that goes."""
        return self._parts.get(source.id, source)


def _rows(ids: Iterable[str]) -> Mapping[str, Handover]:
    listed, found = list(ids), dict[str, Handover]()
    for start in range(0, len(listed), CHUNK):
        found |= Handover.objects.in_bulk(listed[start : start + CHUNK])
    return found
