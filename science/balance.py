"""Mass balance of one step: what went in, what came out, and whether that can be.

It shows that quantities do not fit; it proves neither species nor origin, and it never adjusts a
number. Grams are whole. Bounds are data with a mark: yields of trimming are from memory, so a yield
outside them is told and not refused. Only outputs heavier than their inputs are impossible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from science.marks import Mark
from science.species import Family


class Step(StrEnum):
    """What is done to lots."""

    SORT = "sort"
    GUT = "gut"
    FILLET = "fillet"
    PORTION = "portion"
    SALT = "salt"
    SPLIT = "split"
    MERGE = "merge"
    PACK = "pack"
    REWORK = "rework"


class Finding(StrEnum):
    """What a balance shows."""

    FITS = "fits"
    OPEN = "open"
    """More is unaccounted for than water and scale explain."""
    YIELD = "yield"
    """The product's share lies outside what the step usually gives."""
    HEAVIER = "heavier"
    """More came out than went in: impossible."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Shares of the input in per mille: product at least and at most, and what may go unweighed.

    most_out: everything that came out, waste included; above 1000 only where brine or glaze is
    taken up, or a scale's error allows it.
    """

    least_product: int
    most_product: int
    most_lost: int
    most_out: int
    mark: Mark


SCALE: Final = 5
"""Per mille by which two weighings of the same thing may differ. Ours [D]."""

_WHOLE: Final = Bounds(0, 1000 + SCALE, 30, 1000 + SCALE, Mark.OURS)
BOUNDS: Final[Mapping[tuple[Step, Family], Bounds]] = {
    (Step.GUT, Family.MACKEREL): Bounds(780, 930, 40, 1000 + SCALE, Mark.MEMORY),
    (Step.FILLET, Family.MACKEREL): Bounds(420, 680, 40, 1000 + SCALE, Mark.MEMORY),
    (Step.GUT, Family.MONKFISH): Bounds(650, 920, 40, 1000 + SCALE, Mark.MEMORY),
    (Step.PORTION, Family.MONKFISH): Bounds(250, 920, 40, 1000 + SCALE, Mark.MEMORY),
    (Step.SALT, Family.MACKEREL): Bounds(800, 1080, 150, 1080, Mark.MEMORY),
}
"""Bounds by step and fish; what is not here keeps all its weight."""


def bounds_of(step: Step, family: Family) -> Bounds:
    """The bounds of a step."""
    return BOUNDS.get((step, family), _WHOLE)


@dataclass(frozen=True, slots=True)
class Weighed:
    """Grams in, grams out as product, and grams out as waste, by-product, feed or reject."""

    inputs: int
    products: int
    rest: int = 0

    def __post_init__(self) -> None:
        """Refuse weights that are none."""
        if min(self.inputs, self.products, self.rest) < 0 or self.inputs == 0:
            raise ValueError("weights are grams, and something must go in")


@dataclass(frozen=True, slots=True)
class Balance:
    """A step's figures: `lost` grams are unaccounted for, negative when more came out than in."""

    weighed: Weighed
    bounds: Bounds
    finding: Finding

    @property
    def lost(self) -> int:
        """Inputs less everything that came out."""
        return self.weighed.inputs - self.weighed.products - self.weighed.rest

    @property
    def possible(self) -> bool:
        """Whether it can be at all."""
        return self.finding is not Finding.HEAVIER


def balance(weighed: Weighed, bounds: Bounds) -> Balance:
    """Hold a step's weights against its bounds; the gravest finding is told."""
    out = weighed.products + weighed.rest
    lost = weighed.inputs - out
    if out * 1000 > weighed.inputs * bounds.most_out:
        finding = Finding.HEAVIER
    elif lost * 1000 > weighed.inputs * bounds.most_lost:
        finding = Finding.OPEN
    elif not _usual(weighed, bounds):
        finding = Finding.YIELD
    else:
        finding = Finding.FITS
    return Balance(weighed, bounds, finding)


def _usual(weighed: Weighed, bounds: Bounds) -> bool:
    product, whole = weighed.products * 1000, weighed.inputs
    return bounds.least_product * whole <= product <= bounds.most_product * whole
