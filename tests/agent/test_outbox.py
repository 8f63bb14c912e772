"""The durable queue on a real file: what is committed stays, what is not comes back to the ring."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.chain import Lane
from agent.core.shelf import Cut
from agent.edges import slicing
from agent.edges.card import APPLICATION_ID
from agent.edges.outbox import (
    COMMIT_AGE_MS,
    COMMIT_ROWS,
    Caps,
    ForeignOutbox,
    LockedOutbox,
    Outbox,
    Owner,
)
from protocol.opening import Opening
from protocol.registry import Kind
from tests import reliability
from tests.agent.rig import (
    OWNER,
    assert_chained,
    at,
    epochs,
    filled,
    on_disk,
    opened,
    reading,
    sealer_on,
    values,
)
from tests.protocol.testlog import note_key


def crashed_copy(tmp_path: Path, name: str = "copy") -> Path:
    """The files as a power cut at this moment would leave them."""
    copy = tmp_path / name
    copy.mkdir()
    for file in tmp_path.glob("outbox.db*"):
        shutil.copy(file, copy / file.name)
    return copy


# Commit ------------------------------------------------------------------------------------------


def test_the_pragmas_are_those_that_lost_nothing(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    with outbox.using() as sql:
        found = {
            name: sql.execute(f"PRAGMA {name}").fetchone()[0]
            for name in (
                "journal_mode",
                "synchronous",
                "wal_autocheckpoint",
                "busy_timeout",
                "locking_mode",
            )
        }
        limit = sql.execute("PRAGMA journal_size_limit").fetchone()[0]
    assert found == {
        "journal_mode": b"wal",
        "synchronous": 2,
        "wal_autocheckpoint": 1_000,
        "busy_timeout": 1_000,
        "locking_mode": b"exclusive",
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
    assert outbox.counters({}).alarms == 1
    outbox.reshelve(outbox.shelf(1).prove(0, 2))
    assert outbox.counters({}).alarms == 0
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


def test_one_flipped_bit_that_makes_a_text_of_a_record_harms_nobody(tmp_path: Path) -> None:
    outbox, _ = filled(tmp_path, 3)
    with outbox.using() as sql:
        sql.execute("UPDATE record SET sealed = CAST(x'fffe' AS TEXT) WHERE id & 0xffffffff = 3")
        sql.execute("UPDATE record SET sealed = CAST(sealed AS TEXT) WHERE id & 0xffffffff = 2")
    head = outbox.head()
    assert head is not None
    assert head.seq == 2, "the same bytes by another name are still what was sealed"
    assert len(outbox.sound(Cut(1, 0, 3))) == 3
    outbox.close()


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE record",
        "DROP TABLE proof",
        "INSERT INTO fact VALUES ('size', x'01'), ('root', zeroblob(32)), ('note', x'ff')",
        "DELETE FROM fact",
        "DELETE FROM epoch",
        "INSERT INTO freed VALUES (2, 0, 5)",
    ],
)
def test_a_file_whose_tables_are_not_ours_any_more_is_set_aside(
    tmp_path: Path, change: str
) -> None:
    filled(tmp_path, 2)[0].close()
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as sql, sql:
        sql.execute(change)
    outbox = opened(tmp_path)
    assert outbox.trouble is None
    assert outbox.damaged == "outbox.db.damaged-1"
    assert outbox.shelves == ()
    outbox.close()


@pytest.mark.parametrize("table", ["epoch", "record", "fact", "proof", "freed", "buried", "spare"])
def test_whatever_somebody_deletes_the_next_reading_is_recorded(tmp_path: Path, table: str) -> None:
    """With the file that is there or, where it no longer holds together, in a new one."""
    entropy = epochs()
    filled(tmp_path, 3, entropy)[0].close()
    filled(tmp_path, 3, entropy)[0].close()
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as sql, sql:
        sql.execute(f"DELETE FROM {table}")
    outbox, sealer = filled(tmp_path, 2, entropy)
    head = sealer.head
    outbox.reopen()
    assert head is not None and outbox.head() == head and head.seq >= 2
    reliability.note("D9", f"everything deleted from the table {table}", 1, "recording goes on")
    outbox.close()


def test_the_file_is_for_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        outbox, _ = filled(tmp_path, 2)
    finally:
        os.umask(before)
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    outbox.close()


# Who may open it ---------------------------------------------------------------------------------


def test_a_second_agent_is_refused(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    with pytest.raises(LockedOutbox, match="another agent"):
        opened(tmp_path)
    outbox.close()
    opened(tmp_path).close()


@pytest.mark.parametrize(
    "owner", [replace(OWNER, device="another"), replace(OWNER, log=note_key("x").key())]
)
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
