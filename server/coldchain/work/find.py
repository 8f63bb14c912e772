"""A scanner is a keyboard: what it typed is read, and the thing that it names is found.

Label codes, lot numbers, Digital Link addresses, element strings with brackets, pallets (SSCC), the
codes on truck doors. What is not ours is answered like what does not exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from django.db.models import Q

from science import gs1
from server.coldchain.models import Label, Lot, OnPallet, Pallet, Room
from server.coldchain.rules import Status
from server.coldchain.work.frame import Here
from server.coldchain.work.hangul import latin

DOOR: Final = re.compile(r"/doors/([0-9]{1,9})")
BRACKETS: Final = re.compile(r"\(01\)([0-9]{8,14})\(10\)([^()]{1,20})(?:\(21\)([^()]{1,20}))?")
SSCC: Final = re.compile(r"(?:\(00\)|00)?([0-9]{18})")
REF: Final = re.compile("[a-z2-7]{16}")
LONGEST: Final = 300
MANY: Final = 2


@dataclass(frozen=True, slots=True)
class Found:
    """What a code names: one lot, a label without a lot, a room, the lots of a pallet, or none.

    stack: the pallet's id. several: lots that share a number; the reader chooses.
    """

    text: str
    lot: Lot | None = None
    label: Label | None = None
    room: Room | None = None
    pallet: tuple[str, ...] = ()
    stack: str = ""
    several: tuple[Lot, ...] = ()

    @property
    def refs(self) -> tuple[str, ...]:
        """The lots that it stands for, to be put in a basket."""
        return (self.lot.ref,) if self.lot else self.pallet

    def address(self, home: str) -> str:
        """Where the work with it goes on; "" for nothing found."""
        if self.lot:
            return f"{home}/lots/{self.lot.ref}"
        if self.label:
            return f"{home}/labels?serial={quote(self.label.serial)}"
        if self.room:
            return f"{home}/rooms/{self.room.id}"
        return f"{home}/pallets/{self.stack}" if self.stack else ""


def find(here: Here, text: str) -> Found:
    """What somebody scanned or typed."""
    plain = latin(text.strip()[:LONGEST])
    path = unquote(urlsplit(plain).path) if "/" in plain else ""
    if door := DOOR.search(path):
        return Found(plain, room=Room.objects.filter(id=int(door[1])).first())
    for way in (_by_link, _by_label, _by_pallet, _by_number):
        found = way(here, plain)
        if found is not None:
            return found
    return Found(plain)


def _ours(here: Here, condition: Q) -> list[Lot]:
    mine = here.lots().filter(condition)
    return list(mine.exclude(status=Status.VOID).order_by("-id")[: MANY * MANY])


def _found(text: str, lots: list[Lot]) -> Found | None:
    if len(lots) == 1:
        return Found(text, lot=lots[0])
    return Found(text, several=tuple(lots)) if lots else None


def _by_link(here: Here, text: str) -> Found | None:
    """A Digital Link address, or the same as an element string."""
    brackets = BRACKETS.fullmatch(text)
    at = text.find("/01/")
    try:
        if brackets:
            link = gs1.Link(gs1.gtin14(brackets[1]), brackets[2], brackets[3] or "")
        elif at >= 0:
            link = gs1.parse(urlsplit(text[at:]).path)
        else:
            return None
    except gs1.Gs1Error:
        return None
    if link.serial and (found := _by_label(here, link.serial)) is not None:
        return found
    return _found(text, _ours(here, Q(gtin=link.gtin, code=link.lot)))


def _by_label(here: Here, text: str) -> Found | None:
    last = text.rstrip("/").rpartition("/")[2]
    try:
        serial = gs1.short_code(gs1.short_number(last))
    except gs1.Gs1Error:
        return None
    label = Label.objects.filter(serial=serial).select_related("lot", "roll").first()
    if label is None:
        return None
    if label.void_ms is not None:
        return Found(text)
    if label.lot is not None:
        return _found(text, _ours(here, Q(id=label.lot_id)))
    return Found(text, label=label)


def _by_pallet(here: Here, text: str) -> Found | None:
    number = SSCC.fullmatch(text)
    own = Q(id=text) if REF.fullmatch(text) else Q(sscc=number[1] if number else "-")
    pallet = Pallet.objects.filter(own, ended_ms=None).first()
    if pallet is None:
        return None
    on_it = OnPallet.objects.filter(pallet=pallet, off=None, lot__holder=here.organisation)
    refs = tuple(on_it.order_by("id").values_list("lot__ref", flat=True))
    return Found(text, pallet=refs, stack=pallet.id) if refs else None


def _by_number(here: Here, text: str) -> Found | None:
    last = text.rstrip("/").rpartition("/")[2]
    if REF.fullmatch(last.lower()) and (found := _ours(here, Q(ref=last.lower()))):
        return _found(text, found)
    return _found(text, _ours(here, Q(code__iexact=last) | Q(trace_no=last))) if last else None
