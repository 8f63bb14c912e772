"""양륙 and 위판: lots come into being, go through the auction, and are corrected until 정산."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Final

from science.species import Form, Ice, IceRatio, Kept, Species
from server.accounts.contacts import Contact
from server.accounts.rules import Need
from server.coldchain import correcting, taking
from server.coldchain.acting import Desk, Refusal, action
from server.coldchain.actions import reports
from server.coldchain.done import Line
from server.coldchain.events import Told, happened
from server.coldchain.making import new
from server.coldchain.models import Award, Event, EventLot, Lot, Party, Place
from server.coldchain.rules import (
    AHEAD_MS,
    MAX_LANDINGS,
    Gear,
    Kind,
    Part,
    Reason,
    Source,
    Status,
    Step,
)
from server.pilots.rules import ActionKind

LIMITS: Final = {"trade": 40, "area": 40, "vessel": 60, "origin": 40, "code": 20, "trace_no": 20}

MAX_KRW: Final = 10**12
"""Of one lot."""


@dataclass(frozen=True, slots=True)
class Landing:
    """What is said of one landed lot. catch_ms None: nobody knows (어획 시각 미상)."""

    trade: str
    species: Species
    grams: int
    boxes: int = 0
    form: Form = Form.WHOLE
    kept: Kept = Kept.CHILLED
    catch_ms: int | None = None
    catch_by: Source = Source.NOBODY
    ice: Ice = Ice.UNSTATED
    ice_ratio: IceRatio = IceRatio.UNRECORDED
    area: str = ""
    gear: Gear = Gear.UNKNOWN
    vessel: str = ""
    origin: str = ""
    use_by: date | None = None
    code: str = ""
    gtin: str = ""
    trace_no: str = ""
    graded: bool = False


@dataclass(frozen=True, slots=True)
class Sold:
    """What an auction gave one lot to: 중도매인 번호, and the price of the whole lot if told."""

    lot: str
    dealer: str
    krw: int | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """What was wrong of a lot, by the columns of `Landing`; None: stays as it is."""

    trade: str | None = None
    species: Species | None = None
    form: Form | None = None
    kept: Kept | None = None
    catch_ms: int | None = None
    catch_unknown: bool = False
    catch_by: Source | None = None
    ice: Ice | None = None
    ice_ratio: IceRatio | None = None
    area: str | None = None
    gear: Gear | None = None
    vessel: str | None = None
    origin: str | None = None
    use_by: date | None = None
    trace_no: str | None = None
    graded: bool | None = None
    grams: int | None = None
    boxes: int | None = None


@action(Need.OPERATE, ActionKind.NEW)
def land(
    desk: Desk, landings: tuple[Landing, ...], place: str = "", fisher: Contact | None = None
) -> Event:
    """Land lots, one or a whole night's list, all or none of them; `place`: one of one's own.

    fisher: where the receipt goes, of somebody who agreed to it; None: nobody did.
    """
    if not landings:
        raise Refusal(Reason.BAD_INPUT, "landings")
    if len(landings) > MAX_LANDINGS:
        raise Refusal(Reason.TOO_MANY_PARTS)
    where = _place(desk, place)
    lots = [_landed(desk, one, where) for one in landings]
    lines = [Line(lot, Part.MADE, lot.boxes, lot.grams) for lot in lots]
    own = {"": {"receipt": fisher is not None and fisher.address != ""}}
    event = happened(desk, Told(Kind.LANDED, lines, {"lots": len(lots)}, place=where, own=own))
    if fisher is not None and fisher.address:
        reports.receipt(event, fisher, desk.now_ms)
    return event


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def pass_in(desk: Desk, lots: tuple[str, ...]) -> Event:
    """유찰: nobody bid; the lots may be called again (재경매)."""
    found = taking.held(desk, lots)
    _can(found, Step.PASS_IN)
    return happened(desk, Told(Kind.PASSED_IN, [Line(one) for one in found]))


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def award(desk: Desk, sold: tuple[Sold, ...]) -> Event:
    """낙찰: each lot has a buyer. The price stays in the table and never enters the log."""
    if any(one.krw is not None and not 0 <= one.krw <= MAX_KRW for one in sold):
        raise Refusal(Reason.BAD_INPUT, "krw")
    found = taking.held(desk, [one.lot for one in sold])
    _can(found, Step.AWARD)
    dealers = {one.dealer for one in sold}
    buyers = dict(Party.objects.filter(dealer__in=dealers).values_list("dealer", "organisation"))
    own = {
        one.lot: {"dealer": one.dealer[:20], "buyer_id": buyers.get(one.dealer), "krw": one.krw}
        for one in sold
    }
    return happened(desk, Told(Kind.AWARDED, [Line(one) for one in found], own=own))


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def settle(desk: Desk, lots: tuple[str, ...]) -> Event:
    """정산: from now on numbers stay, and an error is only declared."""
    found = taking.seen(desk, lots)
    _own(desk, found)
    if any(one.settled_ms is not None for one in found):
        raise Refusal(Reason.SETTLED)
    if any(not Award.objects.filter(lot=one).exists() for one in found):
        raise Refusal(Reason.WRONG_STATE)
    return happened(desk, Told(Kind.SETTLED, [Line(one) for one in found]))


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def correct(desk: Desk, lot: str, correction: Correction, why: str) -> Event:
    """Correct what was said of a lot by who made it, until 정산: an event that declares the error.

    The event that made the lot stays as it is. What other lots have from this one follows, and the
    event names them all. A weight is corrected as far as what was taken and made bears it out, in
    the hands of who made it: what others have taken over, they have weighed.
    """
    (found,) = taking.seen(desk, [lot])
    _own(desk, [found])
    if not why.strip():
        raise Refusal(Reason.WHY_MISSING)
    if found.settled_ms is not None:
        raise Refusal(Reason.SETTLED)
    before = copy(found)
    changed = _apply(found, correction)
    if not changed:
        raise Refusal(Reason.BAD_INPUT)
    _check_catch(desk, found.catch_ms, found.made_ms)
    lots = [found, *correcting.reach(before, found)]
    lines = [Line(one, Part.NAMED, one.boxes, one.grams) for one in lots]
    told = {"changed": sorted(changed), "lot": found.ref}
    return happened(desk, Told(Kind.CORRECTED, lines, told, said=why, corrects=found.event))


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def declare_error(desk: Desk, event: str, why: str) -> Event:
    """Say that an event of one's own was wrong, or that something did not come into one's truck or
    leave it as others told, changing nothing: the only way after 정산."""
    wrong = Event.objects.filter(taking.answerable(desk.organisation), ref=event).first()
    if wrong is None:
        raise Refusal(Reason.NOT_FOUND)
    if not why.strip():
        raise Refusal(Reason.WHY_MISSING)
    lots = [one.lot for one in EventLot.objects.filter(event=wrong).select_related("lot")]
    lines = [Line(one) for one in dict.fromkeys(lots)]
    return happened(desk, Told(Kind.DECLARED, lines, said=why, corrects=wrong))


def _landed(desk: Desk, one: Landing, where: Place | None) -> Lot:
    _check_catch(desk, one.catch_ms, desk.when_ms)
    given = asdict(one)
    for name in LIMITS:
        if not _writable(name, given[name]):
            raise Refusal(Reason.BAD_INPUT, name)
    if not one.trade.strip():
        raise Refusal(Reason.BAD_INPUT, "trade")
    if (one.catch_ms is None) is not (one.catch_by is Source.NOBODY):
        raise Refusal(Reason.BAD_INPUT, "catch_by")
    return new(desk, {**given, "landed": where, "status": Status.LANDED})


def _check_catch(desk: Desk, catch_ms: int | None, before_ms: int) -> None:
    if catch_ms is not None and not 0 < catch_ms <= min(before_ms, desk.now_ms + AHEAD_MS):
        raise Refusal(Reason.FUTURE, "catch_ms")


def _place(desk: Desk, place: str) -> Place | None:
    if not place:
        return None
    found = Place.objects.filter(id=place, organisation=desk.organisation, ended_ms=None).first()
    if found is None:
        raise Refusal(Reason.NOT_FOUND)
    return found


def _own(desk: Desk, lots: Sequence[Lot]) -> None:
    if any(one.maker_id != desk.organisation for one in lots):
        raise Refusal(Reason.NOT_HOLDER)


def _can(lots: Sequence[Lot], step: Step) -> None:
    """Whether this can be done to all of them. Raises Refusal."""
    for one in lots:
        taking.step(one, step)
    taking.free(lots)


def _apply(lot: Lot, correction: Correction) -> set[str]:
    """Change the lot's columns, not yet written; return which. Raises Refusal."""
    given: dict[str, Any] = {
        one.name: getattr(correction, one.name)
        for one in fields(correction)
        if one.name != "catch_unknown" and getattr(correction, one.name) is not None
    }
    if correction.catch_unknown:
        given |= {"catch_ms": None, "catch_by": Source.NOBODY}
    if {"grams", "boxes"} & set(given):
        if lot.holder_id != lot.maker_id:
            raise Refusal(Reason.NOT_HOLDER)
        correcting.weigh(lot, given.get("grams", lot.grams), given.get("boxes", lot.boxes))
    for name, value in given.items():
        if name in LIMITS and not _writable(name, value):
            raise Refusal(Reason.BAD_INPUT, name)
        setattr(lot, name, value)
    if not lot.trade.strip():
        raise Refusal(Reason.BAD_INPUT, "trade")
    return set(given)


def _writable(name: str, text: str) -> bool:
    """Whether a text is short enough for its column and can be printed."""
    return len(text) <= LIMITS[name] and text.isprintable()
