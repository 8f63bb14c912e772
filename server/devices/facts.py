"""What the records of an epoch say about clocks, gossip and the last reading. Pure.

It accepts everything: a clock in 1970 or 2046, a boot clock that falls, gossip about a log that is
not ours are remembered as flags, shown, and never a reason to refuse. Spec: docs/protocol.md,
section "What a server accepts".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from protocol.bodies import EventBody, Gossip, Opening
from protocol.record import Record, Sealed
from protocol.registry import Event, Kind, Param, TimeSource
from protocol.settable import Stage
from server.devices.epochs import Configured, Epoch, Excursion, Flag, Lasting
from server.devices.held import Point

OLDEST_MS = 1_577_836_800_000
"""2020-01-01: no device of ours is older."""
AHEAD_MS = 24 * 3600 * 1000
TRUSTED = frozenset({TimeSource.NTP, TimeSource.GNSS, TimeSource.SERVER})
TRUSTED_WITHIN_MS = 60_000
MAX_LIMITS = 32
BEGINS = frozenset(
    {
        Event.SENSOR_FAULT,
        Event.GNSS_FAULT,
        Event.DOOR_OPENED,
        Event.POWER_LOST,
        Event.STORAGE_TROUBLE,
        Event.OUTBOX_DAMAGED,
        Event.LOG_INCONSISTENT,
    }
)
ENDS = {
    Event.SENSOR_RECOVERED: Event.SENSOR_FAULT,
    Event.GNSS_RECOVERED: Event.GNSS_FAULT,
    Event.DOOR_CLOSED: Event.DOOR_OPENED,
    Event.POWER_RETURNED: Event.POWER_LOST,
}
"""Which event ends which; what is not here lasts as long as its epoch."""
STAGES = frozenset(stage.value for stage in Stage)


@dataclass(frozen=True, slots=True)
class Known:
    """What the records are compared with.

    roots: the log's own root per gossiped size it has signed. boots: boot clock, ms, at the ends of
    the held spans nearby. now_ms: the server's clock.
    """

    roots: Mapping[int, bytes]
    boots: Mapping[Point, int]
    now_ms: int


def gossips(records: Sequence[Sealed]) -> Iterator[tuple[int, int, bytes]]:
    """Yield (seq, size, root) of every checkpoint that the records say they have verified."""
    for sealed in records:
        match sealed.record.body:
            case Gossip(size=size, root=root):
                yield sealed.record.seq, size, root
            case Opening(checkpoint=tree) if tree is not None:
                yield sealed.record.seq, tree.size, tree.root


def observe(epoch: Epoch, records: Sequence[Sealed], known: Known) -> Epoch:
    """Return the epoch with what these new records, consecutive ones, show."""
    told = () if epoch.is_former else gossips(records)  # of another log: it says nothing of ours
    heard = [(seq, size, known.roots.get(size) == root) for seq, size, root in told]
    flags = epoch.flags | _clock_flags(epoch.id, records, known)
    if not all(ours for _, _, ours in heard):
        flags |= Flag.GOSSIP_UNKNOWN
    return replace(
        epoch,
        gossip=max((epoch.gossip, *(size for _, size, ours in heard if ours))),
        trusted=_trusted(epoch, records, known),
        flags=flags,
        reading=_newest_reading(epoch, records),
        excursions=_excursions(epoch, records),
        lasting=_lasting(epoch, records),
        configured=_configured(epoch, records),
        heard=(epoch.heard[0] or known.now_ms, max(epoch.heard[1], known.now_ms)),
    )


def _clock_flags(epoch: bytes, records: Sequence[Sealed], known: Known) -> Flag:
    flags = Flag.NONE
    first, last = records[0].record, records[-1].record
    before = known.boots.get((epoch, first.seq - 1), 0)
    for sealed in records:
        record = sealed.record
        if record.boot_ms < before:
            flags |= Flag.BOOT_FELL
        if _odd(record, known.now_ms):
            flags |= Flag.CLOCK_ODD
        if record.simulated:
            flags |= Flag.SIMULATED
        before = record.boot_ms
    after = known.boots.get((epoch, last.seq + 1))
    return flags | Flag.BOOT_FELL if after is not None and after < before else flags


def _odd(record: Record, now_ms: int) -> bool:
    return record.utc_ms is not None and not OLDEST_MS <= record.utc_ms <= now_ms + AHEAD_MS


def _trusted(epoch: Epoch, records: Sequence[Sealed], known: Known) -> tuple[int, int] | None:
    """Widen the interval that is certain: its ends are moved inwards by the uncertainty."""
    found = epoch.trusted
    for sealed in records:
        record = sealed.record
        if record.source not in TRUSTED or record.utc_ms is None or _odd(record, known.now_ms):
            continue
        blur = record.uncertainty_ms or 0
        if blur <= TRUSTED_WITHIN_MS:
            low, high = record.utc_ms + blur, record.utc_ms - blur
            found = (min(found[0], low), max(found[1], high)) if found else (low, high)
    return found


def _newest_reading(epoch: Epoch, records: Sequence[Sealed]) -> tuple[int, bytes] | None:
    for sealed in reversed(records):
        if sealed.record.kind is Kind.READING:
            found = (sealed.record.seq, sealed.sealed)
            return found if epoch.reading is None or found[0] > epoch.reading[0] else epoch.reading
    return epoch.reading


def _excursions(epoch: Epoch, records: Sequence[Sealed]) -> tuple[Excursion, ...]:
    """Keep the newest event per limit, whatever the order in which they arrive."""
    newest = {(one.sensor, one.limit): one for one in epoch.excursions}
    for one in _told(records):
        known = newest.get((one.sensor, one.limit))
        if known is None or known.seq < one.seq:
            newest[one.sensor, one.limit] = one
    ordered = sorted(newest.values(), key=lambda one: one.seq)
    return tuple(ordered[-MAX_LIMITS:])


def _told(records: Sequence[Sealed]) -> Iterator[Excursion]:
    for sealed in records:
        match sealed.record.body:
            case EventBody(event=Event.EXCURSION_START | Event.EXCURSION_END as event) as body:
                params = dict(body.params)
                if Param.VALUE in params:  # a cumulative budget was spent: no episode
                    continue
                sensor, limit = body.subject or 0, params.get(Param.LIMIT, 0)
                began = event is Event.EXCURSION_START
                yield Excursion(sensor, limit, sealed.record.seq, began)


def _lasting(epoch: Epoch, records: Sequence[Sealed]) -> tuple[Lasting, ...]:
    """Keep the newest word on each thing that lasts, whatever the order in which they arrive."""
    newest = {(one.event, one.subject, one.limit): one for one in epoch.lasting}
    for sealed in records:
        one = _episode(sealed)
        if one is not None:
            key = (one.event, one.subject, one.limit)
            if key not in newest or newest[key].seq < one.seq:
                newest[key] = one
    ordered = sorted(newest.values(), key=lambda one: one.seq)
    return tuple(ordered[-MAX_LIMITS:])


def _episode(sealed: Sealed) -> Lasting | None:
    """A sensor by itself is judged by its readings; a door tells once it is open for too long."""
    body = sealed.record.body
    if not isinstance(body, EventBody):
        return None
    params, began = dict(body.params), ENDS.get(body.event, body.event)
    alone = began is Event.SENSOR_FAULT and Param.LIMIT not in params
    passing = body.event is Event.DOOR_OPENED and Param.SINCE_MS not in params
    if began not in BEGINS or alone or passing:
        return None
    return Lasting(
        began,
        body.subject or 0,
        params.get(Param.LIMIT, 0),
        sealed.record.seq,
        params.get(Param.STATUS, 0),
        body.event is began,
    )


def _configured(epoch: Epoch, records: Sequence[Sealed]) -> tuple[Configured, ...]:
    """Keep the newest word of each stage, whatever the order in which they arrive."""
    newest = {one.stage: one for one in epoch.configured}
    for sealed in records:
        one = _configuration(sealed)
        if one is not None and (one.stage not in newest or newest[one.stage].seq < one.seq):
            newest[one.stage] = one
    return tuple(sorted(newest.values(), key=lambda one: one.seq))


def _configuration(sealed: Sealed) -> Configured | None:
    """With a subject it tells of a calibration; a stage that is not registered tells nothing."""
    body = sealed.record.body
    if not isinstance(body, EventBody) or body.event is not Event.CONFIG_APPLIED:
        return None
    params = dict(body.params)
    stage = params.get(Param.STATUS)
    if body.subject is not None or stage not in STAGES:
        return None
    numbers = (params.get(param, 0) for param in (Param.VALUE, Param.VERSION, Param.PROBLEM))
    return Configured(sealed.record.seq, stage, *numbers)
