"""Events and results as the log holds them, read back from its entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from protocol.errors import ProtocolError
from protocol.leaf import ServiceLeaf, decode_leaf
from server.coldchain.events import MARK, OLD
from server.coldchain.rules import SERVICE
from server.coldchain.verdicts import MARK as JUDGED
from server.ledger import rows, service

CHUNK = 256
LINES = 8
"""Where an event's lots stand in its private part, the mark not counted."""


class LoggedLine(NamedTuple):
    """A lot in a logged event; see `events.private`."""

    part: str
    boxes: str
    grams: str
    facts: str
    lot: str


@dataclass(frozen=True, slots=True)
class Logged:
    """An event as the log holds it, and where.

    facts: what its lots are, packed, None in an entry of before; held: names of what only the
    tables had.
    """

    index: int
    leaf_hash: bytes
    kind: str
    ref: str
    at_ms: int
    noted_ms: int
    organisation: str
    actor: str
    place: str
    corrects: str
    told: str
    lines: tuple[LoggedLine, ...]
    said: bytes
    facts: str | None = None
    held: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A result as the log holds it, and where."""

    index: int
    leaf_hash: bytes
    lot: str
    version: int
    at_ms: int
    text: str
    history: bytes = b""
    """SHA-256 of what it was judged from; none in an entry of before."""


def entries(first: int, size: int) -> Iterator[Logged | Judged]:
    """The events and results among the leaves first..size-1, in order."""
    found = rows.fetch(
        "SELECT e.number, e.leaf_hash, e.leaf, b.body FROM ledger_entry AS e"
        " JOIN ledger_body AS b ON b.number = e.number"
        " WHERE e.number >= %s AND e.number < %s ORDER BY e.number",
        [first, size],
    )
    for number, digest, leaf, body in found:
        entry = _read(number, bytes(digest), bytes(leaf), bytes(body))
        if entry is not None:
            yield entry


def _read(number: int, digest: bytes, leaf: bytes, body: bytes) -> Logged | Judged | None:
    try:
        opened = decode_leaf(leaf)
        if not isinstance(opened, ServiceLeaf) or opened.service != SERVICE:
            return None
        mark, *told = list[Any](service.opened(opened, body))
        if mark == JUDGED:
            return Judged(number, digest, *told)
        if mark not in (MARK, OLD):
            return None
        lines = told.pop(LINES)
        read = tuple(LoggedLine(*line.split(" ")) for line in str(lines).splitlines())
        return Logged(*(number, digest, opened.kind, *told[:LINES], read, *told[LINES:]))
    except (ProtocolError, ValueError, TypeError):
        return None  # the audit of the log itself tells
