"""Runs of numbers, against plain sets."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from server.devices import ranges
from server.devices.ranges import Runs

pair = st.tuples(st.integers(0, 40), st.integers(0, 8)).map(lambda p: (p[0], p[0] + p[1]))
pairs = st.lists(pair, max_size=8)


def built(parts: list[tuple[int, int]]) -> Runs:
    runs: Runs = ()
    for first, last in parts:
        runs = ranges.add(runs, first, last)
    return runs


def numbers(parts: Runs | list[tuple[int, int]]) -> set[int]:
    return {number for first, last in parts for number in range(first, last + 1)}


@given(pairs)
def test_runs_hold_what_was_added_sorted_and_apart(parts: list[tuple[int, int]]) -> None:
    runs = built(parts)
    assert numbers(runs) == numbers(parts)
    assert ranges.size(runs) == len(numbers(parts))
    assert all(left[1] + 1 < right[0] for left, right in pairwise(runs))


@given(pairs, pair)
def test_absent_is_the_difference(parts: list[tuple[int, int]], asked: tuple[int, int]) -> None:
    missing = ranges.absent(built(parts), *asked)
    assert numbers(missing) == numbers([asked]) - numbers(parts)
    assert missing == built(list(missing))


@given(pairs, pairs)
def test_outside_is_the_difference_of_runs(
    parts: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    assert numbers(ranges.outside(built(parts), built(others))) == numbers(parts) - numbers(others)


@given(pairs)
def test_the_text_form_says_the_same(parts: list[tuple[int, int]]) -> None:
    runs = built(parts)
    assert ranges.decode(ranges.encode(runs)) == runs


def test_between_counts_what_is_below_the_first() -> None:
    assert ranges.between(((2, 3), (5, 5))) == ((0, 1), (4, 4))
    assert ranges.between(()) == ()
