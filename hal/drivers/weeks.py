"""Satellite time counts weeks with ten bits: every 1024 weeks a receiver may fall back. Pure."""

from __future__ import annotations

ROLLOVER_MS = 1024 * 7 * 86_400_000


def after_rollover(utc_ms: int, earliest_utc_ms: int) -> int:
    """Return the time moved forward by whole 1024 weeks until it is not before the earliest."""
    missing = max(0, earliest_utc_ms - utc_ms)
    return utc_ms + -(-missing // ROLLOVER_MS) * ROLLOVER_MS
