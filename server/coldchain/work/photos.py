"""Photos that people hand in: of what was refused, of the ice. Kept under their hash, shown to
those who have to do with them, without what a camera writes beside the picture (place, owner)."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from server.accounts.door import guarded
from server.accounts.rules import Need
from server.coldchain.models import Handover, Inspection
from server.coldchain.rules import SERVICE
from server.coldchain.taking import visible
from server.coldchain.work.sheet import Blank, Hint, Sheet
from server.pilots.models import Document

PICTURES: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_APP0, _SCAN, _MARKER = 0xE0, 0xDA, 0xFF
_BESIDE: Final = frozenset({*range(0xE1, 0xF0), 0xFE})
"""Segments of a JPEG that say something beside the picture: EXIF, XMP, comments."""


def keep(sheet: Sheet, now_ms: int, name: str = "photo") -> str:
    """Keep the photo that was sent; its hash, "" where there is none. Raises Blank."""
    sent = sheet.file(name)
    if sent is None:
        return ""
    media = next((one for head, one in PICTURES.items() if sent.body.startswith(head)), "")
    if not media:
        raise Blank(name, Hint.PHOTO)
    body = bare(sent.body) if media == "image/jpeg" else sent.body
    digest = sha256(body).hexdigest()
    rest = {"name": digest[:16], "media": media, "body": body, "made_ms": now_ms}
    Document.objects.get_or_create(sha256=digest, defaults=rest)
    return digest


def bare(jpeg: bytes) -> bytes:
    """A JPEG without its segments beside the picture; one that is broken stays as it is."""
    try:
        return b"".join(_kept(jpeg))
    except IndexError:
        return jpeg


def _kept(jpeg: bytes) -> Iterator[bytes]:
    yield jpeg[:2]
    at = 2
    while jpeg[at] == _MARKER and jpeg[at + 1] != _SCAN:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if jpeg[at + 1] not in _BESIDE:
            yield jpeg[at:end]
        at = end
    yield jpeg[at:]


@guarded(Need.SEE, service=SERVICE)
@require_safe
def photo(request: HttpRequest, organisation: str, digest: str) -> HttpResponse:  # noqa: ARG001
    """A photo of a hand-over or an inspection that this organisation has to do with."""
    mine = Q(giver=organisation) | Q(taker=organisation) | Q(carrier=organisation)
    handed = Handover.objects.filter(mine, photo=digest).exists()
    if not handed and not _inspected(organisation, digest):
        raise Http404
    found = Document.objects.filter(sha256=digest, media__startswith="image/").first()
    if found is None:
        raise Http404
    response = HttpResponse(bytes(found.body), found.media)
    response.headers["Cache-Control"] = "no-store"
    return response


def _inspected(organisation: str, digest: str) -> bool:
    from server.coldchain.models import Lot

    lots = Lot.objects.filter(visible(organisation))
    return Inspection.objects.filter(photo=digest, lot__in=lots).exists()
