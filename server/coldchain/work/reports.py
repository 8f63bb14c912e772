"""신고: what shoppers say of goods, and fishers of a landing that was entered for them; who looked
into it, and what came of it. And the page of a fisher, who has a receipt's link and no account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from server.accounts import vault
from server.accounts.models import Link
from server.accounts.rules import Refused
from server.coldchain.acting import Desk
from server.coldchain.actions import reports
from server.coldchain.actions.reports import Outcome
from server.coldchain.models import Event, Problem
from server.coldchain.rules import DISPUTES, Part, ProblemKind
from server.coldchain.work.frame import Here, shown, task
from server.coldchain.work.goods import by_link
from server.coldchain.work.labels import LABELS
from server.coldchain.work.sheet import Sheet
from server.coldchain.work.shows import PAGE, amount, choices, lots
from server.coldchain.work.words import OUTCOMES
from server.web.shown import moment
from server.web.words import say

CLOSED: Final = 20


@dataclass(frozen=True, slots=True)
class Report:
    """One report. who: looked into it, a person of one's own organisation by name."""

    id: str
    when: str
    lot: str
    code: str
    kind: str
    told: str
    closed: str = ""
    outcome: str = ""
    said: str = ""
    who: str = ""


@shown("problems")
def problems(here: Here, _sheet: Sheet) -> Mapping[str, object]:
    """What was reported of lots that this organisation made or has."""
    return _shown(here)


def _shown(here: Here) -> dict[str, object]:
    ours = Q(lot__maker=here.organisation) | Q(lot__holder=here.organisation)
    rows = Problem.objects.filter(ours).select_related("lot", "closed", "event")
    waiting = rows.filter(closed_ms=None).order_by("-at_ms", "-id")[:PAGE]
    over = list(rows.exclude(closed_ms=None).order_by("-closed_ms", "-id")[:CLOSED])
    return {
        "problems": list(_reports(here, list(waiting))),
        "over": list(_reports(here, over)),
        "outcomes": choices(OUTCOMES, here.language),
    }


def _reports(here: Here, rows: Sequence[Problem]) -> Iterator[Report]:
    events = [row.closed for row in rows if row.closed]
    mine = [one.actor for one in events if one.organisation == here.organisation.id]
    names = vault.names(mine)
    for row in rows:
        word = here.say(LABELS[f"problem_{ProblemKind(row.kind)}"])
        one = Report(
            row.event.ref, moment(row.at_ms)[:16], row.lot.ref, row.lot.code, word, row.told
        )
        yield one if row.closed is None else _closed(here, one, row, names)


def _closed(here: Here, one: Report, row: Problem, names: Mapping[str, str]) -> Report:
    event = row.closed
    assert event is not None
    ours = event.organisation == here.organisation.id
    return Report(
        *(one.id, one.when, one.lot, one.code, one.kind, one.told),
        closed=moment(event.at_ms)[:16],
        outcome=here.say(OUTCOMES[Outcome(row.outcome)]),
        said=event.said if ours else "",
        who=names.get(event.actor, "") if ours else "",
    )


def _close(_here: Here, desk: Desk, sheet: Sheet) -> Event | Refused:
    outcome = sheet.word("outcome", Outcome)
    return reports.close_report(desk, sheet.need("report"), outcome, sheet.text("said"))


close = task(
    "problems",
    lambda here, _sheet: _shown(here),
    _close,
    lambda here, _sheet, _event: f"{here.home}/problems",
)


def _receipt(link: Link, language: str) -> Mapping[str, object]:
    """What the cooperative entered, as it stands now, and what was said of it since."""
    landed = Event.objects.filter(ref=link.target).first()
    if landed is None:
        return {"over": True}
    lines = landed.lots.filter(part=Part.MADE).select_related("lot__maker").order_by("id")
    found = [one.lot for one in lines[:PAGE]]
    parts = [amount(one.grams, one.boxes, language) for one in found]
    cases = Problem.objects.filter(lot__in=found, kind__in=DISPUTES).order_by("id")
    return {
        "lots": list(zip(lots(found, language), parts, strict=True)),
        "by": found[0].maker.name if found else "",
        "when": moment(landed.at_ms)[:16],
        "entry": landed.ref,
        "kinds": [(str(one), say(LABELS[f"dispute_{one}"], language)) for one in DISPUTES],
        "cases": [
            (
                say(LABELS[f"problem_{ProblemKind(one.kind)}"], language),
                moment(one.at_ms)[:16],
                say(OUTCOMES[Outcome(one.outcome)], language) if one.outcome else "",
            )
            for one in cases[:PAGE]
        ],
    }


def _dispute(desk: Desk, token: str, _link: Link, sheet: Sheet) -> Event | Refused:
    kind = sheet.word("kind", ProblemKind)
    return reports.dispute(desk, token, sheet.text("lot"), kind, sheet.text("told"))


receipt = by_link(reports.PURPOSE, "receipt", _receipt, _dispute)
