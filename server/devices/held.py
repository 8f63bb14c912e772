"""What the server holds of one device, as far as the spans being judged touch it. Pure data.

Everything that a device signed about a place in its chain is a *statement*: "the hash at (epoch,
seq) is h". A record says so of itself, its `prev` of the record before, an opening of its head, a
tombstone of both ends of what is gone. A fork is two statements that differ; a record is *committed
to* when a statement made by a later record names it. `statements` reads them off a span, `grow`
adds those of an accepted span: the database does the same, row by row (shelf.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import NamedTuple

from protocol import cose
from protocol.bodies import Head, Opening, Rotation
from protocol.span import Span
from protocol.tombstone import Evicted, Tombstone
from server.devices import epochs as tree
from server.devices import ranges
from server.devices.epochs import Epoch
from server.devices.ranges import Runs

Point = tuple[bytes, int]
"""(epoch, seq): a place in a device's chain."""


class Source(IntEnum):
    """Who makes a statement."""

    RECORD = 1
    PREV = 2
    HEAD = 3
    GONE_PREV = 4
    GONE_LAST = 5


COMMITS = frozenset({Source.PREV, Source.HEAD, Source.GONE_PREV})
"""Statements of a later record about an earlier one: they let it in after a revocation."""


class Said(NamedTuple):
    """The hash at some place is `hash`, says `source`."""

    hash: bytes
    source: Source


class Statement(NamedTuple):
    """One statement with its place."""

    point: Point
    said: Said


@dataclass(frozen=True, slots=True)
class House:
    """What does not change while a batch is judged.

    origins: this log and its declared predecessors, which alone are `former`. enrolment: hash that
    the first opening names. simulated: whether simulated records are taken (a demonstration).
    revoked: the device has come to its end, and no key of it ever lives again.
    """

    device: str
    origins: frozenset[str]
    enrolment: bytes
    simulated: bool = False
    revoked: bool = False
    former: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the device, in the order of introduction; `ended` by rotation or revocation."""

    order: int
    ended: bool


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of one device near the spans at hand.

    keys: by kid. foreign: kids of those keys that belong to other devices. epochs: of every epoch
    named by the spans that is open. known: statements of primary records. others: hashes of
    contested records. gaps: missing ranges, contested: contested records, both of the whole device.
    """

    house: House
    keys: Mapping[bytes, Key]
    foreign: frozenset[bytes] = frozenset()
    epochs: Mapping[bytes, Epoch] = field(default_factory=dict)
    known: Mapping[Point, tuple[Said, ...]] = field(default_factory=dict)
    others: Mapping[Point, tuple[bytes, ...]] = field(default_factory=dict)
    gaps: int = 0
    contested: int = 0

    def record_at(self, point: Point) -> bytes | None:
        """The hash of the primary record held there."""
        said = self.known.get(point, ())
        return next((one.hash for one in said if one.source is Source.RECORD), None)

    def holds(self, point: Point, digest: bytes) -> bool:
        """Whether this very record is held, primary or contested."""
        return self.record_at(point) == digest or digest in self.others.get(point, ())


def statements(span: Span) -> Iterator[Statement]:
    """Yield everything that the records of a span say about the chain."""
    if span.first > 0:
        yield Statement((span.epoch, span.first - 1), Said(span.prev_hash, Source.PREV))
    for sealed in span.records:
        record = sealed.record
        yield Statement((span.epoch, record.seq), Said(sealed.hash, Source.RECORD))
        match record.body:
            case Opening(head=Head() as head):
                yield Statement((head.epoch, head.seq), Said(head.hash, Source.HEAD))
            case Tombstone(ranges=gone):
                for one in gone:
                    yield from _of_gone(one)


def _of_gone(gone: Evicted) -> Iterator[Statement]:
    yield Statement((gone.epoch, gone.last), Said(gone.last_hash, Source.GONE_LAST))
    if gone.first > 0:
        yield Statement((gone.epoch, gone.first - 1), Said(gone.prev_hash, Source.GONE_PREV))


def part(span: Span, first: int, last: int) -> Span:
    """Return records first..last of the span; a slice has a root of its own to compute."""
    return span if (first, last) == (span.first, span.last) else span.slice(first, last)


def tombstones(span: Span) -> Iterator[tuple[int, Evicted]]:
    """Yield (index of the record, evicted range) of every tombstone in the span."""
    for index, sealed in enumerate(span.records):
        if isinstance(sealed.record.body, Tombstone):
            for gone in sealed.record.body.ranges:
                yield index, gone


def opened_after(held: Held, span: Span, pieces: Runs) -> dict[bytes, Epoch]:
    """Return the epochs whose runs change when these runs of the span are taken."""
    here = held.epochs.get(span.epoch)
    changed = {span.epoch: here or tree.begin(span.records[0], held.house.former)}
    for first, last in pieces:
        old = changed[span.epoch]
        runs, told = ranges.add(old.held, first, last), ranges.add(old.told, first, last)
        changed[span.epoch] = replace(old, held=runs, told=told)
    for _, gone in tombstones(span):
        old = changed.get(gone.epoch) or held.epochs[gone.epoch]
        changed[gone.epoch] = replace(old, told=ranges.add(old.told, gone.first, gone.last))
    return changed


def keys_after(held: Held, span: Span) -> dict[bytes, Key]:
    """Return the device's keys once the span is taken.

    A rotation introduces a key; the first opening under a key ends those introduced before it.
    """
    keys = dict(held.keys)
    if span.first == 0:
        order = keys[span.records[0].kid].order
        keys = {kid: Key(k.order, k.ended or k.order < order) for kid, k in keys.items()}
    for sealed in span.records:
        if isinstance(sealed.record.body, Rotation):
            kid = cose.key_id(sealed.record.body.new_key)
            keys.setdefault(kid, Key(len(keys), held.house.revoked))
    return keys


def grow(held: Held, span: Span, pieces: Runs) -> Held:
    """Return what is held once these runs of the span were taken as primary."""
    epochs = opened_after(held, span, pieces)
    gaps = sum(e.gaps - o.gaps for k, e in epochs.items() if (o := held.epochs.get(k)))
    known = dict(held.known)
    for first, last in pieces:
        for one in statements(part(span, first, last)):
            known[one.point] = (*known.get(one.point, ()), one.said)
    return replace(
        held,
        keys=keys_after(held, span),
        epochs={**held.epochs, **epochs},
        known=known,
        gaps=held.gaps + gaps,
    )


def contest(held: Held, span: Span) -> Held:
    """Return what is held once the span was logged whole as contested."""
    others = dict(held.others)
    for sealed in span.records:
        point = (span.epoch, sealed.record.seq)
        others[point] = tuple({*others.get(point, ()), sealed.hash})
    return replace(held, others=others, contested=held.contested + len(span.records))
