"""What the database holds of a device near some spans, read as `Held`. Under the device's lock.

Spans are at most 500 records long, so one look into an index finds every span that can touch a
window of sequence numbers, however long the epoch. It judges nothing and writes nothing (see
keeping.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from django.conf import settings
from django.db import connection

from protocol import cose
from protocol.bodies import Head, Opening, Rotation
from protocol.leaf import MAX_RECORDS
from protocol.opening import KeptFrom
from protocol.registry import Event
from protocol.span import Span
from server.devices import ranges
from server.devices.epochs import Configured, Epoch, Excursion, Flag, Lasting
from server.devices.held import Held, House, Key, Point, Said, Source, tombstones
from server.devices.models import Device, DeviceKey, EpochFacts, Gone, HeldSpan
from server.devices.ranges import Runs
from server.ledger import keys, rows, succession

WINDOWS = 40
"""Windows per query: far below the limits of either database."""


Near = dict[bytes, Runs]
"""Per epoch, the windows of sequence numbers that the spans at hand speak of."""


def house(device: Device, spans: Sequence[Span]) -> House:
    """What is fixed for this device while these spans are judged; only an opening names a log."""
    ours = keys.current()
    opens = any(span.first == 0 for span in spans)
    origins = succession.origins(ours) if opens else frozenset()
    return House(
        device=device.name,
        origins=origins,
        former=origins - {ours.origin},
        enrolment=hashlib.sha256(bytes(device.answer)).digest(),
        simulated=settings.JAGALCHI.demo,
        revoked=device.revoked_ms is not None,
    )


def keys_of(device: str) -> dict[bytes, bytes]:
    """The device's keys, kid -> x||y; none if it is not enrolled."""
    found = rows.fetch("SELECT kid, cose_key FROM devices_devicekey WHERE device_id = %s", [device])
    return {bytes(kid): cose.decode_key(bytes(key)) for kid, key in found}


def locked(name: str) -> Device:
    """The row of a device that is enrolled, locked until the transaction ends."""
    lock = " FOR UPDATE" if connection.vendor == "postgresql" else ""
    (device,) = rows.objects(Device, f"name = %s{lock}", [name])
    return device


def load(device: Device, spans: Sequence[Span]) -> tuple[Held, list[HeldSpan]]:
    """Return what is held near the spans, and the rows behind it."""
    near = windows(spans)
    found = spans_near(device.name, near)
    # Of many windows two may meet the same epoch.
    facts = {one.pk: one for one in _facts_near(device.name, near)}.values()
    device_keys = rows.objects(DeviceKey, "device_id = %s", [device.name])
    held = Held(
        house=house(device, spans),
        keys={bytes(key.kid): Key(key.order, key.ended_ms is not None) for key in device_keys},
        foreign=_foreign(device.name, spans),
        epochs={bytes(f.epoch): epoch_of(f) for f in facts if bytes(f.epoch) in near},
        known=_known(device.name, near, found, filter(None, map(_head, facts))),
        others=_others(found),
        gaps=device.gaps,
        contested=device.contested,
    )
    return held, found


def windows(spans: Iterable[Span]) -> Near:
    """Return what the spans speak of: themselves and one record more on each side, and the ends
    that their openings and tombstones name."""
    near: Near = {}

    def look(epoch: bytes, first: int, last: int) -> None:
        near[epoch] = ranges.add(near.get(epoch, ()), max(first, 0), last)

    for span in spans:
        look(span.epoch, span.first - 1, span.last + 1)
        opening = span.records[0].record.body
        if isinstance(opening, Opening) and opening.head is not None:
            look(opening.head.epoch, opening.head.seq, opening.head.seq + 1)
        for _, gone in tombstones(span):
            look(gone.epoch, gone.first - 1, gone.first)
            look(gone.epoch, gone.last, gone.last + 1)
    return near


def spans_near(device: str, near: Near) -> list[HeldSpan]:
    """Return the held spans, contested ones included, that touch the windows, in order."""
    condition = "epoch = %s AND first BETWEEN %s AND %s AND last >= %s"

    def touching(epoch: bytes, first: int, last: int) -> rows.Row:
        return epoch, first - MAX_RECORDS + 1, last, first

    found = _near(HeldSpan, device, near, condition, touching)
    return sorted(found, key=lambda row: (row.first, row.pk))


