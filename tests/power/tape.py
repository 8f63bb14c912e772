"""Crash states: what a card may hold when the current goes at one place of a tape.

- ordered: everything before the cut, in order; the best card there is
- honest: everything before the last flush; of what came later each KiB is there or not
- torn: as honest, and what is there may end at a sector
- lying: as torn, but the last eight flushes were acknowledged and not carried out
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random

from tests.power.recorder import ENTRY

BLOCK, SECTOR = 1024, 512
LIES = 8
KEPT, TORN = 0.5, 0.1


class Card(StrEnum):
    """How a card treats what it was told to keep."""

    ORDERED = "ordered"
    HONEST = "honest"
    TORN = "torn"
    LYING = "lying"


@dataclass(frozen=True, slots=True)
class Entry:
    """One write; a flush has no data."""

    offset: int
    data: bytes


def read(path: Path) -> list[Entry]:
    """The tape, entry by entry."""
    raw, at, entries = path.read_bytes(), 0, []
    while at < len(raw):
        offset, length = ENTRY.unpack_from(raw, at)
        at += ENTRY.size + length
        entries.append(Entry(offset, raw[at - length : at]))
    return entries


def fence(tape: Sequence[Entry], cut: int, card: Card) -> int:
    """Up to which entry everything is certainly there."""
    if card is Card.ORDERED:
        return cut
    lies = LIES if card is Card.LYING else 0
    for at in range(cut - 1, -1, -1):
        if tape[at].data:
            continue
        if not lies:
            return at
        lies -= 1
    return 0


def states(
    tape: Sequence[Entry], cuts: Iterable[int], card: Card, seed: int, size: int
) -> Iterator[tuple[int, bytearray]]:
    """The device's bytes after a cut at each of these places, which must not descend."""
    base, done = bytearray(size), 0
    for cut in cuts:
        certain = max(done, fence(tape, cut, card))
        for entry in tape[done:certain]:
            _apply(base, entry.offset, entry.data)
        done = certain
        state, chance = bytearray(base), Random(f"{seed} {card} {cut}")
        for entry in tape[certain:cut]:
            for offset, data in _survivors(entry, card, chance):
                _apply(state, offset, data)
        yield cut, state


def _survivors(entry: Entry, card: Card, chance: Random) -> Iterator[tuple[int, bytes]]:
    for start in range(0, len(entry.data), BLOCK):
        block = entry.data[start : start + BLOCK]
        if chance.random() >= KEPT:
            continue
        if card is not Card.HONEST and chance.random() < TORN:
            block = block[: SECTOR * chance.randrange(len(block) // SECTOR + 1)]
        yield entry.offset + start, block


def _apply(state: bytearray, offset: int, data: bytes) -> None:
    state[offset : offset + len(data)] = data
