"""What leaves the card: proved rows when their time has come, others only under a tombstone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core import eviction
from agent.core.chain import Draft, Lane
from agent.core.eviction import Listed
from agent.core.shelf import Cut, Shelf
from agent.edges import pruning
from agent.edges import rows as tables
from agent.edges.outbox import Caps, Kept, Outbox, Proof
from agent.edges.pruning import KEEP_PROVED_MS, Settlement
from agent.edges.sealer import Sealer
from protocol.bodies import EventBody, Measured, Reading
from protocol.opening import Opening
from protocol.record import Sealed
from protocol.registry import Event, Kind, Quantity, Reason, Status
from protocol.tombstone import Evicted, Summary, Tombstone
from tests.agent.rig import at, fast_folder, on_disk, opened, reading, sealer_on, values

NOW = 1_800_000_000_000
READ, EVENT, OPEN, TOMB = Kind.READING, Kind.EVENT, Kind.OPENING, Kind.TOMBSTONE


@pytest.fixture
def folder() -> Iterator[Path]:
    with fast_folder() as path:
        yield path


def filled(path: Path, count: int, caps: Caps | None = None) -> tuple[Outbox, Sealer]:
    outbox = opened(path, caps)
    sealer = sealer_on(outbox)
    for number in range(1, count + 1):
        sealer.put([reading(number, number * 10_000)], at(number * 10_000))
    sealer.commit(at(count * 10_000 + 1))
    return outbox, sealer


def prove(outbox: Outbox, first: int, last: int) -> None:
    proof = Proof(1, first, last, first, 9, b"leaf", (bytes(32),))
    pruning.settle(outbox, Settlement(Kept(9, b"r" * 32, "the note"), (proof,), NOW), 0)


def tombstones(rows: list[Sealed]) -> list[Evicted]:
    bodies = (row.record.body for row in rows)
    return [one for body in bodies if isinstance(body, Tombstone) for one in body.ranges]


# Settle and free ---------------------------------------------------------------------------------


def test_proofs_and_trust_land_together_or_not_at_all(folder: Path) -> None:
    outbox, _ = filled(folder, 5)
    prove(outbox, 0, 3)
    assert outbox.counters({}).proved == 4
    # A power cut before the commit: the connection is dropped with the transaction open.
    outbox.reopen()
    assert (outbox.counters({}).proved, outbox.kept.size) == (0, 9)
    outbox.close()
    outbox = opened(folder)
    assert (outbox.counters({}).proved, outbox.kept.size) == (0, 0)
    prove(outbox, 0, 3)
    outbox.close()
    outbox = opened(folder)
    assert (outbox.counters({}).proved, outbox.kept) == (4, Kept(9, b"r" * 32, "the note"))
    outbox.close()


def test_proofs_alone_are_committed_within_a_minute(folder: Path) -> None:
    outbox, sealer = filled(folder, 5)
    prove(outbox, 0, 3)
    assert not outbox.commit_due(59_999)
    assert outbox.commit_due(60_000)
    sealer.tend(at(60_000))
    assert not outbox.commit_due(1 << 40)
    outbox.close()


def test_a_week_old_proof_frees_its_rows_but_never_an_opening(folder: Path) -> None:
    outbox, _ = filled(folder, 200)
    prove(outbox, 0, 150)
    assert pruning.free(outbox, NOW + KEEP_PROVED_MS - 1) == 0
    assert pruning.free(outbox, NOW + KEEP_PROVED_MS) == 150
    before = outbox.counters({})
    outbox.close()
    rows = on_disk(folder)
    assert [row.record.seq for row in rows] == [0, *range(151, 201)]
    outbox = opened(folder)
    assert outbox.counters({}) == before
    assert (before.proved, before.waiting, before.committed) == (151, 50, 201)
    assert outbox.shelves[0].freed == outbox.shelves[0].proved
    outbox.close()


def test_rows_are_freed_in_lots_to_spare_the_card(folder: Path) -> None:
    outbox, _ = filled(folder, 200)
    prove(outbox, 0, 50)
    assert pruning.free(outbox, NOW + KEEP_PROVED_MS) == 0
    prove(outbox, 51, 120)
    assert pruning.free(outbox, NOW + KEEP_PROVED_MS) == 120
    outbox.close()


def test_more_proved_rows_than_allowed_go_before_their_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "KEEP_PROVED_ROWS", 60)
    outbox, _ = filled(folder, 300)
    for first in range(0, 280, 20):
        prove(outbox, first, first + 19)
    # 280 are proved, so 220 are too many: eleven proofs of 20 rows go, the opening stays.
    assert pruning.free(outbox, NOW) == 219
    assert pruning.free(outbox, NOW) == 0
    outbox.close()


def test_notes_go_with_the_last_proof_under_them(folder: Path) -> None:
    outbox, _ = filled(folder, 300)
    for size, first in ((5, 0), (6, 150)):
        proof = Proof(1, first, first + 149, first, size, b"leaf", ())
        utc_ms = NOW + size * KEEP_PROVED_MS
        pruning.settle(outbox, Settlement(Kept(size, bytes(32), "n"), (proof,), utc_ms), 0)
    with outbox.using() as sql:
        assert set(tables.notes(sql)) == {5, 6}
    pruning.free(outbox, NOW + 6 * KEEP_PROVED_MS)
    with outbox.using() as sql:
        assert set(tables.notes(sql)) == {6}
        assert [proof.first for proof in tables.proofs(sql)] == [150]
    outbox.close()


def test_only_rows_on_the_card_count_as_proved(folder: Path) -> None:
    outbox, _ = filled(folder, 5)
    shelf = outbox.shelf(1).prove(0, 900)
    assert len(shelf.proved) == 6
    outbox.close()


# Eviction ----------------------------------------------------------------------------------------


def listing(*kinds: Kind, lane: Lane = Lane.ROUTINE) -> list[Listed]:
    return [(1, seq, kind, lane) for seq, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    ("rows", "cuts"),
    [
        (listing(OPEN, *[READ] * 5), (Cut(1, 1, 5),)),
        (listing(OPEN, *[READ] * 3, EVENT, *[READ] * 4), (Cut(1, 5, 8),)),
        (listing(OPEN, *[READ] * 3, EVENT, *[READ] * 3), (Cut(1, 1, 7),)),
        (listing(OPEN, TOMB, OPEN, TOMB), ()),
        (listing(OPEN, READ, READ, READ, TOMB), ()),
        (listing(OPEN, READ, TOMB, READ, TOMB, READ, EVENT), (Cut(1, 1, 1), Cut(1, 3, 3))),
        (listing(OPEN, *[READ] * 600), (Cut(1, 1, 512),)),
        ([], ()),
    ],
)
def test_the_declared_order(rows: list[Listed], cuts: tuple[Cut, ...]) -> None:
    plan = eviction.plan(lambda: rows)
    assert plan[: len(cuts)] == cuts
    assert bool(plan) is bool(cuts)


def test_alarms_go_last_and_at_most_sixteen_runs_at_a_time() -> None:
    alarms = [(1, 2 * seq, READ, Lane.ALARM) for seq in range(40)]
    routine = [(1, seq, READ, Lane.ROUTINE) for seq in range(101, 110)]
    assert eviction.plan(lambda: [*alarms, *routine]) == (Cut(1, 101, 109),)
    assert len(eviction.plan(lambda: alarms)) == eviction.MOST_RANGES


def test_runs_do_not_reach_over_holes_or_epochs() -> None:
    rows = [(1, seq, READ, 0) for seq in (1, 2, 3, 5, 6, 7, 8)] + [(2, 9, READ, 0)]
    assert eviction.plan(lambda: rows) == (Cut(1, 5, 8),)


def test_a_full_card_evicts_the_oldest_readings_under_a_tombstone(folder: Path) -> None:
    outbox, sealer = filled(folder, 1_700, Caps(rows=1_000))
    counters = outbox.counters({}, ring=sealer.ring)
    outbox.close()
    rows = on_disk(folder)
    assert len(rows) <= 900 + 32 + 1
    said = tombstones(rows)
    assert said[0].first == 1
    assert all(one.reason is Reason.EVICTED for one in said)
    assert said[0].count == eviction.LONGEST_RUN
    assert counters.evicted == sum(one.count for one in said)
    assert all(one.count == one.last - one.first + 1 for one in said)
    assert counters.committed == counters.waiting + counters.evicted
    assert values(rows)[-1] == 1_700
    assert isinstance(rows[0].record.body, Opening)
    _assert_joints(rows, said)


def _assert_joints(rows: list[Sealed], said: list[Evicted]) -> None:
    """The chain can be followed across every hole: a tombstone's hashes meet its neighbours."""
    by_seq = {row.record.seq: row for row in rows}
    firsts, lasts = {one.first: one for one in said}, {one.last: one for one in said}
    for seq in range(1, max(by_seq) + 1):
        prev = by_seq[seq].record.prev if seq in by_seq else None
        if seq in firsts:
            prev = firsts[seq].prev_hash
        if prev is None:
            continue
        before = by_seq[seq - 1].hash if seq - 1 in by_seq else lasts[seq - 1].last_hash
        assert prev == before, seq


