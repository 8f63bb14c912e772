"""The evidence file: one CBOR sequence that holds all a stranger needs, readable without a network.

A file is a row of chapters, one for each device that it speaks of, and perhaps one of none: header,
keys, witnesses, records, then every note followed by what it proves: in this order and no other.
Reading checks the form and nothing else; what the file proves is for `protocol.evidence` to say.
Spec: docs/protocol.md, section "Evidence".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from protocol import cbor, cose, fields
from protocol.commitment import MAX_CONTENT
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
MAX_CHAPTERS: Final = 64
MAX_WITNESSES: Final = 16
MAX_DOCUMENT: Final = 1 << 20

_PROVED: Final = frozenset({Item.NOTE, Item.EXTENDS, Item.LEAF, Item.ENTRY, Item.DOCUMENT})
_ORDER: Final = {
    Item.KEY: frozenset({None, Item.KEY}),
    Item.WITNESS: frozenset({None, Item.KEY, Item.WITNESS}),
    Item.RECORD: frozenset({None, Item.KEY, Item.WITNESS, Item.RECORD}),
    Item.NOTE: frozenset({None, *Item}),
    Item.EXTENDS: frozenset({Item.NOTE}),
    Item.LEAF: _PROVED,
    Item.ENTRY: _PROVED,
    Item.DOCUMENT: frozenset({Item.ENTRY}),
}
"""Which item each item may follow; None is the header."""

_ITEMS: Final = fields.codes(Item)
_SIZES: Final = {
    Item.KEY: 2,
    Item.RECORD: 2,
    Item.NOTE: 2,
    Item.LEAF: 5,
    Item.ENTRY: 5,
    Item.EXTENDS: 3,
    Item.WITNESS: 2,
    Item.DOCUMENT: 2,
}


@dataclass(frozen=True, slots=True)
class ProvedLeaf:
    """A receipt and, where the file lacks some of the leaf's records, all their leaf hashes."""

    receipt: Receipt
    hashes: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class ProvedEntry:
    """A receipt of a service entry, and the content that it commits to (see `commitment`).

    document: what that content names by its SHA-256, b"" where the file holds none.
    """

    receipt: Receipt
    content: bytes
    document: bytes = b""


