"""Events as the log holds them, read back from its entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from protocol.errors import ProtocolError
from protocol.leaf import ServiceLeaf, decode_leaf
from server.coldchain.events import MARK
from server.coldchain.rules import SERVICE
from server.ledger import rows, service

CHUNK = 256


class LoggedLine(NamedTuple):
    """A lot in a logged event; see `events.lines_text`."""

    part: str
    boxes: str
    grams: str
    facts: str
    lot: str


@dataclass(frozen=True, slots=True)
class Logged:
    """An event as the log holds it, and where."""

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
    said: bytes
    lines: tuple[LoggedLine, ...]


def events(first: int, size: int) -> Iterator[Logged]:
    """The events among the leaves first..size-1."""
    found = rows.fetch(
        "SELECT e.number, e.leaf_hash, e.leaf, b.body FROM ledger_entry AS e"
        " JOIN ledger_body AS b ON b.number = e.number"
        " WHERE e.number >= %s AND e.number < %s ORDER BY e.number",
        [first, size],
    )
    for number, digest, leaf, body in found:
        event = _read(number, bytes(digest), bytes(leaf), bytes(body))
        if event is not None:
            yield event


def _read(number: int, digest: bytes, leaf: bytes, body: bytes) -> Logged | None:
    try:
        opened = decode_leaf(leaf)
        if not isinstance(opened, ServiceLeaf) or opened.service != SERVICE:
            return None
        told: list[Any] = service.opened(opened, body)
        if told[:1] != [MARK]:
            return None
        _, *rest, lines, said = told
        read = tuple(LoggedLine(*line.split(" ")) for line in str(lines).splitlines())
        return Logged(*(number, digest, opened.kind, *rest, said, read))
    except (ProtocolError, ValueError, TypeError):
        return None  # the audit of the log itself tells
