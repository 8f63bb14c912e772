"""Work on another database than the installed one: a restored copy, an audit's scratch.

Everything of the server speaks to the default connection; here that is another SQLite file for a
while, in this thread. It refuses nothing and leaves the file where it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connections
from django.db.utils import ConnectionHandler

from server import options

ALIAS = "default"


@contextmanager
def database(file: Path, *apps: str, durable: bool = True) -> Iterator[Any]:
    """Make that SQLite file, brought up to date, the database; yields the connection it replaces.

    apps: whose tables are needed, none for all: each has some to be made, and they take seconds.
    Not `durable`: nothing is synced, for what a crash may lose.
    """
    described = options.sqlite(file.parent) | {"NAME": str(file)}
    other = ConnectionHandler({ALIAS: described})[ALIAS]
    before = connections[ALIAS]
    connections[ALIAS] = other
    try:
        for named in [[app] for app in apps] or [[]]:
            call_command("migrate", *named, interactive=False, verbosity=0)
        if not durable:
            with other.cursor() as cursor:
                cursor.execute("PRAGMA synchronous=OFF")
        yield before
    finally:
        other.close()
        connections[ALIAS] = before
