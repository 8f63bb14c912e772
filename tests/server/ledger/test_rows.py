"""Numbers keep their width on their way into the database, whichever layer sends them."""

from __future__ import annotations

import pytest
from django.db.models import F, Value
from django.db.models.functions import Greatest

from server.ledger import rows
from server.ledger.models import Checkpoint

pytestmark = pytest.mark.django_db

NOW_MS = 1_795_651_200_000


@pytest.fixture
def size() -> int:
    """The size of a checkpoint whose times are small."""
    Checkpoint.objects.create(
        size=1, previous=None, root=b"", note="", utc_ms=1, journal_end=0, journal_chain=b""
    )
    return 1


def stored(size: int) -> int:
    """Its time, as the database has it."""
    return Checkpoint.objects.values_list("utc_ms", flat=True).get(size=size)


def test_a_bare_number_of_the_object_layer_is_stored_whole(size: int) -> None:
    Checkpoint.objects.filter(size=size).update(utc_ms=Greatest(F("utc_ms"), Value(NOW_MS)))
    assert stored(size) == NOW_MS


def test_a_number_of_a_statement_of_ours_is_stored_whole(size: int) -> None:
    rows.execute("UPDATE ledger_checkpoint SET utc_ms = %s WHERE size = %s", [NOW_MS, size])
    assert rows.fetch("SELECT utc_ms FROM ledger_checkpoint WHERE size = %s", [size]) == [(NOW_MS,)]
