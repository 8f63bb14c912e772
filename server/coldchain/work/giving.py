"""인수인계 from the giver's side: many lots to a member, or to somebody without an account by a
link of one use; what waits for an answer; what was left without one (수령 미확인)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import segno

from server.accounts import links
from server.accounts.contacts import Contact
from server.accounts.models import Kind as Sort
from server.accounts.models import Organisation
from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import custody, strangers
from server.coldchain.actions.custody import To
from server.coldchain.models import Event, Handover
from server.coldchain.rules import OPEN_CUSTODY
from server.coldchain.work.basket import amounts, basket
from server.coldchain.work.frame import Here, task
from server.coldchain.work.sheet import Blank, Hint, Sheet
from server.coldchain.work.shows import PAGE, handovers

STRANGER: Final = "stranger"
TAKERS: Final = (
    Sort.COOPERATIVE,
    Sort.PLANT,
    Sort.WHOLESALER,
    Sort.SHOP,
    Sort.MERCHANT,
    Sort.CARRIER,
)
MOST: Final = 200


def partners(here: Here) -> list[tuple[str, str]]:
    """Organisations that goods can be handed to."""
    rows = Organisation.objects.filter(kind__in=TAKERS, ended_ms=None).exclude(
        id=here.organisation.id
    )
    return list(rows.order_by("name").values_list("id", "name")[:MOST])


def _show(here: Here, sheet: Sheet) -> Mapping[str, object]:
    carriers = Organisation.objects.filter(kind=Sort.CARRIER, ended_ms=None)
    listed = carriers.exclude(id=here.organisation.id).order_by("name").values_list("id", "name")
    return {
        **basket(here, sheet),
        "partners": partners(here),
        "carriers": list(listed[:MOST]),
        "stranger": STRANGER,
    }


def _act(here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    to, carrier, some = sheet.need("to"), sheet.text("carrier"), amounts(sheet)
    if to != STRANGER:
        return custody.offer(desk, To(to, carrier), some)
    contact = Contact(sheet.text("contact"), here.language)
    done = strangers.offer_by_link(desk, some, contact, carrier)
    if isinstance(done, Refused) and contact.address and done.reason == "bad-input":
        raise Blank("contact", Hint.CONTACT)
    return done


def _given(here: Here, sheet: Sheet) -> Mapping[str, object]:
    """Hand-overs that wait, and the newest ones that were answered; links to be shown."""
    mine = Handover.objects.filter(giver=here.organisation)
    rows = mine.select_related("lot", "went", "taker").order_by("-made_ms", "id")
    waiting = list(rows.filter(status__in=OPEN_CUSTODY)[:PAGE])
    over = list(rows.exclude(status__in=OPEN_CUSTODY)[:20])
    return {
        "waiting": handovers(waiting, here.language, given=True),
        "over": handovers(over, here.language, given=True),
        "links": _links(waiting),
        "ticked": sheet.many("handover"),
    }


def _links(rows: list[Handover]) -> list[tuple[str, str]]:
    """Address and QR code of each link that is still to be answered."""
    found = dict.fromkeys(row.link for row in rows if row.link)
    addresses = [links.address(one) for one in found]
    return [
        (one, segno.make(one, error="m").svg_inline(omitsize=True, svgclass="qr"))
        for one in addresses[:10]
    ]


def _answer(_here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    chosen = sheet.many("handover")
    if not chosen:
        raise Blank("handover", Hint.LOT)
    if sheet.text("do") == "leave":
        return strangers.leave(desk, chosen, sheet.text("said"))
    return custody.withdraw(desk, chosen)


offer = task("offer", _show, _act, lambda here, _sheet, _event: f"{here.home}/given")
given = task("given", _given, _answer, lambda here, _sheet, _event: f"{here.home}/given")
