"""A copy of a database that another process is writing is the state of some commit, always."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.edges import lookout, snapshot
from agent.edges.lookout import NoOutboxError
from agent.edges.snapshot import Restless
from tests.agent.rig import fast_folder, filled

WRITER = """
import sqlite3, sys
sql = sqlite3.connect(sys.argv[1], isolation_level=None)
for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "wal_autocheckpoint = 200"):
    sql.execute(f"PRAGMA {pragma}")
sql.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x BLOB)")
number = 0
for _ in sys.stdin:
    print(number, flush=True)
    for number in range(number + 1, number + 61):
        sql.execute("INSERT INTO t VALUES (?, randomblob(3000))", (number,))
        if number % 8 == 0:
            sql.execute("DELETE FROM t WHERE id <= ?", (number - 400,))
"""
"""Each line it is given lets it commit 60 times: the log begins anew less often than is tried."""
COPIES = 60


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Callable[[], int]]:
    """A process that commits while it is copied; ask it to go on, and what it acknowledged."""
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdin is not None and writer.stdout is not None
        given, out = writer.stdin, writer.stdout

        def go_on() -> int:
            given.write(b"\n")
            given.flush()
            return int(out.readline())

        go_on()
        yield go_on
        writer.kill()


def test_every_copy_is_whole_and_holds_what_was_acknowledged_before() -> None:
    """The log begins anew every few hundred commits; rows are freed and their pages used again."""
    with fast_folder() as folder, writing(folder / "one.db") as go_on:
        for _ in range(COPIES):
            before = go_on()
            ids = in_a_copy_of(folder / "one.db")
            assert ids == list(range(ids[0], ids[-1] + 1)) and ids[-1] >= before


def in_a_copy_of(path: Path) -> list[int]:
    """The rows of a sound copy, which is gone afterwards."""
    copy = path.with_name("copy.db")
    try:
        snapshot.copy(path, copy)
        with contextlib.closing(sqlite3.connect(copy)) as sql:
            assert sql.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return [row for (row,) in sql.execute("SELECT id FROM t ORDER BY id")]
    finally:
        snapshot.remove(copy)


def test_a_log_that_begins_anew_during_every_try_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.db").write_bytes(b"pages")
    log, begun = tmp_path / "one.db-wal", iter(range(1_000))
    copy = snapshot._copy

    def and_begin_anew(path: Path, to: Path) -> None:
        copy(path, to)
        log.write_bytes(next(begun).to_bytes(snapshot.HEADER_BYTES, "big"))

    monkeypatch.setattr(snapshot, "_copy", and_begin_anew)
    with pytest.raises(Restless):
        snapshot.copy(tmp_path / "one.db", tmp_path / "copy.db")


def test_a_look_that_cannot_be_copied_names_where_copies_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, to: Path) -> None:
        raise OSError(28, "No space left on device")

    outbox, _ = filled(tmp_path, 3)
    monkeypatch.setattr(snapshot, "copy", full)
    with pytest.raises(NoOutboxError, match="No space left on device; TMPDIR names where"):
        lookout.glimpse(tmp_path / "outbox.db")
    outbox.close()
