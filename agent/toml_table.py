"""Reading one table of a settings file, strictly and to the end.

Every problem names the file, the key, the value and what was expected; all of them are collected,
so that a technician mends a file once. Nothing is guessed and no key is overlooked: a key that
nobody asked for is a problem too, with the name it was probably meant to be.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Final, TypeVar

from agent.exits import RefusedError
from agent.settings import Option

MAX_FILE_BYTES = 262_144
MAX_SHOWN = 60
MAX_TABLES = 64
Word = TypeVar("Word", bound=StrEnum)
Code = TypeVar("Code", bound=IntEnum)


class Required:
    """The mark of a key without a default."""


REQUIRED: Final = Required()


class SettingsError(RefusedError):
    """A settings file cannot be used; `problems` says everything that is wrong with it."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def read_toml(path: Path) -> dict[str, object]:
    """Parse a TOML file of at most 256 KiB. Raises SettingsError for whatever goes wrong."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise SettingsError([f"{path}: too large: at most {MAX_FILE_BYTES} bytes"])
        return tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise SettingsError([f"{path}: not UTF-8 text (byte {error.start})"]) from None
    except RecursionError:
        raise SettingsError([f"{path}: nested too deeply"]) from None
    except ValueError as error:
        raise SettingsError([f"{path}: not valid TOML: {error}"]) from None


@dataclass(slots=True)
class Table:
    """One table: ask for every key, then call `finish`. Answers are harmless after a problem."""

    file: Path
    name: str
    values: dict[str, object]
    problems: list[str]
    asked: set[str] = field(default_factory=set)

    def refuse(self, key: str, expected: str) -> None:
        """Report that the value of `key` is not what was expected."""
        value = self.values.get(key)
        shown = "is missing" if key not in self.values else f"= {_shown(value)}"
        self.problems.append(f"{self.file}: {self._full(key)} {shown}: expected {expected}")

    def integer(self, key: str, default: int | Required, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        value = self._take(key)
        if value is None and not isinstance(default, Required):
            return default
        if type(value) is int and low <= value <= high:
            return value
        self.refuse(key, f"a whole number from {low} to {high}")
        return low

    def text(self, key: str, default: str | Required, longest: int = 64) -> str:
        """Return printable text of 1 to `longest` characters."""
        value = self._take(key)
        if value is None and not isinstance(default, Required):
            return default
        if isinstance(value, str) and 0 < len(value) <= longest and value.isprintable():
            return value
        self.refuse(key, f"text of 1 to {longest} printable characters")
        return "?"

    def optional_text(self, key: str, longest: int = 256) -> str | None:
        """Return text, or None where the key is absent."""
        return self.text(key, "", longest) or None

    def flag(self, key: str, default: bool | Required) -> bool:
        """Return true or false."""
        value = self._take(key)
        if value is None and not isinstance(default, Required):
            return default
        if not isinstance(value, bool):
            self.refuse(key, "true or false")
        return value is True

    def word(self, key: str, default: Word | Required, words: type[Word]) -> Word:
        """Return one of the words of an enumeration."""
        value = self._take(key)
        if value is None and not isinstance(default, Required):
            return default
        for word in words:
            if value == word.value:
                return word
        self.refuse(key, "one of " + ", ".join(word.value for word in words))
        return next(iter(words))

    def code(self, key: str, codes: type[Code]) -> Code:
        """Return a member of an enumeration by its lower-case name; the key is required."""
        value = self._take(key)
        for code in codes:
            if value == code.name.lower():
                return code
        self.refuse(key, "one of " + ", ".join(code.name.lower() for code in codes))
        return next(iter(codes))

    def path(self, key: str, default: str | Required) -> Path:
        """Return a path; a relative one counts from the folder of the settings file."""
        text = self.text(key, default, 255)
        return (self.file.parent / text).resolve()

    def table(self, key: str) -> Table | None:
        """Return a table inside this one, or None where it is absent."""
        value = self._take(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.refuse(key, "a table")
            return None
        return self._inner(key, value)

    def tables(self, key: str) -> list[Table]:
        """Return the tables of an array of tables, at most 64."""
        value = self._take(key)
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return [self._inner(f"{key}[{n}]", item) for n, item in enumerate(value[:MAX_TABLES])]
        self.refuse(key, f"tables, each headed [[{self._full(key)}]]")
        return []

    def options(self, key: str) -> dict[str, Option]:
        """Return the table of a part's own options: text, whole numbers, true or false."""
        inner = self.table(key)
        if inner is None:
            return {}
        plain: dict[str, Option] = {}
        for name, value in inner.values.items():
            if isinstance(value, str | int):
                plain[name] = value
            else:
                inner.refuse(name, "text, a whole number, true or false")
        return plain

    def finish(self) -> None:
        """Report every key that nobody asked for."""
        for key in sorted(self.values.keys() - self.asked):
            hint = _hint(key, self.asked)
            self.problems.append(f"{self.file}: {self._full(key)}: unknown key; {hint}")

    def _take(self, key: str) -> object:
        self.asked.add(key)
        return self.values.get(key)

    def _full(self, key: str) -> str:
        shown = _shown(key)[1:-1]
        return f"{self.name}.{shown}" if self.name else shown

    def _inner(self, key: str, values: dict[str, object]) -> Table:
        return Table(self.file, self._full(key), values, self.problems)


def _hint(key: str, known: set[str]) -> str:
    from difflib import get_close_matches  # only who has mistyped pays for it

    near = get_close_matches(key, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
