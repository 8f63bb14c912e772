"""What the epochs of one device show together: lost tails, forks, suspects, the silent. Pure views.

An epoch descends from the one that its opening names as head, so the epochs of a device are a tree,
and a card that forgets or is copied makes it branch. Nothing here is an accusation, refuses a
record or depends on the order in which records arrived. Spec: docs/protocol.md, section "What a
server accepts".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntFlag

from protocol.bodies import Head, Opening
from protocol.opening import KeptFrom
from protocol.record import Sealed
from protocol.registry import Event
from server.devices import ranges
from server.devices.ranges import Runs

QUIET_MS = 24 * 3600 * 1000
BEFORE = 1 << 53
"""Subtracted from the size of a predecessor's checkpoint: it sorts before all of ours."""
ROOT = b""
"""Stands for "nothing known": the parent of an opening without a head."""


class Flag(IntFlag):
    """What is odd about an epoch's records; all of them were accepted."""

    NONE = 0
    CLOCK_ODD = 1
    BOOT_FELL = 2
    GOSSIP_FELL = 4
    GOSSIP_UNKNOWN = 8
    SIMULATED = 16


@dataclass(frozen=True, slots=True)
class Excursion:
    """The newest event about one limit of one sensor: record `seq` says it is beyond it or not."""

    sensor: int
    limit: int
    seq: int
    ongoing: bool


@dataclass(frozen=True, slots=True)
class Lasting:
    """The newest word on something that lasts: record `seq` says that it began, or ended.

    subject: a sensor or contact, 0 for none. limit: of a pair of sensors, else 0. detail: a status.
    """

    event: Event
    subject: int
    limit: int
    seq: int
    detail: int
    ongoing: bool


