"""GS1 keys and our short codes: check digits, Digital Link addresses, and strict ways back.

An address is /01/{gtin}/10/{lot}[/21/{serial}]. What has a wrong check digit or a character outside
GS1's set is refused, never mended. Spec: GS1 General Specifications, sections 7.9 and 7.11; GS1
Digital Link, "URI syntax".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})
GLN_LENGTH: Final = 13
MAX_LOT: Final = 20

_DIGITS: Final = re.compile(r"[0-9]+", re.ASCII)
_ALLOWED: Final = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}")
_PATH: Final = re.compile(r"/01/([^/]+)/10/([^/]+)(?:/21/([^/]+))?")

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""31 letters that are not mistaken for others: a prime number, on which the check rests."""
SHORT: Final = 7
"""Letters of a short code before the one that checks them."""
MOST_SHORT: Final = len(ALPHABET) ** SHORT


class Gs1Error(ValueError):
    """Not a key, address or short code; the text says what is wrong with it."""


def check_digit(digits: str) -> str:
    """The digit that follows these in a GTIN or GLN: weights 3 and 1 from the right."""
    weighed = sum(int(one) * (3, 1)[place % 2] for place, one in enumerate(reversed(digits)))
    return str(-weighed % 10)


def gtin14(text: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits as one of 14. Raises Gs1Error."""
    _check(text, "GTIN", GTIN_LENGTHS)
    return text.zfill(14)


def gln(text: str) -> str:
    """A GLN, 13 digits. Raises Gs1Error."""
    _check(text, "GLN", frozenset({GLN_LENGTH}))
    return text


def _check(text: str, what: str, lengths: frozenset[int]) -> None:
    if not _DIGITS.fullmatch(text) or len(text) not in lengths:
        raise Gs1Error(f"a {what} has {' or '.join(map(str, sorted(lengths)))} digits")
    if check_digit(text[:-1]) != text[-1]:
        raise Gs1Error(f"the last digit of this {what} does not fit the others")


@dataclass(frozen=True, slots=True)
class Link:
    """What a code on a box says: GTIN-14, lot number, and a serial number on serial codes only."""

    gtin: str
    lot: str
    serial: str = ""

    def __post_init__(self) -> None:
        """Refuse what no scanner would read back. Raises Gs1Error."""
        if gtin14(self.gtin) != self.gtin:
            raise Gs1Error("the GTIN in an address has 14 digits")
        for name, value in (("lot number", self.lot), ("serial number", self.serial)):
            if not _ALLOWED.fullmatch(value) and (value or name == "lot number"):
                raise Gs1Error(f"a {name} has 1 to {MAX_LOT} characters of GS1's set")

    @property
    def path(self) -> str:
        """The address below the server's own."""
        lot, serial = quote(self.lot, safe=""), quote(self.serial, safe="")
        return f"/01/{self.gtin}/10/{lot}" + (f"/21/{serial}" if serial else "")

    @property
    def element_string(self) -> str:
        """As people read it: (01)...(10)...(21)..."""
        return f"(01){self.gtin}(10){self.lot}" + (f"(21){self.serial}" if self.serial else "")


def parse(path: str) -> Link:
    """Read a path back. Raises Gs1Error."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise Gs1Error("an address is /01/GTIN/10/LOT, perhaps with /21/SERIAL")
    gtin, lot, serial = (unquote(part or "") for part in found.groups())
    return Link(gtin14(gtin), lot, serial)


def short_code(number: int) -> str:
    """A number below 31^7 as eight letters in two groups, the last one checking the others."""
    if not 0 <= number < MOST_SHORT:
        raise ValueError(f"a short code stands for a number below {MOST_SHORT}")
    letters = ""
    for _ in range(SHORT):
        number, place = divmod(number, len(ALPHABET))
        letters = ALPHABET[place] + letters
    whole = letters + _check_letter(letters)
    return f"{whole[:4]}-{whole[4:]}"


def short_number(text: str) -> int:
    """Read a short code as people type it: case, spaces and hyphens do not matter.

    Raises Gs1Error. One wrong letter, or any two exchanged, never reads as another code.
    """
    letters = text.upper().replace("-", "").replace(" ", "")
    if len(letters) != SHORT + 1 or not set(letters) <= set(ALPHABET):
        raise Gs1Error(f"a short code has {SHORT + 1} letters, without 0, 1, I, L and O")
    if _check_letter(letters[:SHORT]) != letters[SHORT]:
        raise Gs1Error("a letter of this short code is wrong")
    number = 0
    for letter in letters[:SHORT]:
        number = number * len(ALPHABET) + ALPHABET.index(letter)
    return number


def _check_letter(letters: str) -> str:
    """Weights differ and divide by no factor of 31, so any one error and any exchange shows."""
    weighed = sum(place * ALPHABET.index(one) for place, one in enumerate(letters, 2))
    return ALPHABET[weighed % len(ALPHABET)]