def test_a_tombstone_sums_up_what_was_measured(folder: Path) -> None:
    outbox = opened(folder)
    sealer = sealer_on(outbox)
    for value in (-3, 4, None, 8):
        status = Status.OK if value is not None else Status.NO_ANSWER
        body = Reading((Measured(7, Quantity.TEMPERATURE, value, status),))
        sealer.put([Draft(body, at(1))], at(1))
    sealer.commit(at(2))
    burial = pruning.evictable(outbox)
    assert burial is not None
    assert burial.ranges[0].summaries == (Summary(7, Quantity.TEMPERATURE, -3, 3, 8),)
    outbox.close()


def test_proved_rows_go_before_any_that_are_not(folder: Path) -> None:
    outbox, sealer = filled(folder, 850, Caps(rows=1_000))
    prove(outbox, 400, 499)
    for number in range(851, 1_000):
        sealer.put([reading(number, number * 10_000)], at(number * 10_000))
    outbox.close()
    rows = on_disk(folder)
    assert not tombstones(rows)
    assert not {row.record.seq for row in rows} & set(range(400, 500))


def test_when_nothing_may_go_readings_wait_in_the_ring_and_the_light_can_tell(folder: Path) -> None:
    outbox = opened(folder, Caps(rows=100))
    sealer = sealer_on(outbox)
    for _ in range(120):
        # Nothing but openings: they are never evicted.
        sealer.outbox.reopen()
        sealer._head = None
        sealer.put([], at(1))
        sealer.begin(at(1))
    before = len(outbox.shelves)
    sealer.put([reading(1)], at(10_000))
    assert (sealer.full, sealer.ring) == (True, 1)
    assert len(outbox.shelves) == before
    assert outbox.counters({}, ring=sealer.ring).made == before + 1
    outbox.close()


