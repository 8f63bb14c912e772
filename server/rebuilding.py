"""What every start does: the log takes in what its journal holds, then all tables follow the log.

There is nothing to do unless an older database was put beside its journal. A crash in between would
leave a log that has its entries and tables that lack them, so a file says from which entry on the
tables still have to follow; it goes when they have.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from server.accounts import replay as deeds
from server.coldchain import again as goods
from server.devices import replay
from server.ledger import startup
from server.ledger.sequencing import Checkpoint
from server.pilots import again

MARK: Final = "rebuild.from"


def prepare(home: Path, known: int, now_ms: int, *, anew: bool = False) -> Checkpoint:
    """Make log and tables whole; return the newest checkpoint. Raises StartupRefused and
    ReplayRefused. known: entries that the tables have followed; anew: see startup.prepare."""
    with unfinished(home / MARK, known) as first:
        newest = startup.prepare(now_ms, anew=anew)
        replay.rebuild(first, newest.size)
        deeds.rebuild(first, newest.size)
        again.rebuild(first, newest.size, now_ms)
        goods.rebuild(first, newest.size)
    return newest


@contextmanager
def unfinished(mark: Path, known: int) -> Iterator[int]:
    """The entry to begin at: `known`, or an earlier one where a run before this did not end."""
    first = min(known, _told(mark, known))
    try:
        _tell(mark, first)
    except OSError as error:
        raise startup.StartupRefused(f"{mark} cannot be written: {error.strerror}") from None
    yield first
    mark.unlink(missing_ok=True)  # another command may have been as far


def _told(mark: Path, known: int) -> int:
    """What the mark says; from the very first entry on where it cannot be read."""
    try:
        text = mark.read_text("ascii")
    except FileNotFoundError:
        return known
    return int(text) if text.isdecimal() else 0


def _tell(mark: Path, first: int) -> None:
    """Write the mark. A crash here leaves the old one, or none before anything was done."""
    new = mark.with_suffix(f".{os.getpid()}")  # two commands may begin at once
    with new.open("w", encoding="ascii") as file:
        file.write(str(first))
        file.flush()
        os.fsync(file.fileno())
    new.replace(mark)
    _sync(mark.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
