"""From leaves back to tables: what the devices' tables must say, given what the log holds.

A leaf's body is judged by the code that took it in when it was new, signatures included; an entry
of the roster writes the rows it speaks of. After a restore this fills in what the backup lacks, and
in an audit it builds the tables that the real ones are compared with.
It refuses a body that the judge would not let make this very leaf. Spec: docs/protocol.md, "Log".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.core.exceptions import ObjectDoesNotExist

from protocol import cbor, cose, merkle
from protocol.errors import ProtocolError
from protocol.leaf import ServiceLeaf, SpanLeaf, decode_leaf
from protocol.span import MAX_SPANS, Span
from server.devices import crypto, quarantine, roster, shelf
from server.devices.models import DeviceKey
from server.ledger import rows, service
from server.ledger.writing import writing

CHUNK = 512
"""Leaves in one transaction."""
MAX_BODY = 64 << 20


class ReplayRefused(Exception):
    """Leaf `index` cannot have been made from its body; the text says why."""

    def __init__(self, index: int, why: str) -> None:
        super().__init__(f"leaf {index}: {why}")
        self.index = index
        self.why = why


@dataclass(frozen=True, slots=True)
class Logged:
    """A leaf with its body, and when it came, UTC ms."""

    index: int
    leaf: bytes
    body: bytes
    now_ms: int


@dataclass(frozen=True, slots=True)
class _Posted:
    """A span as it once came in."""

    logged: Logged
    device: str
    span: Span


def rebuild(first: int, size: int) -> int:
    """Bring the tables up to what the log holds from `first` to `size`; return how many leaves.

    Leaves whose span is held already cost one look. Raises ReplayRefused.
    """
    taken = 0
    for start in range(first, size, CHUNK):
        with writing():
            new = _unheld(start, min(start + CHUNK, size))
            take(new)
            taken += len(new)
    return taken


def take(logged: Sequence[Logged]) -> int:
    """Write what these leaves, in the order of the log, leave behind; return records verified.

    In the caller's transaction. Raises ReplayRefused.
    """
    waiting: dict[str, list[_Posted]] = {}
    records = 0
    for one in logged:
        try:
            leaf = decode_leaf(one.leaf)
            if isinstance(leaf, SpanLeaf):
                posted = _Posted(one, leaf.device, _span(leaf, one.body))
                waiting.setdefault(leaf.device, []).append(posted)
                records += len(posted.span.records)
            elif isinstance(leaf, ServiceLeaf) and leaf.service == roster.SERVICE:
                _flush(waiting)
                roster.apply(leaf.kind, service.opened(leaf, one.body))
        except (ProtocolError, ValueError, TypeError, ObjectDoesNotExist) as error:
            raise ReplayRefused(one.index, str(error)) from error
    _flush(waiting)
    return records


def _span(leaf: SpanLeaf, body: bytes) -> Span:
    sealed = cbor.decode(body, max_bytes=MAX_BODY)
    if not isinstance(sealed, list) or not all(isinstance(one, bytes) for one in sealed):
        raise ValueError("the body is not a list of records")
    span = Span.open(sealed)
    if span.leaf(leaf.device) != leaf:
        raise ValueError("the records of the body make another leaf")
    return span


def _flush(waiting: dict[str, list[_Posted]]) -> None:
    """Judge what waits, device by device: devices do not touch one another."""
    for device, posted in waiting.items():
        for _, same in groupby(posted, key=lambda one: one.logged.now_ms):
            _judge_all(device, list(same))
    waiting.clear()


def _judge_all(device: str, posted: list[_Posted]) -> None:
    keys = _keys(device, posted)
    start = 0
    for number, one in enumerate(posted):
        # A key that a rotation among these brings in is known only after that has been written.
        if one.span.records[0].kid not in keys or number - start >= MAX_SPANS:
            _judge(device, posted[start:number], keys)
            keys, start = _keys(device, posted), number
    _judge(device, posted[start:], keys)


def _keys(device: str, posted: Sequence[_Posted]) -> dict[bytes, bytes]:
    found = DeviceKey.objects.filter(device=device).values_list("kid", "cose_key")
    keys = {bytes(kid): cose.decode_key(bytes(key)) for kid, key in found}
    if not keys:
        raise ReplayRefused(posted[0].logged.index, f"device {device} was never enrolled here")
    return keys


def _judge(device: str, posted: Sequence[_Posted], keys: dict[bytes, bytes]) -> None:
    if not posted:
        return
    for one in posted:
        try:
            crypto.check(one.span, keys, device)
        except ProtocolError as refused:
            raise ReplayRefused(one.logged.index, str(refused)) from refused
    row = shelf.locked(device)
    batch, verdicts = quarantine.judged(row, [p.span for p in posted], posted[0].logged.now_ms)
    for one, verdict in zip(posted, verdicts, strict=True):
        if merkle.leaf_hash(one.logged.leaf) not in batch.rows:
            why = verdict.problem or "its records are held under other leaves"
            raise ReplayRefused(one.logged.index, f"would not be taken: {why}")


def _unheld(first: int, size: int) -> list[Logged]:
    """The leaves first..size-1 that no held span stands for yet."""
    found = rows.fetch(
        "SELECT e.number, e.leaf_hash, e.leaf, b.body, (SELECT c.utc_ms FROM ledger_checkpoint AS c"
        " WHERE c.size > e.number ORDER BY c.size LIMIT 1) FROM ledger_entry AS e"
        " LEFT JOIN ledger_body AS b ON b.number = e.number"
        " WHERE e.number >= %s AND e.number < %s ORDER BY e.number",
        [first, size],
    )
    held = {bytes(digest) for digest in _held([bytes(row[1]) for row in found])}
    return [
        Logged(number, bytes(leaf), bytes(body or b""), utc_ms)
        for number, digest, leaf, body, utc_ms in found
        if bytes(digest) not in held
    ]


def _held(hashes: Sequence[bytes]) -> Iterator[bytes]:
    sql = "SELECT leaf_hash FROM devices_heldspan WHERE leaf_hash IN"
    return (digest for (digest,) in rows.select(sql, hashes))
