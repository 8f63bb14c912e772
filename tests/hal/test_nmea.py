"""NMEA as it really comes: nothing raises, nothing void or unchecked is believed."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.api import Fault, Fix
from hal.drivers.nmea import (
    LONGEST_LINE,
    Framer,
    Report,
    Track,
    decode,
)
from hal.drivers.weeks import ROLLOVER_MS, after_rollover

# 2026-07-14 21:00:00 UTC, Gamcheon port.
RMC = "GNRMC,210000.00,A,3504.4400,N,12900.3600,E,043.2,285.30,140726,,,A"
GGA = "GNGGA,210000.00,3504.4400,N,12900.3600,E,1,09,0.93,12.0,M,28.0,M,,"
GSA = "GNGSA,A,3,01,02,03,04,,,,,,,,,1.5,0.93,1.2"
UTC_MS = 1_784_062_800_000


def line(body: str) -> bytes:
    """The sentence with `$` and its checksum."""
    return f"${body}*{reduce(lambda sum_, byte: sum_ ^ byte, body.encode(), 0):02X}".encode()


def report(body: str) -> Report:
    said = decode(line(body))
    assert isinstance(said, Report), said
    return said


def test_a_good_sentence_is_understood_to_the_digit() -> None:
    said = report(RMC)
    assert said.valid
    assert (said.lat_e7, said.lon_e7) == (350_740_000, 1_290_060_000)
    assert said.speed_mm_s == round(43.2 * 1_852_000 / 3600)
    assert said.course_cdeg == 28_530
    assert said.utc_ms == UTC_MS


def test_satellites_dilution_and_dimension_are_understood() -> None:
    said = report(GGA)
    assert (said.satellites, said.hdop_centi) == (9, 93)
    assert report(GSA).dimension is Fix.FIX_3D
    assert report(GSA.replace(",3,", ",1,", 1)).dimension is Fix.NONE


def test_the_southern_and_western_halves_are_negative() -> None:
    said = report(RMC.replace(",N,", ",S,").replace(",E,", ",W,"))
    assert (said.lat_e7, said.lon_e7) == (-350_740_000, -1_290_060_000)


@pytest.mark.parametrize(
    "body",
    [
        RMC.replace(",A,3504", ",V,3504"),
        "GPRMC,,V,,,,,,,,,,N",
        RMC.replace(",A", ",N", 2),
        RMC[:-1] + "E",  # dead reckoning
        RMC[:-1] + "S",  # a simulator
        RMC.replace("3504.4400", "9504.4400"),
        RMC.replace("3504.4400", "3560.0000"),
        RMC.replace("3504.4400", ""),
        RMC.replace("12900.3600", "18100.3600"),
        RMC.replace("12900.3600", "nan"),
        RMC.replace(",E,", ",N,"),
        RMC.replace("3504.4400", "0000.0000").replace("12900.3600", "00000.0000"),
    ],
)
def test_a_void_or_impossible_position_gives_neither_place_nor_date(body: str) -> None:
    said = report(body)
    assert not said.valid
    assert (said.lat_e7, said.lon_e7, said.utc_ms) == (None, None, None)


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        ("043.2", "", "speed_mm_s"),
        ("043.2", "inf", "speed_mm_s"),
        ("043.2", "-3", "speed_mm_s"),
        ("285.30", "361.0", "course_cdeg"),
        ("140726", "310226", "day"),
        ("140726", "1407", "day"),
        ("210000.00", "250000.00", "clock_ms"),
        ("210000.00", "2100", "clock_ms"),
    ],
)
def test_an_impossible_field_is_unknown_and_the_rest_stands(
    old: str, new: str, missing: str
) -> None:
    said = report(RMC.replace(old, new))
    assert getattr(said, missing) is None
    assert said.lat_e7 == 350_740_000


def test_a_leap_second_counts_as_the_one_before() -> None:
    said = report(RMC.replace("210000.00", "235960.00"))
    assert said.clock_ms == 86_399_000


@pytest.mark.parametrize("dilution", ["99.99", "100.0", "x", ""])
def test_a_dilution_that_means_unknown_is_unknown(dilution: str) -> None:
    assert report(GGA.replace("0.93", dilution)).hdop_centi is None


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"$",
        f"${RMC}".encode(),
        f"${RMC}*".encode(),
        line(RMC)[:-1],
        line(RMC)[:40],
        line(RMC)[1:],
        line(RMC).replace(b"3504", b"3505"),
        line(RMC) + b" x",
        line(RMC) + b"\x00",
        line("GPRMC," + "0" * LONGEST_LINE),
        line("GPTXT,01,01,02,x")[:-1] + b"0",
        b"\xff\xfe" * 20,
    ],
)
def test_a_line_without_a_right_checksum_is_never_believed(said: bytes) -> None:
    assert decode(said) is Fault.CHECKSUM


@pytest.mark.parametrize("body", ["GPTXT,01,01,02,ANTSTATUS=OK", "PUBX,00,1", "GPGSV,1,1,00"])
def test_other_sentences_are_of_no_interest(body: str) -> None:
    assert decode(line(body)) is None


@given(st.data())
def test_one_changed_byte_never_gives_another_position(data: st.DataObject) -> None:
    good = line(RMC)
    place = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(0, 255))
    said = decode(good[:place] + bytes([byte]) + good[place + 1 :])
    assert said in (Fault.CHECKSUM, None) or said == report(RMC)


@given(st.lists(st.binary(max_size=300)))
def test_no_noise_raises_and_no_line_is_overlong(chunks: list[bytes]) -> None:
    framer, track = Framer(), Track()
    for at_ms, chunk in enumerate(chunks):
        for cut in framer.feed(chunk):
            assert len(cut) <= LONGEST_LINE
            track = track.absorb(decode(cut), at_ms)
        assert track.fix(at_ms).fix is Fix.NONE


FIELD = st.text("0123456789.,-+AVNSEWxe *\x00é", max_size=14)


@given(st.sampled_from(["GPRMC", "GNGGA", "GLGSA"]), st.lists(FIELD, max_size=20))
def test_no_checked_nonsense_raises(kind: str, fields: list[str]) -> None:
    said = decode(line(",".join([kind, *fields])))
    assert said is None or isinstance(said, Fault | Report)
    if isinstance(said, Report):
        assert Track().absorb(said, 5).fix(5).age_ms in (None, 0)


@given(st.lists(st.integers(1, 60), max_size=20))
def test_lines_come_out_the_same_however_the_stream_is_cut(cuts: list[int]) -> None:
    stream = b"\r\n".join(line(body) for body in (RMC, GGA, GSA)) + b"\r\nrest"
    framer, lines, start = Framer(), [], 0
    for cut in [*cuts, len(stream)]:
        lines += [one for one in framer.feed(stream[start : start + cut]) if one]
        start += cut
    assert lines == [line(body) for body in (RMC, GGA, GSA)]


def test_after_a_flood_without_line_ends_the_next_line_is_good_again() -> None:
    framer = Framer()
    for _ in range(1000):
        assert list(framer.feed(b"\xaa" * 1000)) == []
    assert list(framer.feed(b"\n" + line(RMC) + b"\n")) == [b"", line(RMC)]


@pytest.mark.parametrize("earliest", [UTC_MS - 5, UTC_MS])
def test_a_rolled_week_counter_is_mended_and_a_good_date_left_alone(earliest: int) -> None:
    assert after_rollover(UTC_MS - ROLLOVER_MS, earliest) == UTC_MS
    assert after_rollover(UTC_MS - 2 * ROLLOVER_MS, earliest) == UTC_MS
    assert after_rollover(UTC_MS, earliest) == UTC_MS


def drive(*bodies: tuple[int, str]) -> Track:
    """The track after these sentences at these times."""
    track = Track()
    for at_ms, body in bodies:
        track = track.absorb(decode(line(body)), at_ms)
    return track


LATER = RMC.replace("210000", "210010")


def test_a_fix_is_shown_with_its_age_and_then_no_longer() -> None:
    track = drive((0, GSA), (0, GGA), (0, RMC))
    shown = track.fix(1_500)
    assert (shown.fix, shown.age_ms, shown.satellites) == (Fix.FIX_3D, 1_500, 9)
    assert (shown.lat_e7, shown.utc_ms) == (350_740_000, UTC_MS)
    old = track.fix(4_000)
    assert (old.fix, old.lat_e7, old.utc_ms, old.age_ms) == (Fix.NONE, None, None, 4_000)


def test_why_there_is_no_fix_is_told() -> None:
    assert Track().fix(0).fault is Fault.NO_ANSWER
    assert drive((0, "GPRMC,,V,,,,,,,,,,N")).fix(0).fault is Fault.NOT_READY
    assert Track().absorb(Fault.CHECKSUM, 0).fix(0).fault is Fault.CHECKSUM
    lost = drive((0, RMC), (1_000, "GPRMC,,V,,,,,,,,,,N"))
    assert (lost.fix(1_000).fault, lost.fix(1_000).age_ms) == (None, 1_000)
    assert lost.fix(7_000).fault is Fault.NO_ANSWER


def test_a_void_sentence_takes_the_position_away_at_once() -> None:
    assert drive((0, RMC), (500, RMC.replace(",A,", ",V,"))).fix(500).fix is Fix.NONE


@pytest.mark.parametrize(
    ("later", "fault"),
    [
        (LATER, None),
        (LATER.replace("3504.4400", "3504.6000"), None),  # 296 m in 10 s
        (LATER.replace("3504.4400", "3504.8000"), Fault.SUSPECT),  # 667 m in 10 s
        (LATER.replace("12900", "12700"), Fault.SUSPECT),
        (LATER.replace("210010", "210013"), Fault.SUSPECT),  # its clock stepped
        (LATER.replace("140726", "150726"), Fault.SUSPECT),
        (LATER.replace("140726", ""), None),
    ],
)
def test_a_jump_in_place_or_time_is_flagged_not_dropped(later: str, fault: Fault | None) -> None:
    shown = drive((0, RMC), (10_000, later)).fix(10_000)
    assert shown.fault is fault
    assert shown.lat_e7 == report(later).lat_e7


def test_crossing_the_date_line_is_no_jump() -> None:
    west = RMC.replace("12900.3600", "17959.9900")
    east = LATER.replace("12900.3600,E", "17959.9900,W")
    assert drive((0, west), (10_000, east)).fix(10_000).fault is None
