"""Both sub-zero encodings, and what is no measurement although its checksum fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.api import Fault, Quantity
from hal.drivers import dht

NEGATIVE = 0x8000


def library(word: int, humidity: int) -> list[float]:
    """What adafruit_dht makes of a frame; tests/hal/pi/test_dht_library.py asks it itself."""
    magnitude = (word & 0x7FFF) / 10
    return [-magnitude if word & NEGATIVE else magnitude, humidity / 10]


def temperature(word: int, humidity: int = 500) -> tuple[int | None, Fault | None]:
    said = dht.from_library(library(word, humidity))
    assert said is not None
    assert said[0].quantity is Quantity.TEMPERATURE
    return said[0].value, said[0].fault


@pytest.mark.parametrize(
    ("word", "milli"),
    [
        (0x8065, -10_100),
        (0xFF84, -12_400),
        (0xFFF1, -1_500),
        (0x8000, 0),
        (0x8001, -100),
        (0xFFFF, -100),
        (0x8190, -40_000),
        (0xFE70, -40_000),
        (0x0000, 0),
        (0x0320, 80_000),
        (0x0109, 26_500),
    ],
)
def test_both_encodings_of_cold_are_understood(word: int, milli: int) -> None:
    assert temperature(word) == (milli, None)


@pytest.mark.parametrize("word", [0x8191, 0xFE6F, 0x0321, 0x7FFF, 0xC000])
def test_beyond_what_it_can_measure_it_measured_nothing(word: int) -> None:
    assert temperature(word) == (None, Fault.OUT_OF_RANGE)


@given(st.integers(-400, 800))
def test_every_temperature_survives_either_encoding(tenths: int) -> None:
    magnitude = dht.word(tenths, tenths < 0)
    assert dht.celsius(magnitude) == dht.celsius(tenths & 0xFFFF) == tenths * 100


@given(st.integers(0, 0xFFFF))
def test_library_and_kernel_are_understood_alike(word: int) -> None:
    magnitude = (word & 0x7FFF) * 100
    milli = -magnitude if word & NEGATIVE else magnitude
    assert dht.from_kernel([str(milli), "50000"]) == dht.from_library(library(word, 500))


def test_a_frame_of_zeros_is_a_line_held_low() -> None:
    said = dht.from_library([0.0, 0.0])
    assert said is not None
    assert [one.fault for one in said] == [Fault.OUT_OF_RANGE] * 2


@pytest.mark.parametrize(
    ("humidity", "value", "fault"),
    [
        (0, 0, None),
        (652, 65_200, None),
        (998, 99_800, None),
        (999, 99_900, Fault.SUSPECT),
        (1000, 100_000, Fault.SUSPECT),
        (1001, None, Fault.OUT_OF_RANGE),
    ],
)
def test_the_end_of_the_humidity_scale_is_doubted_and_beyond_it_is_nothing(
    humidity: int, value: int | None, fault: Fault | None
) -> None:
    said = dht.from_library(library(41, humidity))
    assert said is not None
    assert (said[1].value, said[1].fault) == (value, fault)
    assert said[0].value == 4_100


@given(
    st.one_of(
        st.none(),
        st.text(max_size=5),
        st.lists(st.one_of(st.floats(), st.text(max_size=9), st.none()), max_size=3),
    )
)
def test_no_nonsense_raises(raw: object) -> None:
    for decode in (dht.from_library, dht.from_kernel):
        said = decode(raw)
        assert said is None or len(said) == 2


@pytest.mark.parametrize("raw", [[None, None], ["1", "2"], [1.0], [float("nan"), 1.0], [7e3, 1.0]])
def test_what_the_library_cannot_have_said_is_no_answer(raw: object) -> None:
    assert dht.from_library(raw) is None
