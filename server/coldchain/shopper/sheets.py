"""Sheets of labels for whoever sticks them on: A4, three across and eight down, for any printer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from server.accounts.door import guarded
from server.accounts.rules import Need
from server.coldchain.models import Label, Roll
from server.coldchain.shopper import codes
from server.coldchain.shopper.words import WORDS
from server.web import shell

SAID: Final = ("labels", "labels_note", "blank", "lot")
PAGE: Final = "coldchain/shopper/sheet.html"


@dataclass(frozen=True, slots=True)
class Sticker:
    """One label: its picture, its number, and the lot that it is on already, "" while blank."""

    picture: str
    serial: str
    lot: str


@guarded(Need.SEE, service="coldchain")
@require_safe
def sheet(request: HttpRequest, organisation: str, roll: str) -> HttpResponse:
    """One sheet of a roll of one's own; `?sheet=` counts from 1."""
    if not Roll.objects.filter(id=roll, organisation=organisation).exists():
        raise Http404
    labels = Label.objects.filter(roll=roll, void_ms=None).select_related("lot").order_by("serial")
    sheets = max(-(-labels.count() // codes.PER_SHEET), 1)
    number = _number(request.GET.get("sheet", "1"), sheets)
    first = (number - 1) * codes.PER_SHEET
    content = {
        "stickers": [_sticker(one) for one in labels[first : first + codes.PER_SHEET]],
        "number": number,
        "numbers": range(1, sheets + 1),
    }
    # Ours alone: some of the others are named as the frame's are.
    return shell.page(request, PAGE, content, {name: WORDS[name] for name in SAID})


def _sticker(label: Label) -> Sticker:
    lot = label.lot
    gtin, code = (lot.gtin, lot.code) if lot else ("", "")
    text = codes.address(settings.JAGALCHI.address, gtin, code, label.serial)
    return Sticker(codes.inline(text), label.serial, code)


def _number(text: str, most: int) -> int:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 1
    return min(max(number, 1), most)
