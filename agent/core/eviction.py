"""What is let go when the card is full, in the declared order, and the tombstone that says so.

Proved rows went before this file is asked. Then the oldest run of readings, positions and gossip,
at most 512 rows, ended by anything worth more, runs under 4 skipped; when none is left, events,
anchors, closings and alarms, oldest first. Openings, rotations and tombstones never. A tombstone
costs a row itself, so a plan that would not win room is no plan. Pure.
Spec: docs/protocol.md, "Eviction".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice

from agent.core.chain import Lane
from agent.core.shelf import Cut
from protocol.bodies import Reading
from protocol.record import Sealed
from protocol.registry import Kind, Quantity, Reason
from protocol.tombstone import Evicted, Summary

LONGEST_RUN = 512
SHORTEST_RUN = 4
MOST_RANGES = 16
_ROUTINE = frozenset({Kind.READING, Kind.POSITION, Kind.GOSSIP})
PINNED = frozenset({Kind.OPENING, Kind.ROTATION})
"""Neither evicted nor freed: without them nothing that follows can be judged."""

_NEVER = PINNED | {Kind.TOMBSTONE}

Listed = tuple[int, int, int, int]
"""(shelf number, seq, kind, lane) of one row."""


def plan(rows: Callable[[], Iterable[Listed]]) -> tuple[Cut, ...]:
    """The runs that one tombstone shall stand for; empty when nothing may go.

    `rows` lists the unproved rows from the oldest on; it is called again for the second pass, and
    read only as far as needed.
    """
    routine = (run for run in _runs(rows(), _is_routine) if len(run) >= SHORTEST_RUN)
    if first := next(routine, None):
        return (first,)
    rest = tuple(islice(_runs(rows(), _may_go), MOST_RANGES))
    return rest if sum(map(len, rest)) >= SHORTEST_RUN else ()


def _is_routine(row: Listed) -> bool:
    return row[2] in _ROUTINE and row[3] == Lane.ROUTINE


def _may_go(row: Listed) -> bool:
    return row[2] not in _NEVER


def _runs(rows: Iterable[Listed], wanted: Callable[[Listed], bool]) -> Iterator[Cut]:
    run: Cut | None = None
    for row in filter(wanted, rows):
        grown = _grow(run, row)
        if run and grown is None:
            yield run
        run = grown or Cut(row[0], row[1], row[1])
    if run:
        yield run


def _grow(run: Cut | None, row: Listed) -> Cut | None:
    """A row that was skipped leaves a hole in the numbers, so it ends the run by itself."""
    number, seq = row[:2]
    if run is None or len(run) == LONGEST_RUN or (number, seq) != (run.number, run.last + 1):
        return None
    return Cut(number, run.first, seq)


def bury(rows: Sequence[Sealed]) -> Evicted:
    """What the tombstone says about one run of records, all of them still there."""
    first, last = rows[0], rows[-1]
    return Evicted(
        epoch=first.record.epoch,
        first=first.record.seq,
        last=last.record.seq,
        prev_hash=first.record.prev,
        last_hash=last.hash,
        count=len(rows),
        reason=Reason.EVICTED,
        summaries=_summaries(rows),
    )


def _summaries(rows: Sequence[Sealed]) -> tuple[Summary, ...]:
    """Minimum, mean (rounded down) and maximum of each sensor and quantity that had a value."""
    values: dict[tuple[int, Quantity], list[int]] = {}
    bodies = (row.record.body for row in rows)
    readings = (body.measurements for body in bodies if isinstance(body, Reading))
    for one in chain.from_iterable(readings):
        if one.value is not None:
            values.setdefault((one.sensor, one.quantity), []).append(one.value)
    return tuple(
        Summary(sensor, quantity, min(seen), sum(seen) // len(seen), max(seen))
        for (sensor, quantity), seen in sorted(values.items())
    )
