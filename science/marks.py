"""Where a figure comes from, and how sure we are of it: data, so that a page can print it.

A figure without a source does not exist here. A changed figure or rule is a new version: a verdict
names the versions that it was made with.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How a figure is known."""

    READ = "V"
    """Read in a published source."""
    RECHECK = "Vr"
    """Read in a secondary source: to be checked again."""
    OURS = "D"
    """Derived, computed or decided for this project."""
    MEMORY = "M"
    """From memory: to be verified before anything relies on it."""


UNVERIFIED = frozenset({Mark.RECHECK, Mark.MEMORY})
"""Marks that a page must print."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One constant: its value in `unit`, its source, and its mark."""

    value: int
    unit: str
    source: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Formula:
    """A rule with a version: `unit` of the result, `valid` range in words, source and mark."""

    id: str
    version: int
    unit: str
    valid: str
    source: str
    mark: Mark

    @property
    def name(self) -> str:
        """How verdicts and pages name it: "ice-days/1"."""
        return f"{self.id}/{self.version}"
