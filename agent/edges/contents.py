"""The outbox's table of contents: which numbers are what, per epoch. In RAM, and from the disk.

`Contents` moves in step with the commits; `shelves` rebuilds it from the disk alone, on a
connection that is handed in. It writes nothing; the caller translates what the connection raises.
"""

from __future__ import annotations

import sqlite3

from agent.core.ranges import NONE, Ranges, run
from agent.core.shelf import Counters, Held, Shelf, count
from agent.edges import rows
from agent.edges.rows import PINNED, SEQ_MASK, place, row_id

UNKNOWN = " NOT IN (SELECT number FROM epoch) LIMIT 1"
TOLD = {
    # From one epoch to the next by the primary key: no record is read.
    "record": "WITH RECURSIVE seen (number) AS (SELECT min(id) >> 32 FROM record UNION ALL"
    " SELECT (SELECT min(id) >> 32 FROM record WHERE id >= (number + 1) << 32)"
    " FROM seen WHERE number IS NOT NULL)"
    " SELECT 1 FROM seen WHERE number IS NOT NULL AND number",
    **{name: f"SELECT 1 FROM {name} WHERE epoch" for name in ("proof", "freed", "buried", "aside")},
}
"""How each table tells of epochs; of an unknown one, if this query with UNKNOWN finds a row."""


class Contents:
    """The epochs on the card, by shelf number."""

    def __init__(self) -> None:
        self._shelves: dict[int, Shelf] = {}
        self._unproved: set[int] = set()
        self._resting: Counters | None = None

    @property
    def shelves(self) -> tuple[Shelf, ...]:
        """All of them, oldest epoch first; only committed rows are in it."""
        return tuple(self._shelves.values())

    @property
    def unproved(self) -> tuple[Shelf, ...]:
        """Those on which rows wait, which is all that shipping looks at.

        A card gathers an epoch with every start, for years; what a turn costs must not grow.
        """
        return tuple(self._shelves[number] for number in sorted(self._unproved))

    @property
    def newest(self) -> int:
        """The number of the newest epoch."""
        return max(self._shelves)

    def shelf(self, number: int) -> Shelf:
        """One epoch."""
        return self._shelves[number]

    def get(self, number: int) -> Shelf | None:
        """One epoch, if any row of it is committed."""
        return self._shelves.get(number)

    def reshelve(self, shelf: Shelf) -> None:
        """Replace an entry after the same change was written into the open transaction."""
        self._shelves[shelf.number] = shelf
        if shelf.waiting and shelf.number in self._unproved:
            return
        self._resting = None
        (self._unproved.add if shelf.waiting else self._unproved.discard)(shelf.number)

    def fill(self, found: dict[int, Shelf]) -> None:
        """Replace all entries."""
        self._shelves, self._resting = found, None
        self._unproved = {number for number, shelf in found.items() if shelf.waiting}

    def balance(self, held: Held, uncommitted: int, overflowed: int) -> Counters:
        """Draw up the balance; epochs where nothing waits were counted once."""
        if self._resting is None:
            others = self._shelves.keys() - self._unproved
            self._resting = count((self._shelves[number] for number in others), {})
        return count(
            self.unproved,
            held,
            resting=self._resting,
            uncommitted=uncommitted,
            overflowed=overflowed,
        )


def shelves(sql: sqlite3.Connection) -> dict[int, Shelf]:
    """Rebuild the table of contents from the disk alone."""
    tables = {name: _runs(sql, name) for name in ("proof", "freed", "buried")}
    former = _runs(sql, "former") if rows.has_former(sql) else {}
    aside = _places(sql, "SELECT epoch << 32 | seq FROM aside")
    alarms = _places(sql, "SELECT id FROM record WHERE lane = 1")
    pinned = _places(sql, f"SELECT id FROM record WHERE kind IN ({PINNED})")
    kids = _kids(sql)
    found = {}
    for number, epoch in sql.execute("SELECT number, id FROM epoch ORDER BY number").fetchall():
        proof, freed, buried = (tables[name].get(number, NONE) for name in tables)
        last = max([_last(sql, number), *(r[1] for s in (proof, freed, buried) for r in s.runs)])
        committed = run(0, last)
        found[number] = Shelf(
            number=number,
            epoch=epoch,
            last=last,
            proved=((proof | freed) & committed) - buried,
            freed=freed,
            evicted=buried,
            aside=aside.get(number, NONE),
            alarms=alarms.get(number, NONE),
            pinned=pinned.get(number, NONE),
            former=former.get(number, NONE),
            kid=kids.get(number, b""),
        )
    return found


def strays(sql: sqlite3.Connection) -> list[str]:
    """The tables that tell of epochs which the list of epochs does not know: none, ever."""
    return [name for name, told in TOLD.items() if sql.execute(f"{told}{UNKNOWN}").fetchone()]


def _kids(sql: sqlite3.Connection) -> dict[int, bytes]:
    """Which key sealed each epoch, by its opening: the kid stands at a fixed place."""
    found = sql.execute(f"SELECT id, substr(sealed, 9, 8) FROM record WHERE kind IN ({PINNED})")
    return {place(row)[0]: bytes(kid) for row, kid in found if place(row)[1] == 0}


def _last(sql: sqlite3.Connection, number: int) -> int:
    newest_id = sql.execute(
        "SELECT max(id) FROM record WHERE id BETWEEN ? AND ?",
        (row_id(number, 0), row_id(number, SEQ_MASK)),
    ).fetchone()[0]
    return -1 if newest_id is None else place(newest_id)[1]


def _runs(sql: sqlite3.Connection, table: str) -> dict[int, Ranges]:
    by_number: dict[int, list[tuple[int, int]]] = {}
    for number, first, last in sql.execute(f"SELECT epoch, first, last FROM {table}"):
        by_number.setdefault(number, []).append((first, last))
    return {number: Ranges.of(found) for number, found in by_number.items()}


def _places(sql: sqlite3.Connection, query: str) -> dict[int, Ranges]:
    by_number: dict[int, list[tuple[int, int]]] = {}
    for (row,) in sql.execute(query):
        number, seq = place(row)
        by_number.setdefault(number, []).append((seq, seq))
    return {number: Ranges.of(found) for number, found in by_number.items()}
