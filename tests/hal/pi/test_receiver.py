"""NMEA through a real pty and the real pyserial: noise, spoofing, unplugging. The clock is ours."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from hal.api import Fault, Fix, Moment, PositionFix
from hal.drivers import nmea
from hal.drivers.nmea import Framer, decode
from hal.pi.receiver import SILENT_MS, Line, Receiver
from tests.hal.pi.ports import Port
from tests.hal.pi.turning import Idle, turn_until
from tests.hal.test_nmea import GGA, GSA, RMC, UTC_MS, line
from tests.reliability import note

LINES = 10_000
CYCLES = 20
REOPEN_MS = 30_000


@pytest.fixture
def port(tmp_path: Path) -> Iterator[Port]:
    port = Port(tmp_path)
    port.plug()
    yield port
    port.unplug()


@contextlib.contextmanager
def listening(port: Port) -> Iterator[Receiver]:
    with contextlib.closing(port.receiver()) as receiver:
        receiver.step(0)  # opens the port: what was written before is lost, as on a real one
        yield receiver
        receiver._hang_up()


def at(now_ms: int) -> Moment:
    return Moment(now_ms, None)


def rmc(second: int, lat: str = "3504.4400", status: str = "A", day: str = "140726") -> str:
    hours, rest = divmod(second, 3_600)
    clock = f"{hours % 24:02}{rest // 60:02}{rest % 60:02}.00"
    return f"GNRMC,{clock},{status},{lat},N,12900.3600,E,000.0,285.30,{day},,,A"


def kinds(second: int, dice: Random) -> list[bytes]:
    """One line of each kind that D13 names, as it would stand in the stream."""
    good = line(rmc(second))
    return [
        good,
        line(GGA),
        line(GSA),
        line(rmc(second, status="V")),
        line("GPRMC,,V,,,,,,,,,,N"),
        good[:-1] + b"0" if good[-1:] != b"0" else good[:-1] + b"1",
        good[: dice.randrange(1, len(good) - 3)],
        line(rmc(second, day="281106")),  # 1024 weeks before 2026-07-14
        line(rmc(86_399).replace("235959", "235960")),
        dice.randbytes(dice.randrange(300)).replace(b"\n", b"?"),
        b"\xff" * dice.randrange(1, 5_000),
        line("GPTXT,01,01,02,ANTSTATUS=OK"),
        line(rmc(second).replace("3504.4400", "0000.0000").replace("12900.3600", "00000.0000")),
        b"",
    ]


def test_D13_ten_thousand_lines_of_all_kinds_never_raise_nor_mislead(port: Port) -> None:
    dice, now_ms, sent, shown = Random(13), 0, 0, list[PositionFix]()
    with listening(port) as receiver:
        while sent < LINES:
            batch = kinds(now_ms // 1_000, dice)
            dice.shuffle(batch)
            sent += len(batch)
            rest = b"\r\n".join([*batch, b""])
            while rest:
                rest = port.write(rest)
                receiver.step(now_ms)
            now_ms += 1_000
            shown.append(receiver.told(at(now_ms)))
    misled = [fix for fix in shown if fix.fix is not Fix.NONE and fix.lat_e7 != 350_740_000]
    note("D13", "14 kinds of line through a pty and pyserial", sent, f"{len(misled)} wrong fixes")
    assert misled == []
    assert sum(fix.fix is not Fix.NONE for fix in shown) > 50
    assert {fix.fault for fix in shown} <= {None, Fault.SUSPECT, Fault.NOT_READY}


def test_D13_megabytes_of_noise_cost_no_memory_and_give_no_position() -> None:
    dice, framer, track = Random(25), Framer(), nmea.Track()
    size, longest, lines = 25 * 2**20, 0, 0
    for chunk in (dice.randbytes(2**16) for _ in range(size // 2**16)):
        for cut in framer.feed(chunk):
            longest, lines = max(longest, len(cut)), lines + 1
            track = track.absorb(decode(cut), 0)
    fix = track.fix(0)
    note("D13", "25 MB of random bytes, lines in them", lines, f"0 exceptions, {fix.fix.name} fix")
    assert longest <= nmea.LONGEST_LINE
    assert (fix.fix, fix.fault) == (Fix.NONE, Fault.CHECKSUM)


def test_D13_without_a_fix_the_age_of_the_last_one_is_told(port: Port) -> None:
    with listening(port) as receiver:
        assert receiver.told(at(0)).fault is Fault.NO_ANSWER
        tell(port, receiver, rmc(0), 1_000)
        assert receiver.told(at(2_000)).age_ms == 1_000
        tell(port, receiver, rmc(1, status="V"), 9_000)
        lost = receiver.told(at(10_000))
        assert (lost.fix, lost.lat_e7, lost.age_ms, lost.fault) == (Fix.NONE, None, 9_000, None)
        assert receiver.told(at(16_000)).fault is Fault.NO_ANSWER


def tell(port: Port, receiver: Receiver, body: str, now_ms: int) -> None:
    assert port.write(line(body) + b"\r\n") == b""
    receiver.step(now_ms)


def spoofed(second: int, beat: int, jumping: bool) -> str:
    """A fix that stays where it is, but for one second of a jumping beat."""
    if not jumping or second % 10 != beat % 7 + 1:
        return rmc(second)
    return rmc(second, lat="3510.4400") if beat % 4 == 1 else rmc(second + 3_600)


def test_D14_every_jump_in_place_or_time_is_flagged_however_seldom_one_asks(port: Port) -> None:
    """A jump lasts one second; the question comes every ten."""
    jumps, flagged, dropped, false = 0, 0, 0, 0
    with listening(port) as receiver:
        for beat in range(100):
            jumping = beat % 2 == 1
            for second in range(beat * 10, beat * 10 + 10):
                tell(port, receiver, spoofed(second, beat, jumping), second * 1_000)
            fix = receiver.told(at(beat * 10_000 + 9_500))
            jumps += jumping
            flagged += jumping and fix.fault is Fault.SUSPECT
            dropped += fix.fix is Fix.NONE
            false += not jumping and fix.fault is not None
    how = "11 km or an hour in one second, asked every ten seconds"
    note("D14", how, jumps, f"{flagged} flagged, {dropped} dropped, {false} flagged without a jump")
    assert (flagged, dropped, false) == (jumps, 0, 0)


def test_D14_every_speed_beyond_a_trucks_is_flagged_and_kept(port: Port) -> None:
    speeds, flagged = range(160, 2_000, 20), 0
    for speed in speeds:
        with listening(port) as receiver:
            tell(port, receiver, rmc(0), 0)
            metres = speed / 3.6 * 100
            minutes = 4.44 + metres / 1_853.25
            tell(port, receiver, rmc(100, lat=f"35{minutes:07.4f}"), 100_000)
            fix = receiver.told(at(100_000))
            flagged += fix.fault is Fault.SUSPECT and fix.lat_e7 is not None
    note("D14", "position moves at 160 to 1,980 km/h", len(speeds), f"{flagged} flagged and kept")
    assert flagged == len(speeds)


def test_D16_a_receiver_that_is_pulled_and_comes_back_is_heard_again(port: Port) -> None:
    dice, now_ms, slowest_ms, silent = Random(16), 0, 0, 0
    with listening(port) as receiver:
        for _ in range(CYCLES):
            tell(port, receiver, rmc(now_ms // 1_000), now_ms)
            assert receiver.told(at(now_ms)).fix is not Fix.NONE
            port.unplug()
            now_ms = pass_time(receiver, now_ms, dice.randrange(6_000, 120_000))
            silent += receiver.told(at(now_ms)).fault is Fault.NO_ANSWER
            port.plug()
            back_ms = now_ms
            while receiver.told(at(now_ms)).fix is Fix.NONE:
                assert now_ms - back_ms < 10 * REOPEN_MS
                port.write(line(rmc(now_ms // 1_000)) + b"\r\n")
                now_ms = pass_time(receiver, now_ms, 1_000)
            slowest_ms = max(slowest_ms, now_ms - back_ms)
    how = "serial port vanishes for up to 2 minutes and returns (pty, own clock)"
    note("D16", how, CYCLES, f"heard again after at most {slowest_ms / 1_000:.1f} s")
    assert silent == CYCLES
    assert slowest_ms <= REOPEN_MS


def pass_time(receiver: Receiver, now_ms: int, span_ms: int) -> int:
    """Let the owner's steps follow each other without waiting."""
    end_ms = now_ms + span_ms
    while now_ms < end_ms:
        now_ms += max(1, min(receiver.step(now_ms).ms, end_ms - now_ms))
    return now_ms


