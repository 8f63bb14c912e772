"""The outbox's table of contents, rebuilt from the disk alone: which numbers are what, per epoch.

Reads only, on a connection that is handed in; what it raises is translated by the caller.
"""

from __future__ import annotations

import sqlite3

from agent.core.ranges import NONE, Ranges, run
from agent.core.shelf import Shelf
from agent.edges.rows import PINNED, SEQ_MASK, place, row_id


def shelves(sql: sqlite3.Connection) -> dict[int, Shelf]:
    """Rebuild the table of contents from the disk alone."""
    tables = {name: _runs(sql, name) for name in ("proof", "freed", "buried", "former")}
    aside = _places(sql, "SELECT epoch << 32 | seq FROM aside")
    alarms = _places(sql, "SELECT id FROM record WHERE lane = 1")
    pinned = _places(sql, f"SELECT id FROM record WHERE kind IN ({PINNED})")
    kids = _kids(sql)
    found = {}
    for number, epoch in sql.execute("SELECT number, id FROM epoch ORDER BY number").fetchall():
        proof, freed, buried, former = (tables[name].get(number, NONE) for name in tables)
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
            former=former,
            kid=kids.get(number, b""),
        )
    return found


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
