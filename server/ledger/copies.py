"""The database as one file: copied while a server writes to it, and put back into an empty one.

SQLite copies itself (its backup API). PostgreSQL's own programs, pg_dump and pg_restore, copy it:
nobody knows better what is in it. Both copies are one transaction's view. A copy is put back only
where there is nothing. What it lacks since then is in the journal; see backup.py.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from django.db import connection, transaction

from server.ledger import log, rows


class CopyRefused(Exception):
    """Nothing was copied or put back; the text tells the operator why."""


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest checkpoint in a copy, and where the journal stood: what is published of it."""

    size: int
    root: bytes
    end: int
    chain: bytes


class Store(Protocol):
    """A database that can be copied into a file of that name."""

    @property
    def file(self) -> str:
        """Name of the copy."""
        ...

    def copy(self, target: Path) -> Newest:
        """Copy it as one view. Raises CopyRefused, OSError, sqlite3.Error."""
        ...

    def put_back(self, source: Path) -> None:
        """Fill the database, which must be empty. Raises CopyRefused, OSError."""
        ...

    def take_away(self) -> str:
        """Undo what `put_back` has done; say what became of it."""
        ...


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """SQLite's file."""

    path: Path
    file: str = "db.sqlite3"

    def copy(self, target: Path) -> Newest:
        """Copy it by SQLite's own backup, and look through the copy."""
        # Read-only: closing this connection must never move the running server's write-ahead log.
        address = f"file:{quote(str(self.path))}?mode=ro"
        with (
            closing(sqlite3.connect(address, uri=True)) as source,
            closing(sqlite3.connect(target)) as made,
        ):
            source.backup(made)
            made.execute("PRAGMA journal_mode=DELETE").fetchall()
            if made.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
                raise CopyRefused("The database is damaged: run jagalchi-server verify.")
            found = made.execute(
                "SELECT size, root, journal_end, journal_chain FROM ledger_checkpoint"
                " ORDER BY size DESC LIMIT 1"
            ).fetchone()
        target.chmod(0o600)
        return Newest(*found)

    def put_back(self, source: Path) -> None:
        """Copy the file to where none is."""
        if self.path.exists():
            raise CopyRefused(f"{self.path} is there already: move it away first.")
        try:
            shutil.copyfile(source, self.path)
            self.path.chmod(0o600)
        except OSError:
            self.take_away()
            raise

    def take_away(self) -> str:
        """Remove the file and what SQLite laid beside it."""
        for file in self.path.parent.glob(f"{self.path.name}*"):
            file.unlink()
        return "Nothing was put back."


@dataclass(frozen=True, slots=True)
class Postgres:
    """A PostgreSQL database, as Django's settings describe it."""

    described: Mapping[str, Any]
    file: str = "db.pgdump"

    def copy(self, target: Path) -> Newest:
        """Dump exactly what the newest checkpoint was read from."""
        with transaction.atomic():
            rows.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            ((snapshot,),) = rows.fetch("SELECT pg_export_snapshot()")
            newest = log.newest()
            self._run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={target}")
        target.chmod(0o600)
        return Newest(newest.size, newest.root, newest.mark.end, newest.mark.chain)

    def put_back(self, source: Path) -> None:
        """Restore the dump, all of it or nothing."""
        if connection.introspection.table_names():
            name = self.described["NAME"]
            raise CopyRefused(f"The database {name} holds something already: name an empty one.")
        kept = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
        self._run("pg_restore", *kept, f"--dbname={self.described['NAME']}", str(source))

    def take_away(self) -> str:
        """Leave it: to empty a database is for its owner."""
        return f"Before another try, empty the database {self.described['NAME']}."

    def _run(self, name: str, *arguments: str) -> None:
        installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        program = shutil.which(name) or (installed and str(installed[-1]))
        if not program:
            raise CopyRefused(f"{name} is not installed: sudo apt install postgresql-client")
        done = subprocess.run(
            [program, "--no-password", *arguments],
            env={**os.environ, **self._address()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise CopyRefused(f"{name}: {done.stderr.strip()}")

    def _address(self) -> dict[str, str]:
        """Where it is, for PostgreSQL's programs; a password has no place on a command line."""
        names = {"NAME": "DATABASE"}
        found = {f"PG{names.get(n, n)}": self.described.get(n) for n in _PLACE}
        found |= {f"PG{n.upper()}": self.described["OPTIONS"].get(n) for n in _TLS}
        return {name: str(value) for name, value in found.items() if value}


_PLACE = ("HOST", "PORT", "USER", "PASSWORD", "NAME")
_TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey")


def store(described: Mapping[str, Any]) -> Store:
    """The database that Django's settings describe."""
    if "sqlite3" in str(described["ENGINE"]):
        return SqliteFile(Path(str(described["NAME"])))
    return Postgres(described)
