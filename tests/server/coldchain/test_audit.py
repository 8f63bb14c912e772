"""`verify` finds whatever was edited past the actions; a restore loses no hold and no recall."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from server.coldchain import again, audit
from server.coldchain.actions import landing, quality, recalls, working
from server.coldchain.actions.landing import Correction
from server.coldchain.actions.recalls import Order
from server.coldchain.models import Event, EventLot, Hold, Link, Lot, Recall, RecallLot
from server.coldchain.recalling import Scope
from server.coldchain.rules import Basis, RecallWhy, Side
from server.coldchain.taking import Amount
from server.ledger import log, refusing
from tests.server.coldchain.rig import KG, Chain, done, undone
from tests.server.coldchain.rig import again as now
from tests.server.coldchain.test_faults import scenes
from tests.server.pilots.tally import Tally

pytestmark = pytest.mark.django_db

refuses = import_module("server.coldchain.migrations.0002_the_database_refuses")
OWN = "cooperative"


@contextmanager
def unguarded() -> Iterator[None]:
    """Somebody at the database who has taken the triggers away; they are put back."""
    _run(refusing.undoing)
    try:
        yield
    finally:
        _run(refusing.statements)


def _run(made: Any) -> None:
    with connection.cursor() as cursor:
        for statement in made(refuses.RULES, connection.vendor):
            cursor.execute(statement)


def found(chain: Chain) -> list[str]:
    return [str(one) for one in audit.check(log.sequence(chain.now_ms).size)]


def _sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


FIRST = "(SELECT min(id) FROM coldchain_event)"
LAST = "(SELECT max(id) FROM coldchain_event)"
EDITS = {
    "kind": f"UPDATE coldchain_event SET kind = 'merged' WHERE id = {LAST}",
    "time": f"UPDATE coldchain_event SET at_ms = at_ms - 1 WHERE id = {LAST}",
    "organisation": f"UPDATE coldchain_event SET organisation = 'x' WHERE id = {LAST}",
    "told": "UPDATE coldchain_event SET told = '{}' WHERE told <> '{}'",
    "said": "UPDATE coldchain_event SET said = 'x' WHERE said <> ''",
    "corrects": f"UPDATE coldchain_event SET corrects_id = {FIRST} WHERE id = {LAST}",
    "weight of a line": "UPDATE coldchain_eventlot SET grams = grams + 1 WHERE part = 'used'",
    "lot of a line": "DELETE FROM coldchain_eventlot WHERE part = 'named'",
    "link's weight": "UPDATE coldchain_link SET grams = grams - 1",
    "a link": "DELETE FROM coldchain_link",
    "catch": "UPDATE coldchain_lot SET catch_ms = catch_ms + 1 WHERE catch_ms IS NOT NULL",
    "species": "UPDATE coldchain_lot SET species = 'monkfish'",
    "corrected area": "UPDATE coldchain_lot SET area = '61' WHERE area = '71'",
    "what is left": "UPDATE coldchain_lot SET left_grams = left_grams - 1",
    "a recall's mark": "UPDATE coldchain_lot SET side = '' WHERE side = 'recalled'",
}


def test_an_edited_row_is_found(chain: Chain) -> None:
    tally = Tally("CC2", "rows of the cold chain edited past actions and triggers", "not found")
    _history(chain)
    size = log.sequence(chain.now_ms).size
    assert list(audit.check(size)) == []

    def holds() -> None:
        for name, edit in EDITS.items():
            with undone():
                _sql(edit)
                told = list(audit.check(size))
                assert told, name
                tally.expect(True)

    with unguarded():
        tally.during(holds)


def _history(chain: Chain) -> Lot:
    lot, other = chain.land(), chain.land()
    done(landing.correct(chain.desk(OWN), other.ref, Correction(area="71"), "해역"))
    chain.split(lot, 10 * KG, 20 * KG)
    order = Order(RecallWhy.OTHER, Basis.OWN, 2)
    done(recalls.open_recall(chain.desk(OWN), Scope(lots=(other.ref,)), order))
    done(landing.declare_error(chain.desk(OWN), lot.event.ref, "저울"))
    return lot


def test_an_event_that_the_log_lacks_and_one_that_is_gone_are_found(chain: Chain) -> None:
    _history(chain)
    assert found(chain) == []
    forged = {"kind": "wasted", "at_ms": 1, "noted_ms": 1, "leaf_hash": b"forged"}
    Event.objects.create(ref="forged", **forged)
    assert found(chain) == ["coldchain_event holds what the log does not"]
    with unguarded():
        Event.objects.filter(ref="forged").delete()
        last = Event.objects.latest("id")
        EventLot.objects.filter(event=last).delete()
        last.delete()
    assert "lacks what the log holds" in found(chain)[0]


def test_words_that_were_erased_are_no_finding_and_every_action_is_sound(chain: Chain) -> None:
    for scene in scenes(chain):
        if scene.who and scene.name in ("pass in", "waste", "inspect", "problem", "gut"):
            done(scene.act(chain.desk(scene.who)))
    assert found(chain) == []
    Event.objects.exclude(said="").update(said="", salt=b"")
    assert found(chain) == []


def test_an_older_database_beside_its_journal_keeps_what_was_stopped_stopped(chain: Chain) -> None:
    tally = Tally("CC15", "tables put back to before a hold and a recall", "freed lots")
    held, recalled, free = chain.land(), chain.land(), chain.land()
    (child,) = chain.split(recalled, 10 * KG)
    size = log.sequence(chain.now_ms).size
    newest = Event.objects.latest("id").id

    agency = chain.desk("agency")
    done(quality.hold(agency, (held.ref,), Basis.FOOD_SANITATION, "제72조"))
    order = Order(RecallWhy.SAMPLE, Basis.FISHERY_QUALITY, 1)
    done(recalls.open_recall(agency, Scope(lots=(recalled.ref,)), order))
    done(working.waste(chain.desk(OWN), (Amount(free.ref, KG),)))
    grown = log.sequence(chain.now_ms).size
    with unguarded():
        _forget(newest)
    assert {now(one).side for one in (held, recalled, child)} == {Side.FREE}
    again.rebuild(size, grown)
    again.rebuild(size, grown)  # twice changes nothing

    def holds() -> None:
        for one, side in (
            (held, Side.HELD),
            (recalled, Side.RECALLED),
            (child, Side.RECALLED),
            (free, Side.FREE),
        ):
            tally.expect(now(one).side == side)

    tally.during(holds)
    assert (Hold.objects.count(), Recall.objects.get().state) == (1, "opened")
    assert Event.objects.filter(restored=True).count() == 3
    assert found(chain) == []


def _forget(newest: int) -> None:
    """The tables as they were when that was the newest event."""
    Hold.objects.all().delete()
    for one in Recall.objects.all():
        one.holders.all().delete()
        RecallLot.objects.filter(recall=one).delete()
        one.delete()
    EventLot.objects.filter(event__id__gt=newest).delete()
    Link.objects.filter(event__id__gt=newest).delete()
    Event.objects.filter(id__gt=newest).delete()
    Lot.objects.update(side=Side.FREE)
    for lot in Lot.objects.filter(left_grams=1000 * KG - KG):
        Lot.objects.filter(id=lot.id).update(left_grams=1000 * KG)
