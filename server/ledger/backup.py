"""A copy of what a server needs to go on, taken while it runs, and put back where it was lost.

Database and keys; `backup.json` says whose they are and where the journal stood. The journal is not
copied, because a log that went on from an old copy of it would sign a second history: it belongs on
a disk of its own, and holds all that came later. The recovery key is never taken along: it is to
outlive this machine *and* its backups.
It refuses to write into a directory that holds anything, and to put back over what is there.
Specification: docs/protocol.md, "Log".
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path

from django.db import Error

from server.ledger import keys
from server.ledger.copies import CopyRefused, Store
from server.ledger.sequencing import LogBroken

POSITION, KEYS = "backup.json", "keys"
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
    """SHA-256 of the database's copy, in hexadecimal as the others."""
    format: int = FORMAT


def take(database: Store, home_keys: Path, target: Path, *, private: bool = True) -> Position:
    """Back up into `target`, which must not exist or be empty; it appears whole or not at all.

    private: with the log key, without which a restored server cannot go on. Raises BackupRefused.
    """
    if target.exists() and any(target.iterdir()):
        raise BackupRefused(f"{target} holds something already: name a new directory.")
    new = target.with_name(target.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    try:
        new.mkdir(mode=0o700, parents=True)
        position = _copied(database, new / database.file, keys.read(home_keys).origin)
        _copy_keys(home_keys, new / KEYS, private=private)
        (new / POSITION).write_text(json.dumps(asdict(position), indent=2) + "\n")
        for path in (*new.rglob("*"), new):
            _sync(path)
        new.replace(target)
        _sync(target.parent)
    except (OSError, sqlite3.Error, Error, LogBroken, CopyRefused, keys.KeyRefused) as error:
        shutil.rmtree(new, ignore_errors=True)
        raise BackupRefused(f"No backup was made: {str(error).strip()}") from error
    return position


def read(source: Path, database: Store) -> Position:
    """The position of a backup whose database is as it was written. Raises BackupRefused."""
    copy = source / database.file
    try:
        position = Position(**json.loads((source / POSITION).read_text()))
        if not copy.exists():
            raise BackupRefused(f"{source} has no {database.file}: it is of another database.")
        same = _digest(copy) == position.database
    except (OSError, ValueError, TypeError) as error:
        raise BackupRefused(f"{source} is not a backup: {error}") from None
    if position.format != FORMAT:
        raise BackupRefused(f"{source} was made by another version of this program.")
    if not same:
        raise BackupRefused(f"{copy} is damaged: take an older backup.")
    return position


def put_back(source: Path, database: Store, home_keys: Path) -> None:
    """Fill an empty database, and put the keys where none are. Raises BackupRefused."""
    log_key = f"{keys.LOG}.key"
    if not home_keys.exists() and not (source / KEYS / log_key).exists():
        raise BackupRefused(f"The backup has no log key: put the keys into {home_keys}.")
    try:
        database.put_back(source / database.file)
    except (OSError, Error, CopyRefused) as error:
        raise BackupRefused(str(error).strip()) from None
    try:
        if not home_keys.exists():
            _copy_keys(source / KEYS, home_keys, private=True)
    except OSError as error:
        raise BackupRefused(f"{error}. {database.take_away()}") from None


def _copied(database: Store, copy: Path, origin: str) -> Position:
    newest = database.copy(copy)
    root, chain = newest.root.hex(), newest.chain.hex()
    return Position(origin, newest.size, root, newest.end, chain, _digest(copy))


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