@dataclass(frozen=True, slots=True)
class Extension:
    """A consistency proof from the note of size `since`, further up in the chapter."""

    since: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Proofs:
    """A checkpoint note, and the leaves and entries whose inclusion paths end in its root."""

    note: str
    leaves: tuple[ProvedLeaf, ...]
    entries: tuple[ProvedEntry, ...] = ()
    extends: Extension | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one chapter holds: COSE_Keys, sealed records in chain order, and proofs.

    device: "" where it speaks of none, and then has neither keys nor records. log_vkey is the log's
    key as a C2SP verifier key, witnesses are those of others; made_ms is UTC and only somebody's
    word.
    """

    device: str
    origin: str
    log_vkey: str
    made_ms: int
    keys: tuple[bytes, ...]
    records: tuple[bytes, ...]
    proofs: tuple[Proofs, ...]
    witnesses: tuple[str, ...] = ()


def write(*chapters: Evidence) -> bytes:
    """Return the file. Raises ValueError for evidence that `read_chapters` would refuse."""
    data = b"".join(cbor.encode(item) for one in chapters for item in _items(one))
    try:
        same = read_chapters(data) == chapters
    except ProtocolError as error:
        raise ValueError(f"not valid evidence: {error}") from error
    if not same:
        raise ValueError("not valid evidence: it does not survive its own encoding")
    return data


def _items(evidence: Evidence) -> Iterator[object]:
    who = [evidence.device or None, evidence.origin, evidence.log_vkey, evidence.made_ms]
    yield dict(enumerate([VERSION, MAGIC, *who]))
    yield from ([Item.KEY, key] for key in evidence.keys)
    yield from ([Item.WITNESS, vkey] for vkey in evidence.witnesses)
    yield from ([Item.RECORD, sealed] for sealed in evidence.records)
    for proofs in evidence.proofs:
        yield [Item.NOTE, proofs.note]
        yield from _proved(proofs)


def _proved(proofs: Proofs) -> Iterator[object]:
    if proofs.extends is not None:
        yield [Item.EXTENDS, proofs.extends.since, list(proofs.extends.path)]
    for leaf in proofs.leaves:
        yield [Item.LEAF, *_receipt(leaf.receipt), list(leaf.hashes)]
    for entry in proofs.entries:
        yield [Item.ENTRY, *_receipt(entry.receipt), entry.content]
        if entry.document:
            yield [Item.DOCUMENT, entry.document]


def _receipt(receipt: Receipt) -> list[object]:
    return [receipt.leaf, receipt.index, list(receipt.path)]


def read(data: bytes) -> Evidence:
    """Return what a file of one chapter holds; its form is checked, its truth is not.

    Raises ProtocolError, `index` being the item (the header is 0).
    """
    first, *others = read_chapters(data)
    if others:
        raise fields.malformed("more than one chapter")
    return first


def read_chapters(data: bytes) -> tuple[Evidence, ...]:
    """Return what the chapters of a file hold, at least one. Raises ProtocolError like `read`."""
    if len(data) > MAX_EVIDENCE:
        raise ProtocolError(Problem.TOO_LARGE, f"{len(data)} bytes, at most {MAX_EVIDENCE}")
    chapters: list[_Chapter] = []
    for index, item in enumerate(_sequence(data)):
        try:
            if type(item) is dict or not chapters:
                chapters.append(_Chapter(item))
                fields.integer(len(chapters), 0, MAX_CHAPTERS, "the number of chapters")
            else:
                chapters[-1].add(item)
        except ProtocolError as error:
            raise error.at(index=index or None) from None
    if not chapters:
        raise fields.malformed("not an evidence file")
    return tuple(one.evidence() for one in chapters)


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
        "" if device is None else fields.device(device),
        fields.text(origin, 255, "origin"),
        fields.text(vkey, MAX_VKEY, "log key"),
        fields.count(made_ms, "made_ms"),
    )


@dataclass(slots=True)
class _Under:
    """What follows one note, while it is read."""

    note: str
    leaves: list[ProvedLeaf]
    entries: list[ProvedEntry]
    extends: Extension | None = None


class _Chapter:
    """Collects the items that follow a header, refusing any out of order."""

    def __init__(self, header: object) -> None:
        self._header = _read_header(header)
        self._keys: list[bytes] = []
        self._witnesses: list[str] = []
        self._records: list[bytes] = []
        self._proofs: list[_Under] = []
        self._last: Item | None = None

    def evidence(self) -> Evidence:
        """What was collected."""
        proofs = tuple(
            Proofs(one.note, tuple(one.leaves), tuple(one.entries), one.extends)
            for one in self._proofs
        )
        keys, records = tuple(self._keys), tuple(self._records)
        return Evidence(*self._header, keys, records, proofs, tuple(self._witnesses))

    def add(self, value: object) -> None:
        """Take the next item."""
        if type(value) is not list or not value:
            raise fields.malformed("an item is not a list")
        if type(value[0]) is not int or value[0] not in _ITEMS:
            raise ProtocolError(Problem.UNKNOWN_KIND, f"item {value[0]}")
        item = _ITEMS[value[0]]
        if self._last not in _ORDER[item]:
            raise fields.malformed(f"a {item.name.lower()} out of order")
        if not self._header[0] and item in (Item.KEY, Item.RECORD):
            raise fields.malformed(f"a {item.name.lower()} of no device")
        self._last = item
        self._keep(item, fields.row(value, _SIZES[item], item.name.lower())[1:])

    def _keep(self, item: Item, values: list[object]) -> None:
        match item:
            case Item.KEY:
                self._keys.append(fields.octets(values[0], cose.KEY_BYTES, "key"))
                fields.integer(len(self._keys), 0, MAX_KEYS, "the number of keys")
            case Item.WITNESS:
                self._witnesses.append(fields.text(values[0], MAX_VKEY, "witness key"))
                fields.integer(len(self._witnesses), 0, MAX_WITNESSES, "the number of witnesses")
            case Item.RECORD:
                self._records.append(fields.some_octets(values[0], cose.MAX_SEALED, "record"))
            case Item.NOTE:
                self._proofs.append(_Under(_read_note(values[0]), [], []))
            case Item.EXTENDS:
                since = fields.integer(values[0], 1, cbor.MAX_INT, "since")
                self._proofs[-1].extends = Extension(since, _read_path(values[1]))
            case Item.LEAF:
                hashes = fields.items(values[3], 0, MAX_RECORDS, "hashes")
                leaf = ProvedLeaf(_read_receipt(values), _read_hashes(hashes))
                self._proofs[-1].leaves.append(leaf)
            case Item.ENTRY:
                content = fields.some_octets(values[3], MAX_CONTENT, "content")
                self._proofs[-1].entries.append(ProvedEntry(_read_receipt(values), content))
            case Item.DOCUMENT:
                document = fields.some_octets(values[0], MAX_DOCUMENT, "document")
                if not document:
                    raise fields.malformed("an empty document")
                entries = self._proofs[-1].entries
                entries[-1] = replace(entries[-1], document=document)


def _read_note(value: object) -> str:
    if type(value) is not str or len(value) > MAX_NOTE:
        raise fields.malformed(f"a note is not a text of at most {MAX_NOTE} characters")
    return value


def _read_receipt(values: list[object]) -> Receipt:
    leaf, index, path, _ = values
    octets = fields.some_octets(leaf, MAX_LEAF, "leaf")
    return Receipt(octets, fields.count(index, "leaf index"), _read_path(path))


def _read_path(value: object) -> tuple[bytes, ...]:
    return _read_hashes(fields.items(value, 0, MAX_PATH, "path hashes"))


def _read_hashes(values: Iterable[object]) -> tuple[bytes, ...]:
    return tuple(fields.octets(value, 32, "hash") for value in values)
