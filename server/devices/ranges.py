"""Ranges of sequence numbers: sorted, disjoint, never touching, both ends included. Pure.

A device's whole held state is a handful of such runs, however many spans it arrived in. They are
written as text ("0-59,70-80") so that an operator can read them in the database.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

Range = tuple[int, int]
Runs = tuple[Range, ...]


def add(runs: Runs, first: int, last: int) -> Runs:
    """Return the runs with first..last in them, neighbours merged."""
    low = bisect_left(runs, first, key=lambda run: run[1] + 1)
    high = bisect_right(runs, last + 1, key=lambda run: run[0])
    touched = runs[low:high]
    if touched:
        first, last = min(first, touched[0][0]), max(last, touched[-1][1])
    return (*runs[:low], (first, last), *runs[high:])


def absent(runs: Runs, first: int, last: int) -> Runs:
    """Return the parts of first..last that are in none of the runs."""
    low = bisect_left(runs, first, key=lambda run: run[1])
    parts: list[Range] = []
    for start, end in runs[low:]:
        if start > last:
            break
        if start > first:
            parts.append((first, start - 1))
        first = end + 1
    return (*parts, (first, last)) if first <= last else tuple(parts)


def between(runs: Runs) -> Runs:
    """Return what is absent below the highest number: the gaps, the one before the first too."""
    return absent(runs, 0, runs[-1][1]) if runs else ()


def outside(runs: Runs, others: Runs) -> Runs:
    """Return the parts of the runs that none of the others cover."""
    return tuple(part for first, last in runs for part in absent(others, first, last))


def size(runs: Runs) -> int:
    """Return how many numbers the runs hold."""
    return sum(last - first + 1 for first, last in runs)


def encode(runs: Runs) -> str:
    """Return the text form: "0-59,70-70"."""
    return ",".join(f"{first}-{last}" for first, last in runs)


def decode(text: str) -> Runs:
    """Return the runs of their text form."""
    pairs = (part.split("-") for part in text.split(",") if part)
    return tuple((int(first), int(last)) for first, last in pairs)
