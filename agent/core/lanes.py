"""Which rows go into the next batch: lane A the newest and the alarms, lane B the oldest.

Openings come first, oldest first, because the server can judge nothing without them; then the rows
of the lane. Everything is sorted by epoch and number, so each span of a batch finds what it needs
in the spans before it. Pure. Spec: docs/protocol.md, "Spans".
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

from agent.core.ranges import NONE, Ranges, run
from agent.core.shelf import Cut, Held, Shelf
from protocol.span import MAX_RECORDS, MAX_SPANS

MAX_BATCH_ROWS: Final = 2_000

Open = tuple[Shelf, Ranges]
"""A shelf and what of it may be posted now; never empty."""


class Way(Enum):
    """The two lanes."""

    A = "newest and alarms"
    B = "oldest"


def still_open(shelves: Sequence[Shelf], held: Held) -> tuple[Open, ...]:
    """What may be posted, oldest epoch first."""
    pairs = ((shelf, shelf.open_to(held.get(shelf.number, NONE))) for shelf in shelves)
    return tuple((shelf, rows) for shelf, rows in pairs if rows)


def has_alarm(waiting: Sequence[Open]) -> bool:
    """Whether an alarm waits to be posted."""
    return any(rows & shelf.alarms for shelf, rows in waiting)


def cut(waiting: Sequence[Open], way: Way, reach: int) -> tuple[Cut, ...]:
    """The spans of the next batch, at most `reach` rows each; empty when nothing waits."""
    if not waiting:
        return ()
    reach = min(reach, MAX_RECORDS)
    wanted = _newest(waiting, reach) if way is Way.A else _oldest(waiting, reach)
    top = max(one.number for one in wanted)
    openings = [Cut(s.number, 0, 0) for s, rows in waiting if s.number <= top and 0 in rows]
    if len(openings) > MAX_SPANS - len(wanted):
        return tuple(openings[:MAX_SPANS])
    return _joined([*openings, *wanted], reach)


def _oldest(waiting: Sequence[Open], reach: int) -> list[Cut]:
    shelf, rows = waiting[0]
    first, last = rows.runs[0]
    return [Cut(shelf.number, first, min(last, first + reach - 1))]


def _newest(waiting: Sequence[Open], reach: int) -> list[Cut]:
    """The newest alarms, one record each, and the end of the newest run of the rest."""
    alarms = [
        (shelf.number, seq)
        for shelf, rows in reversed(waiting)
        for first, last in reversed((rows & shelf.alarms).runs)
        for seq in range(last, first - 1, -1)
    ][: MAX_SPANS // 2]
    cuts = [Cut(number, seq, seq) for number, seq in alarms]
    shelf, rows = waiting[-1]
    rest = rows - Ranges.of((seq, seq) for number, seq in alarms if number == shelf.number)
    if rest:
        first, last = rest.runs[-1]
        cuts.append(Cut(shelf.number, max(first, last - reach + 1), last))
    return cuts


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
