"""What was found of lots and said of them: inspections, samples, holds; purchases, problems."""

from __future__ import annotations

from datetime import date

from server.coldchain import standing
from server.coldchain.done import Done
from server.coldchain.models import (
    Hold,
    Inspection,
    Label,
    Party,
    Problem,
    Purchase,
    Sample,
)
from server.coldchain.rules import HoldState, Side


def party(done: Done) -> None:
    """What an organisation says of itself: words, which only the table has."""
    Party.objects.update_or_create(
        organisation_id=done.event.organisation, defaults=dict(done.own_of())
    )


def inspect(done: Done) -> None:
    """A score."""
    (lot,) = done.lots
    Inspection.objects.create(
        lot=lot,
        event=done.event,
        organisation_id=done.event.organisation,
        at_ms=done.event.at_ms,
        **done.told,
    )


def sample(done: Done) -> None:
    """수거검사; only the table knows the laboratory."""
    (lot,) = done.lots
    whose = {"organisation_id": done.event.organisation, "taken": done.event}
    Sample.objects.create(lot=lot, **whose, **done.own_of())


def result(done: Done) -> None:
    """What the laboratory found."""
    Sample.objects.filter(taken__ref=done.told["sampled"]).update(
        state=done.told["state"], result=done.event
    )


def hold(done: Done) -> None:
    """판매 중지, of the lots and of all that came of them."""
    Hold.objects.bulk_create(
        Hold(
            lot=one,
            organisation_id=done.event.organisation,
            basis=done.told["basis"],
            ordered=done.event,
        )
        for one in done.lots
    )
    standing.mark(frozenset(one.id for one in done.lots), Side.HELD)


def release(done: Done) -> None:
    """One's own hold ends; another's stays, on whatever lot above it stands, and so does a
    recall."""
    ours = Hold.objects.filter(
        lot__in=done.lots, organisation=done.event.organisation, state=HoldState.HELD
    )
    ours.update(state=HoldState.RELEASED, released=done.event)
    standing.lift(frozenset(one.id for one in done.lots))


def purchase(done: Done) -> None:
    """A shopper's mark."""
    (lot,) = done.lots
    day = date.fromisoformat(done.told["day"])
    Purchase.objects.create(lot=lot, label=_label(done), event=done.event, day=day)


def problem(done: Done) -> None:
    """What a shopper or a fisher reported; only the table has their words."""
    (lot,) = done.lots
    Problem.objects.create(
        lot=lot,
        label=_label(done),
        kind=done.told["kind"],
        event=done.event,
        at_ms=done.event.at_ms,
        **done.own_of(),
    )


def close_report(done: Done) -> None:
    """What came of a report."""
    Problem.objects.filter(event__ref=done.told["report"], closed=None).update(
        outcome=done.told["outcome"], closed=done.event, closed_ms=done.event.noted_ms
    )


def _label(done: Done) -> Label | None:
    return Label.objects.filter(serial=done.told["serial"]).first()
