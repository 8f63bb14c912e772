"""judge(held, span): what becomes of one span whose signatures have been verified. Pure.

All or nothing, in the order of the table in docs/protocol.md, section "What a server accepts". It
refuses no data because of a fork: a forked span is logged whole, beside what was there. It reads no
clock and no database: the same records in any slicing and any order end as the same held set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from protocol import cose
from protocol.bodies import Opening, Rotation
from protocol.registry import Problem
from protocol.span import Span
from server.devices import ranges
from server.devices.held import (
    COMMITS,
    Held,
    Point,
    Said,
    Source,
    opened_after,
    statements,
    tombstones,
)
from server.devices.ranges import Runs

MAX_GAPS = 256
MAX_RUNS = 4096
MAX_ALTERNATIVES = 2
MAX_CONTESTED = 10_000


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two different statements about one place: the evidence of a fork."""

    point: Point
    held: Said
    posted: Said


@dataclass(frozen=True, slots=True)
class Accept:
    """These runs of the span are new and become leaves.

    conflicts: the opening names a head, or is named, with another hash than the record held there:
    shown as a fork, but no reason to keep the span from being primary.
    """

    pieces: Runs
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Every record is held already."""


@dataclass(frozen=True, slots=True)
class Fork:
    """Some record or joint contradicts what is held: log the span whole, contested."""

    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nothing is taken; `index` is the record at fault, where the device may split the span."""

    problem: Problem
    index: int | None = None


Verdict = Accept | Duplicate | Fork | Refuse


def judge(held: Held, span: Span) -> Verdict:
    """Judge one span. Never raises for what a device may send."""
    for rule in _RULES:
        if refused := rule(held, span):
            return refused
    if all(held.holds((span.epoch, s.record.seq), s.hash) for s in span.records):
        return Duplicate()
    opened = held.epochs.get(span.epoch)
    pieces = ranges.absent(opened.held if opened else (), span.first, span.last)
    if held.keys[span.records[0].kid].ended and (index := _uncommitted(held, span)) is not None:
        return Refuse(Problem.REVOKED, index)
    conflicts = tuple(_conflicts(held, span))
    if any(_binds(conflict) for conflict in conflicts):
        return _full(held, span) or Fork(conflicts)
    return _too_many_gaps(held, span, pieces) or Accept(pieces, conflicts)


# What may refuse a span, in this order. Each rule relies on those before it.


def _simulated(held: Held, span: Span) -> Refuse | None:
    if held.house.simulated:
        return None
    for index, sealed in enumerate(span.records):
        if sealed.record.simulated:
            return Refuse(Problem.SIMULATED, index)
    return None


def _opening(held: Held, span: Span) -> Refuse | None:
    opening = span.records[0].record.body
    if not isinstance(opening, Opening):
        return None
    if opening.device != held.house.device:
        return Refuse(Problem.WRONG_DEVICE, 0)
    if opening.origin not in held.house.origins:
        return Refuse(Problem.WRONG_ORIGIN, 0)
    if opening.head is None and span.prev_hash != held.house.enrolment:
        return Refuse(Problem.BROKEN_CHAIN, 0)
    return None


def _key(held: Held, span: Span) -> Refuse | None:
    kid = span.records[0].kid
    if kid not in held.keys:
        return Refuse(Problem.UNKNOWN_KEY, 0)
    opened = held.epochs.get(span.epoch)
    if opened is not None and opened.kid != kid:
        return Refuse(Problem.MIXED_EPOCHS, 0)
    return None


def _opening_first(held: Held, span: Span) -> Refuse | None:
    opening = span.records[0].record.body
    if not isinstance(opening, Opening):
        return None if span.epoch in held.epochs else Refuse(Problem.OPENING_FIRST, 0)
    if opening.head is not None and opening.head.epoch not in held.epochs:
        return Refuse(Problem.OPENING_FIRST, 0)
    return None


def _tombstones(held: Held, span: Span) -> Refuse | None:
    """A tombstone is judged like a span of the epoch that it speaks of."""
    for index, gone in tombstones(span):
        if gone.epoch not in held.epochs and gone.epoch != span.epoch:
            return Refuse(Problem.OPENING_FIRST, index)
        own = gone.epoch == span.epoch
        # An opening is never evicted, and neither is what comes after the tombstone.
        if gone.first == 0 or (own and gone.last >= span.first + index):
            return Refuse(Problem.OUT_OF_RANGE, index)
    return None


def _rotation(held: Held, span: Span) -> Refuse | None:
    for index, sealed in enumerate(span.records):
        body = sealed.record.body
        if not isinstance(body, Rotation):
            continue
        kid = cose.key_id(body.new_key)
        known = held.keys.get(kid)
        mine = held.holds((span.epoch, sealed.record.seq), sealed.hash)
        if kid in held.foreign or (known is not None and known.ended and not mine):
            return Refuse(Problem.KEY_TAKEN, index)
    return None


_RULES: tuple[Callable[[Held, Span], Refuse | None], ...] = (
    _simulated,
    _opening,
    _key,
    _opening_first,
    _tombstones,
    _rotation,
)


def _uncommitted(held: Held, span: Span) -> int | None:
    """Return the first new record under an ended key that no later, older-logged record names.

    A record that is named vouches for all below it in the span, because the chain has been checked.
    """
    covered = -1
    for index, sealed in enumerate(span.records):
        said = held.known.get((span.epoch, sealed.record.seq), ())
        if any(one.hash == sealed.hash and one.source in COMMITS for one in said):
            covered = index
    for index, sealed in enumerate(span.records):
        if index > covered and not held.holds((span.epoch, sealed.record.seq), sealed.hash):
            return index
    return None


def _conflicts(held: Held, span: Span) -> Iterator[Conflict]:
    """Yield statements of the span that differ from what is known, or from one another."""
    own: dict[Point, Said] = {}
    for one in statements(span):
        before = (*held.known.get(one.point, ()), own.setdefault(one.point, one.said))
        for said in before:
            if said.hash != one.said.hash:
                yield Conflict(one.point, said, one.said)


def _binds(conflict: Conflict) -> bool:
    """Openings stand in another epoch than the head they name: their quarrel splits no epoch."""
    return Source.HEAD not in (conflict.held.source, conflict.posted.source)


def _full(held: Held, span: Span) -> Refuse | None:
    if held.contested + len(span.records) > MAX_CONTESTED:
        return Refuse(Problem.CONTESTED_FULL)
    for index, sealed in enumerate(span.records):
        point = (span.epoch, sealed.record.seq)
        others = set(held.others.get(point, ())) - {held.record_at(point), sealed.hash}
        if len(others) >= MAX_ALTERNATIVES and not held.holds(point, sealed.hash):
            return Refuse(Problem.CONTESTED_FULL, index)
    return None


def _too_many_gaps(held: Held, span: Span, pieces: Runs) -> Refuse | None:
    after = opened_after(held, span, pieces)
    opened = sum(e.gaps - held.epochs[k].gaps for k, e in after.items() if k in held.epochs)
    if opened > 0 and held.gaps + opened > MAX_GAPS:
        return Refuse(Problem.TOO_MANY_GAPS)
    # Tombstones explain gaps, however many: the runs between them are bounded as well.
    return Refuse(Problem.TOO_MANY_GAPS) if len(after[span.epoch].held) > MAX_RUNS else None
