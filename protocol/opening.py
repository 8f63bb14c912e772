"""The opening: the first record of every epoch, which ties it to the chain and to one log.

Spec: docs/protocol.md, section "Bodies", opening, and section "Epochs".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from protocol import fields
from protocol.cbor import MAX_INT
from protocol.registry import Kind

MAX_SENSORS: Final = 64
MAX_KEPT: Final = 256
MAX_NAME: Final = 64
MAX_ORIGIN: Final = 255


@dataclass(frozen=True, slots=True)
class Head:
    """A place in the chain: epoch (8 bytes), sequence number, record hash (32 bytes)."""

    epoch: bytes
    seq: int
    hash: bytes

    def values(self) -> list[object]:
        """Return [epoch, seq, hash]."""
        return [self.epoch, self.seq, self.hash]

    @classmethod
    def read(cls, value: object) -> Head:
        """Read [epoch, seq, hash]."""
        epoch, seq, digest = fields.row(value, 3, "head")
        return cls(
            fields.octets(epoch, 8, "head epoch"),
            fields.integer(seq, 0, fields.U32, "head seq"),
            fields.octets(digest, 32, "head hash"),
        )


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The log at one moment: number of leaves (at least 1) and root (32 bytes)."""

    size: int
    root: bytes

    def values(self) -> list[object]:
        """Return [size, root]."""
        return [self.size, self.root]

    @classmethod
    def read(cls, value: object) -> TreeHead:
        """Read [size, root]."""
        size, root = fields.row(value, 2, "checkpoint")
        return cls(
            fields.integer(size, 1, MAX_INT, "checkpoint size"),
            fields.octets(root, 32, "checkpoint root"),
        )


@dataclass(frozen=True, slots=True)
class SensorLabel:
    """What the device calls sensor `number` (0..255)."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class KeptFrom:
    """From which record on the card still holds an epoch; said after a log's successor."""

    epoch: bytes
    seq: int


@dataclass(frozen=True, slots=True)
class Opening:
    """The first record of every epoch: who runs, for which log, after which head."""

    KIND: ClassVar[Kind] = Kind.OPENING

    device: str
    origin: str
    boot_id: bytes
    software: str
    head: Head | None = None
    checkpoint: TreeHead | None = None
    sensors: tuple[SensorLabel, ...] = ()
    kept_from: tuple[KeptFrom, ...] = ()

    def values(self) -> list[object]:
        """Return the fields as CBOR values."""
        return [
            self.device,
            self.origin,
            self.boot_id,
            self.software,
            self.head.values() if self.head else None,
            self.checkpoint.values() if self.checkpoint else None,
            [[label.number, label.name] for label in self.sensors],
            [[kept.epoch, kept.seq] for kept in self.kept_from],
        ]

    @classmethod
    def read(cls, body: object) -> Opening:
        """Read the body map; sensor numbers must ascend."""
        device, origin, boot_id, software, head, tree, sensors, kept = fields.numbered(
            body, 8, "opening"
        )
        return cls(
            device=fields.device(device),
            origin=fields.text(origin, MAX_ORIGIN, "origin"),
            boot_id=fields.octets(boot_id, 16, "boot id"),
            software=fields.text(software, MAX_NAME, "software"),
            head=None if head is None else Head.read(head),
            checkpoint=None if tree is None else TreeHead.read(tree),
            sensors=_read_labels(sensors),
            kept_from=_read_kept(kept),
        )


def _read_labels(value: object) -> tuple[SensorLabel, ...]:
    labels = tuple(
        _read_label(entry) for entry in fields.items(value, 0, MAX_SENSORS, "sensors")
    )
    numbers = [label.number for label in labels]
    if numbers != sorted(set(numbers)):
        raise fields.malformed("sensor numbers do not ascend")
    return labels


def _read_label(value: object) -> SensorLabel:
    number, name = fields.row(value, 2, "sensor label")
    return SensorLabel(
        fields.integer(number, 0, 255, "sensor"), fields.text(name, MAX_NAME, "sensor name")
    )


def _read_kept(value: object) -> tuple[KeptFrom, ...]:
    rows = [
        fields.row(entry, 2, "kept-from entry")
        for entry in fields.items(value, 0, MAX_KEPT, "kept-from entries")
    ]
    return tuple(
        KeptFrom(
            fields.octets(epoch, 8, "kept-from epoch"),
            fields.integer(seq, 0, fields.U32, "kept-from seq"),
        )
        for epoch, seq in rows
    )
