"""Whoever reads the log for the cold chain leaves the database to others, in any case."""

from __future__ import annotations

from threading import Event

from hypothesis import given
from hypothesis import strategies as st

from server.coldchain.pacing import MOST_MS, REST, Pace


class Resting(Event):
    """Time passes while somebody rests; nobody really does."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms, self.rested = 1_000, list[float]()

    def wait(self, timeout: float | None = None) -> bool:
        """Rest."""
        self.rested.append(timeout or 0)
        self.now_ms += round(1000 * (timeout or 0))
        return self.is_set()


@given(st.lists(st.integers(0, 400), min_size=1, max_size=200))
def test_it_rests_twice_as_long_as_each_step_took_until_the_round_is_over(
    steps: list[int],
) -> None:
    resting = Resting()
    pace = Pace(resting, lambda: resting.now_ms)
    for held_ms in steps:
        resting.now_ms += held_ms
        goes_on = pace()
        assert resting.rested[-1] == REST * held_ms / 1000
        assert goes_on == (resting.now_ms - 1_000 < MOST_MS)


def test_a_step_is_the_last_one_when_everything_is_to_stop() -> None:
    stopping = Event()
    pace = Pace(stopping)
    assert pace()
    stopping.set()
    assert not pace()
