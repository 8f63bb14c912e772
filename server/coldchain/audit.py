"""Are the rows of the cold chain what the log says? Compared, and told; part of `verify`.

Every event with its lots, what was said of each lot when it was made or corrected last, every link,
what is left of every lot, that whatever is recalled is marked so, and every result. It changes
nothing and goes on after a finding. Events that wait for the next checkpoint are not judged yet.
What a restore could not bring back is no finding: `notes` tells it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

from server.coldchain import facts
from server.coldchain.again import UNDONE
from server.coldchain.events import NO_FACTS
from server.coldchain.logged import CHUNK, Judged, Logged, entries
from server.coldchain.models import Event, EventLot, Link, Lost, Lot, Result
from server.coldchain.rules import Kind, Part
from server.ledger import rows
from server.ledger.audit import Finding

SHOWN = 20

_LEFT = (
    "SELECT lot.ref FROM coldchain_lot AS lot WHERE lot.status <> 'void' AND lot.left_grams <>"
    " lot.grams - coalesce((SELECT sum(used.grams) FROM coldchain_eventlot AS used"
    " WHERE used.lot_id = lot.id AND used.part = 'used' AND NOT EXISTS (SELECT 1"
    " FROM coldchain_event AS back WHERE back.corrects_id = used.event_id"
    " AND back.kind = 'undone')), 0) LIMIT %s"
)
_UNMARKED = (
    "SELECT lot.ref FROM coldchain_recalllot AS named"
    " JOIN coldchain_recall AS recall ON recall.id = named.recall_id"
    " JOIN coldchain_lot AS lot ON lot.id = named.lot_id"
    " WHERE NOT recall.rehearsal AND named.part <> 'contact' AND lot.side <> 'recalled' LIMIT %s"
)
_UNDER = (
    "WITH RECURSIVE held(id) AS (SELECT lot_id FROM coldchain_hold WHERE state = 'held'"
    " UNION SELECT link.child_id FROM held JOIN coldchain_link AS link ON link.parent_id = held.id)"
)
_UNHELD = f"{_UNDER} SELECT ref FROM coldchain_lot JOIN held USING (id) WHERE side = '' LIMIT %s"
_HELD = (
    f"{_UNDER} SELECT ref FROM coldchain_lot"
    " WHERE side = 'held' AND id NOT IN (SELECT id FROM held) LIMIT %s"
)


def check(size: int) -> Iterator[Finding]:
    """Hold the rows against the log of that size."""
    seen = 0
    unmade: set[str] = set()
    for start in range(0, size, CHUNK):
        both = list(entries(start, min(start + CHUNK, size)))
        logged = [one for one in both if isinstance(one, Logged)]
        found = Event.objects.select_related("corrects").filter(
            leaf_hash__in=[one.leaf_hash for one in logged]
        )
        here = {bytes(row.leaf_hash): row for row in found}
        seen += len(here)
        yield from _events(logged, here)
        unmade |= _unmade(logged, here)
        yield from _results([one for one in both if isinstance(one, Judged)], unmade)
    waiting = rows.fetch(
        "SELECT count(*) FROM coldchain_event AS e JOIN ledger_staged AS s"
        " ON s.leaf_hash = e.leaf_hash"
    )[0][0]
    if Event.objects.count() - waiting > seen:
        yield Finding(None, "coldchain_event holds what the log does not")
    for sql, text in (
        (_LEFT, "has more or less left than its events say"),
        (_UNMARKED, "is recalled and not marked so"),
        (_UNHELD, "is under a hold and not marked so"),
        (_HELD, "is marked as held and under no hold"),
    ):
        for (ref,) in rows.fetch(sql, [SHOWN]):
            yield Finding(None, f"lot {ref} {text}")


def _events(logged: Sequence[Logged], here: Mapping[bytes, Event]) -> Iterator[Finding]:
    lots, links = _lots(here.values()), _links(here.values())
    corrected, lost, untold = _corrected(lots), _lost(here.values()), _untold(lots)
    for one in logged:
        row = here.get(one.leaf_hash)
        if row is None:
            yield Finding(one.index, "coldchain_event lacks what the log holds")
            continue
        if not _same(one, row):
            yield Finding(one.index, "coldchain_event is not what the log holds")
        if UNDONE in lost[row.id]:
            continue
        named = lots[row.id]
        told = [(line.part, line.boxes, line.grams, line.lot) for line in one.lines]
        if told != [(lot.part, str(lot.boxes), str(lot.grams), lot.lot.ref) for lot in named]:
            yield Finding(one.index, "coldchain_eventlot is not what the log holds")
            continue
        for line, lot in zip(one.lines, named, strict=True):
            newest = corrected.get(lot.lot_id, row.id) <= row.id
            known = line.facts != NO_FACTS and not (row.restored and lot.lot_id in untold)
            if known and newest and facts.digest(lot.lot) != line.facts:
                yield Finding(one.index, f"lot {lot.lot.ref} is not what was said of it")
        if not _linked(named, links[row.id]):
            yield Finding(one.index, "coldchain_link is not what the event made")


def _same(one: Logged, row: Event) -> bool:
    """Whether a row says what its entry does; words that were erased are no difference."""
    told = (one.kind, one.ref, one.at_ms, one.noted_ms, one.organisation, one.actor, one.told)
    has = (row.kind, row.ref, row.at_ms, row.noted_ms, row.organisation, row.actor, row.told)
    if told != has:
        return False
    erased = not row.said and not bytes(row.salt)
    said = sha256(bytes(row.salt) + row.said.encode()).digest() if row.said else b""
    if said != one.said and not erased:
        return False
    corrects = row.corrects.ref if row.corrects else ""
    return row.restored or (one.place, one.corrects) == (row.place_id or "", corrects)


def _unmade(logged: Sequence[Logged], here: Mapping[bytes, Event]) -> set[str]:
    """Lots that are not there because the event that made them could only be named again."""
    lost = _lost(here.values())
    undone = [one for one in logged if (row := here.get(one.leaf_hash)) and UNDONE in lost[row.id]]
    named = [line.lot for one in undone for line in one.lines if line.part == Part.MADE]
    there: set[str] = set()
    for start in range(0, len(named), CHUNK):
        some = Lot.objects.filter(ref__in=named[start : start + CHUNK])
        there |= set(some.values_list("ref", flat=True))
    return set(named) - there


def _results(logged: Sequence[Judged], unmade: Container[str]) -> Iterator[Finding]:
    """Results as they are held against the log; of a lot that could not be made there are none."""
    found = Result.objects.select_related("lot").filter(
        leaf_hash__in=[one.leaf_hash for one in logged]
    )
    here = {bytes(row.leaf_hash): row for row in found}
    for one in logged:
        row = here.get(one.leaf_hash)
        if row is None and one.lot in unmade:
            continue
        if row is None:
            yield Finding(one.index, "coldchain_result lacks what the log holds")
        elif (row.lot.ref, row.version, row.at_ms, row.text) != (
            one.lot,
            one.version,
            one.at_ms,
            one.text,
        ):
            yield Finding(one.index, "coldchain_result is not what the log holds")


def _lost(found: Iterable[Event]) -> Mapping[int, set[str]]:
    """What a restore could not bring back of each of these events."""
    by_event: dict[int, set[str]] = defaultdict(set)
    ids = [row.id for row in found]
    for event, words in Lost.objects.filter(event__in=ids).values_list("event", "words"):
        by_event[event] = set(words.split())
    return by_event


def _lots(found: Iterable[Event]) -> Mapping[int, list[EventLot]]:
    by_event: dict[int, list[EventLot]] = defaultdict(list)
    ids = [row.id for row in found]
    named = EventLot.objects.select_related("lot").filter(event__in=ids).order_by("id")
    for one in named.iterator():
        by_event[one.event_id].append(one)
    return by_event


def _links(found: Iterable[Event]) -> Mapping[int, list[Link]]:
    by_event: dict[int, list[Link]] = defaultdict(list)
    for one in Link.objects.filter(event__in=[row.id for row in found]).iterator():
        by_event[one.event_id].append(one)
    return by_event


def _corrected(lots: Mapping[int, list[EventLot]]) -> dict[int, int]:
    """The newest correction of each of these lots that has one, by lot number."""
    ids = sorted({one.lot_id for named in lots.values() for one in named})
    found: dict[int, int] = {}
    for start in range(0, len(ids), CHUNK):
        some = EventLot.objects.filter(
            lot__in=ids[start : start + CHUNK], event__kind=Kind.CORRECTED
        )
        found |= dict(some.order_by("event").values_list("lot", "event"))
    return found


def _untold(lots: Mapping[int, list[EventLot]]) -> set[int]:
    """Lots of which a restore could not bring back a name or number that somebody typed."""
    ids = sorted({one.lot_id for named in lots.values() for one in named})
    found: set[int] = set()
    for start in range(0, len(ids), CHUNK):
        some = EventLot.objects.filter(
            lot__in=ids[start : start + CHUNK], event__lost__isnull=False
        )
        words = some.values_list("lot", "event__lost__words")
        found |= {lot for lot, text in words if set(text.split()) & set(facts.TEXTS)}
    return found


def _linked(named: Sequence[EventLot], links: Sequence[Link]) -> bool:
    """Whether every child has its whole weight from what was taken, and nothing else is linked."""
    used = {one.lot_id for one in named if one.part == Part.USED}
    made = {one.lot_id: one.grams for one in named if one.part == Part.MADE}
    weights: dict[int, int] = dict.fromkeys(made, 0) if used else {}
    for one in links:
        if one.parent_id not in used or one.child_id not in weights:
            return False
        weights[one.child_id] += one.grams
    return not used or weights == made
