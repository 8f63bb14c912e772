"""What everybody may read of a pilot, word for word in one language: phases, numbers, notices.

A date or a number is shown with its notice or not at all. What is undecided says so; a plan that
was dropped stays, struck through, with why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from server.pilots import snapshot
from server.pilots.models import (
    Exemption,
    Insurance,
    Notice,
    Participant,
    Party,
    Phase,
    Pilot,
    Plan,
)
from server.pilots.rules import (
    IN,
    RESTING,
    Dropped,
    Mode,
    Part,
    PhaseKind,
    PhaseState,
    Service,
)
from server.pilots.words import (
    DROPPED,
    KINDS,
    MODES,
    PARTS,
    SERVICES,
    STATES,
    UNANNOUNCED,
    UNDECIDED,
)
from server.web import shown
from server.web.words import Badge, say


@dataclass(frozen=True, slots=True)
class Mark:
    """A state as people see it."""

    shape: str
    tone: str
    word: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A notice: where it stands in the register, and its file."""

    id: int
    number: str
    day: str
    file: str
    demo: bool
    changes: str = ""
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Dates:
    """What one notice said of a phase; `why`: why it no longer holds, "" while it does."""

    days: str
    numbers: str
    paper: Paper
    why: str
    when: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One phase. `days` is the current period, or says that there is none."""

    number: int
    kind: str
    state: str
    mark: Mark
    days: str
    first: str
    last: str
    paper: Paper | None
    old: tuple[Dates, ...]
    internal: bool
    by_list: bool
    target: str
    cap: str
    taken: str
    zone: str


@dataclass(frozen=True, slots=True)
class Cover:
    """An exemption or an insurance."""

    id: int
    name: str
    more: str
    days: str
    over: bool


@dataclass(frozen=True, slots=True)
class Head:
    """A pilot at a glance: its names, who has which part, the switch."""

    service: str
    name: str
    short: str
    parties: tuple[tuple[str, str], ...]
    mark: Mark
    stages: tuple[Stage, ...]


def heads(language: str) -> list[Head]:
    """Every pilot."""
    return [head(pilot, language) for pilot in Pilot.objects.order_by("made_ms", "service")]


def head(pilot: Pilot, language: str) -> Head:
    """One pilot."""
    parties = Party.objects.filter(pilot=pilot).select_related("organisation").order_by("id")
    by_part: dict[str, list[str]] = {}
    for one in parties:
        name = (one.organisation.name_en if language == "en" else "") or one.organisation.name
        by_part.setdefault(say(PARTS[Part(one.part)], language), []).append(name)
    return Head(
        service=pilot.service,
        name=pilot.name_en if language == "en" else pilot.name,
        short=say(SERVICES[Service(pilot.service)], language),
        parties=tuple((part, ", ".join(names)) for part, names in by_part.items()),
        mark=mark(MODES[snapshot.mode(pilot.service)], language),
        stages=tuple(stages(pilot, language)),
    )


def stages(pilot: Pilot, language: str) -> Iterable[Stage]:
    """Its phases, in order."""
    rows = Phase.objects.filter(pilot=pilot).order_by("number")
    return (stage(row, language) for row in rows.select_related("plan__notice__document"))


def stage(phase: Phase, language: str) -> Stage:
    """One phase: where nothing is announced, no date and no number."""
    plan, state = phase.plan, PhaseState(phase.state)
    internal = phase.kind == PhaseKind.INTERNAL
    numbered = plan is not None and not internal and state in RESTING
    return Stage(
        number=phase.number,
        kind=say(KINDS[PhaseKind(phase.kind)], language),
        state=phase.state,
        mark=mark(STATES[state], language),
        days=days(plan.from_day, plan.to_day) if plan else say(UNANNOUNCED, language),
        first=str(plan.from_day) if plan else "",
        last=str(plan.to_day) if plan else "",
        paper=paper(plan.notice) if plan else None,
        old=tuple(old(phase, language)),
        internal=internal,
        by_list=internal and plan is not None,
        target=number(plan.target_min, language) if plan and numbered else "",
        cap=number(phase.cap, language) if numbered else "",
        taken=shown.count(_taken(phase)) if numbered else "",
        zone=", ".join(plan.zone.split()) if plan else "",
    )


def old(phase: Phase, language: str) -> Iterable[Dates]:
    """Plans that no longer hold, oldest first."""
    dropped = Plan.objects.filter(phase=phase, dropped_ms__isnull=False).order_by("id")
    for plan in dropped.select_related("notice__document"):
        numbers = (plan.target_min, plan.cap) if phase.kind == PhaseKind.OPEN else ()
        yield Dates(
            days=days(plan.from_day, plan.to_day),
            numbers=" / ".join(number(one, language) for one in numbers),
            paper=paper(plan.notice),
            why=say(DROPPED[Dropped(plan.dropped_for)], language),
            when=shown.moment(plan.dropped_ms),
        )


def notices(pilot: Pilot) -> list[Paper]:
    """The register, newest first."""
    rows = Notice.objects.filter(pilot=pilot).order_by("-day", "-id")
    return [paper(row) for row in rows.select_related("document", "supersedes")]


def paper(notice: Notice) -> Paper:
    """One notice."""
    return Paper(
        notice.id,
        notice.number,
        str(notice.day),
        notice.document.name,
        notice.demo,
        notice.changes,
        notice.supersedes.number if notice.supersedes else "",
    )


def exemptions(pilot: Pilot) -> list[Cover]:
    """What law is relaxed, on which conditions, from when to when."""
    return [
        Cover(row.id, row.law, row.conditions, days(row.from_day, row.to_day), bool(row.revoked_ms))
        for row in Exemption.objects.filter(pilot=pilot).order_by("from_day", "id")
    ]


def insurances(pilot: Pilot) -> list[Cover]:
    """Liability insurances."""
    return [
        Cover(row.id, row.insurer, row.policy_no, days(row.from_day, row.to_day), False)
        for row in Insurance.objects.filter(pilot=pilot).order_by("from_day", "id")
    ]


def mark(badge: Badge, language: str) -> Mark:
    """A badge in one language."""
    return Mark(badge.shape, badge.tone, say(badge.word, language), say(badge.meaning, language))


def switch(mode: Mode, language: str) -> Mark:
    """A mode of the switch."""
    return mark(MODES[mode], language)


def days(first: date, last: date) -> str:
    """A period as a notice has it, the last day inclusive."""
    return f"{first} – {last}"


def number(value: int | None, language: str) -> str:
    """A number of people; what is undecided says so."""
    return say(UNDECIDED, language) if value is None else shown.count(value)


def _taken(phase: Phase) -> int:
    """Seats taken; after the end, how many had one."""
    if phase.state != PhaseState.CLOSED:
        return phase.taken
    people = Participant.objects.filter(phase=phase, way__enrolled__isnull=False)
    return people.exclude(state__in=IN).count()
