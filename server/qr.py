"""A line of text as a QR code: for a terminal, or as a file to print. Reads and decides nothing.

segno draws; here stands only what our uses share: the error correction, the quiet zone, and colours
in a terminal that are right on a dark and on a light one.
"""

from __future__ import annotations

import io
from pathlib import Path

import segno

QUIET = 4
"""Modules of white around the code: what ISO/IEC 18004 asks for."""
PIXELS = 8
BRIGHT_ON_BLACK, PLAIN = "\x1b[97;40m", "\x1b[0m"


def lines(text: str, *, coloured: bool) -> list[str]:
    """The code in half blocks, light ones set: a quarter of a page for a command with a token."""
    drawn = io.StringIO()
    segno.make_qr(text, error="m").terminal(drawn, border=QUIET, compact=True)
    rows = drawn.getvalue().splitlines()
    return [f"{BRIGHT_ON_BLACK}{row}{PLAIN}" for row in rows] if coloured else rows


def draw(text: str, kind: str) -> bytes:
    """The code as a file of this kind ("svg" or "png"), black on white."""
    drawn = io.BytesIO()
    segno.make_qr(text, error="m").save(
        drawn, kind=kind, scale=PIXELS, border=QUIET, dark="#000", light="#fff"
    )
    return drawn.getvalue()


def write(path: Path, text: str, kind: str) -> None:
    """Draw into a new file. Raises OSError, also for one that is there."""
    with path.open("xb") as file:
        file.write(draw(text, kind))
