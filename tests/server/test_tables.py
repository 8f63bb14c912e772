"""Tables that are not those of this version are named, instead of looking like a passing fault."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from server import tables

pytestmark = pytest.mark.django_db


def test_a_database_that_was_migrated_fits() -> None:
    assert list(tables.misfits()) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("ALTER TABLE devices_device RENAME COLUMN heard_ms TO heard", "lacks heard_ms"),
        ("ALTER TABLE devices_device ADD COLUMN extra integer", "devices_device has extra"),
        ("ALTER TABLE ledger_body RENAME TO elsewhere", "ledger_body is missing"),
    ],
)
def test_a_table_that_was_changed_is_named(change: str, told: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(change)
    assert told in "; ".join(tables.misfits())


def test_a_database_of_a_newer_version_is_named() -> None:
    MigrationRecorder(connection).record_applied("devices", "0099_of_next_year")
    assert list(tables.misfits()) == [
        "devices.0099_of_next_year is a migration of another version"
    ]
