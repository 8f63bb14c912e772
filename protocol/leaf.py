"""The leaves of the log: the one byte string under which each thing is committed to.

A leaf is a deterministic CBOR array whose first element says its kind. A span's leaf is computed
from the records alone, so the same records give the same leaf however often they are sent.
No leaf ever holds a personal datum: a service entry carries a salted commitment.
Spec: docs/protocol.md, section "Leaves".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from protocol import cbor, fields
from protocol.cbor import MAX_INT
from protocol.errors import ProtocolError
from protocol.registry import LeafKind, Problem

MAX_LEAF: Final = 32 * 1024
MAX_RECORDS: Final = 500
MAX_PUBLIC: Final = 64
MAX_VALUE: Final = 16 * 1024
MAX_VKEY: Final = 512

Public = Mapping[str, int | str | bytes]


@dataclass(frozen=True, slots=True)
class SpanLeaf:
    """first..last of one epoch of one device; hashes and root are 32 bytes."""

    device: str
    epoch: bytes
    first: int
    last: int
    prev_hash: bytes
    last_hash: bytes
    root: bytes


@dataclass(frozen=True, slots=True)
class ServiceLeaf:
    """An entry of a service: public fields, and HMAC-SHA256(salt, private part) as commitment."""

    service: str
    kind: str
    public: Public = field(hash=False)
    commitment: bytes


@dataclass(frozen=True, slots=True)
class TickLeaf:
    """The log's clock, ms since 1970: what stands before it is older."""

    utc_ms: int


@dataclass(frozen=True, slots=True)
class SuccessorLeaf:
    """First leaf of a log that follows a lost one; Ed25519 signature by the recovery key.

    log_vkey: the new log's own key, which devices are to believe; None names no key.
    """

    old_origin: str
    old_size: int
    old_root: bytes
    signature: bytes
    log_vkey: str | None = None


Leaf = SpanLeaf | ServiceLeaf | TickLeaf | SuccessorLeaf


def encode_leaf(leaf: Leaf) -> bytes:
    """Return the leaf's bytes. Raises ValueError for a leaf that `decode_leaf` would refuse."""
    data = cbor.encode(_values(leaf))
    try:
        same = decode_leaf(data) == leaf
    except ProtocolError as error:
        raise ValueError(f"not a valid leaf: {error}") from error
    if not same:
        raise ValueError("not a valid leaf: it does not survive its own encoding")
    return data


def _values(leaf: Leaf) -> list[object]:
    match leaf:
        case SpanLeaf():
            place = [leaf.device, leaf.epoch, leaf.first, leaf.last]
            return [LeafKind.SPAN, *place, leaf.prev_hash, leaf.last_hash, leaf.root]
        case ServiceLeaf():
            public = dict(leaf.public)
            return [LeafKind.SERVICE, leaf.service, leaf.kind, public, leaf.commitment]
        case TickLeaf():
            return [LeafKind.TICK, leaf.utc_ms]
        case SuccessorLeaf():
            old = [leaf.old_origin, leaf.old_size, leaf.old_root]
            key = [] if leaf.log_vkey is None else [leaf.log_vkey]
            return [LeafKind.SUCCESSOR, *old, leaf.signature, *key]


def decode_leaf(data: bytes) -> Leaf:
    """Return the leaf in these bytes; raises ProtocolError, UNKNOWN_KIND among others."""
    row = cbor.decode(data, max_bytes=MAX_LEAF)
    if type(row) is not list or not row:
        raise fields.malformed("a leaf is not a list")
    kind = row[0]
    if type(kind) is not int or kind not in _READERS:
        raise ProtocolError(Problem.UNKNOWN_KIND, f"leaf kind {kind}")
    return _READERS[kind](row)


def _read_span(row: object) -> SpanLeaf:
    _, device, epoch, first, last, prev_hash, last_hash, root = fields.row(row, 8, "span leaf")
    start = fields.integer(first, 0, fields.U32, "first")
    end = min(start + MAX_RECORDS - 1, fields.U32)
    return SpanLeaf(
        device=fields.device(device),
        epoch=fields.octets(epoch, 8, "epoch"),
        first=start,
        last=fields.integer(last, start, end, "last"),
        prev_hash=fields.octets(prev_hash, 32, "prev hash"),
        last_hash=fields.octets(last_hash, 32, "last hash"),
        root=fields.octets(root, 32, "root"),
    )


def _read_service(row: object) -> ServiceLeaf:
    _, service, kind, public, commitment = fields.row(row, 5, "service leaf")
    return ServiceLeaf(
        service=fields.text(service, 64, "service"),
        kind=fields.text(kind, 64, "service entry kind"),
        public=_read_public(public),
        commitment=fields.octets(commitment, 32, "commitment"),
    )


def _read_public(value: object) -> Public:
    if type(value) is not dict or len(value) > MAX_PUBLIC:
        raise fields.malformed(f"the public part is not a map of at most {MAX_PUBLIC}")
    return {fields.text(key, 64, "public key"): _read_scalar(one) for key, one in value.items()}


def _read_scalar(value: object) -> int | str | bytes:
    match value:
        case bool():
            raise fields.malformed("a public value is a boolean")
        case int():
            return value
        case str():
            return fields.text(value, MAX_VALUE, "public value")
        case bytes():
            return fields.some_octets(value, MAX_VALUE, "public value")
    raise fields.malformed("a public value is neither integer, text nor bytes")


def _read_tick(row: object) -> TickLeaf:
    _, utc_ms = fields.row(row, 2, "tick leaf")
    return TickLeaf(fields.count(utc_ms, "tick utc_ms"))


def _read_successor(row: list[object]) -> SuccessorLeaf:
    keyed = len(row) == 6
    _, origin, size, root, signature, *key = fields.row(row, 5 + keyed, "successor leaf")
    return SuccessorLeaf(
        old_origin=fields.text(origin, 255, "old origin"),
        old_size=fields.integer(size, 0, MAX_INT, "old size"),
        old_root=fields.octets(root, 32, "old root"),
        signature=fields.octets(signature, 64, "successor signature"),
        log_vkey=fields.text(key[0], MAX_VKEY, "log key") if key else None,
    )


_READERS: Final[dict[int, Callable[[list[object]], Leaf]]] = {
    LeafKind.SPAN.value: _read_span,
    LeafKind.SERVICE.value: _read_service,
    LeafKind.TICK.value: _read_tick,
    LeafKind.SUCCESSOR.value: _read_successor,
}
