"""Names of lots, places, parties and things as URIs, and strict ways back.

Where a GS1 key is known the name is a GS1 Digital Link URI on GS1's own host; ours are URNs below
`urn:jagalchi:`. Digital Links of any other host and GS1's older URNs of lots are read as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from science import gs1

HOST: Final = "https://id.gs1.org"
URN: Final = "urn:jagalchi"
_OWN: Final = re.compile(r"urn:jagalchi:([a-z]+):([^:\s]+)(?::([^:\s]+))?")
_LGTIN: Final = re.compile(r"urn:epc:class:lgtin:([0-9]{6,12})\.([0-9]{1,7})\.([^.\s]+)")
_KEY: Final = re.compile(r"/(00)/([0-9]{18})|/(414|417)/([0-9]{13})")
LONGEST: Final = 400


class Noun(StrEnum):
    """What a name stands for."""

    LOT = "lot"
    EVENT = "event"
    PLACE = "place"
    ROOM = "room"
    PARTY = "party"
    PALLET = "pallet"
    DEVICE = "device"
    FITTING = "fitting"


KEYS: Final = {"00": Noun.PALLET, "414": Noun.PLACE, "417": Noun.PARTY}
"""GS1's application identifiers: SSCC, and the GLN of a place and of a party."""


@dataclass(frozen=True, slots=True)
class Name:
    """What a URI names. key: our id, or a lot's number; gs1: a GTIN-14, GLN or SSCC instead."""

    noun: Noun
    key: str = ""
    gs1: str = ""


def lot(gtin: str, code: str) -> str:
    """The name of a lot, by its GTIN-14 ("" where it has none) and number."""
    try:
        if gtin:
            return HOST + gs1.Link(gtin, code).path
    except gs1.Gs1Error:  # a number in letters that GS1 does not know
        return f"{URN}:{Noun.LOT}:{gtin}:{quote(code, safe='')}"
    return f"{URN}:{Noun.LOT}:{quote(code, safe='')}"


def own(noun: Noun, key: object, more: object = "") -> str:
    """The name of something that has an id here only."""
    return f"{URN}:{noun}:{key}" + (f":{more}" if more != "" else "")


def place(id: str, gln: str = "") -> str:
    """The name of a place."""
    return f"{HOST}/414/{gln}" if gln else own(Noun.PLACE, id)


def party(id: str, gln: str = "") -> str:
    """The name of an organisation."""
    return f"{HOST}/417/{gln}" if gln else own(Noun.PARTY, id)


def pallet(id: str, sscc: str = "") -> str:
    """The name of a pallet."""
    return f"{HOST}/00/{sscc}" if sscc else own(Noun.PALLET, id)


def parse(uri: str) -> Name | None:
    """What a URI names; None where it is none of these, or a check digit is wrong."""
    if len(uri) > LONGEST:
        return None
    try:
        return _own(uri) or _lgtin(uri) or _link(uri)
    except ValueError:  # Gs1Error is one, and so is an address that is none
        return None


def _own(uri: str) -> Name | None:
    found = _OWN.fullmatch(uri)
    if found is None or found[1] not in set(Noun):
        return None
    noun, first, second = Noun(found[1]), found[2], found[3]
    if noun is Noun.LOT:
        return Name(noun, unquote(second or first), gs1.gtin14(first) if second else "")
    return Name(noun, first)


def _lgtin(uri: str) -> Name | None:
    """Company prefix and item reference: the item's first digit stands before the prefix."""
    found = _LGTIN.fullmatch(uri)
    if found is None:
        return None
    digits = found[2][0] + found[1] + found[2][1:]
    return Name(Noun.LOT, unquote(found[3]), gs1.gtin14(digits + gs1.check_digit(digits)))


def _link(uri: str) -> Name | None:
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    if found := _KEY.fullmatch(parts.path):
        kind, digits = found[1] or found[3], found[2] or found[4]
        fits = gs1.check_digit(digits[:-1]) == digits[-1]
        return Name(KEYS[kind], gs1=digits) if fits else None
    link = gs1.parse(parts.path)
    return None if link.serial else Name(Noun.LOT, link.lot, link.gtin)
