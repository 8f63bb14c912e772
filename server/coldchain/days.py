"""Days in Korea, and lot numbers that begin with one. Pure."""

from __future__ import annotations

from server.pilots.days import day_of

LETTERS = 8


def code_of(at_ms: int, ref: str) -> str:
    """A lot number for goods made then: YYMMDD and letters of their ref, 14 characters."""
    return f"{day_of(at_ms):%y%m%d}{ref[:LETTERS].upper()}"
