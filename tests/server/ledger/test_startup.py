"""The server starts on what belongs together, finishes what a crash left, and refuses the rest."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from protocol.merkle import leaf_hash
from server.ledger import keys, log, rows, startup
from server.ledger.journal import Batch
from server.ledger.models import Node
from server.ledger.startup import StartupRefused
from server.ledger.writing import writing
from server.options import Options
from tests.server.conftest import NOW_MS

pytestmark = pytest.mark.django_db

OTHER = "log.jagalchi.test/other"


def grow(count: int = 3) -> log.Checkpoint:
    size = log.newest().size
    with writing():
        log.stage_all([(b"leaf %d" % n, b"body") for n in range(size, size + count)])
    return log.sequence(NOW_MS)


def refused(pattern: str) -> None:
    with pytest.raises(StartupRefused, match=pattern):
        startup.prepare(NOW_MS)


def foreign_keys(directory: Path, origin: str = OTHER) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    keys.create(directory, origin)


def test_a_start_after_a_start_changes_nothing(installation: Options) -> None:
    newest = grow()
    before = {path: path.read_bytes() for path in installation.home.rglob("*") if path.is_file()}
    assert startup.prepare(NOW_MS + 1) == newest
    assert {path: path.read_bytes() for path in before} == before


def test_what_was_staged_before_a_crash_is_sequenced_by_the_next_start() -> None:
    with writing():
        log.stage(b"left behind")
    assert startup.prepare(NOW_MS).size == 1


@pytest.mark.parametrize("missing", ["journal", "database"])
def test_a_first_start_that_stopped_half_way_is_finished(
    installation: Options, missing: str
) -> None:
    rows.execute("DELETE FROM ledger_checkpoint")
    if missing == "journal":
        shutil.rmtree(installation.journal)
    assert startup.prepare(NOW_MS).size == 0
    assert grow().size == 3


def test_keys_of_another_installation_are_refused(installation: Options) -> None:
    grow()
    foreign_keys(installation.home / "keys")
    settings.JAGALCHI = replace(installation, origin="")
    refused("is not signed by the key of log.jagalchi.test/other. Database, journal and keys must")


def test_another_key_under_the_same_name_is_refused(installation: Options) -> None:
    grow()
    foreign_keys(installation.home / "keys", installation.origin)
    refused("is not signed by the key of")


def test_missing_keys_are_not_made_again(installation: Options) -> None:
    grow()
    shutil.rmtree(installation.home / "keys")
    refused("There is a log already, but .*keys is missing: put its keys back")
    assert not (installation.home / "keys").exists()


def test_another_origin_in_the_settings_is_refused(installation: Options) -> None:
    settings.JAGALCHI = replace(installation, origin=OTHER)
    refused("A log keeps its name for ever")


def test_a_missing_journal_is_refused(installation: Options) -> None:
    grow()
    shutil.rmtree(installation.journal)
    refused("its journal is missing")


def test_the_journal_of_another_log_is_refused(installation: Options, tmp_path: Path) -> None:
    grow()
    shutil.rmtree(installation.journal)
    other = keys.create(tmp_path / "other", OTHER)
    log.journal().begin(other.origin, other.log.vkey)
    refused("The journal belongs to the log log.jagalchi.test/other, the key to")


def test_an_older_copy_of_the_journal_is_refused(installation: Options) -> None:
    grow()
    shutil.copytree(installation.journal, installation.home / "copy")
    grow()
    shutil.rmtree(installation.journal)
    (installation.home / "copy").rename(installation.journal)
    refused("The journal ends before the database does")


def test_a_journal_of_another_history_is_refused(installation: Options) -> None:
    newest, pair = grow(), keys.current()
    shutil.rmtree(installation.journal)
    journal = log.journal()
    mark = journal.begin(pair.origin, pair.log.vkey)
    leaves = tuple(b"LEAF %d" % n for n in range(3))
    assert journal.append(mark, Batch(0, 1, leaves, (b"body",) * 3, bytes(32))).end
    assert journal.end() == newest.mark.end
    refused("The journal and the database are of different histories")


def test_a_new_database_beside_an_old_journal_is_refused(installation: Options) -> None:
    grow()
    call_command("flush", interactive=False, verbosity=0)
    refused("The database is new, but the journal already holds the log")


def remember() -> Callable[[], None]:
    """Copy the ledger's rows; calling the result brings that older database back."""
    size = log.newest().size
    nodes = [position for (position,) in rows.fetch("SELECT position FROM ledger_node")]

    def restore() -> None:
        rows.execute("DELETE FROM ledger_checkpoint WHERE size > %s", [size])
        rows.execute("DELETE FROM ledger_entry WHERE number >= %s", [size])
        rows.execute("DELETE FROM ledger_body WHERE number >= %s", [size])
        Node.objects.exclude(position__in=nodes).delete()

    return restore


def test_a_database_behind_its_journal_catches_up_to_the_same_root() -> None:
    grow(4)
    restore = remember()
    heads = [grow(), grow(1), grow(5)]
    restore()
    assert log.newest().size == 4
    assert startup.prepare(NOW_MS + 9) == heads[-1]
    assert log.body(leaf_hash(b"leaf 11")) == b"body"


def test_a_database_behind_a_journal_with_a_damaged_end_is_refused(installation: Options) -> None:
    grow(4)
    restore = remember()
    grow()
    grow()
    restore()
    file = next(installation.journal.glob("*.journal"))
    file.write_bytes(file.read_bytes()[:-5])
    refused("The database is older than the journal, whose end is damaged")


def test_damage_inside_the_journal_is_refused(installation: Options) -> None:
    restore = remember()
    grow()
    grow()
    restore()
    file = next(installation.journal.glob("*.journal"))
    data = bytearray(file.read_bytes())
    data[log.newest().mark.end + 80] ^= 1
    file.write_bytes(data)
    refused("is damaged at byte")


@pytest.mark.parametrize(
    "edit",
    [
        "DELETE FROM ledger_entry WHERE number = 2",
        "DELETE FROM ledger_node WHERE position = 4",
        "UPDATE ledger_checkpoint SET size = 4 WHERE size = 3",
    ],
)
def test_a_changed_end_of_the_database_is_refused(edit: str) -> None:
    grow()
    rows.execute(edit)
    refused("The database's entries do not lead|row says other things")


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_key_that_others_may_read_is_refused(installation: Options, mode: int) -> None:
    (installation.home / "keys" / "log.key").chmod(mode)
    refused("may be read by others .* chmod 600")


def test_a_sequencer_without_its_journal_stops_instead_of_signing(installation: Options) -> None:
    newest = grow()
    file = next(installation.journal.glob("*.journal"))
    file.write_bytes(file.read_bytes()[:-1])
    with writing():
        log.stage(b"more")
    with pytest.raises(log.LogBroken, match="ends before the database"):
        log.sequence(NOW_MS)
    assert log.newest() == newest
