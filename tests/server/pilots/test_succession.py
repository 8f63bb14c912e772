"""A log that is lost takes no pilot with it: a successor copies every table, rules and all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from server import successor
from server.ledger import startup
from server.pilots.actions import joining
from server.pilots.models import Flip, Participant
from server.pilots.rules import Mode, Reason
from tests.server.conftest import NOW_MS, URL
from tests.server.pilots.rig import Rig, done, no

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(bool(URL), reason="a successor is begun on SQLite"),
]


def tables() -> dict[str, list[object]]:
    models = apps.get_app_config("pilots").get_models()
    return {one.__name__: list(one._default_manager.order_by("pk").values()) for one in models}


def test_a_successor_takes_the_pilots_over_with_the_rules_that_guard_them(
    rig: Rig, tmp_path: Path
) -> None:
    rig.open(cap=2)
    leaves, stays = rig.enrolled(), rig.enrolled()
    done(joining.withdraw(rig.person, leaves))
    rig.flip(Mode.READ_ONLY)
    before, lost = tables(), tmp_path / "lost.sqlite3"
    with closing(sqlite3.connect(lost)) as copy:
        connection.connection.backup(copy)
    call_command("flush", interactive=False, verbosity=0)
    startup.prepare(NOW_MS)
    assert not Participant.objects.exists()
    successor._take_rows(lost)
    assert tables() == before
    assert rig.phase().taken == 1
    assert rig.allow(stays) is Reason.READ_ONLY
    rig.flip(Mode.HALT)
    alone = {"mode": "normal", "reason": "resolved", "asked_ms": 1, "in_force_ms": 1}
    with pytest.raises(IntegrityError, match="halt"), transaction.atomic():
        Flip.objects.create(pilot_id=rig.service, number=9, **alone)
    rig.flip(Mode.NORMAL)
    rig.enrolled()
    assert rig.phase().taken == 2
    assert no(joining.enrol(rig.person, rig.ready())) is Reason.CAP_FULL
