"""Forward and backward over the links of lots, exactly; and who was in the same room.

One recursive statement, the same on both databases; lot numbers in, lot numbers out. Links lead
from lower to higher numbers, so it ends. It is bounded: a trace that would be larger than `MOST`
says that it is not complete. "Possible contact" is a class of its own: it is never mixed with what
came from a lot. Spec: docs/coldchain.md; CC10.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models.expressions import RawSQL

from server.ledger import rows

MOST: Final = 100_000
"""Lots of one trace."""
CHUNK: Final = 500
FOREVER_MS: Final = 1 << 62

_WALK = (
    "WITH RECURSIVE reach(id) AS ("
    " SELECT id FROM coldchain_lot WHERE id IN ({marks})"
    " UNION SELECT link.{to} FROM reach JOIN coldchain_link AS link ON link.{start} = reach.id"
    ") SELECT id FROM reach"
)
_CONTACT = (
    "SELECT DISTINCT other.lot_id FROM coldchain_stay AS mine"
    " JOIN coldchain_stay AS other ON other.room_id = mine.room_id"
    f" AND other.from_ms < coalesce(mine.until_ms, {FOREVER_MS})"
    f" AND coalesce(other.until_ms, {FOREVER_MS}) > mine.from_ms"
    " WHERE mine.lot_id IN ({marks})"
    " AND (mine.until_ms IS NULL OR mine.until_ms > mine.from_ms)"
    " AND (other.until_ms IS NULL OR other.until_ms > other.from_ms)"
)
_THERE = (
    "SELECT DISTINCT stay.lot_id FROM coldchain_stay AS stay"
    " JOIN coldchain_room AS room ON room.id = stay.room_id"
    f" WHERE stay.from_ms < %s AND coalesce(stay.until_ms, {FOREVER_MS}) > %s"
    " AND (stay.until_ms IS NULL OR stay.until_ms > stay.from_ms)"
)


@dataclass(frozen=True, slots=True)
class Traced:
    """Lots that were reached, those asked for included; `complete`: there were no more."""

    lots: frozenset[int]
    complete: bool = True


def forward(lots: Iterable[int], most: int = MOST) -> Traced:
    """All that came of these lots."""
    return _walk(lots, "child_id", "parent_id", most)


def backward(lots: Iterable[int], most: int = MOST) -> Traced:
    """All that these lots came from."""
    return _walk(lots, "parent_id", "child_id", most)


def above(lots: Sequence[int]) -> RawSQL:
    """All that a few lots came from, themselves included, as part of a statement: `lot__in=`."""
    walk = _WALK.format(marks=_marks(lots), to="parent_id", start="child_id")
    return RawSQL(walk, list(lots))


def contacts(lots: Collection[int]) -> frozenset[int]:
    """Lots that were in the same room at the same time as one of these, and are none of these."""
    return frozenset(_each(_CONTACT, lots)) - frozenset(lots)


def in_room(room: int, from_ms: int, until_ms: int) -> frozenset[int]:
    """Lots that were in a room or truck within this time."""
    found = rows.fetch(f"{_THERE} AND stay.room_id = %s", [until_ms, from_ms, room])
    return frozenset(lot for (lot,) in found)


def at_place(place: str, from_ms: int, until_ms: int) -> frozenset[int]:
    """Lots that were in a room of a place within this time, or were landed there then."""
    stayed = rows.fetch(f"{_THERE} AND room.place_id = %s", [until_ms, from_ms, place])
    landed = rows.fetch(
        "SELECT id FROM coldchain_lot WHERE landed_id = %s AND made_ms >= %s AND made_ms < %s",
        [place, from_ms, until_ms],
    )
    return frozenset(lot for (lot,) in (*stayed, *landed))


def _walk(lots: Iterable[int], to: str, start: str, most: int) -> Traced:
    seeds, found = list(lots), set[int]()
    for first in range(0, len(seeds), CHUNK):
        some = seeds[first : first + CHUNK]
        sql = _WALK.format(marks=_marks(some), to=to, start=start) + " LIMIT %s"
        found |= {lot for (lot,) in rows.fetch(sql, [*some, most + 1])}
    if len(found) > most:
        return Traced(frozenset(sorted(found)[:most]), complete=False)
    return Traced(frozenset(found))


def _each(sql: str, lots: Collection[int]) -> set[int]:
    listed, found = list(lots), set[int]()
    for first in range(0, len(listed), CHUNK):
        some = listed[first : first + CHUNK]
        found |= {lot for (lot,) in rows.fetch(sql.format(marks=_marks(some)), some)}
    return found


def _marks(some: Sequence[int]) -> str:
    return ", ".join(["%s"] * len(some))