@dataclass(frozen=True, slots=True)
class Configured:
    """What record `seq` says of a configuration: numbers of the registries, 0 for none."""

    seq: int
    stage: int
    mark: int
    version: int
    why: int


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch as far as it is held.

    parent: the head its opening names, or None. held / told: numbers that are held, and those held
    or explained by a tombstone. opening: its opening as sealed; leaf, index: that record's leaf
    hash and place in the log. opened: (checkpoint size, UTC ms) as its opening states, for telling
    siblings; see BEFORE. kept: of which epochs, says its opening, the card still holds the records
    from which number on. former: records below it were proved by the predecessor, says some opening
    (filled in by `with_former`). gossip: largest checkpoint size that its records prove to have
    known. trusted: (earliest, latest) UTC ms that is certain. reading: (seq, sealed bytes) of the
    newest. excursions: what was last said of each limit; lasting: of what else goes on. configured:
    of configurations, the newest word of each stage. heard: first and last received, server's UTC
    ms.
    """

    id: bytes
    kid: bytes
    parent: Head | None
    held: Runs
    told: Runs
    opening: bytes = b""
    leaf: bytes = b""
    opened: tuple[int, int] = (0, 0)
    kept: tuple[KeptFrom, ...] = ()
    former: int = 0
    index: int | None = None
    gossip: int = 0
    trusted: tuple[int, int] | None = None
    flags: Flag = Flag.NONE
    reading: tuple[int, bytes] | None = None
    excursions: tuple[Excursion, ...] = ()
    lasting: tuple[Lasting, ...] = ()
    configured: tuple[Configured, ...] = ()
    heard: tuple[int, int] = (0, 0)

    @property
    def gaps(self) -> int:
        """How many ranges are missing: neither held nor explained."""
        return max(len(self.told) - 1, 0)

    @property
    def is_former(self) -> bool:
        """Whether it was opened for a log that this one follows."""
        return self.opened[0] < 0

    @property
    def missing(self) -> Runs:
        """The ranges below the newest record that are neither held nor explained."""
        return ranges.absent(self.told, self.former, self.told[-1][1]) if self.told else ()

    @property
    def vouched(self) -> Runs:
        """The ranges that are not here: the predecessor had proved them, says the device."""
        return ranges.absent(self.told, 0, self.former - 1)

    @property
    def evicted(self) -> Runs:
        """The ranges that a tombstone explains and that are not held."""
        return ranges.outside(self.told, self.held)

    @property
    def is_beyond(self) -> bool:
        """Whether some limit is exceeded, as far as is held."""
        return any(one.ongoing for one in self.excursions)

    @property
    def beyond(self) -> frozenset[int]:
        """The sensors that exceed some limit, as far as is held."""
        return frozenset(one.sensor for one in self.excursions if one.ongoing)

    @property
    def rows(self) -> int:
        """How many records are held."""
        return ranges.size(self.held)


def begin(opening: Sealed, former: frozenset[str] = frozenset()) -> Epoch:
    """Return the epoch that an opening begins; nothing of it is held yet.

    former: the logs that this one follows.
    """
    body = opening.record.body
    if not isinstance(body, Opening):
        raise TypeError("not an opening")
    size = body.checkpoint.size if body.checkpoint else 0
    size -= BEFORE if body.origin in former else 0
    return Epoch(
        opening.record.epoch,
        opening.kid,
        body.head,
        held=(),
        told=(),
        opening=opening.sealed,
        opened=(size, opening.record.utc_ms or 0),
        kept=body.kept_from,
    )


def with_former(epochs: Iterable[Epoch]) -> list[Epoch]:
    """Fill in from where on the card still holds each epoch, as the openings among them say."""
    here, said = list(epochs), dict[bytes, int]()
    for one in here:
        for kept in one.kept:
            said[kept.epoch] = max(kept.seq, said.get(kept.epoch, 0))
    return [replace(one, former=said.get(one.id, 0)) for one in here]


@dataclass(frozen=True, slots=True)
class Tail:
    """Records first..last of an epoch that the card forgot after shipping them.

    rows: how many of them are held. by: the epoch whose opening shows it.
    """

    epoch: bytes
    first: int
    last: int
    rows: int
    by: bytes


@dataclass(frozen=True, slots=True)
class Pair:
    """Two epochs that cannot both be the work of one honest card (fork), or might not (suspect)."""

    epoch: bytes
    other: bytes


def tails(epochs: Iterable[Epoch]) -> tuple[Tail, ...]:
    """Return every branch beyond a head that some opening names: at most one tail per epoch.

    Of openings that name the same head, the one with the latest clock was not forgotten. Where one
    of them has no time, it is the one that knows the newest checkpoint: less is certain then, for a
    card that forgets an epoch may forget a checkpoint with it.
    """
    tree = _children(epochs)
    found: list[Tail] = []
    pending = _branches(tree.get(ROOT, []))
    while pending:
        epoch, by = pending.pop()
        branches = _branches(tree.get(epoch.id, []))
        if by is not None:
            found += _tail(epoch, 0, by)
            branches = [(child, by) for child, _ in branches]
        elif branches:
            keeper = next(child for child, over in branches if over is None)
            found += _tail(epoch, _head_seq(keeper) + 1, keeper.id)
        pending += branches
    return tuple(sorted(found, key=lambda tail: tail.epoch))


def _children(epochs: Iterable[Epoch]) -> dict[bytes, list[Epoch]]:
    tree: dict[bytes, list[Epoch]] = {}
    for epoch in epochs:
        tree.setdefault(epoch.parent.epoch if epoch.parent else ROOT, []).append(epoch)
    return tree


def _head_seq(epoch: Epoch) -> int:
    return epoch.parent.seq if epoch.parent else -1


def _branches(children: list[Epoch]) -> list[tuple[Epoch, bytes | None]]:
    """Each child, and the sibling that names a head before it: then the child was forgotten."""
    if not children:
        return []
    cut = min(_head_seq(child) for child in children)
    newest = _newest([child for child in children if _head_seq(child) == cut])
    return [(child, None if child is newest else newest.id) for child in children]


def _newest(siblings: list[Epoch]) -> Epoch:
    """Which of those that name one head was opened last; a pure view, so the id decides at last."""
    if all(utc_ms for _, utc_ms in (one.opened for one in siblings)):
        return max(siblings, key=lambda one: (*reversed(one.opened), one.id))
    return max(siblings, key=lambda one: (one.opened, one.id))


def _tail(epoch: Epoch, first: int, by: bytes) -> list[Tail]:
    if not epoch.held or epoch.held[-1][1] < first:
        return []
    last = epoch.held[-1][1]
    rows = last - first + 1 - ranges.size(ranges.absent(epoch.held, first, last))
    return [Tail(epoch.id, first, last, rows, by)]


@dataclass(frozen=True, slots=True)
class _Line:
    """Where an epoch stands in a walk of the tree: its subtree is the epochs entered in between."""

    entered: int
    left: int
    gossip: int

    def holds(self, other: _Line) -> bool:
        return self.entered <= other.entered < self.left


def forks(epochs: Iterable[Epoch]) -> tuple[Pair, ...]:
    """Return the pairs that prove two cards at work with one key.

    (X, Y): Y gossips a checkpoint that holds X's opening without descending from X, and X or a
    descendant of X gossips one that holds Y's. Or Y is an ancestor of X and gossips X's opening.
    Quadratic in the number of epochs: callers bound it.
    """
    here = list(epochs)
    lines = _walk(here)
    known = [epoch for epoch in here if epoch.index is not None]
    return tuple(
        Pair(x.id, y.id)
        for y in known
        for x in known
        if x is not y and y.gossip > (x.index or 0) and _proves(x, y, lines)
    )


def _proves(x: Epoch, y: Epoch, lines: Mapping[bytes, _Line]) -> bool:
    line, other = lines[x.id], lines[y.id]
    if line.holds(other):
        return False  # y descends from x: knowing its opening is as it should be
    return other.holds(line) or line.gossip > (y.index or 0)


def suspects(epochs: Iterable[Epoch]) -> tuple[Pair, ...]:
    """Return pairs, neither descending from the other, whose trusted times overlap."""
    timed = sorted(epochs, key=lambda epoch: epoch.id)
    lines = _walk(timed)
    return tuple(
        Pair(x.id, y.id)
        for at, x in enumerate(timed)
        for y in timed[at + 1 :]
        if _overlap(x, y) and not (lines[x.id].holds(lines[y.id]) or lines[y.id].holds(lines[x.id]))
    )


def _overlap(x: Epoch, y: Epoch) -> bool:
    if x.trusted is None or y.trusted is None:
        return False
    return max(x.trusted[0], y.trusted[0]) < min(x.trusted[1], y.trusted[1])


def quiet(epochs: Iterable[Epoch]) -> tuple[bytes, ...]:
    """Return the epochs that got receipts for 24 hours and never gossiped a checkpoint."""
    return tuple(
        epoch.id
        for epoch in epochs
        if epoch.gossip == 0 and epoch.heard[1] - epoch.heard[0] >= QUIET_MS
    )


def _walk(epochs: Iterable[Epoch]) -> dict[bytes, _Line]:
    """Number the tree depth first (without recursion: chains are thousands long)."""
    here = list(epochs)
    present = {epoch.id for epoch in here}
    tree = _children(here)
    roots = [e for e in here if e.parent is None or e.parent.epoch not in present]
    lines: dict[bytes, _Line] = {}
    clock = 0
    entered: dict[bytes, int] = {}
    stack = [(epoch, False) for epoch in roots]
    while stack:
        epoch, done = stack.pop()
        if done:
            below = [lines[child.id].gossip for child in tree.get(epoch.id, [])]
            gossip = max((epoch.gossip, *below))
            lines[epoch.id] = _Line(entered[epoch.id], clock, gossip)
            continue
        entered[epoch.id] = clock
        clock += 1
        stack.append((epoch, True))
        stack += [(child, False) for child in tree.get(epoch.id, [])]
    return lines
