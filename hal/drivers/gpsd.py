"""gpsd's JSON lines, in the same words as NMEA: `decode` gives what `nmea.Track` folds. Pure.

gpsd_json(5): TPV tells position, speed and time; SKY tells satellites and dilution. gpsd has judged
the sentences already; what it tells is judged here again by plausibility, and a fix without a mode,
a position of 0,0 or a time that cannot be read gives none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from hal.api import Fault, Fix
from hal.drivers.nmea import EPOCH_ORDINAL, Report

LONGEST_LINE = 16_384  # SKY with every satellite of five systems
WATCH = b'?WATCH={"enable":true,"json":true};\n'
STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,3})\d*)?Z")
FIXES = {2: Fix.FIX_2D, 3: Fix.FIX_3D}
FARTHEST = Decimal(1_000_000)

Object = Mapping[str, object]


def decode(line: bytes) -> tuple[Report | Fault, ...]:
    """Return what one line says: nothing, CHECKSUM if it is no JSON, or reports."""
    try:
        said = json.loads(line, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError, InvalidOperation):
        return (Fault.CHECKSUM,)
    if not isinstance(said, dict):
        return (Fault.CHECKSUM,)
    reader = READERS.get(str(said.get("class")))
    return reader(said) if reader else ()


def _refuse(text: str) -> object:
    raise ValueError(f"{text} is no number")


def _tpv(said: Object) -> tuple[Report, ...]:
    fix = FIXES.get(_scaled(said, "mode", 1) or 0, Fix.NONE)
    dimension = Report(kind="GSA", dimension=fix)
    lat_e7, lon_e7 = _angle(said, "lat", 90), _angle(said, "lon", 180)
    clock_ms, day = _stamp(said.get("time"))
    if fix is Fix.NONE or lat_e7 is None or lon_e7 is None or lat_e7 == lon_e7 == 0:
        return dimension, Report(kind="RMC", clock_ms=clock_ms)
    speed = _scaled(said, "speed", 1_000)
    course = _scaled(said, "track", 100)
    return dimension, Report(
        kind="RMC",
        valid=True,
        clock_ms=clock_ms,
        day=day,
        lat_e7=lat_e7,
        lon_e7=lon_e7,
        speed_mm_s=speed if speed is not None and speed >= 0 else None,
        course_cdeg=course if course is not None and 0 <= course < 36_000 else None,
    )


def _sky(said: Object) -> tuple[Report, ...]:
    satellites, hdop = _scaled(said, "uSat", 1), _scaled(said, "hdop", 100)
    if satellites is None and hdop is None:
        return ()  # a SKY of satellites alone; the next one has them
    return (
        Report(
            kind="GGA",
            satellites=satellites if satellites is not None and 0 <= satellites <= 99 else None,
            hdop_centi=hdop if hdop is not None and 0 <= hdop < 9_999 else None,
        ),
    )


READERS: Mapping[str, Callable[[Object], tuple[Report, ...]]] = {"TPV": _tpv, "SKY": _sky}


def _scaled(said: Object, key: str, factor: int) -> int | None:
    number = said.get(key)
    if not isinstance(number, Decimal) or not abs(number) <= FARTHEST:
        return None
    return round(number * factor)


def _angle(said: Object, key: str, most: int) -> int | None:
    angle = _scaled(said, key, 10_000_000)
    return angle if angle is not None and abs(angle) <= most * 10_000_000 else None


def _stamp(text: object) -> tuple[int | None, int | None]:
    """Milliseconds of the day and days since 1970; a leap second counts as the one before."""
    found = STAMP.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None, None
    year, month, day, hours, minutes, seconds = (int(found[group]) for group in range(1, 7))
    if hours > 23 or minutes > 59 or seconds > 60:
        return None, None
    try:
        days = date(year, month, day).toordinal() - EPOCH_ORDINAL
    except ValueError:
        return None, None
    thousandths = int((found[7] or "").ljust(3, "0"))
    return (hours * 60 + minutes) * 60_000 + min(seconds, 59) * 1_000 + thousandths, days
