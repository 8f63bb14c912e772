"""A label as a picture to print: lines for people, and a QR code that says the same to a telephone.

62 by 29 mm, as label printers have it. segno draws the code and Pillow a PNG's letters; both come
with the extra `report`, are imported when a label is drawn, and never by the agent. An SVG needs no
font of ours: whoever prints it has one.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from agent.core.board import width
from agent.edges.pdf import FONTS, CannotDraw

if TYPE_CHECKING:
    from segno import QRCode

KINDS = ("svg", "png")
MM = (62, 29)
CODE_MM, EDGE_MM, QUIET = 25, 2, 4
LARGEST_MM = 4.2
DOTS_PER_MM = 300 / 25.4
NO_LIBRARY = "a label with a QR code wants the extra: pip install 'jagalchi[report]'"
NO_FONT = "a PNG wants a Korean font (sudo apt install fonts-nanum); an .svg does not"


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on it; the code holds these lines and the words before them."""

    lines: tuple[str, ...]
    code: str


def draw(label: Label, kind: str, fonts: Sequence[tuple[str, int]] = FONTS) -> bytes:
    """The file's bytes, of this kind. Raises CannotDraw."""
    try:
        import segno
    except ImportError:
        raise CannotDraw(NO_LIBRARY) from None
    code = segno.make_qr(label.code, error="m")
    return _svg(label, code).encode() if kind == "svg" else _png(label, code, fonts)


def _svg(label: Label, code: QRCode) -> str:
    """Millimetres throughout; the code is a drawing inside the drawing."""
    drawn = io.BytesIO()
    code.save(drawn, kind="svg", border=QUIET, xmldecl=False, svgns=False, omitsize=True, nl=False)
    place = f'<svg x="0" y="{EDGE_MM}" width="{CODE_MM}" height="{CODE_MM}" '
    texts = (
        f'<text x="{CODE_MM}" y="{y:.1f}" font-size="{size:.2f}">{escape(line)}</text>'
        for line, size, y in _set(label.lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{MM[0]}mm" height="{MM[1]}mm"'
        f' viewBox="0 0 {MM[0]} {MM[1]}" font-family="sans-serif">\n'
        f'<rect width="{MM[0]}" height="{MM[1]}" fill="#fff"/>\n'
        + drawn.getvalue().decode().replace("<svg ", place, 1)
        + "\n"
        + "\n".join(texts)
        + "\n</svg>\n"
    )


def _png(label: Label, code: QRCode, fonts: Sequence[tuple[str, int]]) -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    found = next(((path, place) for path, place in fonts if Path(path).exists()), None)
    if found is None:
        raise CannotDraw(NO_FONT)
    page = Image.new("L", (round(MM[0] * DOTS_PER_MM), round(MM[1] * DOTS_PER_MM)), 255)
    dots = int(CODE_MM * DOTS_PER_MM) // code.symbol_size(border=QUIET)[0]
    drawn = io.BytesIO()
    code.save(drawn, kind="png", border=QUIET, scale=dots)
    page.paste(Image.open(drawn).convert("L"), (0, round(EDGE_MM * DOTS_PER_MM)))
    pen = ImageDraw.Draw(page)
    for line, size, y in _set(label.lines):
        font = ImageFont.truetype(found[0], round(size * DOTS_PER_MM), found[1])
        at = (CODE_MM * DOTS_PER_MM, y * DOTS_PER_MM)
        pen.text(at, line, fill=0, font=font, anchor="ls")
    data = io.BytesIO()
    page.save(data, "PNG", dpi=(300, 300))
    return data.getvalue()


def _set(lines: Sequence[str]) -> list[tuple[str, float, float]]:
    """(line, size, baseline) in mm: each as large as its width and the label's height allow."""
    step = (MM[1] - 2 * EDGE_MM) / len(lines)
    room = MM[0] - CODE_MM - EDGE_MM
    # A Korean letter is as wide as it is high, a Latin one a little over half of that.
    sizes = [min(LARGEST_MM, step * 0.8, room / (0.58 * width(line))) for line in lines]
    return [
        (line, size, EDGE_MM + step * (place + 0.75))
        for place, (line, size) in enumerate(zip(lines, sizes, strict=True))
    ]
