"""Values as people read them: times in Korea, temperatures with a unit, ranges, ages. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from protocol.bodies import Measured
from protocol.registry import QUANTITIES, STATUSES, Quantity, Status, Text
from server.devices.ranges import Runs
from server.web.words import say

KOREA = timezone(timedelta(hours=9), "KST")
"""No summer time since 1988, and a fixed offset needs no zone files on the machine."""

RANGES = 12
NO_RECORD = Text("no record", "기록 없음")
OPEN, CLOSED = Text("open", "열림"), Text("closed", "닫힘")
UNITS = {Quantity.TEMPERATURE: "℃", Quantity.HUMIDITY: "%", Quantity.VOLTAGE: "V"}
AGES = (
    (86_400_000, Text("d", "일")),
    (3_600_000, Text("h", "시간")),
    (60_000, Text("min", "분")),
    (1_000, Text("s", "초")),
)


@dataclass(frozen=True, slots=True)
class Value:
    """One measurement on the page; `remark` is empty when all is well."""

    sensor: str
    quantity: str
    text: str
    remark: str


def moment(utc_ms: int | None) -> str:
    """A time in Korea to the second; a dash where there is none, the number where none fits."""
    if utc_ms is None:
        return "–"
    try:
        return datetime.fromtimestamp(utc_ms // 1000, KOREA).strftime("%Y-%m-%d %H:%M:%S %Z")
    except (ValueError, OverflowError, OSError):
        return f"{utc_ms} ms"


def age(ms: int, language: str) -> str:
    """How long ago, in the largest unit that fits."""
    for size, unit in AGES:
        if ms >= size:
            number = ms // size
            return f"{number}{unit.ko} 전" if language == "ko" else f"{number} {unit.en} ago"
    return "방금" if language == "ko" else "just now"


def value(sensor: str, measured: Measured, language: str) -> Value:
    """A measurement; a missing value says so and why."""
    fine = measured.status is Status.OK
    return Value(
        sensor=sensor,
        quantity=say(QUANTITIES[measured.quantity], language),
        text=_number(measured.quantity, measured.value, language),
        remark="" if fine else say(STATUSES[measured.status], language),
    )


def _number(quantity: Quantity, milli: int | None, language: str) -> str:
    if milli is None:
        return say(NO_RECORD, language)
    if quantity is Quantity.DOOR:
        return say(OPEN if milli else CLOSED, language)
    sign, size = "−" if milli < 0 else "", abs(milli)
    return f"{sign}{size // 1000}.{size % 1000 // 10:02} {UNITS[quantity]}"


def runs(ranges: Runs) -> tuple[str, ...]:
    """The first ranges of numbers as text; "…" stands for those that follow."""
    shown = tuple(f"{a}–{b}" if a < b else f"{a}" for a, b in ranges[:RANGES])
    return (*shown, "…") if len(ranges) > RANGES else shown


def count(number: int) -> str:
    """A number with thousands apart."""
    return f"{number:,}"


def hexes(values: Iterable[bytes]) -> tuple[str, ...]:
    """Identifiers as people copy them."""
    return tuple(one.hex() for one in values)


def grouped(code: str) -> str:
    """A long code in groups of four, as people copy it."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
