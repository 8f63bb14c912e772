"""A place in a document: its value, and where it stands. What does not fit is told with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from server.coldchain.epcis import ids, times
from server.coldchain.epcis.ids import Name, Noun
from server.coldchain.epcis.vocabulary import Unfit, word

Word = TypeVar("Word", bound=StrEnum)
LONGEST: Final = 500
MOST: Final = 10_000
"""Elements of one list."""


class Misfit(Exception):
    """A document that is refused whole: why, and where (a JSON pointer)."""

    def __init__(self, why: Unfit, at: str) -> None:
        super().__init__(f"{why} at {at or '/'}")
        self.why = why
        self.at = at


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its JSON pointer; every getter raises Misfit for what is something else."""

    value: Any
    at: str = ""

    def no(self, why: Unfit = Unfit.VALUE) -> Misfit:
        """What to raise here."""
        return Misfit(why, self.at)

    def has(self, name: str) -> bool:
        """Whether a field is there and says something."""
        return isinstance(self.value, dict) and self.value.get(name) is not None

    def get(self, name: str) -> Node:
        """A field that has to be there."""
        if not isinstance(self.value, dict):
            raise self.no()
        below = f"{self.at}/{name.replace('~', '~0').replace('/', '~1')}"
        if self.value.get(name) is None:
            raise Misfit(Unfit.MISSING, below)
        return Node(self.value[name], below)

    def some(self, name: str) -> Iterator[Node]:
        """The elements of a field that is a list, or is not there."""
        if not self.has(name):
            return
        yield from self.get(name).elements()

    def elements(self) -> Iterator[Node]:
        """The elements of a list."""
        if not isinstance(self.value, list):
            raise self.no()
        if len(self.value) > MOST:
            raise self.no(Unfit.TOO_MANY)
        for place, one in enumerate(self.value):
            yield Node(one, f"{self.at}/{place}")

    def text(self, longest: int = LONGEST) -> str:
        """A text that can be printed."""
        if not isinstance(self.value, str) or not 0 < len(self.value) <= longest:
            raise self.no()
        if not self.value.isprintable():
            raise self.no()
        return self.value

    def of(self, words: type[Word], why: Unfit = Unfit.VALUE) -> Word:
        """A word of a closed list."""
        found = word(self.text(), words)
        if found is None:
            raise self.no(why)
        return found

    def time(self) -> int:
        """UTC milliseconds."""
        found = times.read(self.text())
        if found is None:
            raise self.no()
        return found

    def number(self, most: int) -> int:
        """A whole number from 0 on."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise self.no()
        return value

    def uri(self, nouns: Iterable[Noun]) -> str:
        """The URI of one of these, as it is written."""
        self.name(nouns)
        return self.text(ids.LONGEST)

    def name(self, nouns: Iterable[Noun]) -> Name:
        """What a URI names, one of these."""
        found = ids.parse(self.text(ids.LONGEST))
        if found is None or found.noun not in nouns:
            raise self.no(Unfit.ID)
        return found

    def maybe(self, name: str, longest: int = LONGEST) -> str:
        """A text, "" where there is none."""
        return self.get(name).text(longest) if self.has(name) else ""
