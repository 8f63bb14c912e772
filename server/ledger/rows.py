"""Statements for many rows at once, and for every request, without Django's object layer.

Building and compiling a query costs ten times what the database takes to answer it. Same meaning on
both databases: SQLite gets `executemany`, PostgreSQL one `unnest`. Table and column names come from
this program's own constants and models, values always travel as parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

Row = tuple[Any, ...]
Value = int | str | bytes | None
Object = TypeVar("Object", bound=Model)
CHUNK = 500
"""Values in one `IN (...)`: below every limit of SQLite."""


def insert(
    table: str,
    columns: Mapping[str, str],
    values: Sequence[Row],
    *,
    unless: str = "",
    clash: str = "",
) -> None:
    """Insert many rows. `columns` maps each name to its PostgreSQL type, in the rows' order.

    `unless`: a condition over the new row `new` under which it is left out; with it, rows that
    would break a unique constraint are left out as well. `clash`: ON CONFLICT, and what then.
    """
    if not values:
        return
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    after = f" WHERE NOT ({unless}) ON CONFLICT DO NOTHING" if unless else f" {clash}"
    into = f"INSERT INTO {table} ({names}) SELECT {names} FROM"
    with _cursor() as cursor:
        if connection.vendor == "sqlite":
            one = ", ".join(f"%s AS {name}" for name in columns)
            sql = f"{into} (SELECT {one}) AS new{after}" if unless else ""
            plain = f"INSERT INTO {table} ({names}) VALUES ({marks}){after}"
            cursor.executemany(sql or plain, values)
        else:
            # In binary (%b): as text, bytes would double and be looked through for quotes.
            arrays = ", ".join(f"%b::{kind}[]" for kind in columns.values())
            lists = [list(column) for column in zip(*values, strict=True)]
            cursor.execute(f"{into} unnest({arrays}) AS new({names}){after}", lists)


def create(objects: Sequence[Model], *, clash: str = "") -> None:
    """Insert objects of one model, whose row numbers the database gives; `clash` as in `insert`."""
    if not objects:
        return
    columns, names = _given(type(objects[0]), connection.vendor)
    values = [tuple([getattr(one, name) for name in names]) for one in objects]
    insert(objects[0]._meta.db_table, columns, values, clash=clash)


@cache
def _given(model: type[Model], _vendor: str) -> tuple[dict[str, str], list[str]]:
    """Columns with their types, and the names of the attributes for them, but the row's number."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = {str(field.column): str(field.db_type(connection)) for field in fields}
    return columns, [field.attname for field in fields]


def objects(model: type[Object], where: str, values: Sequence[Value]) -> list[Object]:
    """The objects of a model for which that holds; `where` may go on with ORDER BY or a lock."""
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    found = fetch(f"SELECT {columns} FROM {model._meta.db_table} WHERE {where}", values)
    names = [field.attname for field in fields]
    return [model.from_db("default", names, row) for row in found]


def select(sql: str, values: Sequence[Value]) -> Iterator[Row]:
    """Rows of a statement that ends in `IN`, for any number of values."""
    with _cursor() as cursor:
        for whole, given in _among(sql, values):
            cursor.execute(whole, given)
            yield from cursor.fetchall()


def delete(sql: str, values: Sequence[Value]) -> None:
    """Run a DELETE that ends in `IN`, for any number of values."""
    with _cursor() as cursor:
        for whole, given in _among(sql, values):
            cursor.execute(whole, given)


def fetch(sql: str, values: Sequence[Value] = ()) -> list[Row]:
    """All rows of one statement."""
    with _cursor() as cursor:
        cursor.execute(sql, values)
        found: list[Row] = cursor.fetchall()
        return found


def execute(sql: str, values: Sequence[Value] = ()) -> None:
    """Run one statement."""
    with _cursor() as cursor:
        cursor.execute(sql, values)


def _among(sql: str, values: Sequence[Value]) -> Iterator[tuple[str, Sequence[Any]]]:
    """The statements, with their parameters, that one ending in `IN` becomes."""
    if connection.vendor == "postgresql" and values:
        # One text for any number of values: it is prepared once.
        yield f"{sql.removesuffix('IN')} = ANY(%b)", [list(values)]
        return
    for start in range(0, len(values), CHUNK):
        chunk = values[start : start + CHUNK]
        yield f"{sql} ({', '.join(['%s'] * len(chunk))})", chunk


@contextmanager
def _cursor() -> Iterator[Any]:
    """A cursor. PostgreSQL's sends values apart from the text, which is then prepared once.

    Only here: Django's own switch for that (`server_side_binding`) sends every bare number of the
    object layer as one of 32 bits, and cuts it.
    """
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            yield cursor
        return
    there: Any = connection  # knows what only PostgreSQL's has
    there.close_if_health_check_failed()
    there.ensure_connection()
    with there.make_cursor(there.Database.Cursor(there.connection)) as cursor:
        yield cursor
