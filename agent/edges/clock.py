"""The only door to time: what the clocks show, and waiting for a moment or a descriptor.

Three clocks, one shape, so that the loop cannot tell a truck from a test:
`SystemClock` is the machine's; `VirtualClock` runs N times faster for simulated parts; in
`SteppedClock` time passes only by waiting. None of them ever sets the machine's clock.
Spec: docs/protocol.md, section Time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import select
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from agent.edges.walltime import Mark, WallSources, judge, marked
from protocol.registry import TimeSource

BOOT_ID_PATH = Path("/proc/sys/kernel/random/boot_id")
VIRTUAL_UNCERTAINTY_MS = 100
LONGEST_WAIT_MS = 20_000
"""Whoever waits longer wakes in between, so that a watchdog of a minute always finds it alive."""


@dataclass(frozen=True, slots=True)
class Instant:
    """One reading of all clocks, in ms.

    `boot_ms` counts from boot and includes suspend. `utc_ms` and `uncertainty_ms` are None exactly
    when the source is NONE. `boot_id` is 16 bytes.
    """

    boot_ms: int
    utc_ms: int | None
    source: TimeSource
    uncertainty_ms: int | None
    boot_id: bytes


class Clock(Protocol):
    """What the loop asks of time: read it once per turn, and wait between turns."""

    def read(self) -> Instant:
        """Show all clocks at once; never raises."""
        ...

    def wait(self, delta_ms: int, readable: Sequence[int] = ()) -> tuple[int, ...]:
        """Sleep at most `delta_ms` of this clock's time, or until a descriptor is readable.

        Returns the readable descriptors. A signal wakes it through a descriptor of the daemon's.
        """
        ...

    def real_seconds(self, delta_ms: int) -> float:
        """Return how long `delta_ms` of this clock lasts for a bystander."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def __init__(self, sources: WallSources | None = None) -> None:
        """Read the boot id once: it cannot change while this process lives."""
        self._sources = sources if sources is not None else WallSources()
        self._mark: Mark | None = None
        self._boot_id = read_boot_id()

    def read(self) -> Instant:
        """Show boot time, and UTC with its bound if somebody vouches for it."""
        boot_ms, utc_ms = boot_now_ms(), utc_now_ms()
        facts = self._sources.facts(utc_ms, boot_ms)
        self._mark = marked(self._mark, facts)
        wall = judge(facts, self._mark)
        return Instant(boot_ms, wall.utc_ms, wall.source, wall.uncertainty_ms, self._boot_id)

    def wait(self, delta_ms: int, readable: Sequence[int] = ()) -> tuple[int, ...]:
        """See `Clock.wait`."""
        return _poll(readable, delta_ms)

    def real_seconds(self, delta_ms: int) -> float:
        """Real time is real."""
        return delta_ms / 1_000


@dataclass(frozen=True, slots=True)
class VirtualOrigin:
    """Where a fast clock began: the real UTC and boot time, and how fast until it is caught up."""

    utc_ms: int
    boot_ms: int
    boot_id: str
    speed: int
    span_ms: int

    @property
    def start_ms(self) -> int:
        """The virtual UTC of the beginning: so far back that after `span_ms` it is the present."""
        return self.utc_ms - self.span_ms * (self.speed - 1)

    def virtual_ms(self, elapsed_ms: int) -> int:
        """Virtual UTC after `elapsed_ms` of real time; never later than the real one.

        start + speed * span = now - span * (speed - 1) + speed * span = now + span: the two lines
        meet at `span_ms`, and from there the clock goes on with the present at speed 1.
        """
        return min(self.start_ms + self.speed * elapsed_ms, self.utc_ms + elapsed_ms)


