"""Whoever reads the log for the cold chain takes what requests leave, and a little in any case."""

from __future__ import annotations

import time
from threading import Thread

from hypothesis import given
from hypothesis import strategies as st

from server.coldchain.pacing import LEAST_MS, MOST_MS, Meter, spare_ms

MS = st.integers(-10, 100_000)


@given(MS, MS, MS)
def test_the_busier_the_others_the_less_there_is_and_never_nothing(
    one: int, other: int, passed: int
) -> None:
    less, more = sorted((one, other))
    assert LEAST_MS <= spare_ms(more, passed) <= spare_ms(less, passed) <= MOST_MS


def test_an_idle_process_leaves_most_and_a_busy_one_least() -> None:
    assert spare_ms(0, 1_000) == MOST_MS
    assert spare_ms(1_000, 1_000) == spare_ms(8_000, 1_000) == LEAST_MS


def test_what_this_thread_itself_spends_is_not_held_against_it() -> None:
    meter = Meter()
    _spend()
    own = meter.spare_ms()
    other = Thread(target=_spend)
    other.start()
    other.join()
    assert meter.spare_ms() < own


def _spend() -> None:
    """A fifth of a second of processor time."""
    end = time.thread_time() + 0.2
    while time.thread_time() < end:
        pass
