"""How one record follows another: head + draft -> record. Pure; it signs and stores nothing.

A *draft* is what happened, stamped with the moment; it has no number yet. It gets one only when it
is written, because the head of the chain is whatever the database holds at that moment, never what
was remembered. Also here: when a gossip or a time anchor is worth a record.
Spec: docs/protocol.md, "Records" and "Epoch".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final, Protocol

from protocol.bodies import Anchor, Body, EventBody, Gossip
from protocol.opening import Head, KeptFrom, Opening, SensorLabel, TreeHead
from protocol.record import Record
from protocol.registry import Event, Kind, Param, TimeSource

GOSSIP_PERIOD_MS: Final = 600_000
ANCHOR_PERIOD_MS: Final = 86_400_000
STEP_MS: Final = 2_000
"""Two sources further apart than this contradict each other: both are recorded."""


class Moment(Protocol):
    """All clocks at once, as the agent's clock shows them; `utc_ms` is None when unknown."""

    @property
    def boot_ms(self) -> int:
        """CLOCK_BOOTTIME."""
        ...

    @property
    def utc_ms(self) -> int | None:
        """Wall clock."""
        ...

    @property
    def source(self) -> TimeSource:
        """Who vouches for the wall clock."""
        ...

    @property
    def uncertainty_ms(self) -> int | None:
        """How far off it may be."""
        ...

    @property
    def boot_id(self) -> bytes:
        """16 bytes, one per boot."""
        ...


class Lane(IntEnum):
    """How urgent a row is: an alarm is committed and shipped at once, and evicted last."""

    ROUTINE = 0
    ALARM = 1


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment written down, for a draft whose record did not make it to the card."""

    boot_ms: int
    utc_ms: int | None
    source: TimeSource
    uncertainty_ms: int | None
    boot_id: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """Something to be sealed: what, when, how urgent."""

    body: Body
    at: Moment
    lane: Lane = Lane.ROUTINE


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs: fixed for one run of the agent.

    `genesis` (32 bytes) is the hash of the enrolment answer: what the very first opening hangs on.
    `simulated` goes into every record when any part is made up.
    """

    device: str
    genesis: bytes
    software: str
    sensors: tuple[SensorLabel, ...]
    simulated: bool


@dataclass(frozen=True, slots=True)
class Ground:
    """What an opening stands on: the log it is meant for, the last head this card knows, the newest
    checkpoint verified, and after a successor from where on the card still holds its epochs."""

    origin: str
    head: Head | None = None
    tree: TreeHead | None = None
    kept_from: tuple[KeptFrom, ...] = ()


def opening(identity: Identity, at: Moment, epoch: bytes, ground: Ground) -> Record:
    """The first record of an epoch."""
    body = Opening(
        device=identity.device,
        origin=ground.origin,
        boot_id=at.boot_id,
        software=identity.software,
        head=ground.head,
        checkpoint=ground.tree,
        sensors=identity.sensors,
        kept_from=ground.kept_from,
    )
    prev = ground.head.hash if ground.head else identity.genesis
    return _record(Draft(body, at), identity, Head(epoch, 0, prev))


def follow(identity: Identity, head: Head, draft: Draft) -> Record:
    """The record that comes after `head` in its epoch."""
    return _record(draft, identity, Head(head.epoch, head.seq + 1, head.hash))


def _record(draft: Draft, identity: Identity, place: Head) -> Record:
    """`place` holds the record's own epoch and number, and the hash it hangs on."""
    return Record(
        kind=Kind(draft.body.KIND),
        epoch=place.epoch,
        seq=place.seq,
        prev=place.hash,
        boot_ms=draft.at.boot_ms,
        utc_ms=draft.at.utc_ms,
        source=draft.at.source,
        uncertainty_ms=draft.at.uncertainty_ms,
        simulated=identity.simulated,
        body=draft.body,
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What this epoch has already said about log and time, rows set aside, and configurations."""

    gossip_ms: int | None = None
    tree: TreeHead | None = None
    anchors: tuple[Anchor, ...] = ()
    inconsistent: bool = False
    aside: int = 0
    configured: bool = False


def tell(told: Told, body: Body, now_ms: int) -> Told:
    """What is told once this body has been sealed."""
    match body:
        case Gossip(size, root):
            return replace(told, gossip_ms=now_ms, tree=TreeHead(size, root))
        case Anchor():
            others = tuple(one for one in told.anchors if one.source is not body.source)
            return replace(told, anchors=(*others, body))
        case EventBody(Event.LOG_INCONSISTENT):
            return replace(told, inconsistent=True)
        case EventBody(Event.SET_ASIDE):
            return replace(told, aside=dict(body.params).get(Param.COUNT, 0))
        case EventBody(Event.CONFIG_APPLIED, None):
            return replace(told, configured=True)
    return told


def gossip(told: Told, tree: TreeHead | None, now_ms: int) -> Gossip | None:
    """A gossip worth a record: a newer checkpoint than told, at most one in ten minutes.

    The caller asks only when a reading is due, so that gossip never costs a record of its own
    beside it and never tells by its time when an answer arrived.
    """
    if tree is None or (told.tree is not None and tree.size <= told.tree.size):
        return None
    if told.gossip_ms is not None and now_ms - told.gossip_ms < GOSSIP_PERIOD_MS:
        return None
    return Gossip(tree.size, tree.root)


def anchor(told: Told, offer: Anchor) -> Anchor | None:
    """The offer, if it says something new: a first word, a better one, another time, or a day on.

    Conflicting anchors are both recorded; the reader widens the interval and picks no winner.
    """
    same = [known for known in told.anchors if known.source is offer.source]
    if not same:
        return offer
    known = same[-1]
    if abs(step_ms(known, offer)) > STEP_MS:
        return offer
    if 2 * offer.uncertainty_ms < known.uncertainty_ms:
        return offer
    return offer if offer.boot_ms - known.boot_ms >= ANCHOR_PERIOD_MS else None


def step_ms(before: Anchor, after: Anchor) -> int:
    """How far UTC moved against boot time between two anchors of one boot."""
    return (after.utc_ms - after.boot_ms) - (before.utc_ms - before.boot_ms)
