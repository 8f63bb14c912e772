"""NMEA 0183 as satellite receivers really speak it: framing, decoding, and what it adds up to.

`Framer` cuts bytes into lines, `decode` judges one line, `Track` folds what was understood into
"where are we now". Pure: bytes and times come in as arguments, nothing raises on foreign bytes.

It refuses: a line without a correct checksum (an incomplete one would pass otherwise), a position
or a time from a sentence marked void, a leap second as such (23:59:60 counts as :59), the
dead-reckoned and simulated modes. A jump faster than 150 km/h or a step of the receiver's time is
kept but marked SUSPECT. Dates are passed on as claimed: `hal.drivers.weeks` mends a week
counter that has rolled over, for whoever knows a date before which it cannot be.

Sentences as in the u-blox M8 protocol specification (UBX-13003221), section 31, NMEA protocol.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import reduce
from math import cos, hypot, radians
from operator import xor

import pynmea2

from hal.api import Fault, Fix, PositionFix

LONGEST_LINE = 120  # the standard says 82; real receivers with many digits exceed it
DAY_MS = 86_400_000
SILENT_MS = 5_000
FRESH_MS = 3_000
TOP_SPEED_M_S = 150 / 3.6
SLACK_M = 100.0
TIME_STEP_MS = 2_000
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

TALK = re.compile(rb"[$!][A-Z0-9]{3,8},[ -)+-~]*\*[0-9A-Fa-f]{2}")
WANTED = re.compile(rb"\$[A-Z]{2}(?:RMC|GGA|GSA),")
NUMBER = re.compile(r"\d{1,6}(\.\d{1,8})?")
ANGLE = re.compile(r"(\d{1,3})(\d\d(?:\.\d{1,8})?)")
CLOCK = re.compile(r"([01]\d|2[0-3])([0-5]\d)([0-5]\d|60)(?:\.(\d{1,3})\d*)?")
TRUSTED_MODES = frozenset("ADFRP")  # RMC: autonomous, differential, RTK, precise
MM_S_PER_KNOT = Decimal(1_852_000) / 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one sentence says; None where it says nothing.

    kind: RMC tells the place, GGA the sky, GSA whether the fix is flat.
    valid: the position and the date may be used (RMC only). clock_ms: time of day.
    """

    kind: str
    valid: bool = False
    clock_ms: int | None = None
    day: int | None = None  # days since 1970
    lat_e7: int | None = None
    lon_e7: int | None = None
    speed_mm_s: int | None = None
    course_cdeg: int | None = None
    satellites: int | None = None
    hdop_centi: int | None = None
    dimension: Fix | None = None

    @property
    def utc_ms(self) -> int | None:
        """The time claimed, if a time of day and a date are."""
        if self.clock_ms is None or self.day is None:
            return None
        return self.day * DAY_MS + self.clock_ms


class Framer:
    """Cuts a stream into lines; holds at most `longest` bytes, whatever comes."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        """Start between two lines."""
        self._longest = longest
        self._rest = b""
        self._drop = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield each finished line without its end; an overlong one comes out as b""."""
        *lines, rest = (self._rest + chunk).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            if self._drop or len(line) > self._longest:
                self._drop = False
                yield b""
            elif line:
                yield line
        self._drop = self._drop or len(rest) > self._longest
        self._rest = b"" if self._drop else rest


def decode(line: bytes) -> Report | Fault | None:
    """Return what the line says, CHECKSUM if it is not to be believed, None if of no interest."""
    if len(line) > LONGEST_LINE or not TALK.fullmatch(line) or not _sum_is_right(line):
        return Fault.CHECKSUM
    if not WANTED.match(line):
        return None
    try:
        sentence = pynmea2.parse(line.decode("ascii"), check=True)
    except (pynmea2.ParseError, UnicodeDecodeError):
        return Fault.CHECKSUM
    # The raw fields: the library's converters raise on a leap second and date void sentences.
    fields = [*sentence.data, *[""] * 20]
    return DECODERS[sentence.sentence_type](fields)


def _sum_is_right(line: bytes) -> bool:
    return reduce(xor, line[1:-3], 0) == int(line[-2:], 16)


def _rmc(fields: list[str]) -> Report:
    clock_ms = _clock_ms(fields[0])
    if fields[1] != "A" or (fields[11] and fields[11] not in TRUSTED_MODES):
        return Report(kind="RMC", clock_ms=clock_ms)
    lat_e7, lon_e7 = _angle_e7(fields[2:4], "NS", 90), _angle_e7(fields[4:6], "EW", 180)
    if lat_e7 is None or lon_e7 is None or lat_e7 == lon_e7 == 0:  # 0,0 is never a truck
        return Report(kind="RMC", clock_ms=clock_ms)
    return Report(
        kind="RMC",
        valid=True,
        clock_ms=clock_ms,
        day=_day(fields[8]),
        lat_e7=lat_e7,
        lon_e7=lon_e7,
        speed_mm_s=_scaled(fields[6], MM_S_PER_KNOT),
        course_cdeg=_course(fields[7]),
    )


def _gga(fields: list[str]) -> Report:
    satellites = _scaled(fields[6], Decimal(1))
    hdop = _scaled(fields[7], Decimal(100))
    return Report(
        kind="GGA",
        clock_ms=_clock_ms(fields[0]),
        satellites=satellites if satellites is not None and satellites <= 99 else None,
        hdop_centi=hdop if hdop is not None and hdop < 9_999 else None,  # 99.99: unknown
    )


