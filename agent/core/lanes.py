"""Which rows go into the next batch: lane A the newest and the alarms, B the oldest, C the rest.

Lane C is what had been proved before the log had a successor, and what an ended key sealed: it goes
when nothing else waits. Of an ended key a server takes only what a later record names, so those
epochs go from their end backwards, each span touching what the server holds on its right.
Openings and rotations come first, oldest first, because the server can judge nothing without them;
then the rows of the lane. Everything is sorted by epoch and number, so each span of a batch finds
what it needs in the spans before it. Pure. Spec: docs/protocol.md, "Spans".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from agent.core.ranges import NONE, Ranges, run
from agent.core.shelf import Cut, Held, Shelf
from protocol.span import MAX_RECORDS, MAX_SPANS

MAX_BATCH_ROWS: Final = 2_000
OPENING: Final = run(0, 0)


class Way(Enum):
    """The three lanes."""

    A = "newest and alarms"
    B = "oldest"
    C = "again, and of ended keys"


@dataclass(frozen=True, slots=True)
class Open:
    """What of one shelf may be posted now; never empty.

    `later` is the part of `rows` that is lane C's. `ended`: another key has taken over since.
    """

    shelf: Shelf
    rows: Ranges
    later: Ranges = NONE
    ended: bool = False

    @property
    def number(self) -> int:
        """The shelf's."""
        return self.shelf.number

    @property
    def fresh(self) -> Ranges:
        """What is for lanes A and B."""
        return self.rows - self.later


def still_open(shelves: Sequence[Shelf], held: Held, kid: bytes = b"") -> tuple[Open, ...]:
    """What may be posted, oldest epoch first; `kid` is the key that seals now."""
    found = (_open(shelf, held.get(shelf.number, NONE), shelf.kid != kid) for shelf in shelves)
    return tuple(one for one in found if one.rows)


def _open(shelf: Shelf, held: Ranges, ended: bool) -> Open:
    rows = shelf.open_to(held)
    return Open(shelf, rows, rows if ended else rows & shelf.former, ended)


def has_alarm(waiting: Sequence[Open]) -> bool:
    """Whether an alarm waits to be posted."""
    return any(one.fresh & one.shelf.alarms for one in waiting)


def has_fresh(waiting: Sequence[Open]) -> bool:
    """Whether lanes A and B have anything to post."""
    return any(one.fresh for one in waiting)


def cut(waiting: Sequence[Open], way: Way, reach: int) -> tuple[Cut, ...]:
    """The spans of the next batch, at most `reach` rows each; empty when nothing waits."""
    reach = min(reach, MAX_RECORDS)
    wanted = _PICKS[way](waiting, reach)
    if not wanted:
        return ()
    top = max(one.number for one in wanted)
    first = [
        Cut(one.number, seq, seq)
        for one in waiting
        if one.number <= top
        for seq in one.rows & (one.shelf.pinned | OPENING)
    ]
    if len(first) > MAX_SPANS - len(wanted):
        return tuple(first[:MAX_SPANS])
    return _joined([*first, *wanted], reach)


def _oldest(waiting: Sequence[Open], reach: int) -> list[Cut]:
    for one in waiting:
        for first, last in one.fresh.runs:
            return [Cut(one.number, first, min(last, first + reach - 1))]
    return []


def _newest(waiting: Sequence[Open], reach: int) -> list[Cut]:
    """The newest alarms, one record each, and the end of the newest run of the rest."""
    fresh = [one for one in waiting if one.fresh]
    alarms = [
        (one.number, seq)
        for one in reversed(fresh)
        for first, last in reversed((one.fresh & one.shelf.alarms).runs)
        for seq in range(last, first - 1, -1)
    ][: MAX_SPANS // 2]
    cuts = [Cut(number, seq, seq) for number, seq in alarms]
    for one in fresh[-1:]:
        rest = one.fresh - Ranges.of((seq, seq) for number, seq in alarms if number == one.number)
        cuts += [_end(one.number, rest, reach)] if rest else []
    return cuts


def _again(waiting: Sequence[Open], reach: int) -> list[Cut]:
    for one in waiting:
        if one.ended:
            return [_end(one.number, one.later, reach)]
        for first, last in one.later.runs:
            return [Cut(one.number, first, min(last, first + reach - 1))]
    return []


def _end(number: int, rows: Ranges, reach: int) -> Cut:
    first, last = rows.runs[-1]
    return Cut(number, max(first, last - reach + 1), last)


_PICKS: Final[Mapping[Way, Callable[[Sequence[Open], int], list[Cut]]]] = {
    Way.A: _newest,
    Way.B: _oldest,
    Way.C: _again,
}


def _joined(cuts: Sequence[Cut], reach: int) -> tuple[Cut, ...]:
    """In order, none twice, an opening joined to the rows that follow it: one leaf, not two."""
    joined: list[Cut] = []
    for one in sorted(set(cuts), key=lambda one: (one.number, one.first, -one.last)):
        before = joined[-1] if joined else None
        if before is not None and before.number == one.number and one.last <= before.last:
            continue
        touches = before is not None and (one.number, one.first) == (before.number, 1)
        if before is not None and touches and before.last == 0 and one.last < reach:
            joined[-1] = Cut(one.number, 0, one.last)
        else:
            joined.append(one)
    return tuple(joined)


def held_after(held: Held, cuts: Sequence[Cut]) -> dict[int, Ranges]:
    """What the server holds once it took these spans."""
    after = dict(held)
    for one in cuts:
        after[one.number] = after.get(one.number, NONE) | run(one.first, one.last)
    return after
