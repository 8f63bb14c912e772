"""Files that must be there whole or not at all, and that nobody else may read.

A power cut at any point leaves the old state or the new one: write aside, fsync, give it its name,
fsync the folder. A file belongs to the owner of its folder, so that what an administrator makes
with sudo the agent can read. It never changes the mode of a file that already exists.
"""

from __future__ import annotations

import os
from pathlib import Path

OWNER_ONLY = 0o600
FOREIGN_BITS = 0o077


def create(path: Path, content: bytes) -> None:
    """Write a new file, 0600. Raises FileExistsError rather than touch one that is there.

    `link` gives the name in one step and refuses to replace, which `rename` would not.
    """
    fresh = _write_aside(path, content)
    try:
        os.link(fresh, path)
    finally:
        fresh.unlink()
    sync_folder(path.parent)


def replace(path: Path, content: bytes) -> None:
    """Write a file, 0600, in place of whatever had the name."""
    _write_aside(path, content).replace(path)
    sync_folder(path.parent)


def rename(fresh: Path, path: Path) -> None:
    """Give a file that is whole on the disk another's name, in its place. Raises OSError."""
    fresh.replace(path)
    sync_folder(path.parent)


def readable_by_others(path: Path) -> bool:
    """Whether group or world have any right to the file. Raises OSError."""
    return bool(path.stat().st_mode & FOREIGN_BITS)


def _write_aside(path: Path, content: bytes) -> Path:
    """A left-over of an earlier power cut was never used by anybody: it is removed."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        _give_to_owner_of(path.parent, descriptor)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return fresh


def _give_to_owner_of(folder: Path, descriptor: int) -> None:
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def sync_folder(folder: Path) -> None:
    """Make what names there are in a folder durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rewrite(path: Path, content: bytes) -> None:
    """Put other content into a file that is there; its owner and mode stay. Raises OSError."""
    before = path.stat()
    fresh = _write_aside(path, content)
    if os.geteuid() == 0:
        os.chown(fresh, before.st_uid, before.st_gid)
    fresh.chmod(before.st_mode & 0o7777)
    fresh.replace(path)
    sync_folder(path.parent)
