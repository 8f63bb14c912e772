"""회수: open, look at holders and possible contacts, rehearse or notify, count, close and sign.

Who could not be reached stands on top, with a sentence to say on the telephone. What was only in
the same room at the same time is a list of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.http import Http404

from server.accounts import vault
from server.accounts.models import Kind as Sort
from server.accounts.rules import Datum, Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import recalls
from server.coldchain.actions.recalls import Order
from server.coldchain.models import Event, Recall, RecallHolder, RecallLot
from server.coldchain.recalling import Scope
from server.coldchain.rules import (
    Basis,
    HolderState,
    Reason,
    RecallPart,
    RecallState,
    RecallWhy,
)
from server.coldchain.work.basket import basket
from server.coldchain.work.frame import Here, shown, task
from server.coldchain.work.goods import counted
from server.coldchain.work.labels import LABELS
from server.coldchain.work.sheet import Blank, Hint, Sheet, kilograms
from server.coldchain.work.shows import PAGE, Mark, choices, mark
from server.coldchain.work.tracing import places_of, rooms_of
from server.coldchain.work.words import BASES, HOLDERS, RECALLS, WHYS
from server.web.shown import moment

ORDER: Final = (
    HolderState.UNREACHED,
    HolderState.LISTED,
    HolderState.NOTIFIED,
    HolderState.ACKNOWLEDGED,
)
"""Who needs somebody most comes first."""
LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class RecallRow:
    """A recall in a list."""

    id: str
    why: str
    mark: Mark
    rehearsal: bool
    when: str
    handed: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds or held it. phone: of who is no member, where it is known."""

    id: str
    name: str
    mark: Mark
    phone: str
    link: str
    share: str
    recovered: str
    destroyed: str
    gone: str
    open: bool
    unreached: bool
    ours: bool


