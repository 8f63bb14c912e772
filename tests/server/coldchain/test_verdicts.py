"""Lots are judged when the air they lay in or what was done to them changed, and at no other time;
excursions go out at once. Every fault twice.
"""

from __future__ import annotations

import os
import zlib
from hashlib import sha256
from itertools import count

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from protocol import cbor
from protocol.leaf import ServiceLeaf, decode_leaf
from science.again import Outcome, again
from server.coldchain import due, exposures, tracks, verdicts
from server.coldchain.actions import quality, selling
from server.coldchain.logged import Judged, entries
from server.coldchain.models import DueLot, DueRoom, Excursion, Lot, Result, Room
from server.coldchain.rules import SERVICE, ProblemKind
from server.devices.models import Asset
from server.ledger import log, rows, service
from server.messages.models import Message
from server.pilots.days import day_of
from tests.protocol import build
from tests.reliability import note
from tests.server.coldchain.recorder import row as row_of
from tests.server.coldchain.rig import MINUTE, Chain, done, undone
from tests.server.coldchain.shopper.stall import Stall, stall, warm
from tests.server.ledger.faults import Trap, faulty_database

pytestmark = pytest.mark.django_db
STRIDE = 1 if os.environ.get("JAGALCHI_CAMPAIGN") else 7
"""Every step in a campaign, every seventh one otherwise."""


@pytest.fixture
def shop(chain: Chain) -> Stall:
    """A truck with a device and the rules of chilled food."""
    Room.objects.filter(kind="truck").update(profile="kr_chilled")
    return stall(chain, Client())


def loaded(shop: Stall) -> Lot:
    """A lot in truck 1."""
    lot = shop.chain.land("cooperative")
    shop.chain.offer(lot, "cooperative", "shop")
    shop.chain.later(10).load("truck 1", lot, name="carrier")
    return lot


def tick(shop: Stall) -> None:
    """What waits goes into the log; then one beat."""
    log.sequence(shop.chain.now_ms)
    verdicts.do(shop.chain.now_ms)


def versions(lot: Lot) -> list[Result]:
    return list(Result.objects.filter(lot=lot).order_by("version"))


def logged() -> list[list[object]]:
    """The private parts of all results in the log, in order."""
    told = []
    for leaf, body in rows.fetch(
        "SELECT e.leaf, b.body FROM ledger_entry e JOIN ledger_body b ON b.number = e.number"
        " ORDER BY e.number"
    ):
        opened = decode_leaf(bytes(leaf))
        if isinstance(opened, ServiceLeaf) and (opened.service, opened.kind) == (
            SERVICE,
            verdicts.MARK,
        ):
            told.append(service.opened(opened, bytes(body)))
    return told


def test_readings_and_actions_are_judged_once_and_each_version_is_in_the_log(shop: Stall) -> None:
    lot = loaded(shop)
    tick(shop)
    (first,) = versions(lot)
    tick(shop)
    assert len(versions(lot)) == 1
    shop.drive(2)
    tick(shop)
    shop.chain.unload("truck 1", lot, name="carrier")
    tick(shop)
    found = versions(lot)
    assert [one.version for one in found] == [1, 2, 3][: len(found)] and len(found) >= 2
    assert found[-1].text != first.text
    log.sequence(shop.chain.now_ms)
    assert logged() == [
        ["verdict", lot.ref, one.version, one.at_ms, one.text, sha256(told(one)).digest()]
        for one in found
    ]


def told(one: Result) -> bytes:
    """The history that a result was judged from, as the log names it."""
    assert one.history is not None
    return zlib.decompress(bytes(one.history))


def test_the_history_of_a_result_gives_its_verdict_and_nobody_may_change_it(shop: Stall) -> None:
    lot = loaded(shop)
    shop.drive(2)
    tick(shop)
    (row,) = versions(lot)
    assert again(row.text, told(row)).outcome is Outcome.SAME
    with pytest.raises(DatabaseError, match="result_is_only_added_to"), transaction.atomic():
        Result.objects.filter(pk=row.pk).update(history=b"")
    row.refresh_from_db()
    assert again(row.text, told(row)).outcome is Outcome.SAME