def _gsa(fields: list[str]) -> Report:
    return Report(kind="GSA", dimension={"2": Fix.FIX_2D, "3": Fix.FIX_3D}.get(fields[1], Fix.NONE))


DECODERS = {"RMC": _rmc, "GGA": _gga, "GSA": _gsa}


def _clock_ms(text: str) -> int | None:
    match = CLOCK.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds = (int(match[group]) for group in (1, 2, 3))
    thousandths = int((match[4] or "").ljust(3, "0"))
    return (hours * 60 + minutes) * 60_000 + min(seconds, 59) * 1000 + thousandths


def _day(text: str) -> int | None:
    if not re.fullmatch(r"\d{6}", text):
        return None
    year = int(text[4:6])
    try:
        day = date(year + (1900 if year >= 80 else 2000), int(text[2:4]), int(text[0:2]))
    except ValueError:
        return None
    return day.toordinal() - EPOCH_ORDINAL


def _angle_e7(fields: list[str], signs: str, most: int) -> int | None:
    match = ANGLE.fullmatch(fields[0])
    if match is None or fields[1] not in tuple(signs):
        return None
    minutes = Decimal(match[2])
    angle = round((int(match[1]) + minutes / 60) * 10_000_000)
    if minutes >= 60 or angle > most * 10_000_000:
        return None
    return -angle if fields[1] == signs[1] else angle


def _course(text: str) -> int | None:
    course = _scaled(text, Decimal(100))
    return course if course is not None and course < 36_000 else None


def _scaled(text: str, factor: Decimal) -> int | None:
    return round(Decimal(text) * factor) if NUMBER.fullmatch(text) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What a receiver has said so far, folded; times are the listener's milliseconds."""

    heard_ms: int | None = None  # last believable sentence
    noise_ms: int | None = None  # last unbelievable one
    place: Report | None = None  # last valid RMC
    place_ms: int = 0
    void: bool = False  # the last RMC was without a fix
    leapt_ms: int | None = None  # when a place was last not plausible after the one before
    satellites: int | None = None
    hdop_centi: int | None = None
    dimension: Fix | None = None

    def absorb(self, said: Report | Fault | None, at_ms: int) -> Track:
        """Return the track after one more line, as `decode` judged it."""
        if isinstance(said, Fault):
            return replace(self, noise_ms=at_ms)
        if said is None:
            return replace(self, heard_ms=at_ms)
        heard = replace(self, heard_ms=at_ms)
        if said.kind == "GGA":
            return replace(heard, satellites=said.satellites, hdop_centi=said.hdop_centi)
        if said.kind == "GSA":
            return replace(heard, dimension=said.dimension)
        if not said.valid:
            return replace(heard, void=True)
        leapt_ms = at_ms if self._leaps(said, at_ms) else self.leapt_ms
        return replace(heard, void=False, place=said, place_ms=at_ms, leapt_ms=leapt_ms)

    def fix(self, at_ms: int, since_ms: int | None = None) -> PositionFix:
        """Return what is known now: a fix no older than FRESH_MS, or why there is none.

        It is SUSPECT if there was a leap since `since_ms`; None: if the fix itself was one.
        """
        age_ms = None if self.place is None else max(0, at_ms - self.place_ms)
        stale = age_ms is None or age_ms > FRESH_MS or self.void
        if self.place is None or stale:
            return PositionFix(
                fix=Fix.NONE, satellites=self.satellites, age_ms=age_ms, fault=self._why(at_ms)
            )
        place = self.place
        return PositionFix(
            fix=Fix.FIX_3D if self.dimension is Fix.FIX_3D else Fix.FIX_2D,
            lat_e7=place.lat_e7,
            lon_e7=place.lon_e7,
            speed_mm_s=place.speed_mm_s,
            course_cdeg=place.course_cdeg,
            satellites=self.satellites,
            hdop_centi=self.hdop_centi,
            age_ms=age_ms,
            utc_ms=place.utc_ms,
            fault=Fault.SUSPECT if self._leapt(since_ms) else None,
        )

    def _leapt(self, since_ms: int | None) -> bool:
        since_ms = self.place_ms if since_ms is None else since_ms
        return self.leapt_ms is not None and self.leapt_ms >= since_ms

    def _why(self, at_ms: int) -> Fault | None:
        if self.heard_ms is None or at_ms - self.heard_ms > SILENT_MS:
            noisy = self.noise_ms is not None and at_ms - self.noise_ms <= SILENT_MS
            return Fault.CHECKSUM if noisy else Fault.NO_ANSWER
        return Fault.NOT_READY if self.place is None else None

    def _leaps(self, now: Report, at_ms: int) -> bool:
        before = self.place
        if before is None:
            return False
        passed_ms = at_ms - self.place_ms
        if _metres(before, now) > SLACK_M + TOP_SPEED_M_S * passed_ms / 1000:
            return True
        if before.utc_ms is None or now.utc_ms is None:
            return False
        return abs(now.utc_ms - before.utc_ms - passed_ms) > TIME_STEP_MS


def _metres(a: Report, b: Report) -> float:
    """Distance between two valid reports, on a locally flat earth; longitudes may wrap."""
    lat_a, lon_a, lat_b, lon_b = (
        (value or 0) / 1e7 for value in (a.lat_e7, a.lon_e7, b.lat_e7, b.lon_e7)
    )
    east = ((lon_b - lon_a + 180.0) % 360.0 - 180.0) * cos(radians(lat_a))
    return 111_195.0 * hypot(lat_b - lat_a, east)
