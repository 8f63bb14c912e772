"""How long a transaction lasts that was staged, and one that was written."""

from __future__ import annotations

import pytest
from django.db import connection

from server.ledger import rows
from server.ledger.writing import staging, writing

pytestmark = pytest.mark.django_db(transaction=True)

NORMAL, FULL = 1, 2


def level() -> int:
    """How SQLite syncs the commits of this connection."""
    return int(rows.fetch("PRAGMA synchronous")[0][0])


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL syncs as it always does")
def test_only_a_staged_transaction_leaves_its_sync_to_the_round_that_follows() -> None:
    with writing():
        assert level() == FULL
    with staging():
        assert level() == NORMAL
    assert level() == FULL
    with pytest.raises(ZeroDivisionError), staging():
        raise ZeroDivisionError
    assert level() == FULL


def test_a_staged_transaction_that_fails_leaves_nothing() -> None:
    with pytest.raises(ZeroDivisionError), staging():
        rows.execute("DELETE FROM ledger_checkpoint")
        raise ZeroDivisionError
    assert rows.fetch("SELECT count(*) FROM ledger_checkpoint") == [(1,)]
    assert not connection.in_atomic_block


def test_within_a_transaction_staging_is_a_part_of_it() -> None:
    with writing(), staging():
        assert connection.in_atomic_block
