"""Damaged files, rotten rows, full and failing cards: told, survived, never shipped as good."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.shelf import Cut
from agent.edges import slicing
from agent.edges.card import KEPT_ASIDE, UNSOUND, translated
from agent.edges.outbox import (
    Outbox,
    StorageTrouble,
)
from protocol.bodies import EventBody
from protocol.opening import Opening
from protocol.registry import Event, Kind
from tests.agent.rig import (
    Breaker,
    assert_chained,
    at,
    filled,
    on_disk,
    opened,
    reading,
    sealer_on,
    values,
)


def _trouble(outbox: Outbox) -> str | None:
    """Asked again, which a type checker does not expect."""
    return outbox.trouble


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
    sealer.commit(at(201))
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


@pytest.mark.parametrize("code", [errno.EBADMSG, errno.EUCLEAN])
def test_a_damaged_file_system_is_said_with_what_mends_it(code: int) -> None:
    with pytest.raises(StorageTrouble, match=f"^outbox.db: {UNSOUND}$"), translated():
        raise OSError(code, os.strerror(code), "outbox.db")


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
