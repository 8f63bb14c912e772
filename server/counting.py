"""A number in a sentence, with the noun that goes with it in English. Knows nothing of ours."""

from __future__ import annotations


class Counted(int):
    """`"{n:box|boxes}"` makes "1 box" and "2 boxes"; without a noun it is the number alone."""

    def __format__(self, spec: str) -> str:
        """One or many; any other specification is a number's own."""
        one, apart, many = spec.partition("|")
        return f"{int(self)} {one if self == 1 else many}" if apart else format(int(self), spec)
