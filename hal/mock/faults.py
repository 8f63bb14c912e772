"""Scripted faults: what goes wrong, when, for how long, how often.

A script is data; whether it is on is a function of the seed and the time since the start, so a
fault is there whether or not anybody looks. What a fault does to a value is decided by the part
that suffers it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from hal.mock.noise import share


class Trouble(StrEnum):
    """What can go wrong. The hardware does not know about the silent ones."""

    CHECKSUM_STORM = "checksum-storm"  # most reads fail their checksum
    STUCK = "stuck"  # silent: one value, again and again
    UNPLUGGED = "unplugged"
    DEAD_ZONE = "dead-zone"  # no network
    COLD_START = "cold-start"  # the receiver knows nothing yet
    VOID_FIX = "void-fix"  # the receiver talks, but says "void"
    WEEK_ROLLOVER = "week-rollover"  # silent: dates 1024 weeks back
    WEAK_COMPRESSOR = "weak-compressor"  # silent: loses power, for good
    FAKE_DISPLAY = "fake-display"  # silent: the unit's own sensor is falsified (똑딱이)
    DOOR_OPEN = "door-open"
    POWER_CUT = "power-cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One trouble: from `start_ms` for `length_ms`, again `every_ms` (0: once).

    The spreads are the most that the seed adds to a start and to a length, each time anew.
    channel: which sensor or room it strikes; "" where the trouble has only one place.
    """

    trouble: Trouble
    start_ms: int
    length_ms: int
    every_ms: int = 0
    start_spread_ms: int = 0
    length_spread_ms: int = 0
    channel: str = ""


class Window(NamedTuple):
    """One occurrence, in milliseconds since the start; `end_ms` is outside."""

    start_ms: int
    end_ms: int


FOR_GOOD = 1 << 52
"""A length that outlasts every run."""


def occurrence(script: Script, seed: int, number: int) -> Window:
    """Return the occurrence with this number, counted from 0."""
    purpose = f"{script.trouble}{script.channel}{script.start_ms}"
    start = script.start_ms + number * script.every_ms
    start += int(script.start_spread_ms * share(seed, purpose, 2 * number))
    length = script.length_ms
    length += int(script.length_spread_ms * share(seed, purpose, 2 * number + 1))
    return Window(start, start + length)


class Cue:
    """One script and a seed; remembers the occurrence it worked out last, for speed only."""

    def __init__(self, script: Script, seed: int) -> None:
        """Nothing worked out yet."""
        self._script = script
        self._seed = seed
        self._number = -1
        self._window = Window(0, 0)

    def on(self, elapsed_ms: int) -> Window | None:
        """Return the occurrence that is on, if any."""
        script = self._script
        since = elapsed_ms - script.start_ms
        if since < 0:
            return None
        number = since // script.every_ms if script.every_ms else 0
        if number != self._number:
            self._number, self._window = number, occurrence(script, self._seed, number)
        found = self._window
        return found if found.start_ms <= elapsed_ms < found.end_ms else None


class Playbook:
    """The scripts of one run, ready to be asked."""

    def __init__(self, scripts: Iterable[Script], seed: int) -> None:
        """Sort the scripts by trouble and place."""
        self._cues: dict[tuple[Trouble, str], list[Cue]] = {}
        for script in scripts:
            place = (script.trouble, script.channel)
            self._cues.setdefault(place, []).append(Cue(script, seed))

    def on(self, trouble: Trouble, elapsed_ms: int, channel: str = "") -> Window | None:
        """Return the occurrence of this trouble that is on at this place, if any."""
        for cue in self._cues.get((trouble, channel), ()):
            if found := cue.on(elapsed_ms):
                return found
        return None

    def all_on(self, trouble: Trouble, elapsed_ms: int) -> Iterator[tuple[str, Window]]:
        """Yield every place where this trouble is on, with its occurrence."""
        for kind, channel in self._cues:
            if kind is trouble and (found := self.on(trouble, elapsed_ms, channel)):
                yield channel, found
