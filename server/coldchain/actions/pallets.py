"""Boxes on a pallet, and off again: the lots stay what they are."""

from __future__ import annotations

from science import gs1
from server.accounts.rules import Need
from server.coldchain import taking
from server.coldchain.acting import Desk, Refusal, action
from server.coldchain.done import Line
from server.coldchain.events import Told, happened, new_ref
from server.coldchain.models import Event, OnPallet, Pallet
from server.coldchain.rules import MAX_PARTS, Kind, Reason
from server.coldchain.taking import Amount
from server.pilots.rules import ActionKind

SSCC = 18


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def pack(desk: Desk, amounts: tuple[Amount, ...], sscc: str = "") -> Event:
    """Put boxes of lots on a new pallet; its id stands in the event."""
    if len(amounts) > MAX_PARTS:
        raise Refusal(Reason.TOO_MANY_PARTS)
    lots = taking.held(desk, [one.lot for one in amounts])
    weights = [taking.weigh(lot, one) for lot, one in zip(lots, amounts, strict=True)]
    if any(grams == 0 for grams, _ in weights):
        raise Refusal(Reason.USED_UP)
    if OnPallet.objects.filter(lot__in=[one.id for one in lots], off=None).exists():
        raise Refusal(Reason.ELSEWHERE)
    lines = [
        Line(lot, boxes=boxes, grams=grams)
        for lot, (grams, boxes) in zip(lots, weights, strict=True)
    ]
    told = {"pallet": new_ref(), "sscc": _sscc(sscc)}
    return happened(desk, Told(Kind.PACKED, lines, told))


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def unpack(desk: Desk, pallet: str) -> Event:
    """Take off a pallet what of it one holds; when nothing is left on it, the pallet is no more."""
    found = Pallet.objects.select_for_update().filter(id=pallet).first()
    if found is None:
        raise Refusal(Reason.NOT_FOUND)
    on_it = OnPallet.objects.filter(pallet=found, off=None).select_related("lot").order_by("id")
    contents = list(on_it)
    if found.ended_ms is not None or not contents:
        raise Refusal(Reason.WRONG_STATE)
    mine = [one for one in contents if one.lot.holder_id == desk.organisation]
    taking.held(desk, [one.lot.ref for one in mine or contents])
    lines = [Line(one.lot, boxes=one.boxes, grams=one.grams) for one in mine]
    return happened(desk, Told(Kind.UNPACKED, lines, {"pallet": found.id}))


def contents(pallet: str) -> tuple[Amount, ...]:
    """What is on a pallet now, as amounts to load, unload or offer."""
    rows = OnPallet.objects.filter(pallet=pallet, off=None).order_by("id")
    return tuple(
        Amount(ref, grams, boxes)
        for ref, grams, boxes in rows.values_list("lot__ref", "grams", "boxes")
    )


def _sscc(text: str) -> str:
    fits = not text or (
        len(text) == SSCC and text.isdecimal() and gs1.check_digit(text[:-1]) == text[-1]
    )
    if not fits:
        raise Refusal(Reason.BAD_INPUT, "sscc")
    return text
