"""Blank labels: rolls are made in advance, stuck on, and bound to a lot later, once, by a scan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from science import gs1
from server.accounts.rules import Need
from server.coldchain import taking
from server.coldchain.acting import Desk, Refusal, action
from server.coldchain.done import Line
from server.coldchain.effects.moves import serials_of
from server.coldchain.events import Told, happened, new_ref
from server.coldchain.models import Event, Label
from server.coldchain.rules import MAX_PARTS, OVER, Kind, Reason, Status
from server.ledger.keys import entropy
from server.pilots.rules import ActionKind

MAX_LABELS: Final = 5_000
SEED: Final = 16
"""Bytes of chance for a roll, from which all its serials come."""


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def make_roll(desk: Desk, labels: int) -> Event:
    """Make the serials of one roll, each with a letter that checks the others."""
    if not 0 < labels <= MAX_LABELS:
        raise Refusal(Reason.TOO_MANY_PARTS)
    seed = entropy(SEED).hex()
    while _existing(serials_of(seed, labels)):
        seed = entropy(SEED).hex()
    told = {"roll": new_ref(), "labels": labels, "seed": seed}
    return happened(desk, Told(Kind.ROLL_MADE, told=told))


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def bind(desk: Desk, lot: str, serials: tuple[str, ...]) -> Event:
    """Bind labels to a lot that one holds; a label is bound once and for good."""
    (found,) = taking.held(desk, [lot])
    if Status(found.status) in OVER:
        raise Refusal(Reason.WRONG_STATE)
    spelt = [spelled(one) for one in serials]
    if not spelt or len(set(spelt)) != len(spelt):
        raise Refusal(Reason.BAD_INPUT, "serials")
    if len(spelt) > MAX_LABELS:
        raise Refusal(Reason.TOO_MANY_PARTS)
    for one in _labels(spelt):
        if one.lot_id is not None:
            raise Refusal(Reason.LABEL_BOUND)
        if one.void_ms is not None:
            raise Refusal(Reason.LABEL_VOID)
    line = Line(found, boxes=len(spelt))
    return happened(desk, Told(Kind.BOUND, [line], {"labels": sorted(spelt)}))


def spelled(text: str) -> str:
    """A serial as it is kept, from however it was typed or scanned. Raises Refusal."""
    try:
        return gs1.short_code(gs1.short_number(text))
    except gs1.Gs1Error:
        raise Refusal(Reason.LABEL_UNKNOWN) from None


def _existing(serials: Sequence[str]) -> Sequence[str]:
    found: list[str] = []
    for start in range(0, len(serials), MAX_PARTS):
        some = Label.objects.filter(serial__in=serials[start : start + MAX_PARTS])
        found += some.values_list("serial", flat=True)
    return found


def _labels(serials: Sequence[str]) -> list[Label]:
    found: list[Label] = []
    for start in range(0, len(serials), MAX_PARTS):
        some = Label.objects.select_for_update().order_by("serial")
        found += some.filter(serial__in=serials[start : start + MAX_PARTS])
    if len(found) != len(serials):
        raise Refusal(Reason.LABEL_UNKNOWN)
    return found
