"""Sets of numbers kept as runs behave as sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.ranges import NONE, Ranges, run

numbers = st.sets(st.integers(0, 40))


def ranges(members: set[int]) -> Ranges:
    return Ranges.of((n, n) for n in members)


@given(numbers, numbers)
def test_union_difference_and_intersection_are_those_of_sets(a: set[int], b: set[int]) -> None:
    assert set(ranges(a) | ranges(b)) == a | b
    assert set(ranges(a) - ranges(b)) == a - b
    assert set(ranges(a) & ranges(b)) == a & b


@given(numbers)
def test_one_set_has_one_shape_and_the_size_of_a_set(members: set[int]) -> None:
    made = ranges(members)
    assert len(made) == len(members)
    assert bool(made) is bool(members)
    pairs = zip(made.runs, made.runs[1:], strict=False)
    assert all(left[1] + 1 < right[0] for left, right in pairs)
    assert made == Ranges.of([*made.runs, *made.runs])


@given(numbers, st.integers(0, 40), st.integers(0, 40))
def test_it_covers_a_run_when_every_number_is_inside(members: set[int], a: int, b: int) -> None:
    first, last = min(a, b), max(a, b)
    assert ranges(members).covers(first, last) is (set(range(first, last + 1)) <= members)
    assert (a in ranges(members)) is (a in members)


def test_a_run_that_ends_before_it_begins_is_empty_or_refused() -> None:
    assert run(5, 4) == NONE
    with pytest.raises(ValueError, match="from 5 to 4"):
        Ranges.of([(5, 4)])
