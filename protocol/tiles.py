"""Tiles: the log as plain files that any cache can hold, exactly as c2sp.org/tlog-tiles.

A hash tile is up to 256 consecutive hashes of complete nodes; an entries tile is up to 256 leaves.
It refuses to read or write anything: it maps coordinates to paths and node ids, and packs bytes.
Specification: docs/protocol.md, section "The log as published".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from protocol.errors import Problem, ProtocolError
from protocol.merkle import NodeId

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_TILE_LEVEL = 63
MAX_ENTRY_BYTES = (1 << 16) - 1

_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([0-9]{1,3}))?")


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: ``level`` None means the leaves themselves; ``width`` below 256 means partial."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    @property
    def full(self) -> bool:
        """Whether it can never change again and may be cached for ever."""
        return self.width == TILE_WIDTH

    @property
    def first(self) -> int:
        """Index of the tile's first entry (or first node, at its own level)."""
        return self.index << TILE_HEIGHT


def tile_path(level: int | None, index: int, width: int = TILE_WIDTH) -> str:
    """``tile/0/x001/234.p/5`` for a hash tile, ``tile/entries/...`` for level None."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{'entries' if level is None else level}/{'/'.join(groups[::-1])}{partial}"


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """Path of the bundle of leaves ``index * 256`` onwards."""
    return tile_path(None, index, width)


def parse_tile_path(path: str) -> Tile:
    """Read a path in its one spelling. Raises ProtocolError NOT_FOUND for any other text."""
    match = _PATH.fullmatch(path)
    if not match:
        raise ProtocolError(Problem.NOT_FOUND, "no such tile")
    level = None if match[1] == "entries" else int(match[1])
    index = int(match[2].replace("x", "").replace("/", ""))
    tile = Tile(level, index, int(match[3] or TILE_WIDTH))
    # Writing the path again finds leading zeros, empty groups and a width spelt though full.
    known = (level or 0) <= MAX_TILE_LEVEL and 1 <= tile.width <= TILE_WIDTH
    if not known or tile_path(level, index, tile.width) != path:
        raise ProtocolError(Problem.NOT_FOUND, "no such tile")
    return tile


def tile_width(level: int | None, index: int, size: int) -> int:
    """How many hashes (or entries) that tile holds in a log of ``size`` leaves; 0 means no tile."""
    nodes = size >> TILE_HEIGHT * (level or 0)
    return max(0, min(TILE_WIDTH, nodes - (index << TILE_HEIGHT)))


def tile_nodes(tile: Tile) -> list[NodeId]:
    """The complete nodes whose hashes, in this order, are the tile's bytes."""
    level = TILE_HEIGHT * (tile.level or 0)
    return [(level, tile.first + offset) for offset in range(tile.width)]


def encode_entries(entries: Sequence[bytes]) -> bytes:
    """Pack leaves into a bundle: a big-endian 16-bit length before each."""
    if not all(len(entry) <= MAX_ENTRY_BYTES for entry in entries):
        raise ValueError("an entry must stay below 64 KiB")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_entries(data: bytes, width: int) -> list[bytes]:
    """Unpack a bundle of exactly ``width`` leaves. Raises ProtocolError MALFORMED."""
    entries: list[bytes] = []
    at = 0
    while at < len(data) and len(entries) < width:
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        entries.append(data[start:at])
    if at != len(data) or len(entries) != width:
        raise ProtocolError(Problem.MALFORMED, f"not a bundle of {width} entries")
    return entries
