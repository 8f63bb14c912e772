"""Backup, restore and verify on the command line: what fits is put back, what does not is told."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import succession
from protocol.leaf import SuccessorLeaf, decode_leaf
from server.ledger import keys
from server.ledger.startup import StartupRefused
from server.rebuilding import unfinished
from tests.server.test_cli import call, refuse

pytestmark = pytest.mark.e2e
NUMBERS = st.integers(0, 99)


def say(home: Path, *arguments: str | Path) -> str:
    """Run a command that must succeed; return what it printed."""
    done = call(home, *map(str, arguments))
    assert done.returncode == 0, done.stderr
    return done.stdout


def leaves(home: Path, count: int) -> None:
    """Log a few entries: each token is one, sequenced by the next command."""
    for number in range(count):
        say(home, "token", "--asset", f"hall {number}")
    say(home, "migrate")


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`backup`, and a `home` that went on and then lost its database."""
    folder = tmp_path_factory.mktemp("lost")
    leaves(folder / "home", 1)
    say(folder / "home", "backup", folder / "backup")
    leaves(folder / "home", 1)
    for path in (folder / "home").glob("db.sqlite3*"):
        path.unlink()
    return folder


@pytest.fixture
def here(lost: Path, tmp_path: Path) -> Path:
    """A copy of it to try things on."""
    return Path(shutil.copytree(lost, tmp_path / "here"))


def test_s17_backup_and_journal_bring_back_what_was_lost_even_without_keys(here: Path) -> None:
    shutil.rmtree(here / "home/keys")
    assert "restored to 2 entries" in say(here / "home", "restore", here / "backup")
    assert "log and devices sound" in say(here / "home", "verify")
    assert "tree sound" in say(here / "home", "verify", "--tree-only")
    assert not (here / "home/keys/recovery.key").exists()
    refuse(call(here / "home", "restore", str(here / "backup")), "is there already: move it away")
    refuse(call(here / "home", "backup", str(here / "backup")), "holds something already")


def test_s17_tables_that_could_not_follow_the_log_do_so_at_the_next_start(here: Path) -> None:
    home, file = here / "home", here / "home/db.sqlite3"
    shutil.copyfile(here / "backup/db.sqlite3", file)
    refusing = (
        "CREATE TRIGGER worn_out BEFORE INSERT ON devices_enrolmenttoken"
        " BEGIN SELECT RAISE(ABORT, 'worn out'); END"
    )
    statement(file, refusing)
    refuse(call(home, "migrate"), "worn out")  # the log has its entry now, the table has not
    statement(file, "DROP TRIGGER worn_out")
    assert "2 entries" in say(home, "migrate")
    assert "log and devices sound" in say(home, "verify")
    assert not list(home.glob("rebuild.*"))


def statement(file: Path, sql: str) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(sql)


@given(known=NUMBERS, ends=st.lists(st.tuples(NUMBERS, st.booleans()), max_size=6))
def test_s17_no_end_of_a_run_forgets_what_was_to_be_followed(
    tmp_path_factory: pytest.TempPathFactory, known: int, ends: list[tuple[int, bool]]
) -> None:
    mark, owed = tmp_path_factory.mktemp("mark") / "rebuild.from", known
    for size, whole in [(known, False), *ends]:
        owed = min(owed, size)
        with suppress(KeyboardInterrupt), unfinished(mark, size) as first:
            assert first == owed
            if not whole:
                raise KeyboardInterrupt
            owed = 10**6
    mark.write_text("torn")
    with unfinished(mark, 5) as first:
        assert first == 0


def test_s17_commands_that_begin_at_once_do_not_take_each_others_mark(tmp_path: Path) -> None:
    mark = tmp_path / "rebuild.from"
    with unfinished(mark, 9) as one, unfinished(mark, 7) as other:
        assert (one, other) == (9, 7)
    assert not list(tmp_path.glob("rebuild.*"))


def test_s17_a_home_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StartupRefused, match="cannot be written"), unfinished(tmp_path / "no/m", 1):
        pass


def test_s17_a_journal_that_does_not_fit_is_refused_and_nothing_is_put_back(
    here: Path, tmp_path: Path
) -> None:
    home, file = here / "home", journal_of(here / "home")
    whole = file.read_bytes()
    leaves(tmp_path / "other", 1)
    damaged = bytearray(whole)
    damaged[-100] ^= 1
    for data, why in (
        (journal_of(tmp_path / "other").read_bytes(), "The journal belongs to the log"),
        (bytes(damaged), "ends in a damaged frame"),
        (whole[:200], "The journal ends before the database does"),
    ):
        file.write_bytes(data)
        done = call(home, "restore", str(here / "backup"))
        refuse(done, f"({why}).*Nothing was put back.*successor")
        assert not list(home.glob("db.sqlite3*"))
    shutil.rmtree(home / "journal")
    refuse(call(home, "restore", str(here / "backup")), "its journal is missing")


def journal_of(home: Path) -> Path:
    return next((home / "journal").glob("*.journal"))


