"""What a light shows in which slot, and for how long. Pure.

A light that stands still reads as dead, so nothing that means "alive" may stand still: a pattern
that never changes is shown as darkness, even where it says "lit".
"""

from __future__ import annotations

STILL_SLOTS = 8  # darkness is looked at once a second


def moves(pattern: str) -> bool:
    """Whether the pattern has both light and dark, and so cannot be mistaken for a frozen one."""
    return "*" in pattern and pattern.strip("*") != ""


def frame(pattern: str, slot: int) -> tuple[bool, int]:
    """Return whether the light is lit in this slot, and for how many slots it stays so."""
    if not moves(pattern):
        return False, STILL_SLOTS
    lit = _lit(pattern, slot)
    length = 1
    while _lit(pattern, slot + length) is lit:
        length += 1
    return lit, length


def _lit(pattern: str, slot: int) -> bool:
    return pattern[slot % len(pattern)] == "*"
