"""From leaves back to tables: what the devices' tables must say, given what the log holds.

A leaf's body is judged by the code that took it in when it was new, signatures included; an entry
of the roster writes the rows it speaks of. After a restore this fills in what the backup lacks, and
in an audit it builds the tables that the real ones are compared with.
It refuses a body that the judge would not let make this very leaf. Spec: docs/protocol.md, "Log".
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby

from django.core.exceptions import ObjectDoesNotExist

from protocol import cbor, cose, merkle
from protocol.errors import ProtocolError
from protocol.leaf import Leaf, ServiceLeaf, SpanLeaf, decode_leaf
from protocol.span import MAX_SPANS, Span
from server.devices import crypto, quarantine, roster, shelf
from server.ledger import rows, service
from server.ledger.writing import writing

CHUNK, CHUNK_BYTES = 512, 1 << 20
"""Leaves that are looked at together, and bytes of their bodies."""
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
    """A span as it once came in; `verified` if its key was known before these leaves."""

    logged: Logged
    device: str
    span: Span
    verified: bool


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


def portions(logged: Iterable[Logged]) -> Iterator[list[Logged]]:
    """Cut leaves into runs that are few enough to be open in memory together."""
    some: list[Logged] = []
    total = 0
    for one in logged:
        some.append(one)
        total += len(one.body)
        if total >= CHUNK_BYTES or len(some) == CHUNK:
            yield some
            some, total = [], 0
    if some:
        yield some


def take(logged: Iterable[Logged]) -> int:
    """Write what these leaves, in the order of the log, leave behind; return records verified.

    In the caller's transaction. Raises ReplayRefused.
    """
    return sum(map(_take, portions(logged)))


def _take(logged: Sequence[Logged]) -> int:
    waiting: dict[str, list[_Posted]] = {}
    records = 0
    for one, leaf, posted in _opened(logged):
        if posted is not None:
            waiting.setdefault(posted.device, []).append(posted)
            records += len(posted.span.records)
        elif isinstance(leaf, ServiceLeaf) and leaf.service == roster.SERVICE:
            _flush(waiting)
            with _refusing(one):
                roster.apply(leaf.kind, service.opened(leaf, one.body))
    _flush(waiting)
    return records


def _opened(logged: Sequence[Logged]) -> Iterator[tuple[Logged, Leaf, _Posted | None]]:
    """Open all spans on all processors: OpenSSL lets go of the interpreter at every record."""
    leaves = [_leaf(one) for one in logged]
    devices = {leaf.device for leaf in leaves if isinstance(leaf, SpanLeaf)}
    keys = {device: shelf.keys_of(device) for device in devices}

    def opened(one: Logged, leaf: Leaf) -> _Posted | None:
        return _span(one, leaf, keys[leaf.device]) if isinstance(leaf, SpanLeaf) else None

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from zip(logged, leaves, pool.map(opened, logged, leaves), strict=True)


def _leaf(one: Logged) -> Leaf:
    with _refusing(one):
        return decode_leaf(one.leaf)


def _span(one: Logged, leaf: SpanLeaf, keys: Mapping[bytes, bytes]) -> _Posted:
    with _refusing(one):
        sealed = cbor.decode(one.body, max_bytes=MAX_BODY)
        if not isinstance(sealed, list) or not all(isinstance(part, bytes) for part in sealed):
            raise ValueError("the body is not a list of records")
        verified = bool(sealed) and cose.parse(sealed[0]).kid in keys
        span = crypto.open_span(sealed, keys, leaf.device) if verified else Span.open(sealed)
        if span.leaf(leaf.device) != leaf:
            raise ValueError("the records of the body make another leaf")
        return _Posted(one, leaf.device, span, verified)


@contextmanager
def _refusing(one: Logged) -> Iterator[None]:
    try:
        yield
    except (ProtocolError, ValueError, TypeError, ObjectDoesNotExist) as error:
        raise ReplayRefused(one.index, str(error)) from error


def _flush(waiting: dict[str, list[_Posted]]) -> None:
    """Judge what waits, device by device: devices do not touch one another."""
    for device, posted in waiting.items():
        for known, same in groupby(posted, key=lambda one: (one.verified, one.logged.now_ms)):
            together = list(same)
            # A key that a rotation among these brings in is known only after that was written.
            step = MAX_SPANS if known[0] else 1
            for start in range(0, len(together), step):
                _judge(device, together[start : start + step])
    waiting.clear()


def _judge(device: str, posted: Sequence[_Posted]) -> None:
    if not posted[0].verified:
        _verify(device, posted[0])
    spans = [one.span for one in posted]
    batch, verdicts = quarantine.judged(shelf.locked(device), spans, posted[0].logged.now_ms)
    for one, verdict in zip(posted, verdicts, strict=True):
        if merkle.leaf_hash(one.logged.leaf) not in batch.rows:
            why = verdict.problem or "its records are held under other leaves"
            raise ReplayRefused(one.logged.index, f"would not be taken: {why}")


def _verify(device: str, one: _Posted) -> None:
    keys = shelf.keys_of(device)
    if not keys:
        raise ReplayRefused(one.logged.index, f"device {device} was never enrolled here")
    with _refusing(one.logged):
        crypto.check(one.span, keys, device)


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
