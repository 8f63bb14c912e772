"""Is a measurement believable? Pure checks that label a value and never change or invent one.

Cheap sensors lie in known ways: a checksum that fits a wrong value (often half or double the true
one), a line that is stuck, a jump no air can make. The value is kept, because it is what was
measured; the status says what speaks against it. A fault that the hardware reported stands as it
is. A calibration correction is added here, and the raw value goes along.
Spec: docs/protocol.md, "Bodies", reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from protocol.bodies import Measured
from protocol.registry import VALUED, Quantity, Status


@dataclass(frozen=True, slots=True)
class Check:
    """What is believable of one quantity, in its unit; times in ms.

    `rate` per second, on top of `jump`; `double_from`: values at least this far from zero are
    checked for half and double; `stuck_ms` None: a steady value is normal.
    """

    least: int
    most: int
    jump: int
    rate: int
    double_from: int
    stuck_ms: int | None


CHECKS: Final[Mapping[Quantity, Check]] = MappingProxyType(
    {
        Quantity.TEMPERATURE: Check(-90_000, 125_000, 2_000, 500, 4_000, 21_600_000),
        Quantity.HUMIDITY: Check(0, 100_000, 10_000, 5_000, 20_000, None),
    }
)
"""Air at a door may change by half a degree a second. Six hours without the slightest change is no
air; humidity may well stay at 100 %."""

HALF_WITHIN_MS: Final = 120_000
"""In longer silences a value may honestly have halved."""

Key = tuple[int, Quantity]
"""(sensor, quantity)."""


@dataclass(frozen=True, slots=True)
class Past:
    """The last believed value of one sensor and quantity, and since when the value is the same."""

    value: int
    at_ms: int
    since_ms: int
    doubted: bool = False


Pasts = Mapping[Key, Past]


def judge(
    seen: Measured, pasts: Pasts, corrections: Mapping[Key, int], now_ms: int
) -> tuple[Measured, dict[Key, Past]]:
    """Label one measurement as the hardware gave it; returns it with what the next is compared to.

    `corrections` are added to values, in the quantity's unit; `now_ms` is boot time.
    """
    measured = _corrected(seen, corrections)
    key = (measured.sensor, measured.quantity)
    check, past = CHECKS.get(measured.quantity), pasts.get(key)
    if measured.status is Status.OK and check is not None:
        measured = _labelled(measured, check, past, now_ms)
    if measured.value is None:
        return measured, dict(pasts)
    return measured, {**pasts, key: _remember(measured, past, now_ms)}


def _corrected(seen: Measured, corrections: Mapping[Key, int]) -> Measured:
    correction = corrections.get((seen.sensor, seen.quantity), 0)
    if seen.value is None or not correction:
        return seen
    raw = seen.value if seen.raw is None else seen.raw
    return seen._replace(value=seen.value + correction, raw=raw)


def _labelled(measured: Measured, check: Check, past: Past | None, now_ms: int) -> Measured:
    value = measured.value or 0
    if not check.least <= value <= check.most:
        return measured._replace(value=None, raw=None, status=Status.OUT_OF_RANGE)
    if past is None:
        return measured
    if check.stuck_ms is not None and value == past.value:
        stuck = now_ms - past.since_ms >= check.stuck_ms
        return measured._replace(status=Status.STUCK) if stuck else measured
    # A doubted value that comes again is the new truth: two reads agree.
    near = now_ms - past.at_ms <= HALF_WITHIN_MS
    jumped = abs(value - past.value) > check.jump + check.rate * (now_ms - past.at_ms) // 1_000
    if jumped or (near and _half_or_double(value, past.value, check.double_from)):
        return measured if past.doubted else measured._replace(status=Status.SUSPECT)
    return measured


def _half_or_double(value: int, before: int, least: int) -> bool:
    """Within 5 % of half or of double the last value, both of one sign and far from zero."""
    if min(abs(value), abs(before)) * 2 < least or max(abs(value), abs(before)) < least:
        return False
    return any(abs(big - 2 * small) * 20 <= abs(big) for big, small in _orders(value, before))


def _orders(value: int, before: int) -> tuple[tuple[int, int], tuple[int, int]]:
    return (value, before), (before, value)


def _remember(measured: Measured, past: Past | None, now_ms: int) -> Past:
    """A doubted value does not become the measure of the next one, but it is remembered as seen."""
    value = measured.value or 0
    if measured.status is Status.SUSPECT and past is not None and not past.doubted:
        return replace(past, doubted=True)
    same = past is not None and past.value == value
    return Past(value, now_ms, past.since_ms if past is not None and same else now_ms)


def is_fault(measured: Measured) -> bool:
    """Whether the sensor gave nothing that could be used; asked too soon, it is not ill."""
    return measured.status not in VALUED and measured.status is not Status.NOT_READY
