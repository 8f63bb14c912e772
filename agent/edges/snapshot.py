"""The outbox as it was at one moment, copied while somebody else has it open.

The agent lets nobody into its database, so whoever wants to look makes a copy: first the database,
then the write-ahead log. What a checkpoint moves into the database while it is being copied stands
in the log too, until the log begins anew, and then its first bytes change. So a copy whose log
still begins as it did before is the state of some commit in between; what is torn at the end of the
log was not committed. Anything else is copied again. It never locks, and it changes nothing.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

TRIES = 5
HEADER_BYTES = 32
"""Of a write-ahead log: its salts are drawn anew whenever it begins anew."""


class Restless(OSError):
    """The log began anew during every try."""


def copy(path: Path, to: Path) -> None:
    """Copy database and log to another name, durably. Raises OSError, of which Restless is one."""
    for _ in range(TRIES):
        before = _beginning(path)
        _copy(path, to)
        _copy(_log(path), _log(to))
        if _beginning(path) == before == _beginning(to):
            return
    raise Restless(f"{path}: is written too fast to be copied")


def remove(path: Path) -> None:
    """Take a copy away; what is not there is no error."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _copy(path: Path, to: Path) -> None:
    to.unlink(missing_ok=True)
    if path.exists():
        descriptor = os.open(to, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with path.open("rb") as source, os.fdopen(descriptor, "wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
            target.flush()
            os.fsync(target.fileno())


def _beginning(path: Path) -> bytes:
    try:
        with _log(path).open("rb") as log:
            return log.read(HEADER_BYTES)
    except FileNotFoundError:
        return b""


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")
