"""Codes as pictures: for one lot or one box, and sheets of them for a printer. Pure.

A code holds an address and nothing else. Error correction M: a label gets wet and scratched.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Final

import segno

from science.gs1 import Gs1Error, Link

PER_SHEET: Final = 24
"""Labels on an A4 sheet: 3 across, 8 down, 70 by 36 mm."""


def address(site: str, gtin: str, lot: str, serial: str = "") -> str:
    """The Digital Link address of a lot or box that has a GTIN, else our own short one.

    `lot`: the lot number; where there is no GTIN, the code of our short address. Raises Gs1Error.
    """
    if not gtin:
        return f"{site}/q/{serial or lot}"
    return site + Link(gtin, lot, serial).path


def svg(text: str) -> str:
    """The code as an SVG document, black on white, with its quiet zone."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=4, light="#fff", scale=4)
    return out.getvalue().decode()


def png(text: str, scale: int = 8) -> bytes:
    """The code as a PNG."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="png", border=4, scale=scale)
    return out.getvalue()


def inline(text: str) -> str:
    """The code to be put into a page."""
    code = segno.make(text, error="m", micro=False)
    return code.svg_inline(border=2, omitsize=True, svgclass="code-square", light="#fff")


def sheets(codes: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many as fit on a sheet at a time."""
    for start in range(0, len(codes), PER_SHEET):
        yield codes[start : start + PER_SHEET]


__all__ = ["PER_SHEET", "Gs1Error", "address", "inline", "png", "sheets", "svg"]
