"""Spans under an ended key that nothing vouches for: set apart, and judged again when that changes.

A record under a revoked or replaced key is taken only if a record logged before it names its hash.
The rest waits here, bounded, until a span or tombstone touching it on the right is accepted. All of
it runs in the transaction that holds the device's lock. Spec: docs/protocol.md, section
"Enrolment, rotation, revocation".
"""

from __future__ import annotations

from collections.abc import Sequence

from protocol import cbor, wire
from protocol.registry import Problem
from protocol.span import Span
from server.devices.held import Point, part
from server.devices.judge import Refuse, judge
from server.devices.keeping import Batch
from server.devices.models import Device, Quarantined

MAX_BYTES = 32 << 20


def judged(device: Device, spans: Sequence[Span], now_ms: int) -> tuple[Batch, list[wire.Verdict]]:
    """Judge the spans in the order given, write what they leave, and release what they vouch for.

    The device's row is locked by the caller.
    """
    batch = Batch(device, spans, now_ms)
    verdicts = [batch.take(span) for span in spans]
    points = batch.write()
    for span in batch.unvouched:
        _set_apart(device, span, now_ms)
    while points and device.quarantined:
        points += _release(device, points.pop(), now_ms)
    return batch, verdicts


def _set_apart(device: Device, span: Span, now_ms: int) -> None:
    sealed = cbor.encode([one.sealed for one in span.records])
    if device.quarantined + len(sealed) > MAX_BYTES:
        return
    _, made = Quarantined.objects.get_or_create(
        device=device,
        epoch=span.epoch,
        first=span.first,
        last_hash=span.last_hash,
        defaults={"last": span.last, "sealed": sealed, "received_ms": now_ms},
    )
    _count(device, len(sealed) if made else 0)


def _count(device: Device, change: int) -> None:
    device.quarantined += change
    device.save(update_fields=["quarantined"])


def _release(device: Device, point: Point, now_ms: int) -> list[Point]:
    """Judge again what is set apart around a place that a later record now vouches for."""
    epoch, seq = point
    found = Quarantined.objects.filter(device=device, epoch=epoch, first__lte=seq, last__gte=seq)
    return [point for row in list(found) for point in _retake(device, row, now_ms)]


def _retake(device: Device, row: Quarantined, now_ms: int) -> list[Point]:
    span = _open(row)
    batch = Batch(device, [span], now_ms)
    vouched = _vouched(batch, span)
    if vouched is None:
        return []
    batch.take(vouched)
    row.delete()
    _count(device, -len(row.sealed))
    if vouched.last < span.last:
        _set_apart(device, part(span, vouched.last + 1, span.last), now_ms)
    return batch.write()


def _vouched(batch: Batch, span: Span) -> Span | None:
    """The beginning of the span that may be taken now, if any."""
    verdict = judge(batch.held, span)
    if not isinstance(verdict, Refuse):
        return span
    if verdict.problem is not Problem.REVOKED or not verdict.index:
        return None
    beginning = part(span, span.first, span.first + verdict.index - 1)
    return None if isinstance(judge(batch.held, beginning), Refuse) else beginning


def _open(row: Quarantined) -> Span:
    sealed = cbor.decode(bytes(row.sealed), max_bytes=MAX_BYTES)
    if not isinstance(sealed, list):
        raise TypeError("quarantined bytes are not an array of records")
    return Span.open(sealed)
