"""What operators see of their pilot, word for word: switch, duties, incidents, board, sign-offs.

Who holds a duty, moved the switch or signed is shown by name, from the vault; the tables hold
opaque ids.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from server.accounts import vault
from server.accounts.models import Duty
from server.pilots import duties, pages
from server.pilots.days import Period
from server.pilots.models import (
    BoardRow,
    Flip,
    Incident,
    Phase,
    Pilot,
    Readiness,
    SignOff,
)
from server.pilots.pages import Mark
from server.pilots.rules import (
    CHECKLIST,
    DUTIES,
    BoardKind,
    FlipReason,
    IncidentKind,
    Mode,
    ReadinessStep,
)
from server.pilots.words import (
    BOARD_KINDS,
    CHECKS,
    DUTY_NAMES,
    FLIP_REASONS,
    INCIDENTS,
    STEPS,
)
from server.web import shown
from server.web.words import say

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Move:
    """One move of the switch, in force or waiting."""

    id: int
    mark: Mark
    reason: str
    by: str
    second: str
    when: str
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A duty today, and the days of phases on which nobody holds it."""

    name: str
    shown: str
    holder: str
    deputy: str
    handover: str
    uncovered: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """An incident."""

    id: int
    kind: str
    told: str
    when: str
    outcome: str
    open: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One step of one truck or plant. done: passed; else what came of it, or that it is missing."""

    label: str
    done: bool
    failed: bool
    day: str
    signer: str
    file: int


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the board; `next`: the step that is due, 0 when all is approved."""

    name: str
    kind: str
    cells: tuple[Cell, ...]
    next: int
    next_word: str
    slowest: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A sign-off page."""

    checks: tuple[tuple[str, str, bool], ...]
    defects: tuple[str, ...]
    prepared: str
    prepared_at: str
    signed: str
    signed_for: str
    signed_at: str


def moves(pilot: Pilot, language: str) -> list[Move]:
    """What was in force, newest first."""
    rows = Flip.objects.filter(pilot=pilot, number__isnull=False).order_by("-number")[:SHOWN]
    return list(_moves(rows, language))


def waiting_move(pilot: Pilot, language: str, reader: str) -> Move | None:
    """A move out of HALT that waits for somebody else than who asked for it."""
    rows = Flip.objects.filter(pilot=pilot, number=None)
    return next(iter(_moves(rows, language, reader)), None)


def _moves(rows: Iterable[Flip], language: str, reader: str = "") -> Iterable[Move]:
    found = list(rows)
    named = vault.names(one for row in found for one in (row.by, row.second) if one)
    for row in found:
        yield Move(
            row.id,
            pages.switch(Mode(row.mode), language),
            say(FLIP_REASONS[FlipReason(row.reason)], language),
            named.get(row.by, row.by or "–"),
            named.get(row.second, row.second),
            shown.moment(row.in_force_ms or row.asked_ms),
            bool(reader) and row.by == reader,
        )


def tasks(pilot: Pilot, language: str) -> list[Task]:
    """Every duty of the pilot, held or not."""
    rows = duties.of(pilot.service)
    now = {row.name: row for row in rows if row.until_ms is None}
    named = vault.names(one for row in now.values() for one in (row.holder_id, row.deputy_id))
    gaps = _gaps(pilot, duties.as_held(rows))
    return [_task(name, now.get(name), named, gaps, language) for name in DUTIES]


def _task(
    name: str, row: Duty | None, named: dict[str, str], gaps: set[tuple[str, date]],
    language: str,
) -> Task:
    bare = sorted(day for duty, day in gaps if duty == name)
    return Task(
        name=name,
        shown=say(DUTY_NAMES[name], language),
        holder=named.get(row.holder_id, row.holder_id) if row else "",
        deputy=named.get(row.deputy_id, row.deputy_id) if row else "",
        handover=row.handover if row else "",
        uncovered=f"{bare[0]} – {bare[-1]} ({len(bare)})" if bare else "",
    )


def _gaps(pilot: Pilot, held: list[duties.Held]) -> set[tuple[str, date]]:
    plans = (row.plan for row in Phase.objects.filter(pilot=pilot).select_related("plan"))
    return {
        gap
        for plan in plans
        if plan is not None
        for gap in duties.uncovered(held, Period(plan.from_day, plan.to_day))
    }


def incidents(pilot: Pilot, language: str) -> list[Trouble]:
    """Incidents, open ones first, newest first."""
    rows = Incident.objects.filter(pilot=pilot).order_by("-closed_ms", "-at_ms")
    ordered = sorted(rows[:SHOWN], key=lambda row: row.closed_ms is not None)
    return [
        Trouble(
            row.id,
            say(INCIDENTS[IncidentKind(row.kind)], language),
            row.told,
            shown.moment(row.at_ms),
            row.outcome,
            row.closed_ms is None,
        )
        for row in ordered
    ]


def board(pilot: Pilot, language: str) -> list[Line]:
    """Every truck and plant with its five steps."""
    rows = list(BoardRow.objects.filter(pilot=pilot).order_by("kind", "name"))
    steps = Readiness.objects.filter(row__pilot=pilot).order_by("id")
    newest = {(step.row_id, step.step): step for step in steps}
    named = vault.names(step.signer for step in newest.values() if step.signer)
    least = min((row.done for row in rows), default=0)
    behind = least < ReadinessStep.APPROVED
    return [
        Line(
            row.name,
            say(BOARD_KINDS[BoardKind(row.kind)], language),
            tuple(_cell(row, step, newest.get((row.id, step)), named, language) for step in STEPS),
            row.done + 1 if row.done < ReadinessStep.APPROVED else 0,
            say(STEPS[ReadinessStep(row.done + 1)], language)
            if row.done < ReadinessStep.APPROVED
            else "",
            behind and row.done == least,
        )
        for row in rows
    ]


def _cell(
    row: BoardRow, step: ReadinessStep, signed: Readiness | None, named: dict[str, str],
    language: str,
) -> Cell:
    stands = step <= row.done
    return Cell(
        label=say(STEPS[step], language),
        done=stands,
        failed=signed is not None and not stands and not signed.passed,
        day=str(signed.day) if signed else "",
        signer=named.get(signed.signer, signed.signer or "–") if signed else "",
        file=signed.id if signed else 0,
    )


def sign_off(phase: Phase, language: str) -> Page | None:
    """The newest sign-off page of a phase."""
    row = SignOff.objects.filter(phase=phase).select_related("signed_for").order_by("-id").first()
    if row is None:
        return None
    ticked = row.checklist.split()
    named = vault.names(one for one in (row.prepared_by, row.signed_by) if one)
    return Page(
        tuple((one, say(CHECKS[one], language), one in ticked) for one in CHECKLIST),
        tuple(row.defects.splitlines()),
        named.get(row.prepared_by, row.prepared_by or "–"),
        shown.moment(row.prepared_ms),
        named.get(row.signed_by, row.signed_by),
        row.signed_for.name if row.signed_for else "",
        shown.moment(row.signed_ms) if row.signed_ms else "",
    )