class VirtualClock:
    """A clock that runs `speed` times faster and starts in the past, so nothing lies ahead of now.

    Only for simulated parts. Its boot is its own beginning; the boot id is drawn from the origin.
    """

    def __init__(self, origin: VirtualOrigin) -> None:
        """Continue from `origin`; see `open_virtual` for one that survives a restart."""
        self.origin = origin
        self._boot_id = hashlib.sha256(repr(origin).encode()).digest()[:16]

    def read(self) -> Instant:
        """Show the virtual moment; its source says NTP, and its records say simulated."""
        utc_ms = self.origin.virtual_ms(self._elapsed_ms())
        return Instant(
            utc_ms - self.origin.start_ms,
            utc_ms,
            TimeSource.NTP,
            VIRTUAL_UNCERTAINTY_MS,
            self._boot_id,
        )

    def wait(self, delta_ms: int, readable: Sequence[int] = ()) -> tuple[int, ...]:
        """See `Clock.wait`; `delta_ms` is virtual.

        The real clock counts whole milliseconds: one more, and the moment is certainly there.
        """
        return _poll(readable, self.real_seconds(delta_ms) * 1_000 + 1)

    def real_seconds(self, delta_ms: int) -> float:
        """Divide by the speed while the clock is still catching up."""
        behind = self._elapsed_ms() < self.origin.span_ms
        return delta_ms / (self.origin.speed if behind else 1) / 1_000

    def _elapsed_ms(self) -> int:
        return max(0, boot_now_ms() - self.origin.boot_ms)


class SteppedClock:
    """Time that passes only by waiting: a day in a second, and the same every time."""

    def __init__(self, start_utc_ms: int, boot_id: bytes = bytes(16)) -> None:
        """Begin at `start_utc_ms` with a boot time of zero."""
        self._start_utc_ms = start_utc_ms
        self._boot_ms = 0
        self._boot_id = boot_id

    def read(self) -> Instant:
        """Show the moment the waits add up to."""
        return Instant(
            self._boot_ms,
            self._start_utc_ms + self._boot_ms,
            TimeSource.NTP,
            VIRTUAL_UNCERTAINTY_MS,
            self._boot_id,
        )

    def wait(self, delta_ms: int, readable: Sequence[int] = ()) -> tuple[int, ...]:
        """Step forward by the whole of `delta_ms`, unless a descriptor is readable at once."""
        ready = _poll(readable, 0)
        if not ready:
            self._boot_ms += max(0, delta_ms)
        return ready

    def real_seconds(self, delta_ms: int) -> float:  # noqa: ARG002 - the shape is Clock's
        """Nothing takes any time here."""
        return 0.0


def open_virtual(path: Path, speed: int, span_ms: int) -> VirtualClock:
    """Continue the fast clock whose origin lies in `path`, or begin one there.

    Without this a restarted agent would live its past a second time. After a real reboot, or with
    another speed, a new line begins. Raises OSError when the folder cannot be written.
    """
    boot_id = read_boot_id().hex()
    origin = _read_origin(path)
    if origin is None or (origin.boot_id, origin.speed, origin.span_ms) != (
        boot_id,
        speed,
        span_ms,
    ):
        origin = VirtualOrigin(utc_now_ms(), boot_now_ms(), boot_id, speed, span_ms)
        _write_origin(path, origin)
    return VirtualClock(origin)


def read_boot_id() -> bytes:
    """Return the kernel's id of this boot, 16 bytes; zeros where the kernel hides it."""
    try:
        return bytes.fromhex(BOOT_ID_PATH.read_text("ascii").strip().replace("-", ""))
    except (OSError, ValueError):
        return bytes(16)


def boot_now_ms() -> int:
    """Return milliseconds since boot, suspend included; never goes back."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def utc_now_ms() -> int:
    """Return what the wall clock shows, true or not: only `judge` may make a time of it."""
    return time.time_ns() // 1_000_000


def _poll(readable: Sequence[int], real_ms: float) -> tuple[int, ...]:
    poller = select.poll()
    for descriptor in readable:
        poller.register(descriptor, select.POLLIN)
    ready = poller.poll(min(max(0.0, real_ms), LONGEST_WAIT_MS))
    return tuple(descriptor for descriptor, _ in ready)


def _read_origin(path: Path) -> VirtualOrigin | None:
    """None for a missing or unreadable file: it holds a convenience, not evidence."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        origin = VirtualOrigin(**json.loads(path.read_text("ascii")))
        if all(type(value) in (int, str) for value in asdict(origin).values()):
            return origin
    return None


def _write_origin(path: Path, origin: VirtualOrigin) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(origin)), "ascii")
    fresh.replace(path)