@shown("recalls")
def all_recalls(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    """One's own recalls, and those of others in which one stands."""
    mine = Recall.objects.filter(organisation=here.organisation).order_by("-opened_ms")[:PAGE]
    told = RecallHolder.objects.filter(organisation=here.organisation, recall__rehearsal=False)
    others = told.exclude(recall__organisation=here.organisation).select_related("recall")
    return {
        "mine": [_row(here, one) for one in mine],
        "others": [_row(here, one.recall) for one in others.order_by("-recall__opened_ms")[:PAGE]],
    }


def _row(here: Here, row: Recall) -> RecallRow:
    return RecallRow(
        row.id,
        here.say(WHYS[RecallWhy(row.why)]),
        mark(RECALLS[RecallState(row.state)], here.language),
        row.rehearsal,
        moment(row.opened_ms)[:16],
        kilograms(row.handed_grams),
    )


def _open_show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    inspects = here.organisation.kind in (Sort.AGENCY, Sort.CITY)
    bases = [one for one in Basis if (one is Basis.OWN) is not inspects]
    return {
        **basket(here, sheet),
        "whys": choices(WHYS, here.language),
        "bases": choices({one: BASES[one] for one in bases}, here.language),
        "rooms": rooms_of(here),
        "places": places_of(here),
    }


def _open(_here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    grade = sheet.count("grade")
    order = Order(
        sheet.word("why", RecallWhy),
        sheet.word("basis", Basis),
        grade,
        rehearsal=sheet.text("do") == "rehearse",
        said=sheet.text("said"),
    )
    return recalls.open_recall(desk, _scope(sheet, desk.now_ms), order)


def _scope(sheet: Sheet, now_ms: int) -> Scope:
    """Lots, or a truck, room or place with a time. Raises Blank for nothing at all."""
    lots, room, place = sheet.many("lot"), sheet.text("room"), sheet.text("where")
    if room or place:
        from_ms, until_ms = sheet.moment("from"), sheet.moment("until")
        if from_ms is None:
            raise Blank("from", Hint.TIME)
        number = sheet.count("room") if room else None
        return Scope(lots, number, place, from_ms, until_ms or now_ms)
    if not lots:
        raise Blank("lot", Hint.LOT)
    return Scope(lots)


def _mine(here: Here) -> Recall:
    row = Recall.objects.filter(id=here.named["recall"], organisation=here.organisation).first()
    if row is None:
        raise Http404
    return row


def _recall_show(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    row = _mine(here)
    found = RecallHolder.objects.filter(recall=row).select_related("organisation", "handover")
    holders = sorted(found, key=lambda one: (ORDER.index(HolderState(one.state)), one.id))
    inside = RecallLot.objects.filter(recall=row).select_related("lot").order_by("lot_id")
    told = inside.exclude(part=RecallPart.CONTACT)
    contacts = inside.filter(part=RecallPart.CONTACT)
    answered = sum(one.state == HolderState.ACKNOWLEDGED for one in holders)
    effect = recalls.effectiveness(row)
    return {
        "recall": _row(here, row),
        "grade": row.grade,
        "holders": [_holder(here, row, one) for one in holders[:LISTED]],
        "answered": answered,
        "of": len(holders),
        "inside": [(one.lot.trade, one.lot.code, kilograms(one.grams)) for one in told[:LISTED]],
        "contacts": [(one.lot.trade, one.lot.code) for one in contacts[:LISTED]],
        "lots_count": told.count(),
        "contact_count": contacts.count(),
        "effect": f"{effect // 10}.{effect % 10}",
        "counted": kilograms(sum(one.recovered + one.destroyed + one.gone for one in holders)),
        "state": row.state,
        "script": _script(here, row),
    }


def _holder(here: Here, row: Recall, one: RecallHolder) -> Holder:
    name, phone = one.organisation.name if one.organisation else "", ""
    if one.handover is not None:
        person = one.handover.person
        name = (vault.get(person, Datum.NAME) if person else "") or ""
        phone = (vault.get(person, Datum.PHONE) if person else "") or ""
    return Holder(
        id=one.id,
        name=name or here.say(LABELS["stranger"]),
        mark=mark(HOLDERS[HolderState(one.state)], here.language),
        phone=phone,
        link=recalls.link_of(one),
        share=kilograms(one.grams),
        recovered=kilograms(one.recovered) if one.recovered else "",
        destroyed=kilograms(one.destroyed) if one.destroyed else "",
        gone=kilograms(one.gone) if one.gone else "",
        open=row.state != RecallState.CLOSED,
        unreached=one.state == HolderState.UNREACHED,
        ours=one.organisation_id == here.organisation.id,
    )


def _script(here: Here, row: Recall) -> str:
    """What to say on the telephone, word for word."""
    why = here.say(WHYS[RecallWhy(row.why)])
    return here.say(LABELS["phone_script"]).format(name=here.organisation.name, why=why)


def _recall(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    row, do = _mine(here), sheet.text("do")
    if do == "notify":
        return recalls.notify(desk, row.id)
    if do == "unreached":
        return recalls.list_unreached(desk, sheet.need("holder"))
    if do == "count":
        count = counted(sheet)
        if count is None:
            raise Blank("recovered", Hint.WEIGHT)
        return recalls.count(desk, sheet.need("holder"), count)
    if do == "close":
        return recalls.close_recall(desk, row.id, sheet.text("said"))
    return Refused(Reason.BAD_INPUT)


def _told_show(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    """A recall of somebody else, as one of its holders sees it."""
    real = Q(recall__rehearsal=False) | Q(recall__organisation=here.organisation)
    mine = RecallHolder.objects.filter(real, organisation=here.organisation)
    row = mine.filter(recall=here.named["recall"]).select_related("recall__organisation").first()
    if row is None:
        raise Http404
    inside = RecallLot.objects.filter(recall=row.recall).exclude(part=RecallPart.CONTACT)
    held = inside.filter(lot__holder=here.organisation).select_related("lot").order_by("lot_id")
    return {
        "recall": _row(here, row.recall),
        "owner": row.recall.organisation.name,
        "holder": _holder(here, row.recall, row),
        "held": [(one.lot.ref, one.lot.trade, one.lot.code) for one in held[:LISTED]],
    }


def _told(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    return recalls.acknowledge(desk, here.named["recall"], counted(sheet))


def _to_recall(here: Here, _sheet: Sheet, event: Event) -> str:
    opened = Recall.objects.filter(opened=event).values_list("id", flat=True).first()
    return f"{here.home}/recalls/{opened or here.named.get('recall', '')}"


open_recall = task("recall_open", _open_show, _open, _to_recall)
recall = task("recall", _recall_show, _recall, _to_recall)
told = task(
    "recalled",
    _told_show,
    _told,
    lambda here, _sheet, _event: f"{here.home}/recalled/{here.named['recall']}",
)
