"""The options of one part, as configured: typed access that remembers what was asked for.

A part takes what it knows; what nobody took is a typing error and is reported as one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from hal.api import HalError

T = TypeVar("T")

UNDERSTOOD_ABOVE = frozenset({"part", "number", "name", "correction_milli"})
"""Keys that belong to whoever fits the part, not to the part."""


class Options:
    """Settings of one part. Every getter raises HalError naming part, key, value, expectation.

    own: what the configuration says at this part; inherited: what it says for the whole bench
    (scenario, seed), which a part is free not to use.
    """

    def __init__(self, part: str, own: Mapping[str, object], inherited: Mapping[str, object]):
        """Hold the settings; nothing is copied or changed."""
        self.part = part
        self._own = own
        self._values = {**inherited, **own}
        self._asked: set[str] = set()

    def text(self, key: str, default: str) -> str:
        """Return a text."""
        return self._take(key, default, str, "a text")

    def integer(self, key: str, default: int) -> int:
        """Return a whole number."""
        return self._take(key, default, int, "a whole number")

    def maybe_integer(self, key: str) -> int | None:
        """Return a whole number, or None where nothing is configured."""
        self._asked.add(key)
        return self.integer(key, 0) if self._values.get(key) is not None else None

    def anything(self, key: str, default: object) -> object:
        """Return whatever stands there; the caller judges it (hal/schema.py)."""
        self._asked.add(key)
        return self._values.get(key, default)

    def refuse(self, key: str, expected: str) -> HalError:
        """Return the error for a value that is of the right type but does not fit."""
        return HalError(f"{self.part}: {key} = {self._values.get(key)!r}: expected {expected}")

    def unknown(self) -> list[str]:
        """Return the keys configured at this part that it never asked for."""
        return sorted(set(self._own) - self._asked - UNDERSTOOD_ABOVE)

    def known(self) -> list[str]:
        """Return the keys the part asked for."""
        return sorted(self._asked - UNDERSTOOD_ABOVE)

    def _take(self, key: str, default: T, kind: type[T], expected: str) -> T:
        self._asked.add(key)
        value = self._values.get(key, default)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.refuse(key, expected)
        return value


class Shared:
    """What the parts of one bench have in common: one simulated truck, one serial port."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._things: dict[object, object] = {}

    def get(self, key: object, kind: type[T], make: Callable[[], T]) -> T:
        """Return the thing under `key`, making it the first time."""
        thing = self._things.setdefault(key, None) or make()
        if not isinstance(thing, kind):
            raise HalError(f"{key!r} is a {type(thing).__name__}, not a {kind.__name__}")
        self._things[key] = thing
        return thing
