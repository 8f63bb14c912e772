"""A history held against the signed readings that somebody shows: what they refute, and what not.

A lot's history rests on readings; whoever holds some of them, proved by the log, can see whether it
could. Where all that it rests on are here, of the devices in one place, its recorded time is held
against their bounds. Where some are missing, one thing still holds: it may not be less warm than
the warmest of those shown, or than a device of which none is missing. Elsewhere it says that it
could not check. Whatever an honest server makes passes; what readings are missing can excuse is
never called wrong.
Spec: docs/freshness.md, "A verdict computed again".
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from protocol.bodies import Measured
from science import bounds, sensing
from science.bounds import SURE, WIDE, Bounds, Ends
from science.histogram import RECORDED, Exposure
from science.timeline import RULES, Stretch
from science.verdict import History, Section


class Checked(StrEnum):
    """How much of a section was held against readings."""

    WHOLE = "whole"
    """All of its recorded time: every reading that it rests on is here."""
    WARMEST = "warmest"
    """That it is no less warm than the warmest reading here, or than those devices of which all are
    here; others are missing."""
    NOTHING = "nothing"


class Why(StrEnum):
    """Why a section was not checked, or not all of it."""

    NONE = ""
    LEFT_OUT = "left-out"
    """Readings are not in the file; those without a time of their own never are."""
    PLACES = "places"
    """It was in several places at once, or a part of it nobody says where."""
    DEVICES = "devices"
    """Several devices measured, and of each a reading is missing: another may have covered it."""
    UNNAMED = "unnamed"
    """The file does not show what the device calls its sensors."""
    SILENT = "silent"
    """Nothing was recorded: there is nothing to hold it against."""


class Wrong(StrEnum):
    """What the readings, or the history itself, refute."""

    SHORT = "short"
    """It covers less time than has passed since the catch."""
    START = "start"
    """Its first record lies outside of it."""
    COUNT = "count"
    """It counts fewer readings than the log had committed to."""
    WARM = "warm"
    """It holds less warm time than was measured."""
    COLD = "cold"
    """It holds less cold time than was measured."""
    MORE = "more"
    """It holds more recorded time than the readings cover."""


class Shown(NamedTuple):
    """A signed reading, and the number of the log's entry that commits to it; at_ms by its clock.

    low, high: between these lies what counts of it, milli_celsius; None where no trusted sensor
    spoke. named: whether it is known what its sensors are called.
    """

    device: str
    entry: int
    at_ms: int
    low: int | None
    high: int | None
    named: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """What came of one section; counted: readings that it says it rests on, shown: those here."""

    number: int
    stretch: Stretch
    counted: int
    shown: int
    checked: Checked
    why: Why = Why.NONE
    wrong: tuple[Wrong, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """What came of a history. late: readings here that came after it was made. apart: readings here
    that it does not rest on. wrong: of the whole; each part has its own."""

    parts: tuple[Part, ...]
    late: int = 0
    apart: int = 0
    wrong: tuple[Wrong, ...] = ()

    @property
    def refuted(self) -> bool:
        """Whether anything does not hold."""
        return bool(self.wrong) or any(one.wrong for one in self.parts)


def shown(
    place: tuple[str, int, int], measured: Sequence[Measured], names: Mapping[int, str] | None
) -> Shown | None:
    """A reading at `place` (device, entry, at_ms); None where it measures nothing of the hold.

    Which of several sensors counts depends on their certificates, which are not here: hence two
    bounds. names: of the sensors, None where nobody shows them.
    """
    air = sensing.air(measured, names or {}, {}, 0)
    if air is None:
        return None
    high = air.warmest
    if high is None:
        return Shown(*place, None, None, names is not None)
    trusted = sensing.trusted(measured, names or {})
    low = min(value for value in trusted if value >= high - WIDE)
    return Shown(*place, low, high, names is not None)


def hold(history: History, readings: Sequence[Shown]) -> Held:
    """Hold a history against readings, each of them given once, in any order."""
    known = sorted((one for one in readings if one.entry < history.entries), key=_at)
    parts, used = [], 0
    for number, (section, stretch) in enumerate(_placed(history)):
        devices = {one.device for one in section.sources}
        low, high = (bisect_left(known, at_ms, key=_at) for at_ms in stretch)
        here = [one for one in known[low:high] if one.device in devices]
        used += len(here)
        parts.append(_part(number, section, stretch, here))
    return Held(tuple(parts), len(readings) - len(known), len(known) - used, tuple(_whole(history)))


def _at(one: Shown) -> int:
    return one.at_ms


def _placed(history: History) -> Iterator[tuple[Section, Stretch]]:
    """When each section was: they are gapless up to the moment of the verdict."""
    at_ms = _begun(history)
    for section in history.sections:
        end_ms = at_ms + section.exposure.all_ms
        yield section, Stretch(at_ms, end_ms)
        at_ms = end_ms


def _begun(history: History) -> int:
    return history.until_ms - sum(one.exposure.all_ms for one in history.sections)


def _whole(history: History) -> Iterator[Wrong]:
    begun_ms = _begun(history)
    if history.catch_ms is not None and begun_ms > history.catch_ms:
        yield Wrong.SHORT
    known_ms = history.known_from_ms
    if known_ms is not None and not begun_ms <= known_ms < history.until_ms:
        yield Wrong.START


def _part(number: int, section: Section, stretch: Stretch, here: Sequence[Shown]) -> Part:
    counted = sum(one.readings for one in section.sources)
    checked, why = _how(section, counted, here)
    found = dict.fromkeys(_wrong(section, stretch, here, checked))
    return Part(number, stretch, counted, len(here), checked, why, tuple(found))


def _how(section: Section, counted: int, here: Sequence[Shown]) -> tuple[Checked, Why]:
    """How much can be held against what is here."""
    nothing = Checked.NOTHING
    if section.places > 1:
        return nothing, Why.PLACES
    if not section.sources:
        return nothing, Why.SILENT
    if not all(one.named for one in here):
        return nothing, Why.UNNAMED
    if len(here) == counted:
        return Checked.WHOLE, Why.NONE
    if len(section.sources) > 1:
        whole = any(_devices(section, here).values())
        return (Checked.WARMEST, Why.LEFT_OUT) if whole else (nothing, Why.DEVICES)
    return (Checked.WARMEST if here else nothing), Why.LEFT_OUT


def _devices(section: Section, here: Sequence[Shown]) -> dict[str, list[Ends] | None]:
    """What each device said; None of one of which a reading is missing."""
    by_device: dict[str, list[Shown]] = {device: [] for device, _ in section.sources}
    for one in here:
        by_device[one.device].append(one)
    counted = _counted(section)
    return {
        device: _ends(some) if len(some) == counted[device] else None
        for device, some in by_device.items()
    }


def _ends(some: Sequence[Shown]) -> list[Ends]:
    return [_moment(at_ms, list(of)) for at_ms, of in groupby(some, key=_at)]


def _moment(at_ms: int, of: Sequence[Shown]) -> Ends:
    """One moment's readings: with its doubt one of them was the warmest, and certificates that are
    not here decide which."""
    high = max((one.high for one in of if one.high is not None), default=None)
    if high is None:
        return Ends(at_ms, None, None)
    lowest = min(one.low for one in of if one.low is not None)
    return Ends(at_ms, max(lowest, high - WIDE), high)


def _wrong(
    section: Section, stretch: Stretch, here: Sequence[Shown], checked: Checked
) -> Iterator[Wrong]:
    recorded = section.exposure.only(RECORDED)
    if _too_few(section, here):
        yield Wrong.COUNT
    if recorded.all_ms > sum(RULES.gap_ms * (one.readings + 1) for one in section.sources):
        yield Wrong.MORE  # no reading holds for longer
    if checked is not Checked.NOTHING:
        devices = list(_devices(section, here).values())
        yield from _against(recorded, bounds.of(devices, stretch))
        if len(devices) == 1 and _less_warm(section.exposure, here):
            yield Wrong.WARM


def _counted(section: Section) -> Counter[str]:
    counted: Counter[str] = Counter()
    for device, readings in section.sources:
        counted[device] += readings
    return counted


def _too_few(section: Section, here: Sequence[Shown]) -> bool:
    counted = _counted(section)
    return any(n > counted[device] for device, n in Counter(one.device for one in here).items())


def _less_warm(exposure: Exposure, here: Sequence[Shown]) -> bool:
    """Whether nothing in it is as warm as the warmest reading: that one counts with its doubt, as
    what was recorded or as what unknown time behind it is charged at."""
    warmest = max((one.high for one in here if one.high is not None), default=None)
    reached = [
        one.milli_celsius + one.uncertainty_milli
        for one in exposure.bins
        if one.milli_celsius is not None
    ]
    return warmest is not None and max(reached, default=warmest) < warmest + SURE


def _against(recorded: Exposure, by: Bounds) -> Iterator[Wrong]:
    """Recorded time against what the readings bound of it."""
    if recorded.all_ms > by.most_ms:
        yield Wrong.MORE
    if any(recorded.over(at - 1) < by.lows.over(at - 1) for at in _values(by.lows)):
        yield Wrong.WARM
    if any(recorded.under(at + 1) < by.highs.under(at + 1) for at in _values(by.highs)):
        yield Wrong.COLD


def _values(exposure: Exposure) -> set[int]:
    return {one.milli_celsius for one in exposure.bins if one.milli_celsius is not None}
