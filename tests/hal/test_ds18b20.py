"""The scratchpad of a DS18B20: the data sheet's own table, and what is never a temperature."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.api import Fault
from hal.drivers.ds18b20 import crc8, decode


def w1_slave(bits: int, config: int = 0x7F) -> str:
    """The text of the kernel's file for this temperature register."""
    eight = (bits & 0xFFFF).to_bytes(2, "little") + bytes([0x4B, 0x46, config, 0xFF, 0x0C, 0x10])
    pad = (eight + bytes([crc8(eight)])).hex(" ")
    return f"{pad} : crc={pad[-2:]} YES\n{pad} t={bits}"


def said(text: str) -> tuple[int | None, Fault | None]:
    answer = decode(text)
    assert answer is not None
    return answer[0].value, answer[0].fault


@pytest.mark.parametrize(
    ("bits", "milli"),
    [
        (0x07D0, 125_000),
        (0x0191, 25_062),
        (0x00A2, 10_125),
        (0x0008, 500),
        (0x0000, 0),
        (0xFFF8, -500),
        (0xFF5E, -10_125),
        (0xFE6F, -25_062),
        (0xFC90, -55_000),
    ],
)
def test_the_table_of_the_data_sheet(bits: int, milli: int) -> None:
    assert said(w1_slave(bits)) == (milli, None)


def test_a_file_as_a_kernel_wrote_it() -> None:
    text = "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=23125"
    assert said(text) == (23_125, None)


def test_bits_that_mean_nothing_at_a_low_resolution_are_left_out() -> None:
    assert said(w1_slave(0x0197, 0x1F)) == (25_000, None)
    assert said(w1_slave(0x0197, 0x5F)) == (25_375, None)


@pytest.mark.parametrize(
    "text",
    [
        w1_slave(0x0550),  # 85.0: just switched on
        w1_slave(0xF810),  # -127.0: nothing there
        w1_slave(0x07D1),
        w1_slave(0xFC8F),
        w1_slave(0x0100, 0x00),
        "00 " * 9 + ": crc=00 YES",  # a shorted line; its checksum fits
    ],
)
def test_known_error_values_are_no_temperatures(text: str) -> None:
    assert said(text) == (None, Fault.OUT_OF_RANGE)


def test_a_wrong_checksum_is_told_whatever_the_kernel_says() -> None:
    assert said(w1_slave(0x0191).replace("91", "90", 1)) == (None, Fault.CHECKSUM)
    assert said("ff " * 9 + ": crc=c9 NO") == (None, Fault.CHECKSUM)


@pytest.mark.parametrize("raw", [None, "", "85000", "zz " * 9, 7, ["72"], w1_slave(1)[:20]])
def test_what_is_no_such_file_is_no_answer(raw: object) -> None:
    assert decode(raw) is None


@given(st.integers(0, 71))
def test_one_bit_turned_over_is_always_noticed(bit: int) -> None:
    pad = bytearray.fromhex(w1_slave(0x0191)[:26])
    pad[bit // 8] ^= 1 << bit % 8
    assert said(pad.hex(" ") + " : ") == (None, Fault.CHECKSUM)