def test_eviction_and_its_tombstone_are_one_transaction(folder: Path) -> None:
    outbox, sealer = filled(folder, 50)
    burial = pruning.evictable(outbox)
    assert burial is not None
    sealer._append(Draft(Tombstone(burial.ranges), at(1)), at(1))
    pruning.bury(outbox, burial)
    assert outbox.counters({}).evicted == 50
    outbox.reopen()
    assert outbox.counters({}).evicted == 0
    assert len(outbox.sound(Cut(1, 0, 50))) == 51
    outbox.close()


# Rot ---------------------------------------------------------------------------------------------


def rot(outbox: Outbox, seq: int, column: str = "sealed") -> None:
    with outbox.using() as sql:
        where = f"id & 0xffffffff = {seq}"
        found = sql.execute(f"SELECT {column} FROM record WHERE {where}").fetchone()[0]
        flipped = bytes([*found[:20], found[20] ^ 4, *found[21:]])
        sql.execute(f"UPDATE record SET {column} = ? WHERE {where}", (flipped,))


def test_a_rotten_row_gets_a_tombstone_that_closes_the_joint(folder: Path) -> None:
    outbox, sealer = filled(folder, 20)
    rot(outbox, 7)
    outbox.sound(Cut(1, 0, 20))
    sealer.put([reading(21, 300_000)], at(300_000))
    sealer.commit(at(300_001))
    counters = outbox.counters({})
    assert (counters.evicted, counters.set_aside) == (1, 0)
    assert not outbox.rotten[1]
    outbox.close()
    rows = on_disk(folder)
    said = tombstones(rows)
    assert [(one.first, one.last, one.reason) for one in said] == [(7, 7, Reason.DAMAGED)]
    _assert_joints(rows, said)


