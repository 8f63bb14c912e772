"""What somebody sees by their personal link: where they stand, their consents, the way out."""

from __future__ import annotations

import json
from dataclasses import dataclass

from server.accounts import links
from server.accounts.models import Subject
from server.accounts.rules import Refused
from server.pilots import crowd, pages, snapshot
from server.pilots.life import LINK_PURPOSE
from server.pilots.models import ConsentGiven, Participant, Told
from server.pilots.rules import COMING, IN, Life, Reason
from server.pilots.words import LIVES
from server.web import shown


@dataclass(frozen=True, slots=True)
class Asked:
    """A consent as it is asked, and what was answered. stands: "yes", "no" or "outdated"."""

    wording: crowd.Wording
    stands: str
    receipt: str
    given_at: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A consent that was given once."""

    number: str
    purpose: str
    version: int
    given_at: str
    taken_back_at: str


def holder(token: str, now_ms: int) -> Participant | Refused:
    """Whose personal link this is."""
    link = links.look(token, LINK_PURPOSE, now_ms)
    if isinstance(link, Refused):
        return link
    names = Subject.objects.filter(person=link.person_id, service=link.target).values("subject")
    rows = Participant.objects.filter(pilot=link.target, subject__in=names)
    found = rows.select_related("phase__plan__notice__document", "pilot").first()
    return found or Refused(Reason.NOT_FOUND)


def page(one: Participant, language: str) -> dict[str, object]:
    """All that stands on their page."""
    state, asked = Life(one.state), _asked(one, language)
    ready = all(item.stands == "yes" for item in asked if item.wording.needed)
    full = one.phase.cap is not None and one.phase.taken >= one.phase.cap
    return {
        "head": pages.head(one.pilot, language),
        "stage": pages.stage(one.phase, language),
        "mark": pages.mark(LIVES[state], language),
        "asked": asked if state in COMING | IN else [],
        "receipts": _receipts(one),
        "may_enrol": state in COMING and ready,
        "may_wait": state in (Life.APPLIED, Life.CONSENTED) and full,
        "may_leave": state not in (Life.WITHDRAWN, Life.REMOVED),
        "moved": Told.objects.filter(participant=one).exists(),
    }


def _asked(one: Participant, language: str) -> list[Asked]:
    given = json.loads(one.given)
    live = ConsentGiven.objects.filter(participant=one, withdrawn_ms=None).select_related("consent")
    by_purpose = {row.consent.purpose: row for row in live}
    found = []
    for row in snapshot.consents(one.pilot_id):
        version = given.get(row.purpose)
        stands = "no" if version is None else "yes" if version == row.version else "outdated"
        receipt = by_purpose.get(row.purpose)
        found.append(
            Asked(
                crowd.wording(row, language),
                stands,
                receipt.receipt if receipt else "",
                shown.moment(receipt.at_ms) if receipt else "",
            )
        )
    return sorted(found, key=lambda item: not item.wording.needed)


def _receipts(one: Participant) -> list[Receipt]:
    rows = ConsentGiven.objects.filter(participant=one).select_related("consent").order_by("id")
    return [
        Receipt(
            row.receipt,
            row.consent.purpose,
            row.consent.version,
            shown.moment(row.at_ms),
            shown.moment(row.withdrawn_ms) if row.withdrawn_ms else "",
        )
        for row in rows
    ]
