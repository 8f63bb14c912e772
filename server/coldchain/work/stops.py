"""판매 중지 and 회수: what covers every work page until somebody has acknowledged it.

Acknowledging a recall is an answer to it; acknowledging a sales hold that another organisation
ordered is an act of one's own, written down with who did it. Then the page says what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from server.accounts import deeds, refusals
from server.accounts.deeds import Act
from server.accounts.door import guarded
from server.accounts.models import Deed
from server.accounts.rules import Need, Refused
from server.accounts.views.frame import go
from server.coldchain import standing, trace
from server.coldchain.actions import recalls
from server.coldchain.models import Hold, Lot, RecallHolder, RecallLot
from server.coldchain.rules import (
    SERVICE,
    Basis,
    HolderState,
    Reason,
    RecallPart,
    RecallState,
    RecallWhy,
    Side,
)
from server.coldchain.work.frame import Here, here_of
from server.coldchain.work.labels import LABELS
from server.coldchain.work.sheet import Sheet
from server.coldchain.work.shows import called
from server.coldchain.work.words import BASES, WHYS
from server.ledger.log import writing

SEEN: Final = "hold-acknowledged"
SHOWN: Final = 20
LOTS: Final = 12


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing that must be known before anything else. kind: recall or hold."""

    kind: str
    id: str
    by: str
    why: str
    lots: tuple[tuple[str, str], ...]
    more: int


def waiting(here: Here) -> list[Stop]:
    """Recalls and holds that nobody of this organisation has acknowledged, recalls first."""
    return [*_recalls(here), *_holds(here)][:SHOWN]


def _recalls(here: Here) -> list[Stop]:
    mine = RecallHolder.objects.filter(organisation=here.organisation, recall__rehearsal=False)
    open_ = mine.exclude(state=HolderState.ACKNOWLEDGED).exclude(recall__state=RecallState.CLOSED)
    rows = open_.exclude(recall__organisation=here.organisation).select_related(
        "recall__organisation"
    )
    return [_of_recall(here, row) for row in rows.order_by("recall__opened_ms")[:SHOWN]]


def _of_recall(here: Here, row: RecallHolder) -> Stop:
    inside = RecallLot.objects.filter(recall=row.recall).exclude(part=RecallPart.CONTACT)
    held = inside.filter(lot__holder=here.organisation).order_by("lot_id")
    return Stop(
        "recall",
        row.recall_id,
        row.recall.organisation.name,
        here.say(WHYS[RecallWhy(row.recall.why)]),
        tuple(held.values_list("lot__ref", "lot__code")[:LOTS]),
        max(held.count() - LOTS, 0),
    )


def _holds(here: Here) -> list[Stop]:
    known = Deed.objects.filter(service=SERVICE, act=SEEN, organisation=here.organisation.id)
    seen = set(known.values_list("target", flat=True))
    found: dict[tuple[str, str], list[Hold]] = {}
    for row in _standing(here):
        if str(row.id) not in seen:
            found.setdefault((row.organisation_id, row.basis), []).append(row)
    return [_of_hold(here, some) for some in list(found.values())[:SHOWN]]


def _stopped(here: Here) -> QuerySet[Lot]:
    """What is held or recalled and in this organisation's hands."""
    return Lot.objects.filter(holder=here.organisation).exclude(side=Side.FREE)


def _standing(here: Here) -> list[Hold]:
    """The holds of others on what is here, or on what that came from."""
    found = standing.over(_stopped(here).values_list("id", flat=True))
    return [one for one in found if one.organisation_id != here.organisation.id]


def _of_hold(here: Here, some: list[Hold]) -> Stop:
    first = some[0]
    under = trace.forward(one.lot_id for one in some).lots
    lots = [one for one in _stopped(here).order_by("id") if one.id in under]
    return Stop(
        "hold",
        str(first.id),
        ordered_by(here, first),
        here.say(BASES[Basis(first.basis)]),
        tuple((one.ref, one.code) for one in lots[:LOTS]),
        max(len(lots) - LOTS, 0),
    )


def ordered_by(here: Here, hold: Hold) -> str:
    """Who ordered a hold. Whoever held a lot that ours came from may be nobody we deal with: it is
    not named; an authority is, and who ordered it on what we hold."""
    dealt = hold.basis != Basis.OWN or hold.lot.holder_id == here.organisation.id
    return called(hold.organisation, here.language) if dealt else here.say(LABELS["hold_above"])


@guarded(Need.OPERATE, service=SERVICE)
@require_POST
def acknowledge(request: HttpRequest, organisation: str) -> HttpResponse:
    """Say that one knows: then the pages come back, and say what to do with the goods."""
    here, sheet = here_of(request, organisation, {}), Sheet.of(request)
    if sheet.text("kind") == "recall":
        done = recalls.acknowledge(here.desk(sheet), sheet.text("id"))
        if isinstance(done, Refused):
            return refusals.answer(request, done)
        return go(f"{here.home}/recalled/{sheet.text('id')}?done={done.ref}")
    if not _know_hold(here, sheet.text("id")):
        return refusals.answer(request, Refused(Reason.NOT_FOUND))
    return go(f"{here.home}?told=hold")


def _know_hold(here: Here, hold: str) -> bool:
    """Write down that the holds of this one's organisation and basis are known."""
    mine = _standing(here)
    first = next((one for one in mine if str(one.id) == hold), None)
    if first is None:
        return False
    same = [
        one
        for one in mine
        if (one.organisation_id, one.basis) == (first.organisation_id, first.basis)
    ]
    with writing():
        for one in same:
            act = Act(SERVICE, SEEN, here.organisation.id, str(one.id), one.basis)
            deeds.record(here.who, act, here.now_ms)
    return True
