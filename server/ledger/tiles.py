"""The public face of the log: /checkpoint and /tile/..., as c2sp.org/tlog-tiles has them.

Whoever mirrors or monitors the log needs nothing else. Full tiles never change and say so. It
refuses (404) every tile that the newest checkpoint does not reach, and every second spelling.
Specification: docs/protocol.md, "Tiles".
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from protocol.errors import ProtocolError
from protocol.tiles import Tile, encode_entries, parse_tile_path, tile_nodes, tile_width
from server.ledger import log, nodes

FOR_EVER = "public, max-age=31536000, immutable"
A_MINUTE = "public, max-age=60"
A_SECOND = "public, max-age=1"


def tile_bytes(tile: Tile) -> bytes | None:
    """The tile's bytes; None if the log has not grown that far."""
    if tile.width > tile_width(tile.level, tile.index, log.newest().size):
        return None
    if tile.level is None:
        return encode_entries(log.leaves(tile.first, tile.width))
    ids = tile_nodes(tile)
    node = nodes.read(ids)
    return b"".join(node(level, index) for level, index in ids)


@require_safe
def checkpoint(_request: HttpRequest) -> HttpResponse:
    """The newest checkpoint, a signed note."""
    return _public(log.newest().note.encode(), "text/plain; charset=utf-8", A_SECOND)


@require_safe
def tile(_request: HttpRequest, path: str) -> HttpResponse:
    """A hash tile or a bundle of entries."""
    try:
        wanted = parse_tile_path(f"tile/{path}")
    except ProtocolError:
        return _missing()
    data = tile_bytes(wanted)
    if data is None:
        return _missing()
    return _public(data, "application/octet-stream", FOR_EVER if wanted.full else A_MINUTE)


def _missing() -> HttpResponse:
    response = HttpResponse("no such tile\n", "text/plain; charset=utf-8", status=404)
    # It may exist in a moment: a cache that remembered its absence would hide it.
    response["Cache-Control"] = "no-store"
    return response


def _public(data: bytes, content_type: str, caching: str) -> HttpResponse:
    response = HttpResponse(data, content_type)
    response["Cache-Control"] = caching
    # Anyone's page may check this log.
    response["Access-Control-Allow-Origin"] = "*"
    return response
