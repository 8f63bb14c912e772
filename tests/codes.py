"""QR codes read back, as a telephone would: from a terminal's half blocks, a PNG and an SVG."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence

import zxingcpp
from PIL import Image

SCALE = 8
DARK, LIGHT = 0, 255
HALVES = {" ": (DARK, DARK), "▀": (LIGHT, DARK), "▄": (DARK, LIGHT), "█": (LIGHT, LIGHT)}
"""What a half block shows on a dark screen, its upper and its lower half."""


def read(picture: Image.Image) -> str:
    """The text of the one code in a picture."""
    (found,) = zxingcpp.read_barcodes(picture)
    return str(found.text)


def in_png(data: bytes) -> str:
    """The text of the code in a PNG file."""
    return read(Image.open(io.BytesIO(data)).convert("L"))


def in_terminal(lines: Sequence[str]) -> str:
    """The text of the code that these lines show."""
    halves = [[HALVES[letter] for letter in line] for line in lines]
    rows = [[half[part] for half in line] for line in halves for part in (0, 1)]
    return read(_picture(rows))


def in_svg(text: str, size: int) -> str:
    """The text of the code that is the stroked path of an SVG, `size` modules wide."""
    rows = [[LIGHT] * size for _ in range(size)]
    for x, y, length in _runs(text):
        for column in range(x, x + length):
            rows[y][column] = DARK
    return read(_picture(rows))


def _runs(svg: str) -> Iterator[tuple[int, int, int]]:
    """(column, row, length) of each dark run: a path of moves and horizontal strokes."""
    (path,) = re.findall(r'<path[^>]* d="(M[^"z]*h[^"z]*)"', svg)
    x = y = 0.0
    for command, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?:[ ,]?(-?[\d.]+))?", path):
        if command == "h":
            yield int(x), int(y), int(first)
            x += float(first)
        elif command == "m":
            x, y = x + float(first), y + float(second)
        else:
            x, y = float(first), float(second)


def _picture(rows: Sequence[Sequence[int]]) -> Image.Image:
    image = Image.new("L", (len(rows[0]), len(rows)))
    image.putdata([value for row in rows for value in row])
    return image.resize((image.width * SCALE, image.height * SCALE), Image.Resampling.NEAREST)
