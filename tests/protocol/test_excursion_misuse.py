"""What the excursion detector refuses: samples out of order, another's state, empty limits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocol import excursion
from protocol.excursion import Sample
from tests.protocol.test_excursion import CHILLED, run


@pytest.mark.parametrize("at_ms", [10_000, 9_999, -1])
def test_a_sample_that_is_not_later_is_refused(at_ms: int) -> None:
    state, _ = run(CHILLED, [Sample(0, 2_000), Sample(10_000, 2_000)])
    with pytest.raises(ValueError, match="not later"):
        excursion.step(CHILLED, state, Sample(at_ms, 2_000))


def test_a_state_serves_its_own_limit_only() -> None:
    with pytest.raises(ValueError, match="belongs to limit chilled"):
        excursion.step(replace(CHILLED, id="frozen"), excursion.begin(CHILLED), Sample(0, 0))


@pytest.mark.parametrize(
    "wrong",
    [{"hysteresis": -1}, {"delay_ms": -1}, {"uncertainty": -1}, {"gap_ms": 0}, {"budget_ms": 0}],
)
def test_a_limit_that_means_nothing_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="chilled"):
        replace(CHILLED, **wrong)  # type: ignore[arg-type]
