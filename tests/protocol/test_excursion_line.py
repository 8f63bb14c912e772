"""The line between two samples, against looking at every millisecond with exact fractions."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from hypothesis import given
from hypothesis import strategies as st

from protocol.line import Line

small_or_large = st.one_of(st.integers(-2, 2), st.integers(-400, 400))
lines = st.builds(Line, small_or_large, small_or_large, st.integers(min_value=1, max_value=120))


def exact(line: Line) -> list[Fraction]:
    return [line.first + Fraction(line.rise * k, line.ms) for k in range(line.ms + 1)]


def test_a_line_that_rises_by_one_still_crosses() -> None:
    assert Line(0, 1, 10).above(0, 0, 10) == (1, 10)
    assert Line(1, -1, 10).above(0, 0, 10) == (0, 10)
    assert Line(0, -1, 10).above(-1, 0, 10) == (0, 10)
    assert Line(0, 0, 10).above(0, 0, 10) == (0, 0)


@given(lines)
def test_the_excess_is_rounded_down(line: Line) -> None:
    assert [line.at(k) for k in range(line.ms + 1)] == [floor(value) for value in exact(line)]


@given(lines, st.data())
def test_the_run_above_a_level_holds_what_is_above_it(line: Line, data: st.DataObject) -> None:
    low, high = sorted(data.draw(st.lists(st.integers(0, line.ms), min_size=2, max_size=2)))
    at = data.draw(st.integers(0, line.ms))
    level = line.at(at) + data.draw(st.integers(-1, 1))
    values = exact(line)
    first, end = line.above(level, low, high)
    assert low <= first <= end <= high
    assert list(range(first, end)) == [k for k in range(low, high) if values[k] > level]


@given(lines, st.data())
def test_the_area_is_the_sum_of_the_rounded_excesses(line: Line, data: st.DataObject) -> None:
    low, high = sorted(data.draw(st.lists(st.integers(0, line.ms), min_size=2, max_size=2)))
    assert line.area(low, high) == sum(floor(value) for value in exact(line)[low:high])
