"""What a span says: its records opened, dated, packed into the row of an asset. No table is read.

A record dates itself if that can be, else an anchor of its epoch does, else nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocol import cbor
from protocol.bodies import Anchor, EventBody, Reading
from protocol.record import Record, open_sealed
from protocol.registry import Event, Param, TimeSource
from science import sensing
from science.sensing import UNCERTAINTY, WORST, Happened
from science.verdict import Certificate
from server.coldchain.models import Hint, Track
from server.coldchain.packing import Readings, Seen, pack
from server.devices.facts import AHEAD_MS, OLDEST_MS
from server.devices.models import HeldSpan
from server.devices.receipts import MAX_BODY


@dataclass(slots=True)
class Epoch:
    """What is known of an epoch when one of its spans is read."""

    names: dict[int, str]
    anchors: list[Anchor]
    calibrated: dict[int, int]


@dataclass(frozen=True, slots=True)
class Dated:
    """A record with its time, None where nothing dates it; blind: not by itself."""

    record: Record
    at_ms: int | None
    blind: bool


def records_of(body: bytes) -> list[Record]:
    """The records of a body. Raises ValueError."""
    sealed = cbor.decode(body, max_bytes=MAX_BODY)
    if not isinstance(sealed, list):
        raise ValueError("the body of a span is no list of records")
    return [open_sealed(one).record for one in sealed]


def hint(span: HeldSpan, record: Record) -> Hint | None:
    """What a record says of others of its epoch: an anchor or a calibration; not yet written."""
    place = {"device_id": span.device_id, "epoch": span.epoch, "seq": record.seq}
    match record.body:
        case Anchor() as one:
            clock = {"boot_ms": one.boot_ms, "uncertainty_ms": one.uncertainty_ms}
            return Hint(**place, **clock, utc_ms=one.utc_ms, source=one.source)
        case EventBody() as one if told := sensing.calibration(one):
            return Hint(**place, sensor=told.sensor, utc_ms=told.since_ms)
    return None


def anchor(hint: Hint) -> Anchor:
    """The anchor that was kept as a hint."""
    return Anchor(hint.boot_ms, hint.utc_ms, TimeSource(hint.source), hint.uncertainty_ms)


def dated(record: Record, epoch: Epoch, received_ms: int) -> Dated:
    """Its own time if that can be, else by an anchor, else none: a wrong clock dates nothing."""
    if record.utc_ms is not None and can_be(record.utc_ms, received_ms):
        return Dated(record, record.utc_ms, blind=False)
    at_ms = sensing.dated(record.boot_ms, epoch.anchors)
    at_ms = at_ms if at_ms is not None and can_be(at_ms, received_ms) else None
    return Dated(record, at_ms, blind=True)


def can_be(at_ms: int, received_ms: int) -> bool:
    """Whether a device can have said so, by when it was heard."""
    return OLDEST_MS <= at_ms <= received_ms + AHEAD_MS


def track(dated: Sequence[Dated], epoch: Epoch) -> Track | None:
    """One asset's row of a span; None where nothing of it was measured or happened."""
    seen, happened, certificates = list[Seen](), list[Happened](), set[Certificate]()
    for one in dated:
        at_ms = one.at_ms or 0
        match one.record.body:
            case Reading(measured):
                air = sensing.air(measured, epoch.names, epoch.calibrated, at_ms)
                if air is not None:
                    doubt = UNCERTAINTY[air.certificate].value if air.warmest is not None else 0
                    seen.append(
                        Seen(at_ms, air.warmest, air.coldest, doubt, air.display, air.silent)
                    )
                    certificates |= {air.certificate} if air.warmest is not None else set()
            case EventBody(event, subject, params) if not _still_open(event, params):
                happened.append(Happened(at_ms, event, -1 if subject is None else subject))
    times = [*(one.at_ms for one in seen), *(one.at_ms for one in happened)]
    if not times:
        return None
    valued = [one.at_ms for one in seen if one.warmest is not None]
    return Track(
        from_ms=min(times),
        until_ms=max(times),
        first_ms=min(valued, default=None),
        last_ms=max(valued, default=None),
        certificate=max(map(WORST.index, certificates), default=0),
        simulated=any(one.record.simulated for one in dated),
        packed=pack(Readings(tuple(sorted(seen, key=_when)), tuple(sorted(happened)))),
    )


def _still_open(event: Event, params: tuple[tuple[Param, int], ...]) -> bool:
    """Word that a door is open still, which opens none."""
    return event is Event.DOOR_OPENED and Param.SINCE_MS in dict(params)


def _when(seen: Seen) -> int:
    return seen.at_ms
