"""What lies on the card, epoch by epoch, as sets of numbers: the outbox's own table of contents.

The outbox rebuilds it from the database at every opening and moves it in step with each commit.
The sync machine cuts spans from it. Every counter is the size of one of these sets, so the
equation committed = waiting + proved + evicted cannot drift. Pure. Spec: docs/protocol.md, "Span".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from agent.core.ranges import NONE, Ranges, run


@dataclass(frozen=True, slots=True)
class Shelf:
    """One epoch on this card. `last` is the newest committed number, -1 for none.

    `number` counts the epochs of this card from 1; `kid` is the key that sealed it. `freed` is the
    part of `proved` whose proofs are gone, and of unpinned rows the bytes too. `evicted` includes
    damaged rows and never overlaps `proved`. `former` were proved by a log that has a successor.
    `alarms` are rows of the alarm lane; `pinned` ones, openings and rotations, always stay.
    """

    number: int
    epoch: bytes
    last: int = -1
    proved: Ranges = NONE
    freed: Ranges = NONE
    evicted: Ranges = NONE
    aside: Ranges = NONE
    alarms: Ranges = NONE
    pinned: Ranges = NONE
    former: Ranges = NONE
    kid: bytes = b""

    @property
    def committed(self) -> Ranges:
        """Every number of this epoch that was ever committed."""
        return run(0, self.last)

    @property
    def waiting(self) -> Ranges:
        """Committed, on the card, not yet proved; rows set aside are among them."""
        return self.committed - self.proved - self.evicted

    @property
    def urgent(self) -> Ranges:
        """Alarms that no log has proved yet."""
        return self.alarms - self.former

    def open_to(self, held: Ranges) -> Ranges:
        """What may be posted: waiting, not set aside, and not held by the server."""
        return self.waiting - self.aside - held

    def prove(self, first: int, last: int) -> Shelf:
        """After a verified receipt: what is on the card of this run counts as proved."""
        return replace(self, proved=self.proved | (self.waiting & run(first, last)))

    def bury(self, first: int, last: int) -> Shelf:
        """After a tombstone was committed with the rows it stands for taken away."""
        return replace(self, evicted=self.evicted | (self.waiting & run(first, last)))

    def succeed(self) -> Shelf:
        """After a successor was accepted: what is on the card is to be proved by the new log."""
        gone = self.freed - self.pinned
        return replace(self, proved=gone, freed=gone, former=self.former | (self.proved - gone))

    def unproved(self, held: Ranges) -> Ranges:
        """What the server holds and owes a receipt for."""
        return self.waiting & held


Held = Mapping[int, Ranges]
"""By shelf number: what the server said it holds. RAM only."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A span to be read from the card: rows first to last of the epoch with this shelf number."""

    number: int
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Counters:
    """The balance. All of them count rows.

    made = committed + uncommitted + overflowed; committed = waiting + proved + evicted.
    `set_aside` and `alarms` are parts of `waiting`. `shipped` is what the server said it holds,
    proved included. `overflowed` are drafts that the RAM ring had to let go while nothing could be
    written.
    """

    made: int
    committed: int
    uncommitted: int
    overflowed: int
    shipped: int
    proved: int
    evicted: int
    set_aside: int
    waiting: int
    alarms: int


NOTHING: Final = Counters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


def count(
    shelves: Iterable[Shelf],
    held: Held,
    *,
    resting: Counters = NOTHING,
    uncommitted: int = 0,
    overflowed: int = 0,
) -> Counters:
    """Draw up the balance over these epochs; `resting` is the balance of those where none waits."""
    shelves = tuple(shelves)
    committed = resting.committed + sum(shelf.last + 1 for shelf in shelves)
    proved = resting.proved + sum(len(shelf.proved) for shelf in shelves)
    return Counters(
        made=committed + uncommitted + overflowed,
        committed=committed,
        uncommitted=uncommitted,
        overflowed=overflowed,
        shipped=proved + sum(len(s.unproved(held.get(s.number, NONE))) for s in shelves),
        proved=proved,
        evicted=resting.evicted + sum(len(shelf.evicted) for shelf in shelves),
        set_aside=sum(len(shelf.aside & shelf.waiting) for shelf in shelves),
        waiting=sum(len(shelf.waiting) for shelf in shelves),
        alarms=sum(len(shelf.alarms & shelf.waiting) for shelf in shelves),
    )
