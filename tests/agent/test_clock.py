"""Time is what somebody vouches for, a fast clock never lies ahead, and waiting is exact."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.edges.clock import (
    Clock,
    SteppedClock,
    SystemClock,
    VirtualClock,
    VirtualOrigin,
    boot_now_ms,
    open_virtual,
    read_boot_id,
    utc_now_ms,
)
from agent.edges.walltime import (
    BUILD_UTC_MS,
    UNKNOWN,
    WallFacts,
    WallSources,
    WallTime,
    judge,
    marked,
)
from protocol.registry import TimeSource

NOW = BUILD_UTC_MS + 10_000_000_000
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (WallFacts(NOW, 5, kernel_error_ms=7), WallTime(NOW, TimeSource.NTP, 107)),
        (WallFacts(NOW, 5, timesync_ms=NOW), WallTime(NOW, TimeSource.NTP, 1_000)),
        (WallFacts(NOW, 5, timesync_ms=NOW - HOUR), WallTime(NOW, TimeSource.NTP, 1_180)),
        (WallFacts(NOW, HOUR, has_rtc=True), WallTime(NOW, TimeSource.RTC, 60_180)),
        (WallFacts(NOW, 5), UNKNOWN),
        (WallFacts(0, 5, kernel_error_ms=7), UNKNOWN),
        (WallFacts(BUILD_UTC_MS - 1, 5, has_rtc=True), UNKNOWN),
        (WallFacts(BUILD_UTC_MS + 21 * 365 * 24 * HOUR, 5, timesync_ms=1), UNKNOWN),
    ],
)
def test_a_wall_clock_is_worth_what_set_it(facts: WallFacts, verdict: WallTime) -> None:
    assert judge(facts, marked(None, facts)) == verdict


SET = [
    ("an hour back", -HOUR, NOW, UNKNOWN),
    ("two seconds on", 2_000, NOW, UNKNOWN),
    ("half a second, smoothly", 500, NOW, TimeSource.NTP),
    ("an hour back, by the service", -HOUR, NOW - HOUR, TimeSource.NTP),
    ("an hour on, by the service", HOUR, NOW + HOUR, TimeSource.NTP),
]


@pytest.mark.parametrize(("by_ms", "synced_ms", "verdict"), [one[1:] for one in SET])
def test_a_clock_that_was_set_is_unknown_until_its_service_speaks_again(
    by_ms: int, synced_ms: int, verdict: WallTime | TimeSource
) -> None:
    """The file says when the service last spoke, and not that nobody set the clock since."""
    mark = marked(None, WallFacts(NOW, HOUR, timesync_ms=NOW))
    later = WallFacts(NOW + 10_000 + by_ms, HOUR + 10_000, timesync_ms=synced_ms)
    wall = judge(later, marked(mark, later))
    assert wall == verdict or wall.source is verdict
    if wall == UNKNOWN:
        spoken = WallFacts(later.utc_ms + 1, later.boot_ms + 1, timesync_ms=later.utc_ms + 1)
        assert judge(spoken, marked(mark, spoken)).source is TimeSource.NTP


def test_a_chips_time_is_unknown_once_somebody_set_the_clock() -> None:
    mark = marked(None, WallFacts(NOW, HOUR, has_rtc=True))
    facts = WallFacts(NOW, HOUR + 120_000, has_rtc=True)
    assert judge(facts, marked(mark, facts)) == UNKNOWN


def test_a_clock_behind_its_own_last_sync_is_unknown() -> None:
    facts = WallFacts(NOW - HOUR, HOUR, timesync_ms=NOW)
    assert judge(facts, marked(None, facts)) == UNKNOWN


@given(
    st.builds(
        WallFacts,
        st.integers(-(2**53), 2**53),
        st.integers(0, 2**53),
        st.none() | st.integers(0, 20_000),
        st.none() | st.integers(-(2**53), 2**53),
        st.booleans(),
    )
)
def test_no_time_and_no_bound_go_together(facts: WallFacts) -> None:
    wall = judge(facts, marked(None, facts))
    absent = {wall.utc_ms is None, wall.uncertainty_ms is None, wall.source is TimeSource.NONE}
    assert len(absent) == 1
    assert wall.uncertainty_ms is None or wall.uncertainty_ms > 0


def test_the_machine_is_asked_through_its_own_files(tmp_path: Path) -> None:
    assert WallSources(tmp_path).facts(NOW, 1).timesync_ms is None
    assert WallSources(tmp_path).facts(NOW, 1).has_rtc is False
    rtc = tmp_path / "sys/class/rtc/rtc0/hctosys"
    rtc.parent.mkdir(parents=True)
    rtc.write_text("1\n")
    flag = tmp_path / "run/systemd/timesync/synchronized"
    flag.parent.mkdir(parents=True)
    flag.touch()
    os.utime(flag, ns=(0, 1_234 * 1_000_000))
    facts = WallSources(tmp_path).facts(NOW, 1)
    assert (facts.timesync_ms, facts.has_rtc) == (1_234, True)


def test_the_kernel_is_believed_only_when_it_says_synchronised(tmp_path: Path) -> None:
    """Both answers are possible on a test machine; each must be a bound or an honest nothing."""
    error_ms = WallSources(tmp_path).facts(NOW, 1).kernel_error_ms
    assert error_ms is None or 0 < error_ms <= 16_001


def test_the_system_clock_tells_this_boot() -> None:
    before = boot_now_ms()
    instant = SystemClock().read()
    assert before <= instant.boot_ms <= boot_now_ms()
    assert instant.boot_id == read_boot_id()
    assert len(instant.boot_id) == 16


def _readable() -> tuple[int, int]:
    end, other = os.pipe()
    os.write(other, b"!")
    return end, other


@pytest.mark.parametrize("clock", [SystemClock(), SteppedClock(NOW)], ids=["system", "stepped"])
def test_a_wait_ends_at_once_when_something_is_readable(clock: Clock) -> None:
    end, other = _readable()
    try:
        before = clock.read().boot_ms
        assert clock.wait(HOUR, (end,)) == (end,)
        assert clock.read().boot_ms - before < 60_000
    finally:
        os.close(end)
        os.close(other)


def test_a_wait_that_is_overdue_returns_at_once() -> None:
    assert SystemClock().wait(-5) == ()


def test_a_stepped_clock_moves_by_waiting_only() -> None:
    clock = SteppedClock(NOW, bytes(range(16)))
    assert (clock.read().boot_ms, clock.read().utc_ms) == (0, NOW)
    assert clock.wait(HOUR) == ()
    assert clock.wait(-1) == ()
    assert (clock.read().boot_ms, clock.read().utc_ms) == (HOUR, NOW + HOUR)
    assert clock.read().boot_id == bytes(range(16))


def _origin(speed: int, span_ms: int) -> VirtualOrigin:
    return VirtualOrigin(utc_ms=NOW, boot_ms=0, boot_id="", speed=speed, span_ms=span_ms)


@given(st.integers(1, 10_000), st.integers(1, 100 * HOUR), st.integers(0, 200 * HOUR))
def test_a_fast_clock_never_lies_ahead_and_never_goes_back(
    speed: int, span_ms: int, elapsed_ms: int
) -> None:
    origin = _origin(speed, span_ms)
    assert origin.virtual_ms(elapsed_ms) <= NOW + elapsed_ms
    assert origin.virtual_ms(elapsed_ms) < origin.virtual_ms(elapsed_ms + 1)


def test_a_fast_clock_meets_the_present_at_its_span_and_stays() -> None:
    origin = _origin(60, HOUR)
    assert origin.virtual_ms(0) == NOW - 59 * HOUR
    assert origin.virtual_ms(HOUR - 1) == NOW + HOUR - 60
    assert origin.virtual_ms(HOUR) == NOW + HOUR
    assert origin.virtual_ms(2 * HOUR) == NOW + 2 * HOUR


def test_a_fast_clock_waits_less_until_it_has_caught_up(tmp_path: Path) -> None:
    clock = open_virtual(tmp_path / "clock.json", 100, HOUR)
    assert clock.real_seconds(10_000) == 0.1
    late = VirtualClock(VirtualOrigin(NOW, boot_now_ms() - HOUR, "", 100, HOUR))
    assert late.real_seconds(10_000) == 10.0


def test_a_fast_clock_counts_its_boot_from_its_own_beginning(tmp_path: Path) -> None:
    clock = open_virtual(tmp_path / "clock.json", 100, HOUR)
    instant = clock.read()
    assert instant.utc_ms == clock.origin.start_ms + instant.boot_ms
    assert 0 <= instant.boot_ms < 100 * 60_000
    assert instant.utc_ms <= utc_now_ms()


def test_a_restarted_fast_clock_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    first = open_virtual(path, 100, HOUR)
    again = open_virtual(path, 100, HOUR)
    assert again.origin == first.origin
    assert again.read().boot_id == first.read().boot_id
    assert open_virtual(path, 99, HOUR).origin != first.origin


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"utc_ms": 1}', "\x00"])
def test_a_damaged_origin_is_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "clock.json"
    path.write_text(content)
    clock = open_virtual(path, 7, HOUR)
    assert open_virtual(path, 7, HOUR).origin == clock.origin
