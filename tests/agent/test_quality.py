"""Labels on measurements: a value is doubted, never changed and never made up."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import quality
from agent.core.quality import Past
from protocol.bodies import Measured
from protocol.registry import VALUED, Quantity, Status

KEY = (1, Quantity.TEMPERATURE)


def temperature(value: int | None, status: Status = Status.OK) -> Measured:
    return Measured(1, Quantity.TEMPERATURE, value, status, 2)


def judged(values: Sequence[int | None], period_ms: int = 10_000) -> list[Status]:
    pasts: dict[quality.Key, Past] = {}
    statuses = []
    for beat, value in enumerate(values):
        status = Status.OK if value is not None else Status.NO_ANSWER
        measured, pasts = quality.judge(temperature(value, status), pasts, {}, beat * period_ms)
        statuses.append(measured.status)
    return statuses


OK, SUSPECT = Status.OK, Status.SUSPECT


@pytest.mark.parametrize(
    ("values", "statuses"),
    [
        ([-18_000, -17_900, -17_500], [OK, OK, OK]),
        ([-18_000, -11_000], [OK, OK]),
        ([-18_000, -10_999], [OK, SUSPECT]),
        ([-18_000, -9_100, -17_900], [OK, SUSPECT, OK]),
        ([-18_000, 4_000, 4_100], [OK, SUSPECT, OK]),
        ([8_000, 4_000], [OK, SUSPECT]),
        ([8_000, 4_200], [OK, SUSPECT]),
        ([8_000, 4_500], [OK, OK]),
        ([4_000, 8_000], [OK, SUSPECT]),
        ([1_000, 2_000], [OK, OK]),
        ([-1_000, 1_000], [OK, OK]),
        ([8_000, None, 4_000], [OK, Status.NO_ANSWER, SUSPECT]),
        ([125_001], [Status.OUT_OF_RANGE]),
        ([-90_001], [Status.OUT_OF_RANGE]),
    ],
)
def test_jumps_halves_and_doubles_are_suspect_until_they_come_again(
    values: list[int | None], statuses: list[Status]
) -> None:
    assert judged(values) == statuses


def test_half_after_a_long_silence_is_honest() -> None:
    assert judged([8_000, 4_000], period_ms=600_000) == [OK, OK]


def test_a_value_that_never_moves_is_stuck_after_six_hours_and_recovers() -> None:
    statuses = judged([-18_000] * 8 + [-17_900], period_ms=3_600_000)
    assert statuses == [OK] * 6 + [Status.STUCK] * 2 + [OK]


def test_humidity_may_stay_at_a_hundred_percent() -> None:
    wet = Measured(1, Quantity.HUMIDITY, 100_000, Status.OK)
    past = {(1, Quantity.HUMIDITY): Past(100_000, 0, 0)}
    assert quality.judge(wet, past, {}, 10**9)[0].status is OK


def test_out_of_range_keeps_no_value() -> None:
    measured, _ = quality.judge(temperature(999_000), {}, {}, 0)
    assert (measured.value, measured.raw) == (None, None)


def test_a_correction_is_added_and_the_raw_value_kept() -> None:
    measured, pasts = quality.judge(temperature(4_000), {}, {KEY: -250}, 0)
    assert (measured.value, measured.raw) == (3_750, 4_000)
    assert pasts[KEY].value == 3_750


def test_a_part_that_corrects_itself_keeps_its_own_raw_value() -> None:
    seen = Measured(1, Quantity.TEMPERATURE, 4_000, Status.OK, 1, 3_900)
    measured, _ = quality.judge(seen, {}, {KEY: 50}, 0)
    assert (measured.value, measured.raw) == (4_050, 3_900)


@given(
    st.sampled_from(Status),
    st.integers(-(10**6), 10**6),
    st.integers(-(10**6), 10**6),
    st.integers(0, 10**7),
)
def test_it_never_invents_a_value(status: Status, value: int, before: int, gap_ms: int) -> None:
    given_value = value if status in VALUED else None
    past = {KEY: Past(before, 0, 0)}
    measured, _ = quality.judge(temperature(given_value, status), past, {}, gap_ms)
    assert measured.value in (given_value, None)
    assert (measured.value is not None) is (measured.status in VALUED)
    if status is not OK:
        assert measured.status is status
