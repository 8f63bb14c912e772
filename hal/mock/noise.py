"""Chance without dice: numbers that are a function of a seed, a purpose and a tick.

Nothing is drawn in sequence, so whoever asks, how often and in which order changes nothing.
"""

from __future__ import annotations

from hashlib import blake2b


def share(seed: int, purpose: str, tick: int) -> float:
    """Return a number in [0, 1), the same for the same seed, purpose and tick, for ever."""
    digest = blake2b(f"{seed}/{purpose}/{tick}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / (1 << 48)


def swing(seed: int, purpose: str, tick: int) -> float:
    """Return a number in [-1, 1)."""
    return 2.0 * share(seed, purpose, tick) - 1.0
