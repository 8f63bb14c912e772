"""The operator's commands for bad days: backup, restore, verify, successor.

`backup` copies a running server. `restore` puts the copy back and lets the journal bring it up to
the newest checkpoint that was ever published; if that cannot be reached nothing is put back.
`verify` derives every row anew and says which are not what they must be. `successor` begins another
log after one that is lost. Exit status of verify: 0 sound, 1 findings, 78 it could not be done.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server import options

if TYPE_CHECKING:
    from server.ledger.audit import Finding
    from server.ledger.journal import Mark

SHOWN = 20
"""Findings printed; a log with more of them is not mended line by line."""
HINT = (
    "If no journal that fits can be found, this log is lost: its devices will follow a successor"
    " (jagalchi-server successor)."
)


class UpkeepRefused(Exception):
    """Nothing was done; the text tells the operator why."""


Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def add_commands(add: Add) -> None:
    """Put the commands on the program's command line."""
    sub = add("backup", backup, "Copy database, keys and journal position of a running server.")
    sub.add_argument("directory", type=Path, metavar="DIR", help="a new directory for the copy")
    sub.add_argument("--without-keys", action="store_true", help="leave private keys out")
    sub = add("restore", restore, "Put a backup back, and bring it up to date from the journal.")
    sub.add_argument("directory", type=Path, metavar="DIR", nargs="?", help="what backup made")
    sub.add_argument("--checkpoint", type=Path, metavar="FILE", help="newest checkpoint known")
    sub = add("verify", verify, "Derive every row of log and devices anew, and compare.")
    sub.add_argument("--tree-only", action="store_true", help="leaves, nodes and roots only")
    sub.add_argument("--checkpoint", type=Path, metavar="FILE", help="one that was kept elsewhere")
    sub = add("successor", successor, "Begin another log after one that is lost for good.")
    sub.add_argument("--recovery-key", type=Path, required=True, metavar="FILE")
    text = "newest one known of the lost log; then of the log before it, if nothing else is left"
    sub.add_argument(
        "--checkpoint", type=Path, action="append", default=[], metavar="FILE", help=text
    )


def backup(chosen: argparse.Namespace) -> int:
    """Make a backup and say what it is of."""
    there = options.load(os.environ)
    _set_up()
    from server.ledger.backup import BackupRefused, take
    from server.ledger.copies import store

    database, keys = store(there.database()), there.home / "keys"
    try:
        made = take(database, keys, chosen.directory, private=not chosen.without_keys)
    except BackupRefused as error:
        raise UpkeepRefused(str(error)) from None
    print(f"backup of {made.origin} at {made.size} entries, root {made.root}")
    print(f"journal stood at byte {made.journal_end}; later entries are in the journal only")
    return 0


def restore(chosen: argparse.Namespace) -> int:
    """Put a backup back; without one, bring the database that is there up to date."""
    there = options.load(os.environ)
    if chosen.directory:
        there.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    _set_up()
    if not chosen.directory:
        _bring_up_to_date(0, chosen.checkpoint)
        return 0
    from server.ledger.backup import BackupRefused, put_back, read
    from server.ledger.copies import store

    database, keys = store(there.database()), there.home / "keys"
    had_keys = keys.exists()
    try:
        position = read(chosen.directory, database)
        put_back(chosen.directory, database, keys)
    except BackupRefused as error:
        raise UpkeepRefused(str(error)) from None
    print(f"backup of {position.origin} at {position.size} entries")
    try:
        _bring_up_to_date(position.size, chosen.checkpoint)
    except UpkeepRefused as error:
        if not had_keys:
            shutil.rmtree(keys)
        raise UpkeepRefused(f"{error} {database.take_away()} {HINT}") from None
    return 0


def _bring_up_to_date(size: int, known: Path | None) -> None:
    """Let the journal extend the database, and the tables follow from leaf `size` on."""
    from django.core.management import call_command
    from django.db import Error, connection

    from server import rebuilding
    from server.devices.replay import ReplayRefused
    from server.ledger import audit, keys, sequencing, startup
    from server.ledger.journal import JournalDamaged
    from server.ledger.log import journal
    from server.ledger.tick import now_ms

    try:
        call_command("migrate", interactive=False, verbosity=0)
        before, begun = sequencing.newest(), journal().inception()
        if before is None and begun is None:
            raise UpkeepRefused("There is neither database nor journal: name a backup's directory.")
        if before is None:
            print("from the journal alone: log and devices; who takes part is in backups only")
        if not known and begun:
            _refuse_a_torn_end(before.mark if before else begun[2])
        home = options.load(os.environ).home
        newest = rebuilding.prepare(home, size, now_ms(), anew=True)
        if known:
            for finding in audit.published(_note(known), keys.current()):
                raise UpkeepRefused(f"{known}: {finding}.")
    except (startup.StartupRefused, ReplayRefused, JournalDamaged, Error) as error:
        raise UpkeepRefused(str(error).strip()) from None
    finally:
        connection.close()
    print(f"restored to {newest.size} entries, root {newest.root.hex()}")


