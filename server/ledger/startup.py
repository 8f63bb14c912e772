"""Before the server answers: do database, journal and key belong together?

`prepare` makes what a first start needs and finishes what a crash left; `check` refuses, one plain
sentence for each way in which things do not fit, because a log that signs on over such a gap can
never be believed again. It repairs nothing that it would have to guess.
Specification: docs/protocol.md, "Journal".
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from protocol import checkpoint as c2sp
from protocol.errors import ProtocolError
from protocol.merkle import EMPTY
from server.ledger import keys, nodes, rows, sequencing
from server.ledger.journal import Batch, Journal, JournalDamaged
from server.ledger.keys import Keys
from server.ledger.log import journal as installed_journal
from server.ledger.sequencing import Checkpoint
from server.ledger.writing import writing

MIXED = "Database, journal and keys must come from one installation."


class StartupRefused(Exception):
    """The server must not start; the text tells the operator why."""


def prepare(now_ms: int, *, anew: bool = False) -> Checkpoint:
    """Make or check everything; return the newest checkpoint. Raises StartupRefused.

    The database must be migrated. Afterwards nothing of an earlier run is unfinished. anew: a
    database that holds no log takes in all that its journal holds (a restore, asked for by hand).
    """
    home: Path = settings.JAGALCHI.home
    journal = installed_journal()
    try:
        pair = _keys(home / "keys", journal)
        if sequencing.newest() is None:
            _begin(journal, pair, now_ms, anew=anew)
        with writing():  # one view: a server may be running beside this command
            check(journal, pair)
        return _finish(journal, pair, now_ms)
    except (keys.KeyRefused, JournalDamaged, sequencing.LogBroken) as error:
        raise StartupRefused(str(error)) from error
    except (OSError, sequencing.LogUnavailable) as error:
        raise StartupRefused(f"{home}: {error}") from error


def check(journal: Journal, pair: Keys) -> None:
    """Refuse a database, journal and key that do not belong together."""
    newest = sequencing.newest()
    begun = journal.inception()
    if newest is None:
        raise StartupRefused("The database holds no log.")
    if begun is None:
        raise StartupRefused(f"The database holds a log, but its journal is missing. {MIXED}")
    _check_owner(newest, pair)
    if begun[:2] != (pair.origin, pair.log.vkey):
        raise StartupRefused(
            f"The journal belongs to the log {begun[0]}, the key to {pair.origin}. {MIXED}"
        )
    if journal.end() < newest.mark.end:
        raise StartupRefused(
            "The journal ends before the database does: its last part is lost, or it is an old"
            f" copy. {MIXED}"
        )
    if not journal.holds(newest.mark):
        raise StartupRefused(f"The journal and the database are of different histories. {MIXED}")
    _check_rows(newest)


def _keys(directory: Path, journal: Journal) -> Keys:
    """The keys; made now, if nothing exists yet that older ones have signed."""
    origin = settings.JAGALCHI.origin
    if not directory.exists():
        if sequencing.newest() is not None or journal.inception() is not None:
            raise StartupRefused(
                f"There is a log already, but {directory} is missing: put its keys back."
            )
        return keys.create(directory, origin)
    pair = keys.read(directory)
    if origin and origin != pair.origin:
        raise StartupRefused(
            f"The settings name the log {origin}, its key {pair.origin}. A log keeps its name for"
            " ever: correct the setting, or start a new installation."
        )
    return pair


def _begin(journal: Journal, pair: Keys, now_ms: int, *, anew: bool) -> None:
    """Write the first frame and checkpoint 0; a crash in between leaves only the frame."""
    begun = journal.inception()
    ours = begun is not None and begun[:2] == (pair.origin, pair.log.vkey)
    if begun and not (ours and (anew or journal.after(begun[2]) is None)):
        raise StartupRefused(
            f"The database is new, but the journal already holds the log {begun[0]}. {MIXED}"
        )
    mark = journal.begin(pair.origin, pair.log.vkey)
    nothing = sequencing.signed(pair, Batch(0, now_ms, (), (), EMPTY), mark)
    with writing():
        sequencing.record(nothing, None)


def _finish(journal: Journal, pair: Keys, now_ms: int) -> Checkpoint:
    """Take in what the journal holds beyond the database, then what is still staged."""
    newest = sequencing.newest()
    adopted = False
    while newest and journal.after(newest.mark):
        newest, adopted = sequencing.next_round(journal, pair, now_ms)[0], True
    if newest and adopted and journal.end() > newest.mark.end:
        # A crash leaves one batch unfinished, or one torn. Both together mean that the database
        # is older than any crash makes it, and then what is torn may have been published.
        raise StartupRefused("The database is older than the journal, whose end is damaged.")
    return sequencing.extend(journal, pair, now_ms)


def _check_owner(newest: Checkpoint, pair: Keys) -> None:
    try:
        signed = c2sp.open_checkpoint(newest.note, pair.log, keys.verify_ed25519)
    except ProtocolError:
        owner = newest.note.partition("\n")[0]
        raise StartupRefused(
            f"The newest checkpoint in the database, of {owner}, is not signed by the key of"
            f" {pair.origin}. {MIXED}"
        ) from None
    if (signed.size, signed.root) != (newest.size, newest.root):
        raise StartupRefused("The newest checkpoint's row says other things than its note.")


def _check_rows(newest: Checkpoint) -> None:
    """Refuse a database whose end was changed: cheap, and no substitute for `verify`."""
    last = rows.fetch("SELECT number FROM ledger_entry ORDER BY number DESC LIMIT 1")
    try:
        root = nodes.edge(newest.size).root()
    except KeyError:
        root = b""
    if root != newest.root or (last[0][0] + 1 if last else 0) != newest.size:
        raise StartupRefused("The database's entries do not lead to its newest checkpoint.")
