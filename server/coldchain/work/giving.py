"""인수인계 from the giver's side: many lots to a member, or to somebody without an account by a
link of one use; what waits for an answer; what was left without one (수령 미확인)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import segno

from server.accounts import links
from server.accounts.contacts import Contact
from server.accounts.models import Kind as Sort
from server.accounts.models import Link, Organisation
from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import custody, strangers
from server.coldchain.actions.custody import To
from server.coldchain.models import Event, Handover
from server.coldchain.papers.sending import LIVE
from server.coldchain.rules import OPEN_CUSTODY
from server.coldchain.work.basket import amounts, basket
from server.coldchain.work.frame import Here, task
from server.coldchain.work.labels import LABELS
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
SHOWN: Final = 10
"""Links on one page."""


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
    rows = mine.select_related("lot", "went", "taker", "proposed").order_by("-made_ms", "id")
    waiting = list(rows.filter(status__in=OPEN_CUSTODY)[:PAGE])
    over = list(rows.exclude(status__in=OPEN_CUSTODY)[:20])
    return {
        "waiting": handovers(waiting, here.language, given=True),
        "over": handovers(over, here.language, given=True),
        "links": _links(waiting),
        "ways": _ways(here, waiting),
        "ticked": sheet.many("handover"),
    }


@dataclass(frozen=True, slots=True)
class Way:
    """The live link of goods on their way. sms, mail: what opens a message that has it inside."""

    who: str
    address: str
    qr: str
    sms: str
    mail: str


def _ways(here: Here, rows: list[Handover]) -> list[Way]:
    """Where whoever waits can watch the goods, while they wait: each offer once."""
    takers = {row.proposed.ref: row.taker.name if row.taker else "" for row in rows}
    found = Link.objects.filter(purpose=LIVE, target__in=takers, expires_ms__gt=here.now_ms)
    return [
        _way(here, takers[one.target], links.address(one.id))
        for one in found.order_by("made_ms")[:SHOWN]
    ]


def _way(here: Here, who: str, address: str) -> Way:
    text = quote(f"{here.say(LABELS['way'])}: {address}")
    subject = quote(here.say(LABELS["way"]))
    mail = f"mailto:?subject={subject}&body={text}"
    return Way(who, address, _square(address), f"sms:?&body={text}", mail)


def _square(address: str) -> str:
    return str(segno.make(address, error="m").svg_inline(omitsize=True, svgclass="qr"))


def _links(rows: list[Handover]) -> list[tuple[str, str]]:
    """Address and QR code of each link that is still to be answered."""
    found = dict.fromkeys(row.link for row in rows if row.link)
    addresses = [links.address(one) for one in found]
    return [(one, _square(one)) for one in addresses[:SHOWN]]


def _answer(_here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    chosen = sheet.many("handover")
    if not chosen:
        raise Blank("handover", Hint.LOT)
    if sheet.text("do") == "leave":
        return strangers.leave(desk, chosen, sheet.text("said"))
    return custody.withdraw(desk, chosen)


offer = task("offer", _show, _act, lambda here, _sheet, _event: f"{here.home}/given")
given = task("given", _given, _answer, lambda here, _sheet, _event: f"{here.home}/given")