def test_after_a_restore_the_log_gives_the_verdict_back_and_the_next_names_its_history(
    shop: Stall,
) -> None:
    lot = loaded(shop)
    shop.drive(2)
    tick(shop)
    (row,) = versions(lot)
    log.sequence(shop.chain.now_ms)
    (found,) = (one for one in entries(0, log.newest().size) if isinstance(one, Judged))
    said = (found.lot, found.version, found.at_ms, found.text)
    assert said == (lot.ref, row.version, row.at_ms, row.text)
    bare = {"at_ms": row.at_ms, "text": row.text, "leaf_hash": build.digest("restored")}
    Result.objects.create(lot=lot, version=2, **bare)
    for _ in range(2):
        with tracks.still():
            verdicts.judge(lot.pk, shop.chain.now_ms)
    assert [one.history is not None for one in versions(lot)] == [True, False, True]
    assert versions(lot)[-1].text == row.text


def test_a_week_of_readings_makes_a_history_of_kilobytes_and_a_hash_in_the_log(
    shop: Stall,
) -> None:
    """What decides where the history is kept: the log grows with every version."""
    lot = loaded(shop)
    started = shop.chain.now_ms
    asset = Asset.objects.get(name="truck 1")
    seen = [(started + n * 60_000, 300 + (n * 7919) % 37 * 100) for n in range(7 * 1440)]
    for start in range(0, len(seen), 480):
        with tracks.still():
            tracks.put(row_of(asset, seen[start : start + 480]))
    shop.chain.now_ms += 7 * 1440 * MINUTE
    with tracks.still():
        verdicts.judge(lot.pk, shop.chain.now_ms)
    (row,) = versions(lot)
    entry = len(cbor.encode(["verdict", lot.ref, row.version, row.at_ms, row.text, bytes(32)]))
    sizes = {"history": len(told(row)), "kept": len(bytes(row.history or b"")), "entry": entry}
    assert sizes["history"] < 8_000 and sizes["kept"] < 2_000 and sizes["entry"] < 1_500, sizes


def test_late_readings_of_a_stay_that_is_over_are_judged_soon(shop: Stall) -> None:
    lot, chain = loaded(shop), shop.chain
    started = chain.now_ms
    tick(shop)
    chain.later(120).unload("truck 1", lot, name="carrier")
    tick(shop)
    before = versions(lot)[-1]
    chain.now_ms = started
    shop.drive(2)
    shop.chain.now_ms += due.LATE_MS
    tick(shop)
    tick(shop)
    after = versions(lot)[-1]
    assert after.version == before.version + 1
    assert '"facts":null' in before.text and '"facts":null' not in after.text