def test_neighbouring_rotten_rows_are_told_one_by_one(folder: Path) -> None:
    outbox, sealer = filled(folder, 20)
    for seq in (7, 8):
        rot(outbox, seq)
        outbox.sound(Cut(1, seq, 20))
    sealer.put([reading(21, 300_000)], at(300_000))
    outbox.close()
    rows = on_disk(folder)
    assert [one.first for one in tombstones(rows)] == [7, 8]
    _assert_joints(rows, tombstones(rows))


def test_a_rotten_hash_is_healed_by_the_next_record(folder: Path) -> None:
    outbox, sealer = filled(folder, 20)
    rot(outbox, 7, "hash")
    outbox.sound(Cut(1, 0, 20))
    assert outbox.counters({}).set_aside == 1
    sealer.put([reading(21, 300_000)], at(300_000))
    sealer.commit(at(300_001))
    assert len(outbox.sound(Cut(1, 0, 21))) == 22
    assert (outbox.counters({}).set_aside, outbox.counters({}).evicted) == (0, 0)
    outbox.close()


def test_a_rotten_row_is_no_obstacle_to_eviction(folder: Path) -> None:
    outbox, _ = filled(folder, 100)
    rot(outbox, 3)
    burial = pruning.evictable(outbox)
    assert burial is not None
    assert burial.cuts == (Cut(1, 4, 100),)
    outbox.close()


def test_a_rotten_opening_is_healed_by_its_spare_copy(folder: Path) -> None:
    """No tombstone could stand for it, and without it nothing of its epoch would be accepted."""
    outbox, sealer = filled(folder, 5)
    rot(outbox, 0)
    outbox.sound(Cut(1, 0, 5))
    assert outbox.counters({}).set_aside == 1
    sealer.put([reading(6, 300_000)], at(300_000))
    sealer.commit(at(300_001))
    assert len(outbox.sound(Cut(1, 0, 6))) == 7
    assert (outbox.counters({}).set_aside, outbox.counters({}).evicted) == (0, 0)
    outbox.close()


def test_an_opening_that_has_rotted_twice_stays_aside(folder: Path) -> None:
    outbox, sealer = filled(folder, 5)
    rot(outbox, 0)
    with outbox.using() as sql:
        sql.execute("UPDATE spare SET sealed = zeroblob(200)")
    outbox.sound(Cut(1, 0, 5))
    sealer.put([reading(6, 300_000)], at(300_000))
    assert outbox.counters({}).set_aside == 1
    assert pruning.damaged(outbox) is None
    outbox.close()


def test_an_event_is_not_evicted_while_readings_are_left(folder: Path) -> None:
    outbox = opened(folder, Caps(rows=200))
    sealer = sealer_on(outbox)
    for number in range(1, 600):
        event = Draft(EventBody(Event.DOOR_OPENED, 1), at(number * 10_000))
        more = [event] if number % 50 == 0 else []
        sealer.put([reading(number, number * 10_000), *more], at(number * 10_000))
    outbox.close()
    rows = on_disk(folder)
    assert sum(row.record.kind is Kind.EVENT for row in rows) == 11
    assert len(rows) < 200


def test_a_shelf_buries_only_what_waits() -> None:
    shelf = replace(Shelf(1, b"epoch--1", 9)).prove(0, 4).bury(3, 7)
    assert (len(shelf.proved), len(shelf.evicted), len(shelf.waiting)) == (5, 3, 2)
