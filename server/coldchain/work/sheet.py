"""What somebody typed into a form, read field by field, each of its kind.

A field that is missing or none of its kind raises `Blank`, which says which one and what belongs
there; nothing has been done then. Weights are typed as kilograms and kept as grams, times are
Korean and kept as UTC milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict

from server.pilots.actions.papers import MAX_FILE, File
from server.web.shown import KOREA

MAX_TEXT: Final = 500
MAX_LINES: Final = 500
DIGITS: Final = 9
KILOGRAMS: Final = re.compile(r"(\d{1,7})(?:[.,](\d{1,3}))?", re.ASCII)
KEY: Final = re.compile("[a-z2-7]{16,64}")

E = TypeVar("E", bound=StrEnum)


class Hint(StrEnum):
    """What belongs into a field."""

    NEEDED = "needed"
    WEIGHT = "weight"
    COUNT = "count"
    CHOICE = "choice"
    TIME = "time"
    PHOTO = "photo"
    SHEET = "sheet"
    LOT = "lot"
    CONTACT = "contact"
    LABEL = "label"
    NOTHING = "nothing"


class Blank(ValueError):
    """A field is missing, or is none of its kind."""

    def __init__(self, field: str, hint: Hint = Hint.NEEDED) -> None:
        super().__init__(field)
        self.field, self.hint = field, hint


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form as it was sent, or the query of the address that opens it."""

    typed: QueryDict
    files: Mapping[str, object]

    @classmethod
    def of(cls, request: HttpRequest) -> Sheet:
        """What this request brings."""
        return cls(request.POST if request.method == "POST" else request.GET, request.FILES)

    @property
    def key(self) -> str:
        """The name of the request; "" where it has none of ours."""
        text = self.text("key")
        return text if KEY.fullmatch(text) else ""

    def text(self, name: str) -> str:
        """A line, at most 500 letters; "" where there is none."""
        return _line(self.typed.get(name, ""))

    def need(self, name: str) -> str:
        """A line that must not be empty. Raises Blank."""
        text = self.text(name)
        if not text:
            raise Blank(name)
        return text

    def many(self, name: str) -> tuple[str, ...]:
        """Every value of a field that is not empty, each once, in order."""
        found = dict.fromkeys(map(_line, self.typed.getlist(name)))
        return tuple(one for one in found if one)

    def column(self, name: str) -> list[str]:
        """Every value of a repeated field, empty ones too. Raises Blank beyond 500."""
        found = [_line(one) for one in self.typed.getlist(name)]
        if len(found) > MAX_LINES:
            raise Blank(name, Hint.COUNT)
        return found

    def grams(self, name: str) -> int:
        """A weight. Raises Blank."""
        return grams_of(self.text(name), name)

    def grams_if_any(self, name: str) -> int | None:
        """A weight, or None for an empty field. Raises Blank."""
        return self.grams(name) if self.text(name) else None

    def count(self, name: str) -> int:
        """A whole number, 0 for an empty field. Raises Blank."""
        return count_of(self.text(name), name)

    def word(self, name: str, kind: type[E]) -> E:
        """A word of a closed list. Raises Blank."""
        try:
            return kind(self.text(name))
        except ValueError:
            raise Blank(name, Hint.CHOICE) from None

    def ticked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return self.text(name) == "yes"

    def moment(self, name: str) -> int | None:
        """A Korean time as UTC ms, None for an empty field. Raises Blank."""
        text = self.text(name)
        if not text:
            return None
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise Blank(name, Hint.TIME) from None
        return int(at.replace(tzinfo=at.tzinfo or KOREA).timestamp() * 1000)

    def day(self, name: str) -> date | None:
        """A day, None for an empty field. Raises Blank."""
        text = self.text(name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise Blank(name, Hint.TIME) from None

    def file(self, name: str, hint: Hint = Hint.PHOTO) -> File | None:
        """A file, None where there is none. Raises Blank for one that is too large."""
        sent = self.files.get(name)
        if not isinstance(sent, UploadedFile) or not sent.size:
            return None
        if sent.size > MAX_FILE:
            raise Blank(name, hint)
        return File(str(sent.name or "")[-120:], sent.read())


def _line(typed: object) -> str:
    """What was typed as one line that a table can hold: no form sends a zero byte by itself."""
    return str(typed).replace("\0", " ").strip()[:MAX_TEXT]


def grams_of(text: str, name: str) -> int:
    """Kilograms as people type them: "12", "12.5", "12,5". Raises Blank."""
    found = KILOGRAMS.fullmatch(text)
    if found is None:
        raise Blank(name, Hint.WEIGHT if text else Hint.NEEDED)
    return int(found[1]) * 1000 + int((found[2] or "").ljust(3, "0"))


def count_of(text: str, name: str) -> int:
    """A whole number; nothing is 0. Raises Blank."""
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) <= DIGITS):
        raise Blank(name, Hint.COUNT)
    return int(text)


def kilograms(grams: int) -> str:
    """Grams as a field takes them back: "12.5"."""
    text = f"{grams // 1000}.{grams % 1000:03}"
    return text.rstrip("0").rstrip(".")
