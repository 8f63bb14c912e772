"""A chain for each test that wants one; and tables that can be emptied after those that commit."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection, transaction

from server.ledger import refusing
from tests.server.coldchain.rig import Chain
from tests.server.coldchain.rig import chain as made

COMMITTING = {"transactional_db", "live_server", "django_db_serialized_rollback"}


@pytest.fixture
def chain(installation: object) -> Chain:
    """Everybody of one chain, and nothing landed."""
    return made()


@pytest.fixture(autouse=True)
def emptied(request: pytest.FixtureRequest) -> Iterator[None]:
    """Django empties the tables after a test that commits, and ours refuse it."""
    marker = request.node.get_closest_marker("django_db")
    commits = bool(marker and marker.kwargs.get("transaction"))
    if not commits and not COMMITTING & set(request.fixturenames):
        yield
        return
    request.getfixturevalue("_django_db_helper")
    yield
    _empty()


def _empty() -> None:
    rules = import_module("server.coldchain.migrations.0002_the_database_refuses").RULES
    tables = apps.get_app_config("coldchain").get_models(include_auto_created=True)
    with connection.cursor() as cursor:
        for statement in refusing.undoing(rules, connection.vendor):
            cursor.execute(statement)
        with transaction.atomic():
            for table in tables:
                cursor.execute(f"DELETE FROM {table._meta.db_table}")
        for statement in refusing.statements(rules, connection.vendor):
            cursor.execute(statement)
