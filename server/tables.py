"""Are the tables those of this version? Asked at every start, after the migrations.

A column that is missing looks like a passing fault of the database to whoever asks for it, so that
trucks would wait and come back for ever. It changes nothing, and names what it finds.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader


def misfits() -> Iterator[str]:
    """What is not as this version needs it, one phrase each. Raises django.db.Error."""
    loader = MigrationLoader(connection)
    for app, name in sorted(set(loader.applied_migrations) - set(loader.disk_migrations)):
        yield f"{app}.{name} is a migration of another version"
    for model in apps.get_models():
        columns = {field.column for field in model._meta.concrete_fields if field.column}
        yield from _differences(model._meta.db_table, columns)


def _differences(table: str, wanted: set[str]) -> Iterator[str]:
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            yield f"{table} is missing"
            return
        found = {c.name for c in connection.introspection.get_table_description(cursor, table)}
    yield from (f"{table} lacks {column}" for column in sorted(wanted - found))
    yield from (f"{table} has {column}" for column in sorted(found - wanted))
