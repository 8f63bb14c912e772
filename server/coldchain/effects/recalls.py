"""회수: what its events do to the recall, its lots and its holders."""

from __future__ import annotations

from server.coldchain import recalling
from server.coldchain.done import Done, canonical
from server.coldchain.models import Recall, RecallHolder, RecallLot
from server.coldchain.rules import HolderState, RecallPart, RecallState
from server.coldchain.taking import CHUNK


def open_(done: Done) -> None:
    """The recall, its lots (marked, unless it is a rehearsal), and everybody who holds or held
    them."""
    told, sources = done.told, frozenset(one.id for one in done.lots)
    parts = recalling.mark(sources, told["rehearsal"])
    lots = {lot.id: lot for lot in recalling.lots_of(parts)}
    row = Recall.objects.create(
        id=told["recall"],
        organisation_id=done.event.organisation,
        why=told["why"],
        basis=told["basis"],
        grade=told["grade"],
        rehearsal=told["rehearsal"],
        scope=canonical(told.get("scope") or {"lots": [one.ref for one in done.lots]}),
        handed_grams=told["grams"],
        opened=done.event,
        opened_ms=done.event.noted_ms,
    )
    RecallLot.objects.bulk_create(
        (
            RecallLot(recall=row, lot=lot, part=parts[id_], grams=lot.left_grams)
            for id_, lot in sorted(lots.items())
        ),
        batch_size=CHUNK,
    )
    inside = [lot for id_, lot in lots.items() if parts[id_] is not RecallPart.CONTACT]
    RecallHolder.objects.bulk_create(recalling.holders(row, inside))


def notify(done: Done) -> None:
    """Every holder is told, or listed as unreached."""
    listed = RecallHolder.objects.filter(recall=done.told["recall"], state=HolderState.LISTED)
    unreached = listed.filter(id__in=done.told["unreached"])
    unreached.update(state=HolderState.UNREACHED, notified_ms=done.event.noted_ms)
    listed.update(state=HolderState.NOTIFIED, notified_ms=done.event.noted_ms)
    Recall.objects.filter(id=done.told["recall"]).update(state=RecallState.NOTIFIED)


def answer(done: Done) -> None:
    """A holder knows, and perhaps says what came of its share; or cannot be reached."""
    rows = RecallHolder.objects.filter(id=done.told["holder"])
    if done.told.get("state") == HolderState.UNREACHED:
        rows.update(state=HolderState.UNREACHED)
        return
    if "grams" in done.told:
        count(done)
    rows.update(state=HolderState.ACKNOWLEDGED, answered_ms=done.event.noted_ms)


def count(done: Done) -> None:
    """What came of a holder's share."""
    recovered, destroyed, gone = done.told["grams"]
    RecallHolder.objects.filter(id=done.told["holder"]).update(
        recovered=recovered, destroyed=destroyed, gone=gone
    )


def close(done: Done) -> None:
    """Closed, and signed by who did it."""
    Recall.objects.filter(id=done.told["recall"]).update(
        state=RecallState.CLOSED,
        closed=done.event,
        closed_ms=done.event.noted_ms,
        signed_by=done.event.actor,
    )
