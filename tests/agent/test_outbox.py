"""The durable queue on a real file: what is committed stays, what is not comes back to the ring."""

from __future__ import annotations

import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.chain import Lane
from agent.core.shelf import Cut
from agent.edges import slicing
from agent.edges.card import APPLICATION_ID, KEPT_ASIDE
from agent.edges.outbox import (
    COMMIT_AGE_MS,
    COMMIT_ROWS,
    Caps,
    ForeignOutbox,
    LockedOutbox,
    Outbox,
    Owner,
    StorageTrouble,
)
from agent.edges.sealer import Sealer
from protocol.bodies import EventBody
from protocol.opening import Opening
from protocol.registry import Event, Kind
from tests.agent.rig import (
    OWNER,
    Breaker,
    assert_chained,
    at,
    epochs,
    on_disk,
    opened,
    reading,
    sealer_on,
    values,
)


def filled(tmp_path: Path, rows: int) -> tuple[Outbox, Sealer]:
    """An outbox with an opening and so many readings, all committed."""
    outbox = opened(tmp_path)
    sealer = sealer_on(outbox)
    sealer.put([reading(number, number) for number in range(rows)], at(rows))
    sealer.commit(at(rows))
    return outbox, sealer


def crashed_copy(tmp_path: Path, name: str = "copy") -> Path:
    """The files as a power cut at this moment would leave them."""
    copy = tmp_path / name
    copy.mkdir()
    for file in tmp_path.glob("outbox.db*"):
        shutil.copy(file, copy / file.name)
    return copy


def _trouble(outbox: Outbox) -> str | None:
    """Asked again, which a type checker does not expect."""
    return outbox.trouble


# Commit ------------------------------------------------------------------------------------------


def test_the_pragmas_are_those_that_lost_nothing(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    with outbox.using() as sql:
        found = {
            name: sql.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "wal_autocheckpoint", "busy_timeout")
        }
        limit = sql.execute("PRAGMA journal_size_limit").fetchone()[0]
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "wal_autocheckpoint": 1_000,
        "busy_timeout": 5_000,
    }
    assert limit == 16 << 20
    outbox.close()


