"""Faults at the lowest doors: every SQL statement, commit and journal call can be made to fail.

Each fault comes twice: failed and not done, and done but looked failed. A journal write can also
be left torn. `Trap.steps` counts what passed, so a test goes on until no step is left to break.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection

from server.ledger.journal import Disk


class Trap:
    """Lets steps pass until the `at`-th, which fails; `done` says whether it happens anyway."""

    def __init__(self, at: int = 0, *, done: bool = False) -> None:
        self.at, self.done, self.steps, self.sprung = at, done, 0, ""

    def step(self, name: str, act: Callable[[], Any], error: Exception) -> Any:
        """Do it, or fail in the chosen way."""
        self.steps += 1
        if self.steps != self.at:
            return act()
        self.sprung = name
        if self.done:
            act()
        raise error

    def released(self, sql: str) -> bool:
        """Whether `sql` goes back to a savepoint whose release looked failed but was done: where it
        stands for a transaction that is over, PostgreSQL would abort the whole test for it."""
        verb, _, savepoint = self.sprung.rpartition(" ")
        back = f"ROLLBACK TO SAVEPOINT {savepoint}"
        return self.done and verb == "RELEASE SAVEPOINT" and sql == back


class FaultyDisk(Disk):
    """The journal's disk; a write that fails without being done leaves half of it behind."""

    def __init__(self, trap: Trap) -> None:
        self.trap = trap

    def cut(self, descriptor: int, size: int) -> None:
        """See Disk."""
        self.trap.step("cut", lambda: Disk.cut(self, descriptor, size), OSError("cut"))

    def write(self, descriptor: int, data: bytes, offset: int) -> None:
        """See Disk."""
        if self.trap.steps + 1 == self.trap.at and not self.trap.done:
            Disk.write(self, descriptor, data[: len(data) // 2], offset)
        self.trap.step("write", lambda: Disk.write(self, descriptor, data, offset), OSError("full"))

    def sync(self, descriptor: int) -> None:
        """See Disk."""
        self.trap.step("sync", lambda: Disk.sync(self, descriptor), OSError("EIO"))


@contextmanager
def faulty_database(trap: Trap) -> Iterator[None]:
    """Every statement and every commit of this thread's connection goes through the trap."""

    def statement(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        name = " ".join(sql.split()[:3])
        error = OperationalError("the database went away")
        if trap.released(sql):
            raise error
        return trap.step(name, lambda: execute(sql, params, many, context), error)

    commit = connection.commit

    def faulty_commit() -> None:
        trap.step("COMMIT", commit, OperationalError("the answer to COMMIT was lost"))

    connection.commit = faulty_commit  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(statement):
            yield
    finally:
        del connection.commit