def test_a_lot_that_nobody_touches_is_judged_again_because_unknown_time_grows(shop: Stall) -> None:
    lot = loaded(shop)
    tick(shop)
    shop.chain.later(verdicts.AGAIN_MS // MINUTE)
    tick(shop)
    assert [one.version for one in versions(lot)] == [1, 2]


def test_an_excursion_is_a_row_and_goes_out_at_once_when_it_begins_and_ends(shop: Stall) -> None:
    lot = loaded(shop)
    shop.drive(7.5, warm)
    tick(shop)
    (row,) = Excursion.objects.all()
    assert (row.limit, row.until_ms, row.peak_milli) == ("kr_chilled", None, 13_500)
    assert row.confirmed > 30 * MINUTE and list(row.lots.all()) == [lot]
    told = Message.objects.filter(template__startswith="warmth").order_by("id")
    assert [one.template for one in told] == ["warmth-began"] * 2  # the carrier, and the holder
    tick(shop)
    shop.chain.unload("truck 1", lot, name="carrier")
    tick(shop)
    row.refresh_from_db()
    assert row.until_ms is not None and row.version >= 2
    assert [one.template for one in told.all()] == ["warmth-began"] * 2 + ["warmth-ended"] * 2
    tick(shop)
    assert Excursion.objects.count() == 1 and told.all().count() == 4


def test_an_empty_truck_alarms_nobody(shop: Stall) -> None:
    shop.drive(7.5, warm)
    tick(shop)
    assert not Excursion.objects.exists() and not DueRoom.objects.exists()


def test_a_beat_with_nothing_new_is_a_few_questions(shop: Stall) -> None:
    loaded(shop)
    for _ in range(3):
        tick(shop)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        verdicts.do(shop.chain.now_ms)
    assert len(asked) <= 4, [one["sql"] for one in asked]


def test_one_lot_that_cannot_be_judged_holds_up_no_other(
    shop: Stall, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = loaded(shop), shop.chain.land("cooperative")
    of = exposures.of

    def fails(lot: Lot, until_ms: int) -> object:
        if lot.pk == bad.pk:
            raise ValueError("made of too much")
        return of(lot, until_ms)

    monkeypatch.setattr(exposures, "of", fails)
    log.sequence(shop.chain.now_ms)
    with pytest.raises(verdicts.Unjudged, match="made of too much"):
        verdicts.do(shop.chain.now_ms)
    assert versions(good) and not versions(bad)
    verdicts.do(shop.chain.now_ms)
    monkeypatch.undo()
    shop.chain.now_ms += due.REST_MS
    tick(shop)
    assert versions(bad) and DueLot.objects.filter(due_ms__lte=shop.chain.now_ms).count() == 0


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done but looked failed"])
def test_a_failure_at_any_step_leaves_what_the_next_beat_makes_right(
    shop: Stall, done: bool
) -> None:
    lot = loaded(shop)
    shop.drive(7.5, warm)
    shop.chain.unload("truck 1", lot, name="carrier")
    log.sequence(shop.chain.now_ms)
    failed, right = 0, 0
    for step in count(1 + done, STRIDE):
        with undone():
            trap = Trap(step, done=done)
            failed += fails(trap, shop.chain.now_ms)
            verdicts.do(shop.chain.now_ms)
            right += _right(lot)
        if not trap.sprung:
            break
    how = f"the database fails while lots are judged ({'done' if done else 'not done'})"
    note("coldchain-verdicts", how, failed, f"{right} of {failed + 1} made right")
    assert failed > 5 and right == failed + 1


def fails(trap: Trap, now_ms: int) -> bool:
    """One beat with a fault in it; whether it was noticed."""
    try:
        with faulty_database(trap):
            verdicts.do(now_ms)
    except OperationalError:
        # A savepoint stands for a transaction here; one whose release looked failed is done.
        transaction.set_rollback(False)
        return True
    return False


def _right(lot: Lot) -> bool:
    """One version that its history gives, one excursion with its two messages, nothing to do."""
    messages = Message.objects.filter(template__startswith="warmth").count()
    left = DueRoom.objects.count()
    same = [again(one.text, told(one)).outcome for one in versions(lot)] == [Outcome.SAME]
    return same and (Excursion.objects.count(), messages, left) == (1, 2, 0)


def test_what_is_said_of_a_lot_after_its_sale_changes_nothing_of_how_cold_it_stayed(
    shop: Stall,
) -> None:
    lot, chain = loaded(shop), shop.chain
    shop.drive(2)
    chain.unload("truck 1", lot, name="carrier")
    done(selling.sell_out(chain.desk("cooperative"), (lot.ref,)))
    tick(shop)
    sold = versions(lot)[-1]
    for days, said in ((0, ProblemKind.SMELL), (6, ProblemKind.OTHER)):
        chain.later(days * 24 * 60 + 1)
        done(selling.report_problem(chain.stranger(), lot.ref, said))
        done(selling.mark_purchase(chain.stranger(), lot.ref, day_of(chain.now_ms)))
        done(quality.take_sample(chain.desk("agency"), lot.ref, "lab"))
        tick(shop)
    assert versions(lot)[-1].version == sold.version
