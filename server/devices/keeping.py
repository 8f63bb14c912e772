"""One batch under its device's lock: judged span by span, written once, in one transaction.

Every span is judged against what the spans before it left behind, in memory; `write` then puts
leaves and rows down together, so that a batch costs a handful of statements however many spans it
has. It checks no signature: what it is given has been verified. Spec: docs/protocol.md, section
"What a server accepts".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from protocol import cbor, cose, merkle, wire
from protocol.bodies import Rotation
from protocol.leaf import encode_leaf
from protocol.registry import Problem
from protocol.span import Span
from server.devices import facts, held, shelf
from server.devices.epochs import Flag
from server.devices.held import COMMITS, Point, statements, tombstones
from server.devices.judge import Accept, Conflict, Duplicate, Fork, Refuse, judge
from server.devices.models import (
    Device,
    DeviceKey,
    ForkEvidence,
    Gone,
    Heard,
    HeldSpan,
)
from server.devices.ranges import Runs
from server.ledger import log, rows

MAX_EVIDENCE = 4
"""Conflicts kept of one span: the first ones tell the story, the bodies are in the log."""


@dataclass(slots=True)
class Written:
    """What a batch adds, until it is written."""

    leaves: list[tuple[bytes, bytes]] = field(default_factory=list)
    spans: list[HeldSpan] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    forks: list[ForkEvidence] = field(default_factory=list)
    keys: dict[bytes, bytes] = field(default_factory=dict)
    touched: dict[bytes, None] = field(default_factory=dict)
    commits: list[Point] = field(default_factory=list)


class Batch:
    """The spans of one request, all of one device whose row the caller has locked."""

    def __init__(self, device: Device, spans: Sequence[Span], now_ms: int) -> None:
        self.device = device
        self.now_ms = now_ms
        self.held, found = shelf.load(device, spans)
        self.rows = {bytes(row.leaf_hash): row for row in found}
        self.known = facts.Known(_roots(spans), _boots(found), now_ms)
        self.new = Written()
        self.unvouched: list[Span] = []
        self._before = self.held

    def take(self, span: Span) -> wire.Verdict:
        """Judge one span and take what is to be taken."""
        match judge(self.held, span):
            case Accept(pieces, conflicts):
                self._accept(span, pieces)
                self._remember(conflicts)
                return wire.Verdict(wire.VerdictCode.ACCEPTED)
            case Duplicate():
                return wire.Verdict(wire.VerdictCode.DUPLICATE)
            case Fork(conflicts):
                self._remember(conflicts)
                self._add(span, contested=True)
                self.held = held.contest(self.held, span)
                index = _index(span, conflicts)
                return wire.Verdict(wire.VerdictCode.FORK, Problem.FORK, index)
            case Refuse(problem, index):
                if problem is Problem.REVOKED:
                    self.unvouched.append(span)
                return wire.Verdict(wire.VerdictCode.REFUSED, problem, index)

    def covering(self, span: Span) -> list[bytes]:
        """Return the hashes of the leaves that hold records of this span, in order."""
        found = (row for row in self.rows.values() if _holds(row, span))
        return [bytes(row.leaf_hash) for row in sorted(found, key=lambda row: row.first)]

    def _accept(self, span: Span, pieces: Runs) -> None:
        self.held = held.grow(self.held, span, pieces)
        for first, last in pieces:
            piece = held.part(span, first, last)
            self._add(piece, contested=False)
            self._observe(piece)
        # In this order: the epochs' rows shall follow each other as their openings did.
        changed = [span.epoch, *(gone.epoch for _, gone in tombstones(span))]
        self.new.touched |= dict.fromkeys(changed)
        for sealed in span.records:
            if isinstance(sealed.record.body, Rotation):
                key = sealed.record.body.new_key
                self.new.keys[cose.key_id(key)] = key

    def _add(self, piece: Span, *, contested: bool) -> None:
        leaf = encode_leaf(piece.leaf(self.device.name))
        row = HeldSpan(
            device=self.device,
            epoch=piece.epoch,
            first=piece.first,
            last=piece.last,
            prev_hash=piece.prev_hash,
            hashes=b"".join(one.hash for one in piece.records),
            leaf_hash=merkle.leaf_hash(leaf),
            contested=contested,
            received_ms=self.now_ms,
            first_boot_ms=piece.records[0].record.boot_ms,
            last_boot_ms=piece.records[-1].record.boot_ms,
        )
        self.rows[bytes(row.leaf_hash)] = row
        self.new.spans.append(row)
        self.new.leaves.append((leaf, cbor.encode([one.sealed for one in piece.records])))

    def _observe(self, piece: Span) -> None:
        epoch = facts.observe(self.held.epochs[piece.epoch], piece.records, self.known)
        if piece.first == 0:
            epoch = replace(epoch, leaf=bytes(self.new.spans[-1].leaf_hash))
        self.held = replace(self.held, epochs={**self.held.epochs, piece.epoch: epoch})
        boots = _boots(self.new.spans[-1:])
        self.known = replace(self.known, boots={**self.known.boots, **boots})
        self.new.commits += [s.point for s in statements(piece) if s.said.source in COMMITS]
        self.new.heard += [
            Heard(
                device=self.device,
                epoch=piece.epoch,
                seq=seq,
                size=size,
                ours=self.known.roots.get(size) == root,
            )
            for seq, size, root in facts.gossips(piece.records)
        ]
        self.new.gone += [
            Gone(
                device=self.device,
                epoch=gone.epoch,
                first=gone.first,
                last=gone.last,
                prev_hash=gone.prev_hash,
                last_hash=gone.last_hash,
                reason=gone.reason,
            )
            for _, gone in tombstones(piece)
        ]

    def _remember(self, conflicts: Iterable[Conflict]) -> None:
        self.new.forks += [
            ForkEvidence(
                device=self.device,
                epoch=conflict.point[0],
                seq=conflict.point[1],
                held_hash=conflict.held.hash,
                held_source=conflict.held.source,
                posted_hash=conflict.posted.hash,
                posted_source=conflict.posted.source,
                seen_ms=self.now_ms,
            )
            for conflict in list(conflicts)[:MAX_EVIDENCE]
        ]

    def write(self) -> list[Point]:
        """Put everything down; return the places that later records now vouch for."""
        new = self.new
        log.stage_all(new.leaves)
        rows.create(new.spans)
        rows.create(new.gone)
        rows.create(new.heard)
        ForkEvidence.objects.bulk_create(new.forks, ignore_conflicts=True)
        self._write_keys()
        for heard in new.heard:
            if _falls(heard):
                epoch = self.held.epochs[bytes(heard.epoch)]
                epoch = replace(epoch, flags=epoch.flags | Flag.GOSSIP_FELL)
                self.held = replace(self.held, epochs={**self.held.epochs, epoch.id: epoch})
        self._write_epochs()
        self.device.gaps, self.device.contested = self.held.gaps, self.held.contested
        rows.execute(
            "UPDATE devices_device SET gaps = %s, contested = %s, heard_ms = %s WHERE name = %s",
            [self.held.gaps, self.held.contested, self.now_ms, self.device.name],
        )
        return new.commits

    def _write_keys(self) -> None:
        before, after = self._before.keys, self.held.keys
        for kid, key in after.items():
            old = before.get(kid)
            ended_ms = self.now_ms if key.ended else None
            if old is None:
                DeviceKey.objects.create(
                    device=self.device,
                    kid=kid,
                    cose_key=self.new.keys[kid],
                    order=key.order,
                    since_ms=self.now_ms,
                    ended_ms=ended_ms,
                )
            elif key.ended and not old.ended:
                DeviceKey.objects.filter(device=self.device, kid=kid).update(ended_ms=ended_ms)

    def _write_epochs(self) -> None:
        epochs = [self.held.epochs[epoch] for epoch in self.new.touched]
        touched = [shelf.facts_of(self.device, epoch) for epoch in epochs]
        newer = ", ".join(f"{column} = excluded.{column}" for column in shelf.CHANGING)
        rows.create(touched, clash=f"ON CONFLICT (device_id, epoch) DO UPDATE SET {newer}")


def _holds(row: HeldSpan, span: Span) -> bool:
    """Whether the row has records of this span: below the last common one the chain sees to it."""
    first, last = max(row.first, span.first), min(row.last, span.last)
    if first > last or bytes(row.epoch) != span.epoch:
        return False
    return any(
        row.hash_at(seq) == span.records[seq - span.first].hash for seq in {first, last}
    )


def _index(span: Span, conflicts: Iterable[Conflict]) -> int:
    points = [conflict.point for conflict in conflicts]
    inside = [seq - span.first for epoch, seq in points if epoch == span.epoch]
    return max(min(inside, default=0), 0)


def _roots(spans: Iterable[Span]) -> dict[int, bytes]:
    """The log's own root for every size that the spans speak of and that it has signed."""
    sizes = {size for span in spans for _, size, _ in facts.gossips(span.records)}
    found = rows.select("SELECT size, root FROM ledger_checkpoint WHERE size IN", list(sizes))
    return {size: bytes(root) for size, root in found}


def _boots(spans: Iterable[HeldSpan]) -> dict[Point, int]:
    boots: dict[Point, int] = {}
    for row in spans:
        if not row.contested:
            boots[bytes(row.epoch), row.first] = row.first_boot_ms
            boots[bytes(row.epoch), row.last] = row.last_boot_ms
    return boots


def _falls(heard: Heard) -> bool:
    """Whether a neighbour before speaks of a larger log, or one behind of a smaller."""
    others = Heard.objects.filter(device=heard.device, epoch=heard.epoch)
    before = others.filter(seq__lt=heard.seq).order_by("-seq").first()
    after = others.filter(seq__gt=heard.seq).order_by("seq").first()
    return (before is not None and before.size > heard.size) or (
        after is not None and after.size < heard.size
    )
