"""After a restore: what the log knows and these tables have lost is done again, in its order.

An older database that was put back beside its journal lacks later events. Each is written again
from its entry and does what it did, by the code that did it (effects/); results come back with
their versions. Alarms and signs are evaluated again from the tracks; who acted on them is in the
deeds.
What the log never had (words that people wrote, a vessel, a price, an address) is lost, and every
event that had such says so (`Lost`, by which pages and `verify` tell it). An event that cannot be
done again, because an entry of before says too little, is named and nothing more.
A crash leaves whole events and a cursor that the next start goes on from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction

from server.accounts.models import Deed, Organisation
from server.accounts.models import Kind as Sort
from server.coldchain import excursions, facts, spotting
from server.coldchain.acting import Refusal
from server.coldchain.done import Line
from server.coldchain.events import NO_FACTS, write
from server.coldchain.lineage import inherited
from server.coldchain.logged import CHUNK, Judged, Logged, entries
from server.coldchain.models import Event, EventLot, Excursion, Followed, Lost, Lot, Place, Result
from server.coldchain.rules import Kind, Part
from server.ledger.writing import writing

SAID: Final = "said"
UNDONE: Final = "everything"
"""Of an event that was only named again."""
STOPS: Final = (Kind.HELD, Kind.RECALL_OPENED)
"""What is done again for as many of its lots as are known."""


class _Lacking(Exception):
    """An entry says too little to do its event again."""


NOT_DONE: Final = (
    *(_Lacking, Refusal, IntegrityError, ObjectDoesNotExist),
    *(LookupError, ValueError, TypeError, AttributeError),
)
"""What an entry that says too little, or something else than its kind, makes of doing it again."""


def rebuild(first: int, size: int) -> None:
    """Do again what the log holds from `first` to `size` and these tables do not know.

    What the log gained since it was followed last is looked at, too: an earlier try may have ended
    in between.
    """
    followed = Followed.objects.values_list("number", flat=True).first() or 0
    lacking = range(min(first, followed), size, CHUNK)
    for start in lacking:
        with writing():
            for one in entries(start, min(start + CHUNK, size)):
                _one(one)
    if lacking:
        _acted()


def _acted() -> None:
    """What people did about excursions and signs that are known is known, too."""
    with writing():
        spotting.take_again()
        for row in Excursion.objects.filter(signed_ms=None).order_by("id"):
            excursions.take_again(row)


def _one(one: Logged | Judged) -> None:
    table = Result if isinstance(one, Judged) else Event
    if table.objects.filter(leaf_hash=one.leaf_hash).exists():
        return
    if isinstance(one, Judged):
        _judged(one)
    else:
        _again(one)


def _judged(one: Judged) -> None:
    lot = Lot.objects.filter(ref=one.lot).first()
    if lot is None:
        return
    Result.objects.create(
        lot=lot, version=one.version, at_ms=one.at_ms, text=one.text, leaf_hash=one.leaf_hash
    )


def _again(one: Logged) -> None:
    lost = {*one.held.split(), *([SAID] if one.said else [])}
    try:
        with transaction.atomic():
            _met(one)
            event = _event(one)
            lines = list(_lines(one))
            write(event, lines, {})
            if len(lines) < len(one.lines):
                lost.add(UNDONE)
    except NOT_DONE:
        event = _named(one)
        lost.add(UNDONE)
    if lost:
        Lost.objects.create(event=event, words=" ".join(sorted(lost)))


def _met(one: Logged) -> None:
    """The place of an event and whoever it names are known by their ids at least."""
    told = json.loads(one.told)
    _known({one.organisation, told.get("to", ""), told.get("carrier", "")}, one.noted_ms)
    if one.kind == Kind.PLACE_ADDED:
        _place(one, told["kind"])


def _event(one: Logged) -> Event:
    """The row of an event, not yet written."""
    return Event(
        ref=one.ref,
        kind=one.kind,
        at_ms=one.at_ms,
        noted_ms=one.noted_ms,
        organisation=one.organisation,
        actor=one.actor,
        place=Place.objects.filter(id=one.place).first(),
        told=one.told,
        corrects=Event.objects.filter(ref=one.corrects).first(),
        key=one.key,
        leaf_hash=one.leaf_hash,
        restored=True,
    )


def _known(organisations: Iterable[str], at_ms: int) -> None:
    """Whoever joined after the backup is an id without a name, until the operator names them."""
    for one in filter(None, organisations):
        made = Deed.objects.filter(act="organisation-made", target=one, reason="").last()
        given = {"kind": made.detail if made else Sort.MERCHANT, "name": one, "made_ms": at_ms}
        Organisation.objects.get_or_create(id=one, defaults=given)


def _place(one: Logged, kind: str) -> None:
    whose = {"organisation_id": one.organisation, "made_ms": one.noted_ms}
    given = {"kind": kind, "name": one.place, "region": "", **whose}
    Place.objects.get_or_create(id=one.place, defaults=given)


def _lines(one: Logged) -> Iterator[Line]:
    """The lots of an event: those it makes are new, of those it corrects is said what it says.
    Raises _Lacking."""
    if one.facts is None and any(line.facts != NO_FACTS for line in one.lines):
        raise _Lacking
    known = {lot.ref: lot for lot in _lots(line.lot for line in one.lines)}
    told = facts.unpacked(one.facts or "", len(one.lines))
    if one.lines and one.kind in STOPS and not known:
        raise _Lacking
    parents: list[Lot] = []
    before = ""
    for line in one.lines:
        said = next(told) if line.facts != NO_FACTS else None
        if line.part == Part.MADE and said:
            _known({said["maker_id"]}, said["made_ms"])
            known[line.lot] = facts.lot_of(line.lot, said)
            known[line.lot].vessel = inherited(parents)["vessel"] if parents else ""
        elif line.lot not in known:
            if one.kind in STOPS:
                continue
            raise _Lacking
        elif said:
            facts.put(known[line.lot], said)
        elif line.part == Part.USED:
            parents = [*parents, known[line.lot]] if before == Part.USED else [known[line.lot]]
        before = line.part
        yield Line(known[line.lot], Part(line.part), int(line.boxes), int(line.grams))


def _lots(refs: Iterable[str]) -> Iterator[Lot]:
    listed = list(refs)
    for start in range(0, len(listed), CHUNK):
        yield from Lot.objects.filter(ref__in=listed[start : start + CHUNK])


def _named(one: Logged) -> Event:
    """An event of which only its lots are named: what was taken then is not known to them."""
    _known({one.organisation}, one.noted_ms)
    event = _event(one)
    event.save(force_insert=True)
    EventLot.objects.bulk_create(
        EventLot(event=event, lot=lot, part=Part.NAMED)
        for lot in _lots(line.lot for line in one.lines)
    )
    return event