def test_s17_a_damaged_backup_and_what_is_no_backup_are_refused(here: Path) -> None:
    refuse(call(here / "home", "restore", str(here)), "is not a backup")
    database = here / "backup/db.sqlite3"
    database.write_bytes(database.read_bytes()[:-1] + b"?")
    refuse(call(here / "home", "restore", str(here / "backup")), "is damaged: take an older backup")


def test_s17_the_journal_alone_brings_everything_back(here: Path) -> None:
    assert "restored to 2 entries" in say(here / "home", "restore")
    assert "log and devices sound" in say(here / "home", "verify")
    for path in here.glob("home/db.sqlite3*"):
        path.unlink()
    shutil.rmtree(here / "home/journal")
    refuse(call(here / "home", "restore"), "neither database nor journal")


def test_s13_an_edit_is_printed_with_its_leaf_and_status_1(here: Path) -> None:
    say(here / "home", "restore", here / "backup")
    with closing(sqlite3.connect(here / "home/db.sqlite3")) as sql:
        sql.execute("UPDATE ledger_entry SET leaf = x'00' WHERE number = 1")
        sql.commit()
    for option in ((), ("--tree-only",)):
        done = call(here / "home", "verify", *option)
        assert done.returncode == 1, done.stderr
        assert done.stdout.startswith("leaf 1: "), done.stdout
        assert "NOT sound" in done.stdout


def test_a_successor_begins_on_sqlite_only(tmp_path: Path) -> None:
    url = "postgresql://user@/name?host=/nowhere"
    done = call(tmp_path, "successor", "--recovery-key", "key", JAGALCHI_DATABASE_URL=url)
    refuse(done, "a successor begins on SQLite only")
    done = call(tmp_path, "backup", str(tmp_path / "b"), JAGALCHI_DATABASE_URL=url)
    refuse(done, "connection|No such file")


def test_s17_a_lost_log_gets_a_successor_that_names_it_and_takes_over_what_is_left(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    leaves(home, 2)
    place = say(home, "organisation", "add", "다대수협", "--kind", "cooperative").split()[0]
    say(home, "person", "add", "--organisation", place, "--role", "viewer")
    vault = (home / "keys/vault").read_bytes()
    key = (home / "keys/recovery.key").rename(tmp_path / "recovery.key")
    shutil.copy(home / "keys/config.key", tmp_path / "wrong.key")
    old = keys.read(home / "keys")
    done = call(home, "successor", "--recovery-key", str(tmp_path / "wrong.key"))
    refuse(done, "is not the private half")
    assert "4 taken over" in say(home, "successor", "--recovery-key", key)
    assert "log and devices sound" in say(home, "verify")
    assert f"{place}  cooperative  다대수협" in say(home, "organisation", "list")
    assert (home / "keys/vault").read_bytes() == vault
    new = keys.read(home / "keys")
    assert new.origin != old.origin and new.recovery == old.recovery
    # Devices obey the configuration key that they pinned when the lost log enrolled them.
    signature = keys.private_signer(home / "keys/config.key", old.config)(b"a document")
    assert keys.verify_ed25519(new.config.public, b"a document", signature)
    assert new.config == old.config
    with closing(sqlite3.connect(home / "db.sqlite3")) as sql:
        (first,) = sql.execute("SELECT leaf FROM ledger_entry WHERE number = 0").fetchone()
    leaf = decode_leaf(first)
    assert isinstance(leaf, SuccessorLeaf)
    assert (leaf.old_origin, leaf.old_size) == (old.origin, 3)
    assert call(home, "successor", "--recovery-key", str(key)).returncode == 78


def test_s17_from_the_recovery_key_and_two_checkpoints_alone_a_log_follows_both(
    tmp_path: Path,
) -> None:
    home, safe = tmp_path / "home", tmp_path / "recovery.key"
    leaves(home, 1)
    older = checkpoint_of(home, tmp_path / "older")
    (home / "keys/recovery.key").rename(safe)
    old_key = keys.read(home / "keys")
    say(home, "successor", "--recovery-key", safe)
    newer = checkpoint_of(home, tmp_path / "newer")
    shutil.rmtree(home)
    refuse(call(home, "successor", "--recovery-key", str(safe)), "name the newest checkpoint known")
    say(home, "successor", "--recovery-key", safe, "--checkpoint", newer, "--checkpoint", older)
    assert "log and devices sound" in say(home, "verify")
    new = keys.read(home / "keys")
    assert new.recovery.public == old_key.recovery.public
    with closing(sqlite3.connect(home / "db.sqlite3")) as sql:
        found = sql.execute("SELECT leaf FROM ledger_entry ORDER BY number LIMIT 2").fetchall()
    said = [decode_leaf(leaf) for (leaf,) in found]
    valid = list(succession.chain(said, new.log, new.recovery, keys.verify_ed25519))
    assert [one.old_origin for one in valid] == [name_of(newer), name_of(older)]


def checkpoint_of(home: Path, to: Path) -> Path:
    """The newest checkpoint, as somebody kept it."""
    with closing(sqlite3.connect(home / "db.sqlite3")) as sql:
        sql_text = "SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1"
        to.write_text(sql.execute(sql_text).fetchone()[0])
    return to


def name_of(note: Path) -> str:
    return note.read_text().partition("\n")[0]
