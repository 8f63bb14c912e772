"""A wall display's rooms, word for word: now, worst today, how late. Pure.

One room per thermometer, in the order of their numbers. A state is a shape, a colour and a word.
"In order" is never said: the server does not know what is right for a room, only what its device
has signed, so a room is recorded, or something is the matter. No old value is shown as now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from protocol.bodies import Measured
from protocol.registry import Quantity, Status
from server.devices.overview import LastReading, Summary
from server.devices.standing import SILENT_MS
from server.web import shown
from server.web.words import WALL, WORDS, say

MINUTE_MS, DAY_MS, KOREA_MS = 60_000, 86_400_000, 9 * 3_600_000
WIDE = {1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3}
"""Columns for so many rooms; more rooms stand in four."""


class Look(StrEnum):
    """How a room stands, the gravest first."""

    EXCURSION = "excursion"
    LATE = "late"
    FAULT = "fault"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Room:
    """One room on the wall; `old`: its value is not of now."""

    name: str
    shape: str
    tone: str
    word: str
    now: str
    worst: str
    late: str
    old: bool
    simulated: bool


def rooms(summary: Summary, worst: Mapping[int, int], language: str, now_ms: int) -> Iterator[Room]:
    """The rooms of one device; none before its first reading."""
    reading = summary.reading
    if reading is None:
        return
    late_ms = _late_ms(reading, summary, now_ms)
    for name, one in sorted(reading.measured, key=lambda named: named[1].sensor):
        if one.quantity is not Quantity.TEMPERATURE:
            continue
        beyond = one.sensor in summary.beyond
        look = _look(one, beyond=beyond, is_late=late_ms > SILENT_MS)
        badge = WALL[look]
        yield Room(
            name=name,
            shape=badge.shape,
            tone=badge.tone,
            word=say(badge.word, language),
            now=_milli(one.value, language),
            worst=_milli(worst.get(one.sensor), language),
            late=_late(late_ms, language),
            old=late_ms > SILENT_MS,
            simulated=summary.simulated,
        )


def midnight_ms(now_ms: int) -> int:
    """When this day began in Korea, as UTC milliseconds."""
    return (now_ms + KOREA_MS) // DAY_MS * DAY_MS - KOREA_MS


def clock(now_ms: int) -> str:
    """When this page was drawn: a display that stands still is told by it."""
    return datetime.fromtimestamp(now_ms // 1000, shown.KOREA).strftime("%m-%d %H:%M")


def columns(count: int) -> int:
    """How many rooms stand side by side on a wide screen."""
    return WIDE.get(count, 4)


def _look(one: Measured, *, beyond: bool, is_late: bool) -> Look:
    if beyond:
        return Look.EXCURSION
    if is_late:
        return Look.LATE
    return Look.RECORDED if one.status is Status.OK else Look.FAULT


def _late_ms(reading: LastReading, summary: Summary, now_ms: int) -> int:
    """Since the reading was made, and no less than since something was heard.

    A clock that goes ahead, or a reading that nobody could date, is no fresher than what came in.
    """
    known = (reading.record.utc_ms, summary.heard_ms)
    return max([0, *(now_ms - at_ms for at_ms in known if at_ms is not None)])


def _late(late_ms: int, language: str) -> str:
    minutes = late_ms // MINUTE_MS
    return say(WORDS["late_by"], language).format(f"{minutes:,}") if minutes else ""


def _milli(milli: int | None, language: str) -> str:
    """To a tenth: as much as is read from five metres."""
    if milli is None:
        return say(shown.NO_RECORD, language)
    tenths = (abs(milli) + 50) // 100
    return f"{'−' if milli < 0 and tenths else ''}{tenths // 10}.{tenths % 10} ℃"