def _refuse_a_torn_end(mark: Mark) -> None:
    """A frame cut short by a crash was never signed for; one that rotted may have been."""
    from server.ledger.log import journal

    while following := journal().following(mark):
        mark = following[1]
    if journal().holds(mark) and journal().end() > mark.end:
        raise UpkeepRefused(
            f"The journal ends in a damaged frame at byte {mark.end}: what it held may have been"
            " published. If somebody kept the newest checkpoint, give it with --checkpoint."
        )


def verify(chosen: argparse.Namespace) -> int:
    """Print the first findings; 1 if there are any. Of a sound log, what it could not restore."""
    _set_up()
    from server.coldchain import lost
    from server.ledger import keys
    from server.ledger.journal import JournalDamaged

    try:
        with _snapshot():
            found = list(islice(_findings(chosen, _Progress(sys.stderr.isatty())), SHOWN + 1))
            notes = [] if found or chosen.tree_only else list(lost.notes())
    except (keys.KeyRefused, JournalDamaged, OSError) as error:
        raise UpkeepRefused(f"The log cannot be verified: {error}") from None
    for finding in found[:SHOWN]:
        print(finding)
    if len(found) > SHOWN:
        print("... and more")
    for note in notes:
        print(f"note: {note}")
    what = "tree" if chosen.tree_only else "log and devices"
    state = "NOT sound" if found else "sound"
    print(f"{what} {state}")
    return 1 if found else 0


def _findings(chosen: argparse.Namespace, progress: _Progress) -> Iterator[Finding]:
    from django.db import Error

    from server.accounts import replay as deeds
    from server.coldchain import audit as goods
    from server.ledger import audit, keys, sequencing
    from server.ledger.log import journal

    before = journal().end()
    pair = keys.current()
    try:
        yield from audit.tree(progress("leaves"))
        if chosen.checkpoint:
            yield from audit.published(_note(chosen.checkpoint), pair)
        if not chosen.tree_only:
            end = audit.end_of(before)
            yield from audit.against(journal(), end, pair, progress("journalled leaves"))
            size = newest.size if (newest := sequencing.newest()) else 0
            yield from deeds.check(size)
            yield from goods.check(size)
            yield from _devices(end, progress)
    except (Error, TypeError, ValueError) as error:
        # A table may say anything once somebody has been at it.
        yield audit.Finding(None, f"the database cannot even be read: {error}")


def _devices(end: int, progress: _Progress) -> Iterator[Finding]:
    from server.devices import audit
    from server.ledger.elsewhere import database
    from server.ledger.log import journal

    with (
        tempfile.TemporaryDirectory(prefix="jagalchi-verify-") as folder,
        database(Path(folder) / "derived.sqlite3", "ledger", "devices", durable=False) as live,
    ):
        from django.db import connections

        yield from audit.derive(journal(), end, live, progress("records"))
        yield from audit.compare(live, connections["default"])
        yield from audit.alone(live)


class _Progress:
    """A line that counts, where somebody watches."""

    def __init__(self, watched: bool) -> None:
        self._watched = watched

    def __call__(self, what: str) -> Callable[[int], None]:
        """What to call with the number done."""

        def done(count: int) -> None:
            if self._watched:
                print(f"\r{count:>12,} {what}  ", end="", file=sys.stderr, flush=True)

        return done


@contextmanager
def _snapshot() -> Iterator[Any]:
    """One view of the database for everything that is read, while the server goes on writing."""
    from django.db import connection

    postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(f"BEGIN{' ISOLATION LEVEL REPEATABLE READ READ ONLY' if postgres else ''}")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
    connection.close()


def successor(chosen: argparse.Namespace) -> int:
    """Begin the log that follows, with what the lost one's database still holds."""
    there = options.load(os.environ)
    if "sqlite3" not in str(there.database()["ENGINE"]):
        raise UpkeepRefused("The database is PostgreSQL, and a successor begins on SQLite only.")
    _set_up()
    from django.core.management import call_command

    from server import successor as following
    from server.devices.replay import ReplayRefused
    from server.ledger import keys, startup
    from server.ledger.tick import now_ms

    try:
        lost = following.last_known(there.home, [_note(path) for path in chosen.checkpoint])
        public = following.recovery(there.home, chosen.recovery_key, lost[0])
        sign = keys.private_signer(chosen.recovery_key, public)
        following.move_aside(there, lost[0], public)
        call_command("migrate", interactive=False, verbosity=0)
        startup.prepare(now_ms())
        taken = following.begin(there.home, lost, sign, now_ms())
    except (following.SuccessorRefused, keys.KeyRefused, ReplayRefused) as error:
        raise UpkeepRefused(str(error)) from None
    except (startup.StartupRefused, OSError) as error:
        raise UpkeepRefused(f"The successor could not be begun: {error}") from None
    old = lost[0].head
    print(f"{keys.current().origin} follows {old.origin} of {old.size} entries; {taken} taken over")
    print(f"what was lost is in {there.home}/{following.LOST}; back up this log now")
    return 0


def _note(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UpkeepRefused(f"{path} cannot be read: {error}") from None


def _set_up() -> None:
    """Load Django without making or repairing anything."""
    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings")
    import django

    django.setup()