def test_D16_a_port_that_stays_open_but_silent_is_opened_anew(port: Port) -> None:
    opened, now_ms = list[int](), 0
    with listening(port) as receiver:
        open_line = receiver._open_line

        def counting() -> Line:
            opened.append(now_ms)
            return open_line()

        receiver._open_line = counting
        while now_ms < 10 * SILENT_MS:
            now_ms = pass_time(receiver, now_ms, 500)
    apart_ms = max(later - earlier for earlier, later in pairwise([0, *opened]))
    how = f"port open and silent for {now_ms // 1_000} s"
    note("D16", how, len(opened), f"opened anew, at most {apart_ms / 1_000} s apart")
    assert len(opened) >= 5
    assert apart_ms <= REOPEN_MS


def test_a_port_that_does_not_exist_or_is_no_port_is_silence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no port")
    for name in ("absent", "file"):
        port = Port(tmp_path)
        port.path = tmp_path / name
        with listening(port) as receiver:
            pass_time(receiver, 0, 60_000)
            assert receiver.told(at(60_000)).fault is Fault.NO_ANSWER


def test_the_thread_hears_what_comes_and_ends_when_closed(port: Port) -> None:
    receiver = port.receiver()
    receiver.read(at(0))

    def heard() -> bool:
        port.write(line(GSA) + b"\n" + line(RMC) + b"\n")
        return receiver.told(at(0)).fix is Fix.FIX_3D

    turn_until(Idle(), heard)
    assert receiver.told(at(0)).utc_ms == UTC_MS
    thread = receiver._owner._thread
    receiver.close()
    receiver.close()
    assert thread is not None
    assert not thread.is_alive()
