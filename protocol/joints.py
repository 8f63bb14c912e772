"""Whether records of one device fit each other: every joint between neighbours, across holes too.

For records in any number of epochs whose signatures were checked already. What is simply not there
is no lie, but it is said. Spec: docs/protocol.md, "Evidence" and "Tombstones".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from protocol.bodies import Opening, Tombstone
from protocol.errors import ProtocolError
from protocol.record import Sealed
from protocol.registry import Problem
from protocol.tombstone import Evicted

Trouble = tuple[Sealed, ProtocolError]
"""A record whose joint to the left does not hold, and why."""

Holes = dict[tuple[bytes, int], Evicted]
"""Evicted ranges by (epoch, first)."""

Runs = dict[bytes, list[tuple[int, int]]]
"""By epoch, the runs of numbers (first, last) whose every record the log commits to."""


def troubles(records: Sequence[Sealed], committed: Runs | None = None) -> list[Trouble]:
    """Return every record that does not fit the one before it, or the head it names.

    Numbers that are not here but in `committed` were left out of the file, not of the chain.
    """
    epochs: dict[bytes, list[Sealed]] = defaultdict(list)
    for one in records:
        epochs[one.record.epoch].append(one)
    holes = _holes(records)
    hashes = {(one.record.epoch, one.record.seq): one.hash for one in records}
    found: list[Trouble] = []
    for epoch, run in epochs.items():
        run.sort(key=lambda one: one.record.seq)
        found += _at_opening(run[0], hashes)
        for left, right in pairwise(run):
            found += _at_joint(left, right, _Crossing(holes, (committed or {}).get(epoch, [])))
    return found


def left_out(records: Iterable[Sealed], committed: Runs) -> int:
    """Return how many numbers between records of one epoch only the log vouches for."""
    epochs: dict[bytes, set[int]] = defaultdict(set)
    for one in records:
        epochs[one.record.epoch].add(one.record.seq)
    return sum(
        len(range(max(first, min(held)), min(last, max(held)) + 1))
        - sum(first <= seq <= last for seq in held)
        for epoch, held in epochs.items()
        for first, last in committed.get(epoch, [])
    )


@dataclass(frozen=True, slots=True)
class _Crossing:
    """By what a joint may be led over numbers that are not here."""

    holes: Holes
    committed: list[tuple[int, int]]


def _holes(records: Iterable[Sealed]) -> Holes:
    return {
        (hole.epoch, hole.first): hole
        for one in records
        if isinstance(one.record.body, Tombstone)
        for hole in one.record.body.ranges
    }


def _at_opening(first: Sealed, hashes: dict[tuple[bytes, int], bytes]) -> list[Trouble]:
    body = first.record.body
    if not isinstance(body, Opening) or body.head is None:
        return []
    held = hashes.get((body.head.epoch, body.head.seq), body.head.hash)
    if held == body.head.hash:
        return []
    return _trouble(first, Problem.BROKEN_CHAIN, "the head it names is another record")


def _at_joint(left: Sealed, right: Sealed, crossing: _Crossing) -> list[Trouble]:
    before, after = left.record.seq, right.record.seq
    if left.hash == right.hash:
        return _trouble(right, Problem.MALFORMED, "the same record twice")
    if after == before:
        return _trouble(right, Problem.FORK, "two records of one number")
    if right.kid != left.kid:
        return _trouble(right, Problem.MIXED_EPOCHS, "another key within the epoch")
    expected, known = _across(left, after, crossing)
    if expected != after:
        return _trouble(right, Problem.BROKEN_CHAIN, f"{expected}..{after - 1} before it missing")
    if known is not None and known != right.record.prev:
        return _trouble(right, Problem.BROKEN_CHAIN, "prev is not the hash of the record before")
    return []


def _across(left: Sealed, stop: int, crossing: _Crossing) -> tuple[int, bytes | None]:
    """Return the number that must follow `left` and its prev, crossing holes that fit.

    The prev is None behind numbers that only the log vouches for.
    """
    expected, known = left.record.seq + 1, left.hash
    while expected < stop:
        hole = crossing.holes.get((left.record.epoch, expected))
        if hole is None or hole.prev_hash != known or hole.last >= stop:
            return _vouched(expected, stop, crossing.committed, known)
        expected, known = hole.last + 1, hole.last_hash
    return expected, known


def _vouched(
    expected: int, stop: int, committed: list[tuple[int, int]], known: bytes
) -> tuple[int, bytes | None]:
    start = expected
    for first, last in sorted(committed):
        if first <= expected <= last:
            expected = min(last + 1, stop)
    return expected, known if expected == start else None


def _trouble(one: Sealed, problem: Problem, why: str) -> list[Trouble]:
    return [(one, ProtocolError(problem, why))]
