"""인수인계 between members: proposed by who holds, answered by who takes, in whole or in part.

What is accepted of a part becomes a lot of its own (a split), so that a lot is in one pair of hands
only. An open excursion is accepted with a reason or not at all; a refusal needs a photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.accounts.models import Organisation
from server.accounts.rules import Need
from server.coldchain import taking, telling
from server.coldchain.acting import Desk, Refusal, action
from server.coldchain.done import Line
from server.coldchain.events import Told, happened, new_ref
from server.coldchain.handing import Answer, answered, check_photo, settle
from server.coldchain.models import Event, Excursion, Handover
from server.coldchain.rules import MAX_LANDINGS, Custody, Kind, Reason, Step
from server.coldchain.taking import Amount
from server.pilots.rules import ActionKind

OFFERED = "goods-offered"


@dataclass(frozen=True, slots=True)
class To:
    """Who is to take: a member, or "" for somebody who is none; who carries, if another does."""

    organisation: str = ""
    carrier: str = ""


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def offer(desk: Desk, to: To, amounts: tuple[Amount, ...]) -> Event:
    """Propose to hand so much of lots to a member; one hand-over each, waiting for its answer."""
    if not to.organisation:
        raise Refusal(Reason.BAD_INPUT, "organisation")
    event = propose(desk, to, amounts)
    giver = Organisation.objects.get(id=desk.organisation)
    values: dict[str, str | int] = {"organisation": giver.name, "lots": len(amounts)}
    telling.organisation(to.organisation, OFFERED, values, desk.now_ms)
    return event


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def accept(desk: Desk, answers: tuple[Answer, ...], why: str = "") -> Event:
    """Answer hand-overs, many at once: all of each, a part, or nothing of it (grams 0).

    why: the reason for which lots with an open excursion are taken all the same.
    """
    rows = _mine(desk, answers)
    taken = [row for row, one in zip(rows, answers, strict=True) if one.grams != 0]
    open_ = {row.id: count_open(row) for row in taken}
    if any(open_.values()) and not why.strip():
        raise Refusal(Reason.EXCURSION_OPEN)
    for row in taken:
        row.excursions = open_[row.id]
    return settle(desk, list(zip(rows, answers, strict=True)), why)


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def refuse(desk: Desk, handovers: tuple[str, ...], photo: str, why: str) -> Event:
    """Take nothing of these; a photo and a reason are needed."""
    if not why.strip():
        raise Refusal(Reason.WHY_MISSING)
    answers = tuple(Answer(one, 0, 0, photo) for one in handovers)
    rows = _mine(desk, answers)
    return settle(desk, list(zip(rows, answers, strict=True)), why)


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def withdraw(desk: Desk, handovers: tuple[str, ...]) -> Event:
    """Take a proposal back that nobody has answered."""
    rows = answered(handovers, giver=desk.organisation)
    if any(row.status != Custody.PROPOSED for row in rows):
        raise Refusal(Reason.WRONG_STATE)
    lines = [Line(row.lot, boxes=row.boxes, grams=row.grams) for row in rows]
    told = {"handovers": [row.id for row in rows]}
    return happened(desk, Told(Kind.WITHDRAWN, lines, told))


def propose(desk: Desk, to: To, amounts: Sequence[Amount]) -> Event:
    """Write the proposals: by who holds, of what is free and not offered yet. Raises Refusal."""
    if len(amounts) > MAX_LANDINGS:
        raise Refusal(Reason.TOO_MANY_PARTS)
    for name, one in (("organisation", to.organisation), ("carrier", to.carrier)):
        known = Organisation.objects.filter(id=one, ended_ms=None).exists()
        if one and (not known or one == desk.organisation):
            raise Refusal(Reason.BAD_INPUT, name)
    lots = taking.held(desk, [one.lot for one in amounts])
    taking.free(lots)
    used = []
    for lot, amount in zip(lots, amounts, strict=True):
        taking.step(lot, Step.RECEIVE)
        used.append((lot, *taking.weigh(lot, amount)))
        if used[-1][1] == 0:
            raise Refusal(Reason.USED_UP)
    taking.unoffered(used)
    lines = [Line(lot, boxes=boxes, grams=grams) for lot, grams, boxes in used]
    ids = [new_ref() for _ in used]
    told = {"to": to.organisation, "carrier": to.carrier, "handovers": ids}
    own = {"": {"contact": not to.organisation}}
    return happened(desk, Told(Kind.OFFERED, lines, told, own=own))


def count_open(row: Handover) -> int:
    """How many excursions of a lot nobody has closed and signed."""
    return Excursion.objects.filter(lots=row.lot_id, signed_ms=None).count()


def _mine(desk: Desk, answers: Sequence[Answer]) -> list[Handover]:
    rows = answered([one.handover for one in answers], taker=desk.organisation)
    if any(row.status != Custody.PROPOSED for row in rows):
        raise Refusal(Reason.WRONG_STATE)
    for row, one in zip(rows, answers, strict=True):
        check_photo(row, one)
    return rows
