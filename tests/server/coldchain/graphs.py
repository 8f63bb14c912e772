"""Graphs of lots written straight into the tables, and a naive walk over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection

from server.coldchain.models import Event, Lot
from server.ledger import rows
from server.ledger.writing import writing

Edges = Sequence[tuple[int, int]]
BATCH = 20_000
_MADE = "ref species form kept code trade gtin area vessel origin trace_no catch_by ice_ratio side"


def lots(count: int, organisation: str) -> int:
    """Write that many lots of one event, all alike; return the number of the first."""
    event = Event.objects.create(
        ref="graph", kind="landed", at_ms=0, noted_ms=0, leaf_hash=b"graph"
    )
    given = dict.fromkeys(_MADE.split(), "") | {"ice": "none", "gear": "other"}
    given |= {"status": "processed", "maker_id": organisation, "holder_id": organisation}
    numbers = {"event_id": event.id, "made_ms": 0, "boxes": 0, "left_boxes": 0}
    fixed: dict[str, Any] = {**given, **numbers, "grams": 1000, "left_grams": 1000}
    first = Lot.objects.create(**{**fixed, "ref": "g0", "code": "g0"}).id
    columns = [str(field.column) for field in Lot._meta.concrete_fields]
    new = {"id": "lot.id + n", "ref": "'g' || n", "code": "'g' || n"}
    rows.execute(
        "WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < %s)"
        f" INSERT INTO coldchain_lot ({', '.join(columns)})"
        f" SELECT {', '.join(new.get(one, one) for one in columns)}"
        " FROM counted JOIN coldchain_lot AS lot ON lot.id = %s WHERE %s > 1",
        [count - 1, first, count],
    )
    if connection.vendor == "postgresql":
        # Numbers that were given by hand are not counted there.
        rows.fetch(
            "SELECT setval(pg_get_serial_sequence('coldchain_lot', 'id'), %s)", [first + count]
        )
    return first


def links(edges: Edges, first: int) -> None:
    """Write links between lots, numbered from the first."""
    event = Event.objects.get(ref="graph").id
    columns = {
        "parent_id": "bigint",
        "child_id": "bigint",
        "event_id": "bigint",
        "kind": "varchar",
        "grams": "bigint",
        "boxes": "integer",
    }
    with writing():
        for start in range(0, len(edges), BATCH):
            some = edges[start : start + BATCH]
            values = [(first + a, first + b, event, "split", 1, 0) for a, b in some]
            rows.insert("coldchain_link", columns, values)


def walk(edges: Iterable[tuple[int, int]], seeds: Iterable[int]) -> set[int]:
    """All that is reached, one step after the other."""
    out: dict[int, list[int]] = {}
    for a, b in edges:
        out.setdefault(a, []).append(b)
    return walked(out, seeds)


def walked(out: Mapping[int, Sequence[int]], seeds: Iterable[int]) -> set[int]:
    """The same over a graph that was arranged already."""
    todo = list(seeds)
    found = set(todo)
    while todo:
        for one in out.get(todo.pop(), ()):
            if one not in found:
                found.add(one)
                todo.append(one)
    return found