def epoch_of(facts: EpochFacts, index: int | None = None) -> Epoch:
    """Return a row of the database as the pure value that the views work on."""
    reading, low, high = facts.last_reading, facts.trusted_from_ms, facts.trusted_until_ms
    return Epoch(
        id=bytes(facts.epoch),
        kid=bytes(facts.kid),
        parent=_head(facts),
        held=ranges.decode(facts.held),
        told=ranges.decode(facts.told),
        opening=bytes(facts.opening),
        leaf=bytes(facts.opening_leaf),
        opened=(facts.opened_size, facts.opened_ms),
        kept=tuple(map(_kept, facts.kept_from.split())),
        index=index,
        gossip=facts.gossip,
        trusted=None if low is None or high is None else (low, high),
        flags=Flag(facts.flags),
        excursions=tuple(map(_excursion, facts.excursions.split())),
        lasting=tuple(map(_lasting, facts.lasting.split())),
        configured=tuple(map(_configured, facts.configured.split())),
        reading=None if reading is None else (facts.last_reading_seq, bytes(reading)),
        heard=(facts.first_heard_ms, facts.last_heard_ms),
    )


CHANGING = [
    "held",
    "told",
    "gossip",
    "trusted_from_ms",
    "trusted_until_ms",
    "flags",
    "last_heard_ms",
    "last_reading_seq",
    "last_reading",
    "excursions",
    "lasting",
    "configured",
]


def facts_of(device: Device, epoch: Epoch) -> EpochFacts:
    """Return the row of the database for an epoch, to be inserted or to replace what changes."""
    head, (reading_seq, reading) = epoch.parent, epoch.reading or (-1, None)
    low, high = epoch.trusted or (None, None)
    return EpochFacts(
        device=device,
        epoch=epoch.id,
        kid=epoch.kid,
        opening=epoch.opening,
        opening_leaf=epoch.leaf,
        parent=head.epoch if head else None,
        parent_seq=head.seq if head else None,
        parent_hash=head.hash if head else None,
        opened_size=epoch.opened[0],
        opened_ms=epoch.opened[1],
        kept_from=" ".join(f"{one.epoch.hex()}:{one.seq}" for one in epoch.kept),
        held=ranges.encode(epoch.held),
        told=ranges.encode(epoch.told),
        gossip=epoch.gossip,
        trusted_from_ms=low,
        trusted_until_ms=high,
        flags=int(epoch.flags),
        first_heard_ms=epoch.heard[0],
        last_heard_ms=epoch.heard[1],
        last_reading_seq=reading_seq,
        last_reading=reading,
        excursions=" ".join(map(_excursion_text, epoch.excursions)),
        lasting=" ".join(map(_lasting_text, epoch.lasting)),
        configured=" ".join(map(_configured_text, epoch.configured)),
    )


def _kept(text: str) -> KeptFrom:
    epoch, seq = text.split(":")
    return KeptFrom(bytes.fromhex(epoch), int(seq))


def _excursion_text(one: Excursion) -> str:
    return f"{one.sensor}:{one.limit}:{one.seq}:{int(one.ongoing)}"


def _excursion(text: str) -> Excursion:
    sensor, limit, seq, ongoing = map(int, text.split(":"))
    return Excursion(sensor, limit, seq, bool(ongoing))


def _lasting_text(one: Lasting) -> str:
    numbers = (one.event, one.subject, one.limit, one.seq, one.detail, one.ongoing)
    return ":".join(str(int(number)) for number in numbers)


def _lasting(text: str) -> Lasting:
    event, subject, limit, seq, detail, ongoing = map(int, text.split(":"))
    return Lasting(Event(event), subject, limit, seq, detail, bool(ongoing))


def _configured_text(one: Configured) -> str:
    return f"{one.seq}:{one.stage}:{one.mark}:{one.version}:{one.why}"


def _configured(text: str) -> Configured:
    return Configured(*map(int, text.split(":")))


