"""The few statements where Django's object layer costs too much: many rows at once, raw.

Same meaning on both databases: SQLite gets `executemany`, PostgreSQL one `unnest`. Table and
column names come from this package's own constants, values always travel as parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import connection

Row = tuple[Any, ...]
Value = int | str | bytes | None
CHUNK = 500
"""Values in one `IN (...)`: below every limit of either database."""


def insert(
    table: str, columns: Mapping[str, str], values: Sequence[Row], *, unless: str = ""
) -> None:
    """Insert many rows. `columns` maps each name to its PostgreSQL type, in the rows' order.

    `unless`: a condition over the new row `new` under which it is left out; with it, rows that
    would break a unique constraint are left out as well.
    """
    if not values:
        return
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    quiet = f" WHERE NOT ({unless}) ON CONFLICT DO NOTHING" if unless else ""
    into = f"INSERT INTO {table} ({names}) SELECT {names} FROM"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            one = ", ".join(f"%s AS {name}" for name in columns)
            sql = f"{into} (SELECT {one}) AS new{quiet}" if unless else ""
            cursor.executemany(sql or f"INSERT INTO {table} ({names}) VALUES ({marks})", values)
        else:
            arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
            lists = [list(column) for column in zip(*values, strict=True)]
            cursor.execute(f"{into} unnest({arrays}) AS new({names}){quiet}", lists)


def select(sql: str, values: Sequence[Value]) -> Iterator[Row]:
    """Rows of a statement that ends in `IN`, for any number of values."""
    with connection.cursor() as cursor:
        for chunk in _chunks(values):
            cursor.execute(f"{sql} ({_marks(chunk)})", chunk)
            yield from cursor.fetchall()


def delete(sql: str, values: Sequence[Value]) -> None:
    """Run a DELETE that ends in `IN`, for any number of values."""
    with connection.cursor() as cursor:
        for chunk in _chunks(values):
            cursor.execute(f"{sql} ({_marks(chunk)})", chunk)


def fetch(sql: str, values: Sequence[Value] = ()) -> list[Row]:
    """All rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[Row] = cursor.fetchall()
        return found


def execute(sql: str, values: Sequence[Value] = ()) -> None:
    """Run one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def _marks(chunk: Sequence[Value]) -> str:
    return ", ".join(["%s"] * len(chunk))
