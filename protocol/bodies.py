"""What each kind of record carries: frozen dataclasses, and how each stands in CBOR.

A body on the wire is a map with the keys 0, 1, 2 ... in the order of the class's fields. A class
has `values()` (its fields as CBOR values) and `read()` (the strict opposite). Numbers are scaled
integers with the unit in the name; null always has a reason beside it. A reading never carries a
position. Spec: docs/protocol.md, section "Bodies".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Final, NamedTuple

from protocol import cose, fields
from protocol.cbor import MAX_INT
from protocol.opening import Head, KeptFrom, Opening, SensorLabel, TreeHead
from protocol.registry import (
    VALUED,
    Event,
    Fix,
    Kind,
    Param,
    Quantity,
    Reason,
    Status,
    TimeSource,
)
from protocol.tombstone import Evicted, Summary, Tombstone

__all__ = [
    "READERS",
    "Anchor",
    "Body",
    "Closing",
    "EventBody",
    "Evicted",
    "Gossip",
    "Head",
    "KeptFrom",
    "Measured",
    "Opening",
    "Position",
    "Reading",
    "Rotation",
    "SensorLabel",
    "Summary",
    "Tombstone",
    "TreeHead",
]

MAX_MEASUREMENTS: Final = 64

_QUANTITIES: Final = fields.codes(Quantity)
_STATUSES: Final = fields.codes(Status)
_FIXES: Final = fields.codes(Fix)
_EVENTS: Final = fields.codes(Event)
_PARAMS: Final = fields.codes(Param)
_REASONS: Final = fields.codes(Reason)
_SOURCES: Final = fields.codes(TimeSource)


class Measured(NamedTuple):
    """One measurement: `value` in the quantity's unit, null exactly when the status says why.

    sensor 0..255, tries 1..15. `raw` is the value before calibration, only when one was applied.
    """

    sensor: int
    quantity: Quantity
    value: int | None
    status: Status
    tries: int = 1
    raw: int | None = None

    def values(self) -> list[object]:
        """Return the five or six elements of the list."""
        row: list[object] = [self.sensor, self.quantity, self.value, self.status, self.tries]
        return row if self.raw is None else [*row, self.raw]

    @classmethod
    def read(cls, value: object) -> Measured:
        """Read the list of five or six."""
        match value:
            case [sensor, quantity, number, status, tries]:
                raw = None
            case [sensor, quantity, number, status, tries, raw]:
                raw = _read_raw(number, raw)
            case _:
                raise fields.malformed("a measurement is not a list of 5 or 6")
        status = fields.code(_STATUSES, status, "status")
        if (number is None) is (status in VALUED):
            raise fields.malformed(f"status {status.name} and value {number} contradict each other")
        return cls(
            fields.integer(sensor, 0, 255, "sensor"),
            fields.code(_QUANTITIES, quantity, "quantity"),
            None if number is None else fields.integer(number, -fields.I32, fields.I32, "value"),
            status,
            fields.integer(tries, 1, 15, "tries"),
            raw,
        )


def _read_raw(value: object, raw: object) -> int:
    if value is None:
        raise fields.malformed("a raw value without a value")
    return fields.integer(raw, -fields.I32, fields.I32, "raw value")


@dataclass(frozen=True, slots=True)
class Reading:
    """What the sensors said, 1..64 measurements."""

    KIND: ClassVar[Kind] = Kind.READING

    measurements: tuple[Measured, ...]

    def values(self) -> list[object]:
        """Return the fields as CBOR values."""
        return [[measured.values() for measured in self.measurements]]

    @classmethod
    def read(cls, body: object) -> Reading:
        """Read the body map."""
        (rows,) = fields.numbered(body, 1, "reading")
        rows = fields.items(rows, 1, MAX_MEASUREMENTS, "measurements")
        return cls(tuple([Measured.read(row) for row in rows]))


@dataclass(frozen=True, slots=True)
class Position:
    """Where the device is: 1e-7 degrees, mm/s, hundredths of a degree, hundredths of HDOP, ms.

    Latitude and longitude are null exactly when there is no fix; then age_ms is that of the last.
    """

    KIND: ClassVar[Kind] = Kind.POSITION

    lat_e7: int | None
    lon_e7: int | None
    speed_mm_s: int | None
    course_cdeg: int | None
    fix: Fix
    satellites: int | None
    hdop_centi: int | None
    age_ms: int | None

    def values(self) -> list[object]:
        """Return the fields as CBOR values."""
        place: list[object] = [self.lat_e7, self.lon_e7, self.speed_mm_s, self.course_cdeg]
        return [*place, self.fix, self.satellites, self.hdop_centi, self.age_ms]

    @classmethod
    def read(cls, body: object) -> Position:
        """Read the body map."""
        lat, lon, speed, course, fix, satellites, hdop, age = fields.numbered(body, 8, "position")
        position = cls(
            _maybe(lat, -900_000_000, 900_000_000, "latitude"),
            _maybe(lon, -1_800_000_000, 1_800_000_000, "longitude"),
            _maybe(speed, 0, fields.U32, "speed"),
            _maybe(course, 0, 35_999, "course"),
            fields.code(_FIXES, fix, "fix"),
            _maybe(satellites, 0, 255, "satellites"),
            _maybe(hdop, 0, fields.U16, "hdop"),
            _maybe(age, 0, MAX_INT, "age"),
        )
        if {lat is None, lon is None} != {position.fix is Fix.NONE}:
            raise fields.malformed("fix, latitude and longitude contradict each other")
        return position


def _maybe(value: object, low: int, high: int, name: str) -> int | None:
    return None if value is None else fields.integer(value, low, high, name)


@dataclass(frozen=True, slots=True)
class EventBody:
    """Something that happened, to sensor `subject` perhaps; parameters ascend by key.

    `epoch` (8 bytes) says to which epoch FIRST_SEQ and LAST_SEQ belong, when not to this one.
    """

    KIND: ClassVar[Kind] = Kind.EVENT

    event: Event
    subject: int | None = None
    params: tuple[tuple[Param, int], ...] = ()
    epoch: bytes | None = None

    def values(self) -> list[object]:
        """Return the fields as CBOR values."""
        return [self.event, self.subject, dict(self.params), self.epoch]

    @classmethod
    def read(cls, body: object) -> EventBody:
        """Read the body map."""
        event, subject, params, epoch = fields.numbered(body, 4, "event")
        return cls(
            fields.code(_EVENTS, event, "event"),
            _maybe(subject, 0, 255, "subject"),
            _read_params(params),
            None if epoch is None else fields.octets(epoch, 8, "event epoch"),
        )


def _read_params(value: object) -> tuple[tuple[Param, int], ...]:
    if type(value) is not dict:
        raise fields.malformed("params is not a map")
    return tuple(
        (
            fields.code(_PARAMS, key, "param"),
            fields.integer(number, -MAX_INT, MAX_INT, "param value"),
        )
        for key, number in value.items()
    )


@dataclass(frozen=True, slots=True)
class Anchor:
    """One moment on both clocks: dates the epoch's records, earlier ones too."""

    KIND: ClassVar[Kind] = Kind.ANCHOR

    boot_ms: int
    utc_ms: int
    source: TimeSource
    uncertainty_ms: int

    def values(self) -> list[object]:
        """Return the fields as CBOR values."""
        return [self.boot_ms, self.utc_ms, self.source, self.uncertainty_ms]

    @classmethod
    def read(cls, body: object) -> Anchor:
        """Read the body map; an anchor without a source is no anchor."""
        boot_ms, utc_ms, source, uncertainty_ms = fields.numbered(body, 4, "anchor")
        anchor = cls(
            fields.count(boot_ms, "anchor boot_ms"),
            fields.count(utc_ms, "anchor utc_ms"),
            fields.code(_SOURCES, source, "anchor source"),
            fields.count(uncertainty_ms, "anchor uncertainty_ms"),
        )
        if anchor.source is TimeSource.NONE:
            raise fields.out_of_range("anchor source", 0, "a known source")
        return anchor