def test_a_row_is_committed_five_seconds_after_the_oldest(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    sealer = sealer_on(outbox)
    sealer.put([reading(1)], at(1_000))
    sealer.put([reading(2)], at(1_000 + COMMIT_AGE_MS - 1))
    assert outbox.counters({}).uncommitted == 2
    assert outbox.due_ms() == 1_000 + COMMIT_AGE_MS
    sealer.tend(at(1_000 + COMMIT_AGE_MS))
    assert (outbox.counters({}).uncommitted, outbox.counters({}).committed) == (0, 3)
    assert outbox.due_ms() is None
    outbox.close()


def test_thirty_two_rows_are_committed_at_once(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    sealer = sealer_on(outbox)
    sealer.put([reading(number) for number in range(COMMIT_ROWS - 1)], at(1))
    assert outbox.counters({}).uncommitted == COMMIT_ROWS - 1
    sealer.put([reading(99)], at(2))
    assert outbox.counters({}).uncommitted == 0
    outbox.close()


def test_an_alarm_is_committed_at_once_with_all_before_it(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    sealer = sealer_on(outbox)
    sealer.put([reading(1), reading(2, lane=Lane.ALARM)], at(1))
    assert outbox.counters({}).uncommitted == 0
    assert 2 in outbox.shelves[0].alarms
    outbox.close()


def test_closing_commits_and_unlocks(tmp_path: Path) -> None:
    outbox, sealer = filled(tmp_path, 2)
    sealer.put([reading(9)], at(3))
    outbox.close()
    outbox.close()
    assert values(on_disk(tmp_path)) == [0, 1, 9]
    opened(tmp_path).close()


def test_at_a_power_cut_only_what_was_not_committed_is_gone(tmp_path: Path) -> None:
    outbox, sealer = filled(tmp_path, 5)
    sealer.put([reading(77)], at(6))
    copy = crashed_copy(tmp_path)
    assert values(on_disk(copy)) == [0, 1, 2, 3, 4]
    survivor = opened(copy)
    assert survivor.damaged is None
    assert survivor.counters({}).committed == 6
    survivor.close()
    outbox.close()


@pytest.mark.parametrize("keep", [0, 1, 4_096, 8_240, 20_000])
def test_a_torn_log_leaves_a_sound_prefix(tmp_path: Path, keep: int) -> None:
    outbox = opened(tmp_path)
    sealer = sealer_on(outbox)
    for number in range(10):
        sealer.put([reading(number, number)], at(number))
        sealer.commit(at(number))
    copy = crashed_copy(tmp_path)
    wal = copy / "outbox.db-wal"
    wal.write_bytes(wal.read_bytes()[:keep])
    (copy / "outbox.db-shm").unlink(missing_ok=True)
    survivor = opened(copy)
    again = sealer_on(survivor, lambda count: b"\xff" * count)
    again.put([reading(99)], at(99))
    again.commit(at(99))
    found = values(on_disk(copy))
    assert found == [*range(len(found) - 1), 99]
    assert_chained(on_disk(copy))
    survivor.close()
    outbox.close()


# Epochs ------------------------------------------------------------------------------------------


def test_every_start_opens_an_epoch_that_names_the_head_on_the_disk(tmp_path: Path) -> None:
    entropy = epochs()
    for run in range(3):
        outbox = opened(tmp_path)
        sealer = sealer_on(outbox, entropy)
        sealer.put([reading(run)], at(1))
        outbox.close()
    rows = on_disk(tmp_path)
    assert_chained(rows)
    openings = [row.record.body for row in rows if isinstance(row.record.body, Opening)]
    assert [one.head and one.head.seq for one in openings] == [None, 1, 1]


def test_a_head_that_is_not_the_one_last_written_begins_an_epoch(tmp_path: Path) -> None:
    outbox, sealer = filled(tmp_path, 3)
    with outbox.using() as sql:
        # A card that forgets its newest row behind our back.
        sql.execute("DELETE FROM record WHERE id = (SELECT max(id) FROM record)")
    sealer.put([reading(50)], at(10))
    outbox.close()
    rows = on_disk(tmp_path)
    assert_chained(rows)
    assert [row.record.kind for row in rows][-2:] == [Kind.OPENING, Kind.READING]
    body = rows[-2].record.body
    assert isinstance(body, Opening)
    assert body.head is not None
    assert body.head.seq == 2


def test_a_rotten_head_is_passed_over(tmp_path: Path) -> None:
    outbox, _ = filled(tmp_path, 3)
    with outbox.using() as sql:
        sql.execute("UPDATE record SET sealed = zeroblob(9) WHERE id & 0xffffffff = 3")
    head = outbox.head()
    assert head is not None
    assert head.seq == 2
    outbox.close()


# Who may open it ---------------------------------------------------------------------------------


def test_a_second_agent_is_refused(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    with pytest.raises(LockedOutbox, match="another agent"):
        opened(tmp_path)
    outbox.close()
    opened(tmp_path).close()


@pytest.mark.parametrize("owner", [Owner("another-device", OWNER.origin), Owner(OWNER.device, "x")])
def test_an_outbox_of_another_device_or_log_is_refused_unchanged(
    tmp_path: Path, owner: Owner
) -> None:
    filled(tmp_path, 2)[0].close()
    before = (tmp_path / "outbox.db").read_bytes()
    with pytest.raises(ForeignOutbox, match="belongs to"):
        Outbox.open(tmp_path / "outbox.db", owner, Caps())
    assert (tmp_path / "outbox.db").read_bytes() == before
    opened(tmp_path).close()


@pytest.mark.parametrize(
    "foreign",
    [
        "CREATE TABLE cats (name TEXT)",
        "PRAGMA application_id = 7",
        f"PRAGMA application_id = {APPLICATION_ID}; CREATE TABLE t (a); PRAGMA user_version = 99",
    ],
)
def test_a_database_of_another_program_or_version_is_refused_unchanged(
    tmp_path: Path, foreign: str
) -> None:
    sql = sqlite3.connect(tmp_path / "outbox.db")
    sql.executescript(foreign)
    sql.close()
    before = (tmp_path / "outbox.db").read_bytes()
    with pytest.raises(ForeignOutbox):
        opened(tmp_path)
    assert (tmp_path / "outbox.db").read_bytes() == before


# Damage ------------------------------------------------------------------------------------------


def damage(path: Path) -> None:
    content = bytearray((path / "outbox.db").read_bytes())
    content[4_096:12_288] = b"\xa5" * 8_192
    (path / "outbox.db").write_bytes(content)


def test_a_damaged_file_is_set_aside_and_the_next_opening_says_so(tmp_path: Path) -> None:
    filled(tmp_path, 40)[0].close()
    damage(tmp_path)
    outbox = opened(tmp_path)
    assert outbox.damaged == "outbox.db.damaged-1"
    assert (tmp_path / "outbox.db.damaged-1").exists()
    sealer = sealer_on(outbox)
    sealer.put([reading(1)], at(5))
    outbox.close()
    first, second, third = (row.record for row in on_disk(tmp_path))
    assert isinstance(first.body, Opening)
    assert first.body.head is None
    assert second.body == EventBody(Event.OUTBOX_DAMAGED)
    assert third.kind is Kind.READING
    assert sealer.damaged == "outbox.db.damaged-1"


def test_a_file_that_is_no_database_is_set_aside_too(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").write_bytes(b"not a database at all" * 500)
    outbox = opened(tmp_path)
    assert outbox.damaged == "outbox.db.damaged-1"
    assert outbox.trouble is None
    outbox.close()


def test_only_so_many_damaged_files_are_kept(tmp_path: Path) -> None:
    for _ in range(KEPT_ASIDE + 3):
        (tmp_path / "outbox.db").write_bytes(b"garbage" * 1_000)
        opened(tmp_path).close()
    aside = sorted(file.name for file in tmp_path.glob("outbox.db.damaged-*"))
    assert aside == [f"outbox.db.damaged-{n}" for n in range(4, 4 + KEPT_ASIDE)]


def test_damage_found_while_running_ends_in_a_fresh_file(tmp_path: Path) -> None:
    breaker = Breaker(1 << 30, done=False)
    breaker.damage = True
    outbox = opened(tmp_path, connect=breaker.connect)
    sealer = sealer_on(outbox)
    sealer.put([reading(number, number) for number in range(200)], at(200))
    with outbox.using() as sql:
        sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(tmp_path)
    breaker.first = breaker.last = breaker.count + 1
    sealer.put([reading(998)], at(10_000))
    assert outbox.trouble == "database disk image is malformed"
    sealer.put([reading(999)], at(20_000))
    assert _trouble(outbox) is None
    assert sealer.damaged == "outbox.db.damaged-1"
    sealer.commit(at(20_001))
    assert values(on_disk(tmp_path))[-2:] == [998, 999]
    outbox.close()


def test_a_row_that_rotted_is_never_read_as_good(tmp_path: Path) -> None:
    outbox, _ = filled(tmp_path, 10)
    with outbox.using() as sql:
        sealed = sql.execute("SELECT sealed FROM record WHERE id & 0xffffffff = 6").fetchone()[0]
        flipped = bytes([*sealed[:50], sealed[50] ^ 1, *sealed[51:]])
        sql.execute("UPDATE record SET sealed = ? WHERE id & 0xffffffff = 6", (flipped,))
    found = slicing.read(outbox, [Cut(1, 0, 10)], 1 << 20)
    assert found.cuts == (Cut(1, 0, 5),)
    assert 6 in outbox.rotten[1]
    assert 6 in outbox.shelf(1).aside
    assert slicing.read(outbox, [Cut(1, 7, 10)], 1 << 20).cuts == (Cut(1, 7, 10),)
    outbox.close()


# Spans -------------------------------------------------------------------------------------------


def test_a_slice_is_what_was_sealed_and_fits(tmp_path: Path) -> None:
    outbox, _ = filled(tmp_path, 30)
    rows = [row.sealed for row in on_disk(tmp_path)]
    whole = slicing.read(outbox, [Cut(1, 0, 9), Cut(1, 20, 30)], 1 << 20)
    assert whole.spans == (tuple(rows[:10]), tuple(rows[20:]))
    room = sum(len(row) + 5 for row in rows[:10])
    tight = slicing.read(outbox, [Cut(1, 0, 9), Cut(1, 20, 30)], room)
    assert tight.cuts == (Cut(1, 0, 9),)
    tighter = slicing.read(outbox, [Cut(1, 0, 9)], room - 1)
    assert tighter.cuts == (Cut(1, 0, 8),)
    outbox.close()


def test_rows_set_aside_survive_a_restart_and_can_try_again(tmp_path: Path) -> None:
    outbox, _ = filled(tmp_path, 5)
    outbox.set_aside(1, 3, "bad-signature")
    assert outbox.counters({}).set_aside == 1
    outbox.close()
    outbox = opened(tmp_path)
    assert outbox.counters({}).set_aside == 1
    assert outbox.counters({}).waiting == 6
    outbox.retry_aside()
    assert outbox.counters({}).set_aside == 0
    outbox.close()


# Trouble -----------------------------------------------------------------------------------------


@contextmanager
def file_size_limit(limit: int) -> Iterator[None]:
    """No file of this process may grow beyond `limit`: a full card, as far as SQLite can tell."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_keeps_readings_in_the_ring_and_writes_them_later(tmp_path: Path) -> None:
    outbox, sealer = filled(tmp_path, 3)
    with file_size_limit(1):
        for number in range(10, 40):
            sealer.put([reading(number, number)], at(1_000 * number))
        assert outbox.trouble is not None
        assert sealer.ring + outbox.counters({}).uncommitted >= 30
    sealer.tend(at(60_000))
    sealer.commit(at(60_001))
    assert _trouble(outbox) is None
    rows = on_disk(tmp_path)
    assert values(rows) == [0, 1, 2, *range(10, 40)]
    assert_chained(rows)
    events = [row.record.body for row in rows if isinstance(row.record.body, EventBody)]
    assert [one.event for one in events] == [Event.STORAGE_TROUBLE]
    outbox.close()


def test_a_capped_database_is_trouble_too(tmp_path: Path) -> None:
    outbox, sealer = filled(tmp_path, 3)
    with outbox.using() as sql:
        pages = sql.execute("PRAGMA page_count").fetchone()[0]
        sql.execute(f"PRAGMA max_page_count = {pages}")
    sealer.put([reading(number, number) for number in range(10, 60)], at(100))
    assert "SQLITE_FULL" in str(outbox.trouble)
    # Opened anew it has room again.
    sealer.put([reading(60, 60)], at(20_000))
    sealer.commit(at(20_001))
    assert values(on_disk(tmp_path)) == [0, 1, 2, *range(10, 61)]
    outbox.close()


def test_a_folder_that_cannot_be_written_is_trouble_not_an_end(tmp_path: Path) -> None:
    outbox = opened(tmp_path / "not-there-yet")
    assert outbox.trouble is not None
    sealer = sealer_on(outbox)
    sealer.put([reading(1)], at(1))
    assert sealer.ring == 1
    (tmp_path / "not-there-yet").mkdir()
    sealer.put([reading(2)], at(10_000))
    outbox.close()
    assert values(on_disk(tmp_path / "not-there-yet")) == [1, 2]


def test_what_is_asked_of_a_broken_card_raises_one_error_only(tmp_path: Path) -> None:
    outbox, _ = filled(tmp_path, 1)
    outbox.close()
    for ask in (outbox.head, outbox.commit, outbox.pressed, outbox.retry_aside, outbox.rescue):
        with pytest.raises(StorageTrouble):
            ask()


def test_the_balance_is_the_same_after_a_restart(tmp_path: Path) -> None:
    outbox, _ = filled(tmp_path, 20)
    before = outbox.counters({})
    outbox.close()
    outbox = opened(tmp_path)
    assert outbox.counters({}) == replace(before, shipped=0)
    outbox.close()
