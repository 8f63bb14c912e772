"""비회원 인도: goods go to somebody who is no member, and who answers by a one-time link.

Until they answer a hand-over that was left one-sidedly is 수령 미확인 (CC16): it is counted as no
acceptance. Who holds the link answers once, for all that came with it.
"""

from __future__ import annotations

from typing import Final

from server.accounts import links
from server.accounts.contacts import Contact, person_at
from server.accounts.links import Wanted
from server.accounts.models import Organisation
from server.accounts.rules import DAY_MS, Need, Refused
from server.coldchain import telling
from server.coldchain.acting import Desk, Refusal, action
from server.coldchain.actions.custody import To, count_open, propose
from server.coldchain.handing import Answer, answered, check_photo, settle
from server.coldchain.handing import leave as leave_unanswered
from server.coldchain.models import Event, Handover
from server.coldchain.rules import Custody, Reason
from server.coldchain.taking import Amount
from server.pilots.rules import ActionKind

PURPOSE: Final = "goods"
"""The front of the link's address."""
LINK_MS: Final = 14 * DAY_MS
TEMPLATE: Final = "goods-link"


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def offer_by_link(
    desk: Desk, amounts: tuple[Amount, ...], contact: Contact, carrier: str = ""
) -> Event:
    """Propose lots to somebody who is no member; the link goes to their address if there is one,
    and `link_of` shows it otherwise."""
    event = propose(desk, To("", carrier), amounts)
    try:
        person = person_at(contact, desk.now_ms) if contact.address else ""
    except ValueError:
        raise Refusal(Reason.BAD_INPUT, "contact") from None
    wanted = Wanted(PURPOSE, LINK_MS, person=person or None, target=event.ref)
    link = links.make(wanted, desk.now_ms).id
    Handover.objects.filter(proposed=event).update(person=person, link=link)
    giver = Organisation.objects.get(id=desk.organisation)
    values: dict[str, str | int] = {"organisation": giver.name, "link": link}
    telling.person(person, TEMPLATE, values, desk.now_ms)
    return event


@action(Need.OPERATE, ActionKind.USE_EXISTING)
def leave(desk: Desk, handovers: tuple[str, ...], said: str = "") -> Event:
    """The goods are handed over and nobody has confirmed it (수령 미확인); the link stays good."""
    rows = answered(handovers, giver=desk.organisation)
    if any(row.taker_id is not None or row.status != Custody.PROPOSED for row in rows):
        raise Refusal(Reason.WRONG_STATE)
    return leave_unanswered(desk, rows, said)


@action(Need.OPEN, ActionKind.LEAVE)
def answer(desk: Desk, token: str, answers: tuple[Answer, ...], why: str = "") -> Event:
    """Answer by the link, once: hand-overs that are not named are taken whole."""
    link = links.look(token, PURPOSE, desk.now_ms)
    if isinstance(link, Refused):
        raise Refusal(link.reason)
    waiting = Handover.objects.filter(link=link.id).exclude(status=Custody.WITHDRAWN)
    named = {one.handover: one for one in answers}
    refs = list(waiting.order_by("id").values_list("id", flat=True))
    if set(named) - set(refs):
        raise Refusal(Reason.NOT_FOUND)
    rows = answered(refs, link=link.id)
    pairs = [(row, named.get(row.id, Answer(row.id))) for row in rows]
    for row, one in pairs:
        check_photo(row, one)
        row.excursions = count_open(row) if one.grams != 0 else 0
    if any(row.excursions for row in rows) and not why.strip():
        raise Refusal(Reason.EXCURSION_OPEN)
    links.use(token, PURPOSE, desk.now_ms)
    return settle(desk, pairs, why)


def link_of(event: Event) -> str:
    """The address by which who was handed these goods answers; "" where there is none."""
    row = Handover.objects.filter(proposed=event).exclude(link="").first()
    return links.address(row.link) if row else ""
