"""The evidence file: one CBOR sequence that holds all a stranger needs, readable without a network.

header, keys, records, then every note followed by the leaves it proves: in this order and no other.
Reading checks the form and nothing else; what the file proves is for `protocol.evidence` to say.
Spec: docs/protocol.md, section "Evidence".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from protocol import cbor, cose, fields
from protocol.errors import ProtocolError
from protocol.leaf import MAX_LEAF, MAX_RECORDS
from protocol.registry import Item, Problem
from protocol.wire import Receipt

MAGIC: Final = "jagalchi-evidence"
VERSION: Final = 1
MAX_EVIDENCE: Final = 64 << 20
MAX_KEYS: Final = 64
MAX_NOTE: Final = 1 << 20
MAX_VKEY: Final = 512
MAX_PATH: Final = 64

_ORDER: Final = {
    Item.KEY: frozenset({None, Item.KEY}),
    Item.RECORD: frozenset({None, Item.KEY, Item.RECORD}),
    Item.NOTE: frozenset({None, *Item}),
    Item.LEAF: frozenset({Item.NOTE, Item.LEAF}),
}
"""Which item each item may follow; None is the header."""

_ITEMS: Final = fields.codes(Item)
_SIZES: Final = {Item.KEY: 2, Item.RECORD: 2, Item.NOTE: 2, Item.LEAF: 5}


@dataclass(frozen=True, slots=True)
class ProvedLeaf:
    """A receipt and, where the file lacks some of the leaf's records, all their leaf hashes."""

    receipt: Receipt
    hashes: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Proofs:
    """A checkpoint note, and the leaves whose inclusion paths end in its root."""

    note: str
    leaves: tuple[ProvedLeaf, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one device's file holds: COSE_Keys, sealed records in chain order, and proofs.

    log_vkey is the log's key as a C2SP verifier key; made_ms is UTC and only somebody's word.
    """

    device: str
    origin: str
    log_vkey: str
    made_ms: int
    keys: tuple[bytes, ...]
    records: tuple[bytes, ...]
    proofs: tuple[Proofs, ...]


def write(evidence: Evidence) -> bytes:
    """Return the file. Raises ValueError for evidence that `read` would refuse."""
    data = b"".join(map(cbor.encode, _items(evidence)))
    try:
        same = read(data) == evidence
    except ProtocolError as error:
        raise ValueError(f"not valid evidence: {error}") from error
    if not same:
        raise ValueError("not valid evidence: it does not survive its own encoding")
    return data


def _items(evidence: Evidence) -> Iterator[object]:
    who = [evidence.device, evidence.origin, evidence.log_vkey, evidence.made_ms]
    yield dict(enumerate([VERSION, MAGIC, *who]))
    yield from ([Item.KEY, key] for key in evidence.keys)
    yield from ([Item.RECORD, sealed] for sealed in evidence.records)
    for proofs in evidence.proofs:
        yield [Item.NOTE, proofs.note]
        for leaf in proofs.leaves:
            receipt = leaf.receipt
            path, hashes = list(receipt.path), list(leaf.hashes)
            yield [Item.LEAF, receipt.leaf, receipt.index, path, hashes]


def read(data: bytes) -> Evidence:
    """Return what a file holds; its form is checked, its truth is not.

    Raises ProtocolError, `index` being the item (the header is 0).
    """
    if len(data) > MAX_EVIDENCE:
        raise ProtocolError(Problem.TOO_LARGE, f"{len(data)} bytes, at most {MAX_EVIDENCE}")
    items = _sequence(data)
    device, origin, vkey, made_ms = _read_header(next(items, None))
    content = _Content()
    for index, item in enumerate(items, start=1):
        try:
            content.add(item)
        except ProtocolError as error:
            raise error.at(index=index) from None
    return Evidence(
        device=device,
        origin=origin,
        log_vkey=vkey,
        made_ms=made_ms,
        keys=tuple(content.keys),
        records=tuple(content.records),
        proofs=tuple(Proofs(note, tuple(leaves)) for note, leaves in content.proofs),
    )


def _sequence(data: bytes) -> Iterator[object]:
    at = 0
    while at < len(data):
        value, at = cbor.decode_next(data, at)
        yield value


def _read_header(value: object) -> tuple[str, str, str, int]:
    version, magic, device, origin, vkey, made_ms = fields.numbered(value, 6, "evidence header")
    if magic != MAGIC:
        raise fields.malformed("not an evidence file")
    if type(version) is not int or version != VERSION:
        raise ProtocolError(Problem.UNSUPPORTED_VERSION, f"evidence version {version}, known: 1")
    return (
        fields.device(device),
        fields.text(origin, 255, "origin"),
        fields.text(vkey, MAX_VKEY, "log key"),
        fields.count(made_ms, "made_ms"),
    )


class _Content:
    """Collects the items that follow the header, refusing any out of order."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.records: list[bytes] = []
        self.proofs: list[tuple[str, list[ProvedLeaf]]] = []
        self._last: Item | None = None

    def add(self, value: object) -> None:
        if type(value) is not list or not value:
            raise fields.malformed("an item is not a list")
        if type(value[0]) is not int or value[0] not in _ITEMS:
            raise ProtocolError(Problem.UNKNOWN_KIND, f"item {value[0]}")
        item = _ITEMS[value[0]]
        if self._last not in _ORDER[item]:
            raise fields.malformed(f"a {item.name.lower()} out of order")
        self._last = item
        self._keep(item, fields.row(value, _SIZES[item], item.name.lower())[1:])

    def _keep(self, item: Item, values: list[object]) -> None:
        match item:
            case Item.KEY:
                self.keys.append(fields.octets(values[0], cose.KEY_BYTES, "key"))
                fields.integer(len(self.keys), 0, MAX_KEYS, "the number of keys")
            case Item.RECORD:
                self.records.append(fields.some_octets(values[0], cose.MAX_SEALED, "record"))
            case Item.NOTE:
                self.proofs.append((_read_note(values[0]), []))
            case Item.LEAF:
                self.proofs[-1][1].append(_read_leaf(values))


def _read_note(value: object) -> str:
    if type(value) is not str or len(value) > MAX_NOTE:
        raise fields.malformed(f"a note is not a text of at most {MAX_NOTE} characters")
    return value


def _read_leaf(values: list[object]) -> ProvedLeaf:
    leaf, index, path, hashes = values
    receipt = Receipt(
        fields.some_octets(leaf, MAX_LEAF, "leaf"),
        fields.count(index, "leaf index"),
        _read_hashes(fields.items(path, 0, MAX_PATH, "path hashes")),
    )
    return ProvedLeaf(receipt, _read_hashes(fields.items(hashes, 0, MAX_RECORDS, "hashes")))


def _read_hashes(values: Iterable[object]) -> tuple[bytes, ...]:
    return tuple(fields.octets(value, 32, "hash") for value in values)
