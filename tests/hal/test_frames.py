"""A light that stands still reads as dead: what does not move is never shown lit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.health import LOOKS
from hal.api import blinks
from hal.drivers.frames import frame, moves


@given(st.text("*.", min_size=1, max_size=40), st.integers(0, 200))
def test_frames_strung_together_are_the_pattern(pattern: str, slot: int) -> None:
    lit, slots = frame(pattern, slot)
    assert slots >= 1
    if moves(pattern):
        expected = {pattern[(slot + n) % len(pattern)] == "*" for n in range(slots)}
        assert expected == {lit}
        assert (pattern[(slot + slots) % len(pattern)] == "*") is not lit
    else:
        assert not lit


@pytest.mark.parametrize("pattern", ["", ".", "*", "********", "........"])
def test_a_pattern_that_stands_still_is_dark(pattern: str) -> None:
    assert not moves(pattern)
    assert frame(pattern, 3)[0] is False


def test_every_state_of_health_moves() -> None:
    assert [state for state, look in LOOKS.items() if not moves(look.pattern)] == []


@pytest.mark.parametrize("count", range(1, 10))
def test_an_onlooker_counts_as_many_blinks_as_are_meant(count: int) -> None:
    pattern, slot, rises, was = blinks(count), 0, 0, False
    while slot < len(pattern):
        lit, slots = frame(pattern, slot)
        rises += lit and not was
        was, slot = lit, slot + slots
    assert rises == count
