"""A lot's card from the tables: what a scanned code stands for, its stages, readings and verdict.

It reads and changes nothing. What partners are called, what was paid and who drove is never asked
for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final

from django.db.models import QuerySet

from science import gs1, verdict
from science.species import Form, Kept, Species
from science.timeline import Stretch
from science.verdict import Verdict
from server.coldchain import looking, standing
from server.coldchain.models import (
    Handover,
    Inspection,
    Label,
    Lot,
    Purchase,
    RecallLot,
    Result,
    Sample,
)
from server.coldchain.rules import (
    Basis,
    Custody,
    Gear,
    RecallPart,
    RecallWhy,
    SampleState,
    Side,
    Status,
)
from server.coldchain.shopper import scans, stages
from server.coldchain.shopper.band import Band, draw
from server.coldchain.shopper.card import Card, Stop, Stopped
from server.coldchain.shopper.journey import Leg
from server.coldchain.shopper.stages import NO_WAY, Known, Way, Window
from server.ledger import log

REF: Final = 16
GONE: Final = (Status.SOLD, Status.SOLD_OUT)
"""Out of the chain: nobody records any more how warm it is."""


@dataclass(frozen=True, slots=True)
class Code:
    """What somebody scanned or typed: a lot, a bound label of it, or a label that is on nothing."""

    lot: Lot | None = None
    label: Label | None = None

    @property
    def name(self) -> str:
        """The code as it stands in our addresses."""
        if self.label is not None:
            return self.label.serial
        return self.lot.ref if self.lot is not None else ""


def find(text: str) -> Code | None:
    """A short code, a lot's ref or an 이력번호 as it was typed. None: no code of ours.

    A label that is void is on nothing: it was stuck on another box than it was bound to.
    """
    try:
        serial = gs1.short_code(gs1.short_number(text))
    except gs1.Gs1Error:
        return _named(text)
    label = Label.objects.select_related("lot").filter(serial=serial).first()
    if label is None or (label.lot is not None and label.lot.status == Status.VOID):
        return None
    return Code(None if label.void_ms is not None else label.lot, label)


def _named(text: str) -> Code | None:
    """A lot by its ref, or by its 이력번호 where that is one lot's alone."""
    if len(text) == REF and text.isascii() and text.isalnum():
        lot = _lots().filter(ref=text.lower()).first()
        return Code(lot) if lot else None
    found = list(_lots().filter(trace_no=text)[:2]) if text.isascii() and text.isdigit() else []
    return Code(found[0]) if len(found) == 1 else None


def linked(address: gs1.Link) -> Code | None:
    """What a Digital Link address stands for."""
    lot = _lots().filter(gtin=address.gtin, code=address.lot).first()
    if lot is None:
        return None
    if not address.serial:
        return Code(lot)
    found = find(address.serial)
    return found if found and found.label and found.label.lot == lot else None


def _lots() -> QuerySet[Lot]:
    return Lot.objects.exclude(status=Status.VOID)


def result_of(lot: Lot, version: int | None = None) -> Result | None:
    """The newest result that the log holds already, or this version of it."""
    rows = Result.objects.filter(lot=lot).order_by("-version")
    some = list(rows[:2] if version is None else rows.filter(version=version))
    there = log.index_of([bytes(one.leaf_hash) for one in some])
    return next((one for one in some if bytes(one.leaf_hash) in there), None)


