"""How a device stands, in one word: what people see first. Pure.

The gravest finding wins. None of the words refuses anything, and none but `forked` and `revoked`
says that something is wrong with the device: a gap is usually a truck in a tunnel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

SILENT_MS = 15 * 60 * 1000


class Standing(StrEnum):
    """One word for a device."""

    FORKED = "forked"
    REVOKED = "revoked"
    SUSPECT = "suspect"
    EXCURSION = "excursion"
    NEW = "new"
    SILENT = "silent"
    GAPS = "gaps"
    FORGETFUL = "forgetful"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known about a device: counts of findings, and how long ago it was heard, in ms.

    beyond: the newest run says that a limit is exceeded.
    """

    forks: int = 0
    suspects: int = 0
    beyond: bool = False
    revoked: bool = False
    heard_ago_ms: int | None = None
    gaps: int = 0
    tails: int = 0


_RULES: tuple[tuple[Standing, Callable[[Signs], bool]], ...] = (
    (Standing.FORKED, lambda signs: signs.forks > 0 and not signs.revoked),
    (Standing.REVOKED, lambda signs: signs.revoked),
    (Standing.SUSPECT, lambda signs: signs.suspects > 0),
    (Standing.EXCURSION, lambda signs: signs.beyond),
    (Standing.NEW, lambda signs: signs.heard_ago_ms is None),
    (Standing.SILENT, lambda signs: (signs.heard_ago_ms or 0) > SILENT_MS),
    (Standing.GAPS, lambda signs: signs.gaps > 0),
    (Standing.FORGETFUL, lambda signs: signs.tails > 0),
    (Standing.GOOD, lambda _: True),
)


def standing(signs: Signs) -> Standing:
    """Return the gravest word that fits."""
    return next(word for word, fits in _RULES if fits(signs))
