"""A copy of what a server needs to go on, taken while it runs, and put back where it was lost.

With SQLite that is the database, as one transaction's view made by SQLite's own backup, and the
keys; with another database the keys alone, for the journal makes every table anew. `backup.json`
says whose the copy is and where the journal stood. The journal is not copied, because a log that
went on from an old copy of it would sign a second history: it belongs on a disk of its own. The
recovery key is never taken along: it is to outlive this machine *and* its backups.
It refuses to write into a directory that holds anything, and to put back over what is there.
Specification: docs/protocol.md, "Log".
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path
from urllib.parse import quote

from server.ledger import keys, log

DATABASE, POSITION, KEYS = "db.sqlite3", "backup.json", "keys"
FORMAT = 1


class BackupRefused(Exception):
    """No backup was made, or none was put back; the text tells the operator why."""


@dataclass(frozen=True, slots=True)
class Position:
    """What a backup is of: the log, its newest checkpoint, and where the journal stood."""

    origin: str
    size: int
    root: str
    journal_end: int
    journal_chain: str
    database: str
    """SHA-256 of the database file, in hexadecimal as the others; empty where there is none."""
    format: int = FORMAT


def take(
    database: Path | None, home_keys: Path, target: Path, *, private: bool = True
) -> Position:
    """Back up into `target`, which must not exist or be empty; it appears whole or not at all.

    database: SQLite's file, None for another database. private: with the log key, without which a
    restored server cannot go on. Raises BackupRefused.
    """
    if target.exists() and any(target.iterdir()):
        raise BackupRefused(f"{target} holds something already: name a new directory.")
    new = target.with_name(target.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    try:
        new.mkdir(mode=0o700, parents=True)
        digest = _copy(database, new / DATABASE) if database else ""
        position = _position(new / DATABASE if database else None, home_keys, digest)
        _copy_keys(home_keys, new / KEYS, private=private)
        (new / POSITION).write_text(json.dumps(asdict(position), indent=2) + "\n")
        for path in (*new.rglob("*"), new):
            _sync(path)
        new.replace(target)
        _sync(target.parent)
    except (OSError, sqlite3.Error, keys.KeyRefused) as error:
        shutil.rmtree(new, ignore_errors=True)
        raise BackupRefused(f"No backup was made: {error}") from error
    return position


def read(source: Path) -> Position:
    """The position of a backup whose database is as it was written. Raises BackupRefused."""
    try:
        position = Position(**json.loads((source / POSITION).read_text()))
        same = not position.database or _digest(source / DATABASE) == position.database
    except (OSError, ValueError, TypeError) as error:
        raise BackupRefused(f"{source} is not a backup: {error}") from None
    if position.format != FORMAT:
        raise BackupRefused(f"{source} was made by another version of this program.")
    if not same:
        raise BackupRefused(f"{source / DATABASE} is damaged: take an older backup.")
    return position


def put_back(source: Path, database: Path | None, home_keys: Path) -> list[Path]:
    """Copy database and keys where nothing is; return what was made. Raises BackupRefused."""
    if database and database.exists():
        raise BackupRefused(f"{database} is there already: move it away first.")
    made = [database] if database else []
    try:
        if database:
            shutil.copyfile(source / DATABASE, database)
            database.chmod(0o600)
        if not home_keys.exists():
            if not (source / KEYS / f"{keys.LOG}.key").exists():
                raise BackupRefused(f"The backup has no log key: put the keys into {home_keys}.")
            made.append(home_keys)
            _copy_keys(source / KEYS, home_keys, private=True)
    except (OSError, BackupRefused) as error:
        remove(made)
        raise BackupRefused(str(error)) from None
    return made


def remove(made: list[Path]) -> None:
    """Take away what `put_back` made."""
    for path in made:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            for file in path.parent.glob(f"{path.name}*"):
                file.unlink()


def _copy(database: Path, copy: Path) -> str:
    """Copy it as one view; return the copy's digest."""
    # Read-only: closing this connection must never move the running server's write-ahead log.
    address = f"file:{quote(str(database))}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True)) as source,
        closing(sqlite3.connect(copy)) as made,
    ):
        source.backup(made)
        made.execute("PRAGMA journal_mode=DELETE").fetchall()
        if made.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
            raise BackupRefused("The database is damaged: run jagalchi-server verify.")
    copy.chmod(0o600)
    return _digest(copy)


def _position(copy: Path | None, home_keys: Path, digest: str) -> Position:
    origin = keys.read(home_keys).origin
    if copy is None:
        newest = log.newest()
        size, root, mark = newest.size, newest.root, newest.mark
        return Position(origin, size, root.hex(), mark.end, mark.chain.hex(), digest)
    with closing(sqlite3.connect(copy)) as database:
        size, root, end, chain = database.execute(
            "SELECT size, root, journal_end, journal_chain FROM ledger_checkpoint"
            " ORDER BY size DESC LIMIT 1"
        ).fetchone()
    return Position(origin, size, root.hex(), end, chain.hex(), digest)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _copy_keys(source: Path, target: Path, *, private: bool) -> None:
    target.mkdir(mode=0o700)
    for path in sorted(source.iterdir()):
        public = path.suffix == ".pub"
        if public or (private and path.name != f"{keys.RECOVERY}.key"):
            shutil.copyfile(path, target / path.name)
            (target / path.name).chmod(0o600)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
