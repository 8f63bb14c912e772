"""The people of a pilot in figures and lists, word for word: funnel, states, invitations, consents.

Everything counts the OPEN phase: an INTERNAL one has no numbers of participants.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from server.pilots import funnel, pages, snapshot
from server.pilots.funnel import STAGES, Figures, Room, Walk
from server.pilots.life import times
from server.pilots.models import Consent, Invitation, Participant, Phase, Pilot, Told, Way
from server.pilots.pages import Mark
from server.pilots.rules import ConsentKind, Life, PhaseKind, Source
from server.pilots.words import CONSENT_KINDS, LIVES, SOURCES
from server.pilots.words import STAGES as STAGE_WORDS
from server.web import shown
from server.web.words import say

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Bar:
    """One stage of the funnel: how many, and in hundredths of those invited."""

    label: str
    count: str
    share: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """The funnel of one source, or of all."""

    source: str
    bars: tuple[Bar, ...]
    cost: str
    each: str
    again: str
    last_week: str
    full: str


@dataclass(frozen=True, slots=True)
class Pass:
    """An invitation."""

    id: int
    phase: int
    source: str
    cohort: str
    used: str
    cost: str
    until: str


@dataclass(frozen=True, slots=True)
class Wording:
    """A consent in its current version."""

    purpose: str
    version: int
    kind: str
    text: str
    items: str
    retention: str
    recipient: str
    needed: bool


def ways(pilot: Pilot, language: str, now_ms: int) -> list[Funnel]:
    """The funnel of the OPEN phase: all, and each source by itself."""
    phase = Phase.objects.get(pilot=pilot, kind=PhaseKind.OPEN)
    rows = Way.objects.filter(participant__phase=phase)
    walks = [Walk(row.source, times(row), row.second_use is not None) for row in rows.iterator()]
    spent = Invitation.objects.filter(phase=phase).values_list("source").annotate(Sum("cost_krw"))
    costs: dict[str, int] = dict(spent)
    room = Room(None if phase.cap is None else phase.cap - phase.taken, now_ms)
    whole = funnel.figures(walks, sum(costs.values()), room)
    each = funnel.by_source(walks, costs, room)
    return [
        _way("", whole, language),
        *(_way(say(SOURCES[Source(one)], language), each[one], language) for one in each),
    ]


def _way(source: str, told: Figures, language: str) -> Funnel:
    most = max(told.counts[0], 1)
    bars = (
        Bar(say(STAGE_WORDS[stage], language), shown.count(count), 100 * count // most)
        for stage, count in zip(STAGES, told.counts, strict=True)
    )
    again = told.again_permille
    return Funnel(
        source=source,
        bars=tuple(bars),
        cost=shown.count(told.cost_krw),
        each="" if told.each_krw is None else shown.count(told.each_krw),
        again="" if again is None else f"{again // 10}.{again % 10} %",
        last_week=shown.count(told.last_week),
        full=str(told.full) if told.full else "",
    )


def by_state(pilot: Pilot, language: str) -> list[tuple[Mark, str]]:
    """How many stand where, in the OPEN phase."""
    people = Participant.objects.filter(pilot=pilot, phase__kind=PhaseKind.OPEN)
    counts = dict(people.values_list("state").annotate(Count("id")))
    return [
        (pages.mark(LIVES[life], language), shown.count(counts[life]))
        for life in Life
        if counts.get(life)
    ]


def told(pilot: Pilot) -> tuple[str, str, str] | None:
    """Of the newest postponement: told, not reached, not tried yet; None if there was none."""
    newest = Told.objects.filter(participant__pilot=pilot).order_by("-plan").first()
    if newest is None:
        return None
    counted = Told.objects.filter(plan=newest.plan_id).aggregate(
        yes=Count("id", Q(reached=True)),
        no=Count("id", Q(reached=False)),
        rest=Count("id", Q(reached=None)),
    )
    return shown.count(counted["yes"]), shown.count(counted["no"]), shown.count(counted["rest"])


def invitations(pilot: Pilot, language: str, now_ms: int) -> list[Pass]:
    """Invitations that still serve, newest first."""
    rows = Invitation.objects.filter(phase__pilot=pilot, expires_ms__gt=now_ms).order_by("-id")
    return [
        Pass(
            row.id,
            row.phase.number,
            say(SOURCES[Source(row.source)], language),
            row.cohort.name if row.cohort else "",
            shown.count(row.used) + (f" / {row.uses}" if row.uses is not None else ""),
            shown.count(row.cost_krw),
            shown.moment(row.expires_ms),
        )
        for row in rows.select_related("phase", "cohort")[:SHOWN]
    ]


def consents(pilot: Pilot, language: str) -> list[Wording]:
    """The consents as they are asked now, required ones first."""
    rows = [wording(row, language) for row in snapshot.consents(pilot.service)]
    return sorted(rows, key=lambda one: not one.needed)


def wording(row: Consent, language: str) -> Wording:
    """One consent in one language."""
    return Wording(
        row.purpose,
        row.version,
        say(CONSENT_KINDS[ConsentKind(row.kind)], language),
        row.text_en if language == "en" else row.text,
        row.items,
        row.retention,
        row.recipient,
        row.kind == ConsentKind.REQUIRED,
    )
