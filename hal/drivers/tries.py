"""From several tries at a doubtful sensor to one measurement for each quantity. Pure.

Cheap sensors answer wrongly now and then with a checksum that fits. So a value counts when another
try, made a little before, agrees with it as far as the quantity may have moved in between; a lone
value is SUSPECT, values of which no two agree are DISAGREE. What was handed over once is never
handed over again: it stays only to be compared with. Nothing is averaged and nothing is invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from hal.api import KEEPS_VALUE, Fault, Quantity

KEPT = 6
FRESH_MS = 15_000  # an older try says nothing about now
MOST_TRIES = 15  # what a record can hold


@dataclass(frozen=True, slots=True)
class Said:
    """One quantity of one try: a value in milli-units, or why there is none, or both."""

    quantity: Quantity
    value: int | None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Try:
    """What the sensor said at one moment."""

    at_ms: int
    said: tuple[Said, ...]

    def of(self, quantity: Quantity) -> Said | None:
        """Return what it said of this quantity."""
        return next((said for said in self.said if said.quantity is quantity), None)


@dataclass(frozen=True, slots=True)
class Rule:
    """How far two values may be apart and agree: `slack`, and `rate` per second between them."""

    slack: int
    rate: int

    def agree(self, first: tuple[int, int], second: tuple[int, int]) -> bool:
        """Whether two (time in ms, value) fit together."""
        (at_a, a), (at_b, b) = first, second
        return abs(a - b) * 1_000 <= self.slack * 1_000 + self.rate * abs(at_b - at_a)


Rules = Mapping[Quantity, Rule | None]
"""The quantities of a sensor; None: each value is protected well enough to count alone."""


@dataclass(frozen=True, slots=True)
class Tries:
    """The newest tries, oldest first; the last `fresh` of them were not yet handed over."""

    kept: tuple[Try, ...] = ()
    fresh: int = 0

    def absorb(self, one: Try) -> Tries:
        """Return the tries with one more."""
        return Tries((*self.kept, one)[-KEPT:], self.fresh + 1)

    def taken(self) -> Tries:
        """Return the tries after everything in them was handed over."""
        return replace(self, fresh=0)

    def conclude(self, rules: Rules, at_ms: int) -> Iterator[tuple[Said, int]]:
        """Yield for each quantity what to believe now, and of how many tries it is the outcome."""
        first_fresh = max(0, len(self.kept) - self.fresh)
        count = max(1, min(self.fresh, MOST_TRIES))
        for quantity, rule in rules.items():
            seen = [
                _Seen(one.at_ms, said, index >= first_fresh)
                for index, one in enumerate(self.kept)
                if at_ms - one.at_ms <= FRESH_MS and (said := one.of(quantity))
            ]
            yield _believe(seen, rule) or Said(quantity, None, Fault.NOT_READY), count


class _Seen(NamedTuple):
    """One quantity of one try; `fresh`: not yet handed over."""

    at_ms: int
    said: Said
    fresh: bool


def _believe(seen: Sequence[_Seen], rule: Rule | None) -> Said | None:
    """The newest fresh value that an older one confirms; else the newest value; else the fault."""
    fresh = [one for one in seen if one.fresh]
    values = [one for one in seen if one.said.value is not None]
    candidates = [index for index, one in enumerate(values) if one.fresh]
    if not candidates:
        return fresh[-1].said if fresh else None
    if rule is None:
        return values[-1].said
    for index in reversed(candidates):
        if any(rule.agree(_point(other), _point(values[index])) for other in values[:index]):
            return values[index].said
    return replace(values[-1].said, fault=Fault.DISAGREE if len(values) > 1 else Fault.SUSPECT)


def _point(seen: _Seen) -> tuple[int, int]:
    return seen.at_ms, seen.said.value or 0


def failed(rules: Rules, fault: Fault) -> tuple[Said, ...]:
    """A try that brought nothing: the same fault for every quantity."""
    assert fault not in KEEPS_VALUE
    return tuple(Said(quantity, None, fault) for quantity in rules)
