"""The tables of the cold chain as they were: kept, put back, and compared by what they say, not by
numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

from django.apps import apps
from django.db import connection, transaction
from django.db.models import ForeignKey, Model

from server.ledger import refusing

SCRATCH: Final = {
    *("Scan", "ColumnMap", "DueLot", "DueRoom", "Followed", "SpanRead", "Hint", "Track", "Cell"),
    *("Lost", "Excursion", "Excursion_lots", "Party", "DueSign", "SensorSign"),
}
ONLY_HERE: Final[Mapping[str, frozenset[str]]] = {
    "Event": frozenset({"said", "salt", "restored", "asked"}),
    "Lot": frozenset({"vessel"}),
    "Award": frozenset({"dealer", "buyer", "krw"}),
    "Handover": frozenset({"person", "link"}),
    "Sample": frozenset({"laboratory"}),
    "Problem": frozenset({"told"}),
    "RecallHolder": frozenset({"link"}),
    "Result": frozenset({"history"}),
    "Place": frozenset({"name", "name_en", "region", "region_en", "gln"}),
}
"""Columns that no log has."""


def tables() -> list[type[Model]]:
    """All of the cold chain's."""
    return list(apps.get_app_config("coldchain").get_models(include_auto_created=True))


def said() -> dict[str, list[str]]:
    """What the tables say, rows named by what they are and not by their numbers."""
    names: dict[type[Model], Mapping[int, str]] = {
        Model_: dict(Model_._default_manager.values_list("id", "ref"))
        for Model_ in (apps.get_model("coldchain", "Lot"), apps.get_model("coldchain", "Event"))
    }
    return {
        one.__name__: sorted(_rows(one, names)) for one in tables() if one.__name__ not in SCRATCH
    }


def _rows(table: type[Model], names: Mapping[type[Model], Mapping[int, str]]) -> Iterator[str]:
    without = ONLY_HERE.get(table.__name__, frozenset())
    for row in table._default_manager.all():
        told = {}
        for field in table._meta.concrete_fields:
            value = getattr(row, field.attname)
            numbered = field.primary_key and isinstance(value, int) and table.__name__ != "Room"
            if field.name in without or numbered:
                continue
            if isinstance(field, ForeignKey) and value is not None:
                value = names.get(field.related_model, {}).get(value, value)
            told[field.name] = bytes(value) if isinstance(value, memoryview) else value
        yield repr(told)


Kept = Mapping[str, list[tuple[Any, ...]]]


def kept() -> Kept:
    """All rows, as they are."""
    found = {}
    with connection.cursor() as cursor:
        for one in tables():
            cursor.execute(f"SELECT * FROM {one._meta.db_table} ORDER BY 1")
            found[one._meta.db_table] = cursor.fetchall()
    return found


def put_back(rows: Kept) -> None:
    """An older database is back; triggers look away meanwhile."""
    with transaction.atomic(), unguarded(), connection.cursor() as cursor:
        for table in rows:
            cursor.execute(f"DELETE FROM {table}")
        for table, some in rows.items():
            marks = ", ".join(["%s"] * len(some[0])) if some else ""
            for row in some:
                cursor.execute(f"INSERT INTO {table} VALUES ({marks})", row)


@contextmanager
def unguarded() -> Iterator[None]:
    """Somebody at the database who has taken the triggers away; they are put back."""
    rules = import_module("server.coldchain.migrations.0002_the_database_refuses").RULES
    with connection.cursor() as cursor:
        _run(cursor, refusing.undoing(rules, connection.vendor))
        yield
        _run(cursor, refusing.statements(rules, connection.vendor))


def _run(cursor: Any, statements: Iterator[str]) -> None:
    if connection.vendor == "postgresql":
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for statement in statements:
        cursor.execute(statement)
    if connection.vendor == "postgresql":
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def logged() -> int:
    """All that is staged is in the log, as far as whoever reads its entries can tell; its size."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_entry")
        (size,) = cursor.fetchone()
        cursor.execute("SELECT id, leaf_hash, leaf, body FROM ledger_staged ORDER BY id")
        staged = cursor.fetchall()
        for number, (_, digest, leaf, body) in enumerate(staged, size):
            into = "INSERT INTO ledger_entry (number, leaf_hash, leaf) VALUES (%s, %s, %s)"
            cursor.execute(into, [number, digest, leaf])
            cursor.execute("INSERT INTO ledger_body (number, body) VALUES (%s, %s)", [number, body])
        cursor.execute("DELETE FROM ledger_staged")
    return int(size) + len(staged)