def _head(facts: EpochFacts) -> Head | None:
    epoch, seq, digest = facts.parent, facts.parent_seq, facts.parent_hash
    if epoch is None or seq is None or digest is None:
        return None
    return Head(bytes(epoch), seq, bytes(digest))


def _chunks(near: Near) -> Iterator[list[tuple[bytes, int, int]]]:
    flat = [(epoch, first, last) for epoch, runs in near.items() for first, last in runs]
    return (flat[start : start + WINDOWS] for start in range(0, len(flat), WINDOWS))


def _near(
    model: type[rows.Object],
    device: str,
    near: Near,
    condition: str,
    values: Callable[[bytes, int, int], rows.Row],
) -> Iterator[rows.Object]:
    """Yield the device's rows for which `condition`, over the `values` of a window, holds."""
    for some in _chunks(near):
        either = " OR ".join([f"({condition})"] * len(some))
        given = [value for window in some for value in values(*window)]
        yield from rows.objects(model, f"device_id = %s AND ({either})", [device, *given])


def _facts_near(device: str, near: Near) -> Iterator[EpochFacts]:
    """Yield the epochs that the windows are of, and those whose opening names a head in one."""
    condition = "epoch = %s OR (parent = %s AND parent_seq BETWEEN %s AND %s)"

    def named(epoch: bytes, first: int, last: int) -> rows.Row:
        return epoch, epoch, first, last

    return _near(EpochFacts, device, near, condition, named)


def _foreign(device: str, spans: Iterable[Span]) -> frozenset[bytes]:
    bodies = (sealed.record.body for span in spans for sealed in span.records)
    new = {cose.key_id(b.new_key): b.new_key for b in bodies if isinstance(b, Rotation)}
    if not new:
        return frozenset()
    taken = DeviceKey.objects.filter(cose_key__in=list(new.values())).exclude(device=device)
    return frozenset(bytes(kid) for kid in taken.values_list("kid", flat=True))


def _known(
    device: str, near: Near, spans: Iterable[HeldSpan], heads: Iterable[Head]
) -> dict[Point, tuple[Said, ...]]:
    known: dict[Point, list[Said]] = {}

    def say(epoch: bytes, seq: int, digest: bytes, source: Source) -> None:
        known.setdefault((epoch, seq), []).append(Said(digest, source))

    for row in spans:
        if row.contested:
            continue
        epoch = bytes(row.epoch)
        for seq in _inside(near[epoch], row.first, row.last):
            say(epoch, seq, row.hash_at(seq), Source.RECORD)
        if row.first > 0:
            say(epoch, row.first - 1, bytes(row.prev_hash), Source.PREV)
    for gone in _gone_near(device, near):
        epoch = bytes(gone.epoch)
        say(epoch, gone.last, bytes(gone.last_hash), Source.GONE_LAST)
        say(epoch, gone.first - 1, bytes(gone.prev_hash), Source.GONE_PREV)
    for head in heads:
        if any(_inside(near.get(head.epoch, ()), head.seq, head.seq)):
            say(head.epoch, head.seq, head.hash, Source.HEAD)
    return {point: tuple(said) for point, said in known.items()}


def _others(spans: Iterable[HeldSpan]) -> dict[Point, tuple[bytes, ...]]:
    others: dict[Point, set[bytes]] = {}
    for row in spans:
        if row.contested:
            for seq in range(row.first, row.last + 1):
                others.setdefault((bytes(row.epoch), seq), set()).add(row.hash_at(seq))
    return {point: tuple(hashes) for point, hashes in others.items()}


def _inside(runs: Runs, first: int, last: int) -> Iterator[int]:
    for start, end in runs:
        yield from range(max(start, first), min(end, last) + 1)


def _gone_near(device: str, near: Near) -> Iterator[Gone]:
    condition = "epoch = %s AND (first BETWEEN %s AND %s OR last BETWEEN %s AND %s)"

    def ending(epoch: bytes, first: int, last: int) -> rows.Row:
        return epoch, first, last + 1, first, last

    return _near(Gone, device, near, condition, ending)