@dataclass(frozen=True, slots=True)
class Gossip:
    """The newest checkpoint this device has verified itself: size at least 1, root 32 bytes."""

    KIND: ClassVar[Kind] = Kind.GOSSIP

    size: int
    root: bytes

    def values(self) -> list[object]:
        """Return the fields as CBOR values."""
        return [self.size, self.root]

    @classmethod
    def read(cls, body: object) -> Gossip:
        """Read the body map."""
        size, root = fields.numbered(body, 2, "gossip")
        return cls(
            fields.integer(size, 1, MAX_INT, "gossip size"), fields.octets(root, 32, "gossip root")
        )


@dataclass(frozen=True, slots=True)
class Rotation:
    """The next key (COSE_Key) and its own signature over `record.rotation_message`."""

    KIND: ClassVar[Kind] = Kind.ROTATION

    new_key: bytes
    new_signature: bytes = field(repr=False)

    def values(self) -> list[object]:
        """Return the fields as CBOR values."""
        return [self.new_key, self.new_signature]

    @classmethod
    def read(cls, body: object) -> Rotation:
        """Read the body map; the key must be a point on P-256 and the signature low-S."""
        new_key, signature = fields.numbered(body, 2, "rotation")
        key = fields.octets(new_key, cose.KEY_BYTES, "new key")
        cose.decode_key(key)
        signature = fields.octets(signature, 64, "new signature")
        cose.check_signature_form(signature)
        return cls(key, signature)


@dataclass(frozen=True, slots=True)
class Closing:
    """The epoch ended in order."""

    KIND: ClassVar[Kind] = Kind.CLOSING

    reason: Reason

    def values(self) -> list[object]:
        """Return the fields as CBOR values."""
        return [self.reason]

    @classmethod
    def read(cls, body: object) -> Closing:
        """Read the body map."""
        (reason,) = fields.numbered(body, 1, "closing")
        return cls(fields.code(_REASONS, reason, "reason"))


Body = Opening | Reading | Position | EventBody | Anchor | Gossip | Tombstone | Rotation | Closing

READERS: Final[dict[int, Callable[[object], Body]]] = {
    Kind.OPENING.value: Opening.read,
    Kind.READING.value: Reading.read,
    Kind.POSITION.value: Position.read,
    Kind.EVENT.value: EventBody.read,
    Kind.ANCHOR.value: Anchor.read,
    Kind.GOSSIP.value: Gossip.read,
    Kind.TOMBSTONE.value: Tombstone.read,
    Kind.ROTATION.value: Rotation.read,
    Kind.CLOSING.value: Closing.read,
}
