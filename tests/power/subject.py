"""What is cut: a program that writes and says what it may count on, and its judge after the cut."""

from __future__ import annotations

import json
import mmap
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.power.recorder import COUNTER

Fact = dict[str, Any]
"""What was acknowledged, as plain values; each one includes all that was acknowledged before."""


class Verdict(StrEnum):
    """What became of that which was acknowledged before a cut."""

    KEPT = "kept"
    TOLD = "told"
    """Something is gone, and whoever has to know can see it."""
    UNTOLD = "untold"
    """Something is gone in silence."""
    UNSOUND = "unsound"
    """The file system contradicts itself; having noticed, it is checked at the next boot."""
    UNMOUNTABLE = "unmountable"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict and its reason."""

    verdict: Verdict
    why: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """`write(folder, tell)` works; `judge(folder, fact)` looks at what is left.

    `prepare` runs once, before any process is forked off that writes or judges. `fact` is None
    where nothing had been acknowledged.
    """

    prepare: Callable[[], None]
    write: Callable[[Path, Callable[[Fact], None]], None]
    judge: Callable[[Path, Fact | None], Finding]
    megabytes: int = 24


class Notary:
    """Writes down what was acknowledged, and how long the tape was by then."""

    def __init__(self, counter: Path, facts: Path) -> None:
        with counter.open("r+b") as file:
            self._counter = mmap.mmap(file.fileno(), COUNTER.size)
        self._facts = facts.open("w")

    def length(self) -> int:
        """How long the tape is now."""
        return int(COUNTER.unpack_from(self._counter)[0])

    def tell(self, fact: Fact) -> None:
        """All before the tape's present end stands for this fact."""
        print(json.dumps([self.length(), fact]), file=self._facts, flush=True)


def facts(path: Path) -> list[tuple[int, Fact]]:
    """(length of the tape, what was acknowledged by then), in order."""
    return [(at, fact) for at, fact in map(json.loads, path.read_text().splitlines())]
