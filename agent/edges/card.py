"""The door to the SD card: one lock, one SQLite connection, and what can go wrong with them.

The connection lets nobody else into the file, not even to read: so the log is recycled as soon as
it may be, and SQLite needs no shared index, a file whose holes would kill whoever touches them on a
full disk. A reader who was there first is left behind with the old file, see `_leave_readers`.

Only this file knows SQLite's error codes. They come out as three answers: the file is *foreign*
(another device's, another program's: nothing is touched), it is *damaged* (renamed aside for
salvage, a fresh one is opened), or the card is in *trouble* (full, failing, read-only: try again
later). A failed sync may mean that the data is gone although the pages look clean, so after any
error the connection is dropped and the truth is read from the disk again.
Spec: docs/protocol.md, "Epoch" and docs/architecture.md, the outbox.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from agent.edges import files, snapshot

Connect = Callable[..., sqlite3.Connection]
"""Anything with the signature of sqlite3.connect: the place where tests break the disk."""

APPLICATION_ID = 0x4A474C43
FORMAT = 1
WAL_LIMIT_BYTES = 16 << 20
CACHE_KIB = 256
"""Records are appended at one end and read once, in order: a large cache would only be memory."""

BUSY_TIMEOUT_MS = 1_000
"""Who looks at a card that no agent has open is done by then; who stays is left behind."""

KEPT_ASIDE = 3
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
"""The last one is SQL that does not fit the file: a table or column is gone."""
_UNSOUND = frozenset({errno.EBADMSG, errno.EUCLEAN})
"""The file system contradicts itself. Having noticed, it is checked at the next start of Linux."""
UNSOUND = "the file system is damaged; restart the computer, which checks it"


class LockedOutbox(Exception):
    """A second agent already holds this outbox."""


class ForeignOutbox(Exception):
    """The file belongs to another device, log or program; nothing in it was changed."""


class StorageTrouble(Exception):
    """The card failed; the connection is gone. The text is for people."""


class OccupiedFile(StorageTrouble):
    """Somebody else has the file open."""


class DamagedFile(Exception):
    """The database can be opened but not trusted."""


def lock(path: Path) -> int:
    """Take the exclusive lock beside the database; returns its descriptor.

    The lock dies with the process, so a crash leaves nothing to clean up. Raises LockedOutbox, or
    StorageTrouble where the file can be neither made nor opened.
    """
    with translated():
        descriptor = _open_lock(path.with_name(path.name + ".lock"))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise LockedOutbox(f"{path}: another agent is running on this outbox") from error
    return descriptor


def _open_lock(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        # A file system that turned read-only still lets an existing file be locked.
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def open_card(path: Path, connect: Connect) -> tuple[sqlite3.Connection, bool]:
    """Open and check one database file, made if missing, with an owner-only mode.

    Also says whether somebody else had it open and was left behind. Raises DamagedFile,
    ForeignOutbox or StorageTrouble; the connection is closed in each case.
    """
    try:
        return _open(path, connect), False
    except OccupiedFile:
        _leave_readers(path, connect)
        return _open(path, connect), True


def _open(path: Path, connect: Connect) -> sqlite3.Connection:
    with translated():
        _make_for_owner(path)
        connection = connect(str(path), isolation_level=None)
    try:
        with translated():
            _prepare(connection, path)
    except BaseException:
        abandon(connection)
        raise
    return connection


def _make_for_owner(path: Path) -> None:
    """SQLite would go by the umask; its companion files take over the mode of this one."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    # Before anything is read: the shared index is made, or not, with the first look into the log.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    found = _number(connection, "PRAGMA application_id")
    tables = _number(connection, "SELECT count(*) FROM sqlite_master")
    if found != APPLICATION_ID and (found or tables):
        raise ForeignOutbox(f"{path}: not an outbox of this program")
    if tables and _number(connection, "PRAGMA user_version") != FORMAT:
        raise ForeignOutbox(f"{path}: written by another version of this program")
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StorageTrouble(f"{path}: this file system cannot hold a write-ahead log")
    for pragma in (
        "synchronous = FULL",
        "wal_autocheckpoint = 1000",
        f"journal_size_limit = {WAL_LIMIT_BYTES}",
        "mmap_size = 0",
        f"cache_size = -{CACHE_KIB}",
    ):
        connection.execute(f"PRAGMA {pragma}")
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise DamagedFile(f"{path}: the check at start failed")
    # One flipped bit makes a text of a blob: it must come out as the bytes that it is.
    connection.text_factory = bytes


def _leave_readers(path: Path, connect: Connect) -> None:
    """Go on in a copy of the file, and leave the old one to those who hold it open.

    The lock beside the file says that none of them writes. A crash before the rename leaves the old
    file; one behind it leaves the new file beside the old log, which says what the new file holds
    already, so that reading it once more changes nothing.
    """
    fresh = path.with_name(path.name + ".fresh")
    with translated():
        snapshot.remove(fresh)
        snapshot.copy(path, fresh)
        copied = connect(str(fresh), isolation_level=None)
        try:
            copied.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            copied.close()
        files.rename(fresh, path)
        for suffix in ("-wal", "-shm"):
            _companion(path, suffix).unlink(missing_ok=True)
        files.sync_folder(path.parent)


def _number(connection: sqlite3.Connection, sql: str) -> int:
    return int(connection.execute(sql).fetchone()[0])


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn SQLite's and the system's errors into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise _named(error) from error
    except OSError as error:
        raise StorageTrouble(_sentence(error)) from error


def _sentence(error: OSError) -> str:
    if error.errno in _UNSOUND:
        return f"{error.filename}: {UNSOUND}"
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)


def _named(error: sqlite3.Error) -> Exception:
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF == sqlite3.SQLITE_BUSY:
        return OccupiedFile(f"somebody else has it open: {error}")
    if code is not None and code & 0xFF in _DAMAGE:
        return DamagedFile(str(error))
    return StorageTrouble(f"{error} ({getattr(error, 'sqlite_errorname', 'no code')})")


def abandon(connection: sqlite3.Connection) -> None:
    """Let go of a connection without saving; never raises."""
    with contextlib.suppress(sqlite3.Error):
        connection.close()


def move_aside(path: Path) -> str:
    """Rename a damaged database and its log out of the way; returns the new name.

    The oldest of those kept aside make room: a card that rots must not also fill up.
    Raises StorageTrouble where the file system refuses.
    """
    with translated():
        taken = sorted(filter(_serial, path.parent.glob(f"{path.name}.damaged-*")), key=_serial)
        for old in taken[: max(0, len(taken) - KEPT_ASIDE + 1)]:
            old.unlink()
            _companion(old, "-wal").unlink(missing_ok=True)
        serial = _serial(taken[-1]) + 1 if taken else 1
        aside = path.with_name(f"{path.name}.damaged-{serial}")
        if _companion(path, "-wal").exists():
            _companion(path, "-wal").rename(_companion(aside, "-wal"))
        _companion(path, "-shm").unlink(missing_ok=True)
        path.rename(aside)
    return aside.name


def _serial(path: Path) -> int:
    """The number at the end of the name; 0 for a companion file, which goes with its database."""
    number = path.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _companion(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
