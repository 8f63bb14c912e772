"""Where things break: before or after the n-th step of a card, a database or a journal.

A step is one SQL statement or one call of the journal. `Knife` counts them, and at the chosen one
either the process dies (`Killed`) or the call fails; before the step was done, or after.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.db import OperationalError, connections

from server.ledger.journal import Disk


class Killed(BaseException):
    """The process is gone; nothing may catch this but the world."""


class Harm(Enum):
    """What happens at the chosen step: (is it done, does the process die)."""

    KILL_BEFORE = (False, True)
    KILL_AFTER = (True, True)
    FAIL_BEFORE = (False, False)
    FAIL_AFTER = (True, False)


@dataclass
class Knife:
    """Counts steps from `arm` on and strikes once, at the `at`-th; 0: never."""

    at: int = 0
    harm: Harm = Harm.KILL_BEFORE
    steps: int = 0
    struck: str = ""
    strikes: int = 0

    def arm(self, at: int, harm: Harm) -> None:
        """Strike at the `at`-th step from now."""
        self.at, self.harm, self.steps, self.struck = at, harm, 0, ""

    def rest(self) -> None:
        """No more strikes."""
        self.at = 0

    def step(self, name: str, act: Callable[[], Any], error: type[Exception]) -> Any:
        """Do it, or not, or do it and fail."""
        self.steps += 1
        if self.steps != self.at:
            return act()
        self.at, self.struck = 0, name
        self.strikes += 1
        done, dead = self.harm.value
        if done:
            act()
        raise Killed(name) if dead else error("disk I/O error")


def card(knife: Knife) -> Callable[..., sqlite3.Connection]:
    """Stand in for sqlite3.connect on a card whose every statement passes the knife."""

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
            def act() -> sqlite3.Cursor:
                return super(Connection, self).execute(sql, *given)

            cursor = knife.step(sql, act, sqlite3.OperationalError)
            assert isinstance(cursor, sqlite3.Cursor)
            return cursor

    def connect(path: str, **options: Any) -> sqlite3.Connection:
        return sqlite3.connect(path, factory=Connection, **options)

    return connect


class CutDisk(Disk):
    """The journal's disk; a write that is stopped before it is done leaves half of it behind."""

    def __init__(self, knife: Knife) -> None:
        self._knife = knife

    def cut(self, descriptor: int, size: int) -> None:
        """See Disk."""
        self._knife.step("cut", lambda: Disk.cut(self, descriptor, size), OSError)

    def write(self, descriptor: int, data: bytes, offset: int) -> None:
        """See Disk."""
        knife = self._knife
        if knife.steps + 1 == knife.at and not knife.harm.value[0]:
            Disk.write(self, descriptor, data[: len(data) // 2], offset)
        knife.step("write", lambda: Disk.write(self, descriptor, data, offset), OSError)

    def sync(self, descriptor: int) -> None:
        """See Disk."""
        self._knife.step("sync", lambda: Disk.sync(self, descriptor), OSError)


@contextmanager
def database(knife: Knife) -> Iterator[None]:
    """Every statement and every commit of Django's connection passes the knife."""

    def statement(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        name = " ".join(sql.split()[:3])
        return knife.step(name, lambda: execute(sql, params, many, context), OperationalError)

    wrapper: Any = connections["default"]
    commit = wrapper.commit
    wrapper.commit = lambda: knife.step("COMMIT", commit, OperationalError)
    try:
        with wrapper.execute_wrapper(statement):
            yield
    finally:
        wrapper.commit = commit
