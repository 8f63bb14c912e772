"""검수, 수거검사, 판매 중지: what somebody found, and what may not be sold until it is cleared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from server.accounts.rules import Need
from server.coldchain import taking
from server.coldchain.acting import Desk, Refusal, action
from server.coldchain.done import Line
from server.coldchain.events import Told, happened
from server.coldchain.handing import check_digest
from server.coldchain.models import Event, Hold, Sample
from server.coldchain.rules import (
    MAX_PARTS,
    Basis,
    HoldState,
    Judge,
    Kind,
    Reason,
    SampleState,
    Side,
)
from server.pilots.rules import ActionKind

MAX_SCALE: Final = 100
"""No published QIM scheme has as many demerits."""


@dataclass(frozen=True, slots=True)
class Score:
    """A QIM score: demerits of at most `out_of`; photo: SHA-256, hex, of what shows the ice."""

    side: Judge
    score: int
    out_of: int
    ice_seen: bool = False
    photo: str = ""


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def inspect(desk: Desk, lot: str, score: Score) -> Event:
    """Score a lot. Only an authority is independent; a seller's score may only worsen a figure."""
    (found,) = taking.seen(desk, [lot])
    taking.check_time(desk, [found])
    independent = score.side is Judge.INDEPENDENT
    if independent is not desk.inspects:
        raise Refusal(Reason.NOT_YOURS_TO_DO)
    if not 0 <= score.score <= score.out_of <= MAX_SCALE or score.out_of == 0:
        raise Refusal(Reason.SCORE_EXCEEDS, "score")
    if score.ice_seen and not score.photo:
        raise Refusal(Reason.PHOTO_MISSING)
    check_digest(score.photo)
    told = {
        "side": str(score.side),
        "score": score.score,
        "out_of": score.out_of,
        "ice_seen": score.ice_seen,
        "photo": score.photo,
    }
    own = {"": {"photo": score.photo}}
    return happened(desk, Told(Kind.INSPECTED, [Line(found)], told, own=own))


@action(Need.OPERATE, ActionKind.LEAVE)
def take_sample(desk: Desk, lot: str, laboratory: str) -> Event:
    """수거검사: an authority takes a sample of a lot."""
    (found,) = taking.seen(desk, [lot])
    if not laboratory.strip() or len(laboratory) > 80:
        raise Refusal(Reason.BAD_INPUT, "laboratory")
    own = {"": {"laboratory": laboratory}}
    return happened(desk, Told(Kind.SAMPLED, [Line(found)], own=own))


@action(Need.OPERATE, ActionKind.LEAVE)
def report_sample(desk: Desk, sampled: str, state: SampleState, said: str = "") -> Event:
    """What the laboratory found; `sampled`: the event by which the sample was taken."""
    rows = Sample.objects.select_for_update(of=("self",)).select_related("lot", "taken")
    row = rows.filter(taken__ref=sampled, organisation=desk.organisation).first()
    if row is None:
        raise Refusal(Reason.NOT_FOUND)
    if row.state != SampleState.TAKEN or state is SampleState.TAKEN:
        raise Refusal(Reason.WRONG_STATE)
    told = {"state": str(state), "sampled": sampled}
    return happened(desk, Told(Kind.RESULT, [Line(row.lot)], told, said=said, corrects=None))


@action(Need.OPERATE, ActionKind.LEAVE)
def hold(desk: Desk, lots: tuple[str, ...], basis: Basis, said: str = "") -> Event:
    """판매 중지: by whoever holds the lots out of caution, by an authority on a legal basis."""
    if (basis is Basis.OWN) is desk.inspects:
        raise Refusal(Reason.NOT_YOURS_TO_DO)
    if len(lots) > MAX_PARTS:
        raise Refusal(Reason.TOO_MANY_PARTS)
    found = taking.seen(desk, lots) if desk.inspects else taking.held(desk, lots)
    if any(one.side == Side.RECALLED for one in found):
        raise Refusal(Reason.RECALLED)
    told = {"basis": str(basis)}
    return happened(desk, Told(Kind.HELD, [Line(one) for one in found], told, said=said))


@action(Need.OPERATE, ActionKind.LEAVE)
def release(desk: Desk, lots: tuple[str, ...], said: str = "") -> Event:
    """Release lots from one's own hold; another's hold stays, and so does a recall."""
    found = taking.seen(desk, lots)
    ours = Hold.objects.select_for_update().filter(
        lot__in=found, organisation=desk.organisation, state=HoldState.HELD
    )
    if {one.lot_id for one in ours} != {one.id for one in found}:
        raise Refusal(Reason.WRONG_STATE)
    return happened(desk, Told(Kind.RELEASED, [Line(one) for one in found], said=said))