def card(code: Code, now_ms: int) -> Card:
    """All that the page says of a lot. Raises ValueError for a code that is on nothing."""
    lot = code.lot
    if lot is None:
        raise ValueError("a label that is on no lot has no card")
    stop = stopped(lot)
    result = None if stop else result_of(lot) or Result.objects.filter(lot=lot).first()
    judged = _verdict(result)
    found = stages.way(lot, now_ms) if stop is None else NO_WAY
    drawn, legs = _drawn(found, judged.until_ms if judged else now_ms)
    serial = code.label.serial if code.label else ""
    return Card(
        ref=lot.ref,
        code=lot.code,
        gtin=lot.gtin,
        serial=serial,
        species=tuple(Species(one) for one in lot.species.split()),
        form=Form(lot.form),
        kept=Kept(lot.kept),
        trade=lot.trade,
        origin=lot.origin,
        area=lot.area,
        gear=Gear(lot.gear),
        catch_ms=lot.catch_ms,
        use_by=lot.use_by,
        trace_no=lot.trace_no,
        boxes=lot.boxes,
        legs=legs,
        band=drawn,
        verdict=judged,
        version=result.version if result else 0,
        told=sha256(result.text.encode()).hexdigest() if result else "",
        proved=bool(result and log.index_of([bytes(result.leaf_hash)])),
        recomputable=bool(result and result.history),
        stopped=stop,
        seen=scans.seen(code.label) if code.label else None,
        bought=_bought(code.label),
        ice_seen=Inspection.objects.filter(lot=lot, ice_seen=True).exists(),
        sampled=_sampled(lot),
        dispatched=lot.holder_id is None or lot.status in GONE,
        unanswered=Handover.objects.filter(went=lot, status=Custody.ONE_SIDED).exists(),
        doubted=_doubted(found.windows, now_ms),
    )


def stopped(lot: Lot) -> Stopped | None:
    """Why nothing but a stop may be said of a lot, if so; the gravest reason."""
    if lot.side == Side.RECALLED:
        rows = RecallLot.objects.filter(lot=lot, recall__rehearsal=False)
        found = rows.exclude(part=RecallPart.CONTACT).select_related("recall")
        one = found.order_by("recall__grade", "recall__opened_ms").first()
        if one is None:
            return Stopped(Stop.RECALL, lot.made_ms)
        recall = one.recall
        basis = Basis(recall.basis)
        return Stopped(Stop.RECALL, recall.opened_ms, RecallWhy(recall.why), basis, recall.grade)
    if lot.status == Status.SCRAPPED:
        return Stopped(Stop.SCRAPPED, lot.made_ms)
    if lot.side == Side.HELD:
        hold = next(iter(standing.over([lot.id])), None)
        if hold is None:
            return Stopped(Stop.HOLD, lot.made_ms)
        return Stopped(Stop.HOLD, hold.ordered.at_ms, None, Basis(hold.basis))
    return Stopped(Stop.FEED, lot.made_ms) if lot.feed else None


def _drawn(found: Way, judged_ms: int) -> tuple[Band | None, tuple[Leg, ...]]:
    """The temperature of all places, from the first stay to the end of the last, and the stages;
    what is still open ends where the verdict does: later time is not judged yet."""
    if not found.line:
        return None, ()
    ends = [judged_ms if one.until_ms is None else one.until_ms for one in found.windows]
    end_ms = max([judged_ms, *ends])
    known = Known.of(found, end_ms)
    legs = stages.legs(found, known, end_ms)
    if not ends:
        return None, legs
    window = Stretch(found.windows[0].from_ms, max(ends))
    return draw(known.drawn, window, dark=known.unknown), legs


def _doubted(found: Iterable[Window], now_ms: int) -> tuple[Stretch, ...]:
    stays = (
        (one.stay.room_id, Stretch(one.from_ms, now_ms if one.until_ms is None else one.until_ms))
        for one in found
    )
    return tuple(looking.doubted(stays))


def _verdict(result: Result | None) -> Verdict | None:
    """What was judged last; a result of another version of the form is none that we can read."""
    if result is None:
        return None
    try:
        return verdict.read(json.loads(result.text))
    except ValueError:
        return None


def _bought(label: Label | None) -> date | None:
    row = Purchase.objects.filter(label=label).first() if label else None
    return row.day if row else None


def _sampled(lot: Lot) -> str:
    """State of the newest sample, which a page says as long as nobody holds the lot; what a
    laboratory found in one that it came from stands before it."""
    if standing.failed(lot):
        return f"sample_{SampleState.FAILED}"
    row = Sample.objects.filter(lot=lot).order_by("-id").first()
    return f"sample_{SampleState(row.state)}" if row else ""
