"""The hand-over sheet as a PDF, for whoever has installed the extra `report` and a Korean font.

fpdf2 is imported when a sheet is drawn, and never by the agent. The font is one of Debian's, found
where its packages put it; only the letters that are used go into the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent.core.sheet import Section, Sheet

if TYPE_CHECKING:
    from fpdf import FPDF

FONTS = (
    ("/usr/share/fonts/truetype/nanum/NanumGothic.ttf", 0),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 1),
)
"""(file, which of the fonts in it): Debian's fonts-nanum, and the Korean one of fonts-noto-cjk."""
NO_LIBRARY = "a PDF wants the extra: pip install 'jagalchi[report]'"
NO_FONT = "a PDF wants a Korean font: sudo apt install fonts-nanum"
LINE_MM = 5
PHOTO_MM = (56, 46)
PHOTOS_IN_A_ROW = 3


class CannotDraw(Exception):
    """What is missing on this machine, and how to install it."""


def draw(sheet: Sheet, fonts: Sequence[tuple[str, int]] = FONTS) -> bytes:
    """The file's bytes. Raises CannotDraw."""
    try:
        from fpdf import FPDF
    except ImportError:
        raise CannotDraw(NO_LIBRARY) from None
    font = next(((path, place) for path, place in fonts if Path(path).exists()), None)
    if font is None:
        raise CannotDraw(NO_FONT)
    page = FPDF(format="A4")
    page.set_margin(14)
    page.set_auto_page_break(True, 14)
    page.add_font("sheet", fname=font[0], collection_font_number=font[1])
    page.add_page()
    _fill(page, sheet)
    return bytes(page.output())


def _fill(page: FPDF, sheet: Sheet) -> None:
    _text(page, sheet.title, 17, 9)
    _text(page, sheet.subtitle, 9, LINE_MM)
    for section in sheet.sections:
        _table(page, section)
    if page.will_page_break(PHOTO_MM[1] + 12):
        page.add_page()  # no heading without a box below it
    _text(page, sheet.photos_title, 11, 8)
    _photos(page, sheet.photos)
    _signatures(page, sheet.signatures)
    _text(page, sheet.note, 9, LINE_MM)


def _text(page: FPDF, text: str, size: int, height_mm: int) -> None:
    page.set_font("sheet", size=size)
    page.multi_cell(0, height_mm, text, new_x="LMARGIN", new_y="NEXT")


def _table(page: FPDF, section: Section) -> None:
    page.ln(2)
    _text(page, section.title, 11, 8)
    page.set_font("sheet", size=9)
    with page.table(
        col_widths=section.widths,
        first_row_as_headings=False,
        line_height=LINE_MM,
        text_align="LEFT",
    ) as table:
        for row in section.rows:
            table.row(row)


def _photos(page: FPDF, captions: Sequence[str]) -> None:
    page.set_font("sheet", size=9)
    width, height = PHOTO_MM
    for start in range(0, len(captions), PHOTOS_IN_A_ROW):
        if page.will_page_break(height + 4):
            page.add_page()
        top = page.get_y()
        for place, caption in enumerate(captions[start : start + PHOTOS_IN_A_ROW]):
            left = page.l_margin + place * (width + 7)
            page.rect(left, top, width, height)
            page.set_xy(left + 1, top + 1)
            page.multi_cell(width - 2, LINE_MM, caption)
        page.set_xy(page.l_margin, top + height + 4)


def _signatures(page: FPDF, captions: Sequence[str]) -> None:
    if page.will_page_break(26):
        page.add_page()
    top = page.get_y() + 16
    for place, caption in enumerate(captions):
        left = page.l_margin + place * 96
        page.line(left, top, left + 86, top)
        page.set_xy(left, top + 1)
        page.multi_cell(86, LINE_MM, caption)
    page.set_xy(page.l_margin, top + 12)
