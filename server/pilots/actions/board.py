"""The readiness board, and incidents: what stands in the way of opening, and what went wrong."""

from __future__ import annotations

from server.pilots.acting import Desk, Done, Refusal, action
from server.pilots.actions.papers import File, keep, words
from server.pilots.days import day_of
from server.pilots.models import BoardRow, Incident, Readiness
from server.pilots.rules import BoardKind, IncidentKind, ReadinessStep, Reason, Right, after


@action(Right.RUN)
def list_row(desk: Desk, kind: BoardKind, name: str) -> Done[BoardRow]:
    """Put a truck or plant on the board."""
    row = BoardRow.objects.create(pilot_id=desk.service, kind=kind, name=words(name, 64))
    return Done(row, f"row {row.id} {kind}")


@action(Right.RUN)
def note_readiness(
    desk: Desk, name: str, step: ReadinessStep, passed: bool, file: File
) -> Done[BoardRow]:
    """Sign one step, passed or failed, with its file. Only the step that is due; a failed one goes
    back to the one before it."""
    rows = BoardRow.objects.select_for_update().filter(pilot=desk.service, name=name)
    row = rows.first()
    if row is None:
        raise Refusal(Reason.NOT_FOUND)
    done = after(row.done, step, passed)
    if done is None:
        raise Refusal(Reason.WRONG_STEP)
    Readiness.objects.create(
        row=row,
        step=step,
        passed=passed,
        day=day_of(desk.now_ms),
        signer=desk.who.id,
        document=keep(file, desk.now_ms),
        at_ms=desk.now_ms,
    )
    row.done = done
    row.save(update_fields=["done"])
    return Done(row, f"row {row.id} step {step} {'passed' if passed else 'failed'}")


@action(Right.RUN)
def report_incident(desk: Desk, kind: IncidentKind, told: str) -> Done[Incident]:
    """Write an incident down; what is told stays out of the log."""
    row = Incident.objects.create(
        pilot_id=desk.service,
        kind=kind,
        told=words(told, 2000),
        by=desk.who.id,
        at_ms=desk.now_ms,
    )
    return Done(row, f"incident {row.id} {kind}")


@action(Right.RUN)
def close_incident(desk: Desk, incident: int, outcome: str) -> Done[Incident]:
    """Close an incident with what came of it."""
    row = Incident.objects.filter(pilot=desk.service, id=incident, closed_ms=None).first()
    if row is None:
        raise Refusal(Reason.NOT_FOUND)
    row.outcome, row.closed_by = words(outcome, 2000), desk.who.id
    row.closed_ms = desk.now_ms
    row.save()
    return Done(row, f"incident {row.id}")
