"""Six bytes of an SHT3x: the data sheet's checksum example, its formula, and what is no answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.api import Fault
from hal.drivers.sht3x import crc8, decode


def answer(temperature: int, humidity: int) -> str:
    """The six bytes for these two words."""
    words = (word.to_bytes(2, "big") for word in (temperature, humidity))
    return b"".join(word + bytes([crc8(word)]) for word in words).hex()


def said(text: str) -> list[tuple[int | None, Fault | None]]:
    found = decode(text)
    assert found is not None
    return [(one.value, one.fault) for one in found]


def test_the_checksum_of_the_data_sheets_example() -> None:
    assert crc8(b"\xbe\xef") == 0x92


@pytest.mark.parametrize(
    ("words", "milli", "percent"),
    [
        ((0x6666, 0x8000), 25_000, 50_001),
        ((17_600, 58_982), 1_998, 90_001),
        ((9_362, 0xFFFF), -20_000, 100_000),
        ((1_873, 0), -39_998, 0),
    ],
)
def test_words_become_thousandths(words: tuple[int, int], milli: int, percent: int) -> None:
    assert said(answer(*words)) == [(milli, None), (percent, None)]


@pytest.mark.parametrize("word", [0x0000, 1_872, 0xFFFF])
def test_beyond_what_it_can_measure_it_measured_nothing(word: int) -> None:
    assert said(answer(word, 0x8000)) == [(None, Fault.OUT_OF_RANGE)] * 2


@given(st.integers(0, 47))
def test_one_bit_turned_over_is_always_noticed(bit: int) -> None:
    data = bytearray.fromhex(answer(0x6666, 0x8000))
    data[bit // 8] ^= 1 << bit % 8
    assert said(data.hex()) == [(None, Fault.CHECKSUM)] * 2


@pytest.mark.parametrize("raw", [None, "", "zz", "00" * 5, "00" * 7, 6, ["00" * 6]])
def test_what_is_not_six_bytes_is_no_answer(raw: object) -> None:
    assert decode(raw) is None
