"""What somebody outside reports of a lot, and what came of it.

A fisher has no account: the cooperative enters the landing for them and, where they agree, a text
goes to their number with a link to the entry. By that link they say what is wrong; it opens a case
at the cooperative and edits nothing. Whoever made or holds a lot deals with the reports of it.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Final

from django.db.models import Q

from server.accounts import links
from server.accounts.contacts import Contact, person_at
from server.accounts.links import Wanted
from server.accounts.models import Organisation
from server.accounts.rules import DAY_MS, Need, Refused
from server.coldchain import telling
from server.coldchain.acting import Desk, Refusal, action
from server.coldchain.done import Line
from server.coldchain.events import Told, happened
from server.coldchain.models import Event, Problem
from server.coldchain.rules import DISPUTES, Kind, Part, ProblemKind, Reason
from server.pilots.rules import ActionKind
from server.web.shown import moment

PURPOSE: Final = "receipt"
"""The front of the link's address."""
LINK_MS: Final = 60 * DAY_MS
TEMPLATE: Final = "landing-receipt"
LONGEST: Final = 500


class Outcome(StrEnum):
    """What came of a report."""

    PUT_RIGHT = "put-right"
    UNFOUNDED = "unfounded"
    WITHDRAWN = "withdrawn"
    """Taken off sale."""
    PASSED_ON = "passed-on"
    """To an authority."""


def receipt(event: Event, fisher: Contact, now_ms: int) -> None:
    """Send the receipt of a landing: how much, how many boxes, when, and the link to the entry; in
    the caller's transaction. Raises Refusal for an address that is none."""
    try:
        person = person_at(fisher, now_ms)
    except ValueError:
        raise Refusal(Reason.BAD_INPUT, "fisher") from None
    link = links.make(Wanted(PURPOSE, LINK_MS, person=person, target=event.ref), now_ms).id
    lines = list(event.lots.filter(part=Part.MADE).values_list("grams", "boxes"))
    values: dict[str, str | int] = {
        "organisation": Organisation.objects.get(id=event.organisation).name,
        "kilograms": f"{Decimal(sum(grams for grams, _ in lines)).scaleb(-3).normalize():f}",
        "boxes": sum(boxes for _, boxes in lines),
        "when": moment(event.at_ms)[:16],
        "link": link,
    }
    telling.person(person, TEMPLATE, values, now_ms)


@action(Need.OPEN, ActionKind.LEAVE)
def dispute(desk: Desk, token: str, lot: str, kind: ProblemKind, told: str = "") -> Event:
    """Say by the link of a receipt what of the entry is wrong; of each kind once at a time."""
    link = links.look(token, PURPOSE, desk.now_ms)
    if isinstance(link, Refused):
        raise Refusal(link.reason)
    landed = Event.objects.filter(ref=link.target).first()
    line = landed.lots.select_related("lot").filter(lot__ref=lot).first() if landed else None
    if line is None:
        raise Refusal(Reason.NOT_FOUND)
    if kind not in DISPUTES:
        raise Refusal(Reason.BAD_INPUT, "kind")
    if len(told) > LONGEST or "\0" in told:
        raise Refusal(Reason.BAD_INPUT, "told")
    if Problem.objects.filter(lot=line.lot, kind=kind, closed=None).exists():
        raise Refusal(Reason.TAKEN)
    known = {"kind": str(kind), "serial": ""}
    own = {"": {"told": told}}
    return happened(desk, Told(Kind.DISPUTED, [Line(line.lot)], known, corrects=landed, own=own))


@action(Need.OPERATE, ActionKind.LEAVE)
def close_report(desk: Desk, report: str, outcome: Outcome, said: str = "") -> Event:
    """Say what came of a report, by the ref of its event; who looked is who says so."""
    ours = Q(lot__maker=desk.organisation) | Q(lot__holder=desk.organisation)
    rows = Problem.objects.select_for_update(of=("self",)).select_related("lot")
    row = rows.filter(ours, event__ref=report).first()
    if row is None:
        raise Refusal(Reason.NOT_FOUND)
    if row.closed_ms is not None:
        raise Refusal(Reason.WRONG_STATE)
    told = {"report": report, "outcome": str(outcome)}
    return happened(desk, Told(Kind.REPORT_CLOSED, [Line(row.lot)], told, said=said))
