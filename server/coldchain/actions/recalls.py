"""회수: a process from its opening to its signature, and its rehearsal.

Opened over lots, a truck or a place and a time; everything that came of them is in it, once, in
whoever's hands it is, members or not; what was only in the same room is a list beside it. Every
present and past holder is told, acknowledges or is listed as unreached, and says what was
recovered, destroyed or gone. It closes when all of that adds up (CC15), by a person's signature. A
rehearsal marks no lot and tells nobody. Nothing stops a recall: no switch, no end of a phase.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from server.accounts import links
from server.accounts.links import Wanted
from server.accounts.models import Organisation
from server.accounts.rules import DAY_MS, Need, Refused
from server.coldchain import recalling, telling
from server.coldchain.acting import Desk, Refusal, action, person
from server.coldchain.done import Line
from server.coldchain.events import Told, happened, new_ref
from server.coldchain.models import Event, Lot, Recall, RecallHolder
from server.coldchain.recalling import Scope
from server.coldchain.rules import (
    HOLDER_STEPS,
    Basis,
    HolderState,
    Kind,
    Reason,
    RecallPart,
    RecallState,
    RecallWhy,
    Side,
)
from server.pilots.rules import ActionKind

PURPOSE: Final = "recall"
LINK_MS: Final = 60 * DAY_MS


@dataclass(frozen=True, slots=True)
class Order:
    """Why lots are recalled, on what basis, how grave (1 to 3), and whether it is a rehearsal."""

    why: RecallWhy
    basis: Basis
    grade: int
    rehearsal: bool = False
    said: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """Grams of a holder's share: recovered, destroyed, gone (eaten, sold and not found)."""

    recovered: int = 0
    destroyed: int = 0
    gone: int = 0


@action(Need.OPERATE, ActionKind.LEAVE)
def open_recall(desk: Desk, scope: Scope, order: Order) -> Event:
    """회수 개시, by an authority, or by who made or holds every lot of the scope."""
    if not 1 <= order.grade <= 3:
        raise Refusal(Reason.BAD_INPUT, "grade")
    if order.basis is Basis.OWN and desk.inspects:
        raise Refusal(Reason.BAD_INPUT, "basis")
    sources = recalling.sources(desk, scope)
    parts = recalling.mark(sources, order.rehearsal)
    lots = {lot.id: lot for lot in recalling.lots_of(parts)}
    inside = [lot for id, lot in lots.items() if parts[id] is not RecallPart.CONTACT]
    told = {
        "recall": new_ref(),
        "why": str(order.why),
        "basis": str(order.basis),
        "grade": order.grade,
        "rehearsal": order.rehearsal,
        "lots": len(inside),
        "grams": sum(lot.left_grams for lot in inside),
        "scope": scope.told(),
    }
    lines = [Line(lots[id], grams=lots[id].left_grams) for id in sorted(sources)]
    return happened(desk, Told(Kind.RECALL_OPENED, lines, told, said=order.said))


@action(Need.OPERATE, ActionKind.LEAVE)
def notify(desk: Desk, recall: str) -> Event:
    """Tell every holder; who has no address is listed as unreached. A rehearsal tells nobody."""
    row = _mine(desk, recall)
    if row.state != RecallState.OPENED:
        raise Refusal(Reason.WRONG_STATE)
    listed = _holders(row)
    reached = {one.id: row.rehearsal or _tell(row, one, desk.now_ms) for one in listed}
    told = {
        "recall": row.id,
        "told": sum(reached.values()),
        "of": len(reached),
        "unreached": sorted(one for one, is_reached in reached.items() if not is_reached),
    }
    links_made = {"": {"contact": any(one.link for one in listed)}}
    event = happened(desk, Told(Kind.RECALL_NOTIFIED, told=told, own=links_made))
    for one in listed:
        one.save(update_fields=["link"])
    return event


@action(Need.OPERATE, ActionKind.LEAVE)
def acknowledge(desk: Desk, recall: str, count: Count | None = None) -> Event:
    """A member that holds or held lots says that it knows, and perhaps what came of its share."""
    found = RecallHolder.objects.select_for_update(of=("self",)).select_related("recall")
    holder = found.filter(recall=recall, organisation=desk.organisation).first()
    if holder is None:
        raise Refusal(Reason.NOT_FOUND)
    return _answer(desk, holder, count)


@action(Need.OPEN, ActionKind.LEAVE)
def acknowledge_by_link(desk: Desk, token: str, count: Count | None = None) -> Event:
    """The same by the link that somebody who is no member was sent."""
    link = links.look(token, PURPOSE, desk.now_ms)
    if isinstance(link, Refused):
        raise Refusal(link.reason)
    found = RecallHolder.objects.select_for_update(of=("self",)).select_related("recall")
    holder = found.filter(link=link.id).first()
    if holder is None:
        raise Refusal(Reason.NOT_FOUND)
    links.use(token, PURPOSE, desk.now_ms)
    return _answer(desk, holder, count)


