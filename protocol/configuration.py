"""A configuration: what an operator tells one device to do from now on, signed and numbered.

A document is whole in itself: what it leaves out is as the device's own settings have it. The
number grows with each document for a device. When it was issued is said by the log's size, because
a device that has no right time still knows how far it has verified the log. It refuses everything
that the table of `settable` does not hold. Reading and signing only: what a device does with a
document is the device's. Spec: docs/protocol.md, section "Configuration".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from protocol import cbor, fields
from protocol.cbor import MAX_INT
from protocol.checkpoint import LogKey
from protocol.cose import Sign, Verify
from protocol.errors import Problem, ProtocolError
from protocol.opening import MAX_ORIGIN
from protocol.registry import Quantity
from protocol.settable import LIMITED, SETTINGS, Field, Setting

DOMAIN: Final = b"jagalchi/config/1\x00"
VERSION: Final = 1
MAX_BYTES: Final = 8_192
MAX_LIMITS: Final = 64
SIGNATURE: Final = 64
MARK_BITS: Final = 52

_SETTINGS: Final = fields.codes(Setting)
_QUANTITIES: Final = fields.codes(Quantity)


@dataclass(frozen=True, slots=True)
class Issue:
    """When it was issued, told by the log: `size` entries then, not begun beyond `last` entries."""

    origin: str
    size: int
    last: int


@dataclass(frozen=True, slots=True)
class Bound:
    """One limit on one quantity of one sensor, in milli-units and ms; `budget_ms` 0: none."""

    id: int
    sensor: int
    quantity: Quantity
    above: bool
    threshold: int
    hysteresis: int
    delay_ms: int
    budget_ms: int

    def values(self) -> list[object]:
        """Return the eight elements of the list."""
        who = [self.id, self.sensor, int(self.quantity), int(self.above)]
        return [*who, self.threshold, self.hysteresis, self.delay_ms, self.budget_ms]

    @classmethod
    def read(cls, value: object) -> Bound:
        """Read the list of eight."""
        row = fields.row(value, 8, "limit")
        quantity = fields.code(_QUANTITIES, row[2], "quantity")
        if quantity not in LIMITED:
            raise fields.out_of_range("quantity", int(quantity), "one that may be limited")
        numbers = {
            field: fields.integer(row[field], bounds.least, bounds.most, bounds.key)
            for field, bounds in LIMITED[quantity].items()
        }
        return cls(
            fields.integer(row[0], 0, 255, "limit id"),
            fields.integer(row[1], 0, 255, "sensor"),
            quantity,
            bool(fields.integer(row[3], 0, 1, "side")),
            numbers[Field.THRESHOLD],
            numbers[Field.HYSTERESIS],
            numbers[Field.DELAY],
            numbers[Field.BUDGET],
        )


@dataclass(frozen=True, slots=True)
class Configuration:
    """What one device shall do. `version` is at least 1; limits ascend by id, settings by number.

    `issued_ms` is the server's clock, for people only: nothing is decided by it.
    """

    device: str
    version: int
    issued_ms: int
    issue: Issue
    settings: tuple[tuple[Setting, int], ...] = ()
    limits: tuple[Bound, ...] = ()


@dataclass(frozen=True, slots=True)
class Signed:
    """A document with the bytes it came in, all of them, signature included."""

    content: Configuration
    raw: bytes

    @property
    def digest(self) -> bytes:
        """SHA-256 of the bytes: two documents are the same exactly when these are."""
        return hashlib.sha256(self.raw).digest()

    @property
    def mark(self) -> int:
        """The first 52 bits of the digest: what an event has room for."""
        return mark(self.digest)


def mark(digest: bytes) -> int:
    """The first 52 bits of a hash, as events carry them."""
    return int.from_bytes(digest[:7], "big") >> (56 - MARK_BITS)


def sign(content: Configuration, signer: Sign) -> bytes:
    """Return the document. Raises ValueError for one that `decode` would refuse."""
    body = cbor.encode(
        {
            0: content.device,
            1: content.version,
            2: content.issued_ms,
            3: [content.issue.origin, content.issue.size, content.issue.last],
            4: {int(setting): value for setting, value in content.settings},
            5: [bound.values() for bound in content.limits],
        }
    )
    data = cbor.encode([VERSION, body, signer(DOMAIN + body)])
    try:
        same = decode(data).content == content
    except ProtocolError as error:
        raise ValueError(f"not a valid configuration: {error}") from error
    if not same:
        raise ValueError("not a valid configuration: it does not survive its own encoding")
    return data


def decode(data: bytes) -> Signed:
    """Read a document; its signature is not looked at.

    Raises ProtocolError: TOO_LARGE, MALFORMED, NOT_DETERMINISTIC, UNSUPPORTED_VERSION,
    OUT_OF_RANGE.
    """
    body, _ = _parts(data)
    return Signed(_read(body), data)


def vouched(data: bytes, key: LogKey, verify: Verify) -> bytes:
    """Return the body that this key has signed, unread: strangers are not listened to.

    Raises ProtocolError: BAD_SIGNATURE, TOO_LARGE, MALFORMED, NOT_DETERMINISTIC and
    UNSUPPORTED_VERSION.
    """
    body, signature = _parts(data)
    if not verify(key.public, DOMAIN + body, signature):
        raise ProtocolError(Problem.BAD_SIGNATURE, f"{key.name} did not sign this configuration")
    return body


def open_signed(data: bytes, key: LogKey, verify: Verify) -> Signed:
    """Read a document that this key has signed. Raises what `vouched` and `decode` raise."""
    return Signed(_read(vouched(data, key, verify)), data)


def _parts(data: bytes) -> tuple[bytes, bytes]:
    row = fields.row(cbor.decode(data, max_bytes=MAX_BYTES), 3, "configuration")
    version, body, signature = row
    if type(version) is not int:
        raise fields.malformed("the configuration's version is not an integer")
    if version != VERSION:
        raise ProtocolError(Problem.UNSUPPORTED_VERSION, f"a configuration of format {version}")
    return (
        fields.some_octets(body, MAX_BYTES, "configuration body"),
        fields.octets(signature, SIGNATURE, "signature"),
    )


def _read(body: bytes) -> Configuration:
    content = fields.numbered(cbor.decode(body, max_bytes=MAX_BYTES), 6, "configuration")
    device, version, issued_ms, issue, settings, limits = content
    return Configuration(
        device=fields.device(device),
        version=fields.integer(version, 1, fields.U32, "version"),
        issued_ms=fields.count(issued_ms, "issued_ms"),
        issue=_read_issue(issue),
        settings=_read_settings(settings),
        limits=_read_limits(limits),
    )


def _read_issue(value: object) -> Issue:
    origin, size, last = fields.row(value, 3, "issue")
    since = fields.count(size, "issue size")
    return Issue(
        fields.text(origin, MAX_ORIGIN, "origin"),
        since,
        fields.integer(last, since, MAX_INT, "last size"),
    )


def _read_settings(value: object) -> tuple[tuple[Setting, int], ...]:
    if type(value) is not dict:
        raise fields.malformed("settings is not a map")
    found = []
    for key, number in value.items():
        setting = fields.code(_SETTINGS, key, "setting")
        bounds = SETTINGS[setting]
        found.append((setting, fields.integer(number, bounds.least, bounds.most, bounds.key)))
    return tuple(found)


def _read_limits(value: object) -> tuple[Bound, ...]:
    limits = tuple(map(Bound.read, fields.items(value, 0, MAX_LIMITS, "limits")))
    ids = [one.id for one in limits]
    if ids != sorted(set(ids)):
        raise fields.malformed("limit ids do not ascend")
    return limits
