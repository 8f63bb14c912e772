"""Is the machine's wall clock worth writing down, and how far off may it be?

A truck has no clock chip: after a power cut its clock may show 1970, last night or the truth. This
module never guesses between them. It asks who set the clock and answers with a bound, or with
"unknown", which is a value too (docs/protocol.md, section Time). It never sets the clock.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path

from protocol.registry import TimeSource

BUILD_UTC_MS = 1_795_392_000_000
"""2026-11-23. No true clock is earlier: raise it with every release."""

BELIEVABLE_MS = 20 * 36_525 * 864_000
"""Twenty years: a clock further ahead of the build is broken, not patient."""

STA_UNSYNC = 0x40
NTP_FLOOR_MS = 100
"""The kernel's error figure leaves out the asymmetry of the path to the time server."""

TIMESYNC_FLOOR_MS = 1_000
RTC_FLOOR_MS = 60_000
"""A clock chip of 20 ppm loses about a minute in a month of standing still."""

DRIFT_PPM = 50


@dataclass(frozen=True, slots=True)
class WallFacts:
    """What the machine says about its own clock; times in ms, `None` where nobody said anything."""

    utc_ms: int
    boot_ms: int
    kernel_error_ms: int | None = None
    timesync_ms: int | None = None
    has_rtc: bool = False

    @property
    def offset_ms(self) -> int:
        """What the wall clock showed when the machine began, as it reckons now."""
        return self.utc_ms - self.boot_ms


@dataclass(frozen=True, slots=True)
class Mark:
    """How wall and boot clock stood to each other when news of the time service was last seen.

    A kernel says by itself that its clock was set by hand. The time service's file and a clock chip
    do not: there it shows in the two clocks, which part by more than a crystal's drift.
    """

    timesync_ms: int | None
    boot_ms: int
    offset_ms: int


@dataclass(frozen=True, slots=True)
class WallTime:
    """UTC with its source and bound; both numbers are None exactly when the source is NONE."""

    utc_ms: int | None
    source: TimeSource
    uncertainty_ms: int | None


UNKNOWN = WallTime(None, TimeSource.NONE, None)


def marked(mark: Mark | None, facts: WallFacts) -> Mark:
    """The mark to judge these facts by: a new one at the first look and after every new sync."""
    if mark is not None and mark.timesync_ms == facts.timesync_ms:
        return mark
    return Mark(facts.timesync_ms, facts.boot_ms, facts.offset_ms)


def judge(facts: WallFacts, mark: Mark) -> WallTime:
    """The best bound these facts allow; an unbelievable year is unknown whoever vouches for it."""
    if not 0 <= facts.utc_ms - BUILD_UTC_MS <= BELIEVABLE_MS:
        return UNKNOWN
    if facts.kernel_error_ms is not None:
        return WallTime(facts.utc_ms, TimeSource.NTP, facts.kernel_error_ms + NTP_FLOOR_MS)
    if _was_set_since(facts, mark):
        return UNKNOWN
    if facts.timesync_ms is not None:
        bound = TIMESYNC_FLOOR_MS + drift_ms(facts.utc_ms - facts.timesync_ms)
        return WallTime(facts.utc_ms, TimeSource.NTP, bound)
    if facts.has_rtc:
        return WallTime(facts.utc_ms, TimeSource.RTC, RTC_FLOOR_MS + drift_ms(facts.boot_ms))
    return UNKNOWN


def _was_set_since(facts: WallFacts, mark: Mark) -> bool:
    """Has somebody set the clock since the service, or the chip at boot, did?

    The service corrects smoothly by less than the floor between two of its syncs.
    """
    moved_ms = abs(facts.offset_ms - mark.offset_ms)
    may_ms = TIMESYNC_FLOOR_MS + drift_ms(facts.boot_ms - mark.boot_ms)
    synced_ms = facts.timesync_ms
    return moved_ms > may_ms or (synced_ms is not None and facts.utc_ms + may_ms < synced_ms)


def drift_ms(elapsed_ms: int) -> int:
    """How far a free-running crystal may wander in `elapsed_ms`, rounded up."""
    return -(-max(0, elapsed_ms) * DRIFT_PPM // 1_000_000)


class _Timex(ctypes.Structure):
    """The head of `struct timex` (adjtimex(2)); the tail is only room for the kernel to write."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


class WallSources:
    """Asks the kernel, systemd-timesyncd and the clock chip. `root` is `/` outside tests.

    A hardened unit forbids adjtimex (ProtectClock=yes); then the time service's file speaks.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        """Look once for a clock chip that set the clock at boot; it cannot appear later."""
        self._timesync = root / "run/systemd/timesync/synchronized"
        self._has_rtc = _says_one(root / "sys/class/rtc/rtc0/hctosys")
        self._libc = ctypes.CDLL(None)

    def facts(self, utc_ms: int, boot_ms: int) -> WallFacts:
        """Everything that is known at this moment; two system calls."""
        return WallFacts(
            utc_ms, boot_ms, self._kernel_error_ms(), self._timesync_ms(), self._has_rtc
        )

    def _kernel_error_ms(self) -> int | None:
        timex = _Timex()
        if self._libc.adjtimex(ctypes.byref(timex)) < 0 or timex.status & STA_UNSYNC:
            return None
        return int(timex.maxerror) // 1_000 + 1

    def _timesync_ms(self) -> int | None:
        try:
            return self._timesync.stat().st_mtime_ns // 1_000_000
        except OSError:
            return None


def _says_one(path: Path) -> bool:
    try:
        return path.read_text("ascii").strip() == "1"
    except (OSError, ValueError):
        return False