@action(Need.OPERATE, ActionKind.LEAVE)
def list_unreached(desk: Desk, holder: str) -> Event:
    """Say that a holder cannot be reached; they stay on top of the list."""
    one = _holder(desk, holder)
    if (HolderState(one.state), HolderState.UNREACHED) not in HOLDER_STEPS:
        raise Refusal(Reason.WRONG_STATE)
    told = {"recall": one.recall_id, "holder": one.id, "state": str(HolderState.UNREACHED)}
    return happened(desk, Told(Kind.RECALL_ANSWERED, told=told))


@action(Need.OPERATE, ActionKind.LEAVE)
def count(desk: Desk, holder: str, count: Count) -> Event:
    """The recall's owner enters what came of a holder's share; each unit once."""
    one = _holder(desk, holder)
    return happened(desk, Told(Kind.RECALL_COUNTED, told=_counted(one, count)))


@action(Need.OPERATE, ActionKind.LEAVE)
def close_recall(desk: Desk, recall: str, said: str = "") -> Event:
    """Close and sign: every holder has acknowledged or is unreached, and every gram is told."""
    person(desk)
    row = _mine(desk, recall)
    if row.state != RecallState.NOTIFIED:
        raise Refusal(Reason.WRONG_STATE)
    done = (HolderState.ACKNOWLEDGED, HolderState.UNREACHED)
    listed = _holders(row)
    if any(HolderState(one.state) not in done for one in listed):
        raise Refusal(Reason.HOLDERS_OPEN)
    if any(one.recovered + one.destroyed + one.gone != one.grams for one in listed):
        raise Refusal(Reason.QUANTITIES_OPEN)
    told = {"recall": row.id, "effectiveness": effectiveness(row)}
    return happened(desk, Told(Kind.RECALL_CLOSED, told=told, said=said))


def effectiveness(row: Recall) -> int:
    """Thousandths of what was handed out that were recovered or destroyed; 1000 of nothing."""
    found = sum(one.recovered + one.destroyed for one in RecallHolder.objects.filter(recall=row))
    return found * 1000 // row.handed_grams if row.handed_grams else 1000


def link_of(holder: RecallHolder) -> str:
    """The address by which a holder who is no member answers; "" where there is none."""
    return links.address(holder.link) if holder.link else ""


def recalled(lots: Iterable[Lot]) -> list[Lot]:
    """Those of them whose pages say nothing but that they are recalled."""
    return [lot for lot in lots if lot.side == Side.RECALLED]


def _answer(desk: Desk, holder: RecallHolder, count: Count | None) -> Event:
    if holder.recall.state == RecallState.CLOSED:
        raise Refusal(Reason.WRONG_STATE)
    state = HolderState(holder.state)
    again = state is HolderState.ACKNOWLEDGED
    if not again and (state, HolderState.ACKNOWLEDGED) not in HOLDER_STEPS:
        raise Refusal(Reason.WRONG_STATE)
    told = _counted(holder, count) if count else {"recall": holder.recall_id, "holder": holder.id}
    return happened(desk, Told(Kind.RECALL_ANSWERED, told=told))


def _counted(holder: RecallHolder, count: Count) -> dict[str, object]:
    """What is told of the counts. Raises Refusal for more than there was."""
    numbers = (count.recovered, count.destroyed, count.gone)
    if min(numbers) < 0 or sum(numbers) > holder.grams:
        raise Refusal(Reason.QUANTITIES_OPEN)
    if holder.recall.state == RecallState.CLOSED:
        raise Refusal(Reason.WRONG_STATE)
    return {"recall": holder.recall_id, "holder": holder.id, "grams": list(numbers)}


def _tell(row: Recall, holder: RecallHolder, now_ms: int) -> bool:
    owner = Organisation.objects.get(id=row.organisation_id)
    values: dict[str, str | int] = {"organisation": owner.name}
    if holder.organisation_id:
        return telling.organisation(holder.organisation_id, "recall-notice", values, now_ms)
    assert holder.handover is not None
    to = holder.handover.person
    wanted = Wanted(PURPOSE, LINK_MS, person=to or None, target=holder.id)
    holder.link = links.make(wanted, now_ms).id
    return telling.person(to, "recall-link", {**values, "link": holder.link}, now_ms)


def _mine(desk: Desk, recall: str) -> Recall:
    found = Recall.objects.select_for_update().filter(id=recall, organisation=desk.organisation)
    row = found.first()
    if row is None:
        raise Refusal(Reason.NOT_FOUND)
    return row


def _holders(row: Recall) -> list[RecallHolder]:
    found = RecallHolder.objects.select_for_update(of=("self",)).select_related("handover")
    return list(found.filter(recall=row).order_by("id"))


def _holder(desk: Desk, holder: str) -> RecallHolder:
    found = RecallHolder.objects.select_for_update(of=("self",)).select_related("recall")
    row = found.filter(id=holder, recall__organisation=desk.organisation).first()
    if row is None:
        raise Refusal(Reason.NOT_FOUND)
    if row.recall.state == RecallState.CLOSED:
        raise Refusal(Reason.WRONG_STATE)
    return row
