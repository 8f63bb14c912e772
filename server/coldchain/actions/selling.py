"""판매, 품절, 폐기; and what a shopper says: bought on that day, something is wrong."""

from __future__ import annotations

from datetime import date

from server.accounts.rules import Need
from server.coldchain import taking
from server.coldchain.acting import Desk, Refusal, action
from server.coldchain.actions.labels import spelled
from server.coldchain.done import Line
from server.coldchain.events import Told, happened
from server.coldchain.models import Event, Label, Lot
from server.coldchain.rules import DISPUTES, Kind, ProblemKind, Reason, Status, Step
from server.pilots.days import day_of
from server.pilots.rules import ActionKind

LONGEST = 500


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def put_on_sale(desk: Desk, lots: tuple[str, ...]) -> Event:
    """Offer lots to shoppers; feed is no food."""
    return _move(desk, lots, Step.OFFER_FOR_SALE, Kind.ON_SALE)


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def sell(desk: Desk, lots: tuple[str, ...]) -> Event:
    """The whole lots are sold."""
    return _move(desk, lots, Step.SELL, Kind.SOLD)


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def sell_out(desk: Desk, lots: tuple[str, ...]) -> Event:
    """품절: nothing of these is left on the shelf."""
    return _move(desk, lots, Step.SELL_OUT, Kind.SOLD_OUT)


@action(Need.OPERATE, ActionKind.LEAVE)
def scrap(desk: Desk, lots: tuple[str, ...], said: str = "") -> Event:
    """폐기: these are destroyed; held and recalled lots too."""
    return _move(desk, lots, Step.SCRAP, Kind.SCRAPPED, said)


@action(Need.OPEN, ActionKind.LEAVE)
def mark_purchase(desk: Desk, lot: str, day: date, serial: str = "") -> Event:
    """A shopper's mark, by date, nobody's name; a serial code is bought once."""
    found, label = _scanned(lot, serial)
    if day > day_of(desk.now_ms) or day < day_of(found.made_ms):
        raise Refusal(Reason.FUTURE if day > day_of(desk.now_ms) else Reason.BEFORE_IT_WAS)
    told = {"day": day.isoformat(), "serial": label.serial if label else ""}
    return happened(desk, Told(Kind.PURCHASED, [Line(found)], told))


@action(Need.OPEN, ActionKind.LEAVE)
def report_problem(
    desk: Desk, lot: str, kind: ProblemKind, told: str = "", serial: str = ""
) -> Event:
    """A shopper reports a problem; the words stay in the table and never enter the log."""
    found, label = _scanned(lot, serial)
    if kind in DISPUTES:
        raise Refusal(Reason.BAD_INPUT, "kind")
    if len(told) > LONGEST or "\0" in told:
        raise Refusal(Reason.BAD_INPUT, "told")
    known = {"kind": str(kind), "serial": label.serial if label else ""}
    return happened(desk, Told(Kind.PROBLEM, [Line(found)], known, own={"": {"told": told}}))


def _move(desk: Desk, refs: tuple[str, ...], step: Step, kind: Kind, said: str = "") -> Event:
    lots = taking.held(desk, refs)
    if step is not Step.SCRAP:
        taking.free(lots)
    if step is Step.OFFER_FOR_SALE and any(one.feed for one in lots):
        raise Refusal(Reason.WRONG_STATE)
    for one in lots:
        taking.step(one, step)
    lines = [Line(one, boxes=one.left_boxes, grams=one.left_grams) for one in lots]
    return happened(desk, Told(kind, lines, said=said))


def _scanned(lot: str, serial: str) -> tuple[Lot, Label | None]:
    """A lot by its ref, and the label that was scanned, which must be this lot's."""
    found = Lot.objects.exclude(status=Status.VOID).filter(ref=lot).first()
    if found is None:
        raise Refusal(Reason.NOT_FOUND)
    if not serial:
        return found, None
    label = Label.objects.filter(serial=spelled(serial), lot=found, void_ms=None).first()
    if label is None:
        raise Refusal(Reason.LABEL_UNKNOWN)
    return found, label
