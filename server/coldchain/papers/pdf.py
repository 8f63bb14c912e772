"""A paper as a PDF on A4, with the letters of a Korean font in it; on one page if it fits.

The fonts are Debian's, found where their packages put them. Where none is installed there is no
PDF and the caller gives the same content as a page to print.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import segno
from fpdf import FPDF
from fpdf.fonts import FontFace

from server.coldchain.papers.plot import Plot
from server.coldchain.papers.sheet import NONE, Code, Curve, Paper, Table

Fonts = Sequence[tuple[str, int]]
FONTS: Final[Fonts] = (
    ("/usr/share/fonts/truetype/nanum/NanumGothic.ttf", 0),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 1),
)
"""(file, which of the fonts in it): Debian's fonts-nanum, and the Korean one of fonts-noto-cjk."""
MARGIN, LINE = 12, 4.6
CURVE_MM, CODE_MM = 50, 22
INK, GREY, PALE, RED = (20, 24, 28), (110, 118, 126), (225, 229, 233), (176, 32, 32)
MADE_UP = (238, 230, 250)
BLUE, WHITE = (28, 92, 140), (255, 255, 255)


class NoFont(Exception):
    """No Korean font is installed on this machine."""


def draw(paper: Paper, fonts: Fonts | None = None) -> bytes:
    """The file's bytes; fonts: where to look for one. Raises NoFont."""
    known = FONTS if fonts is None else fonts
    font = next(((path, place) for path, place in known if Path(path).exists()), None)
    if font is None:
        raise NoFont
    page = FPDF(format="A4")
    page.set_margin(MARGIN)
    page.set_auto_page_break(True, MARGIN)
    page.set_title(paper.title)
    page.set_lang("ko")
    page.add_font("sheet", fname=font[0], collection_font_number=font[1])
    page.add_page()
    _fill(page, paper)
    return bytes(page.output())


def _fill(page: FPDF, paper: Paper) -> None:
    if paper.banner:
        _banner(page, paper.banner)
    top = page.get_y()
    _codes(page, paper.codes)
    _text(page, paper.title, 18, 9)
    if paper.subtitle:
        _text(page, paper.subtitle, 9, LINE)
    page.set_y(max(page.get_y(), top + (CODE_MM + 6 if paper.codes else 0)))
    _facts(page, paper.facts)
    if paper.curve is not None:
        _curve(page, paper.curve)
    for table in paper.tables:
        _table(page, table)
    page.ln(2)
    for note in paper.notes:
        _text(page, note, 7, 3.6, GREY)


def _text(
    page: FPDF, text: str, size: float, height: float, ink: tuple[int, int, int] = INK
) -> None:
    page.set_font("sheet", size=size)
    page.set_text_color(*ink)
    page.multi_cell(0, height, text, new_x="LMARGIN", new_y="NEXT", align="L")
    page.set_text_color(*INK)


def _banner(page: FPDF, text: str) -> None:
    """A bar above everything else."""
    page.set_font("sheet", size=9)
    with page.local_context(fill_color=MADE_UP):
        page.cell(0, 6, text, align="C", fill=True)
    page.ln(7)


def _codes(page: FPDF, codes: Sequence[Code]) -> None:
    """At the upper right, the first outermost; below each its lot's number."""
    top, right = page.get_y(), page.w - MARGIN
    for place, code in enumerate(codes):
        left = right - (place + 1) * (CODE_MM + 3) + 3
        out = io.BytesIO()
        segno.make(code.address, error="m", micro=False).save(out, kind="png", border=2, scale=6)
        page.image(out, left, top, CODE_MM, CODE_MM)
        page.set_xy(left, top + CODE_MM)
        page.set_font("sheet", size=6)
        page.cell(CODE_MM, 3, code.caption, align="C")
    page.set_xy(MARGIN, top)


def _facts(page: FPDF, facts: Sequence[tuple[str, str]]) -> None:
    """Names and values, two pairs in a line."""
    page.set_font("sheet", size=9)
    page.set_draw_color(*PALE)
    names = [*facts, ("", "")] if len(facts) % 2 else facts
    rows = [(*left, *right) for left, right in zip(names[::2], names[1::2], strict=True)]
    with page.table(
        col_widths=(17, 52, 22, 32), first_row_as_headings=False, line_height=5.2, text_align="LEFT"
    ) as table:
        for row in rows:
            table.row(row)


def _table(page: FPDF, one: Table) -> None:
    page.ln(2)
    _text(page, one.title, 10.5, 6)
    page.set_font("sheet", size=8)
    page.set_draw_color(*PALE)
    with page.table(
        col_widths=tuple(one.widths), line_height=LINE, text_align="LEFT", headings_style=_heading()
    ) as table:
        for row in (one.header, *one.rows):
            table.row(row)
    if one.note:
        _text(page, one.note, 7.5, 4, GREY)


def _heading() -> FontFace:
    return FontFace(emphasis="", color=INK, fill_color=(240, 243, 245))


def _curve(page: FPDF, curve: Curve) -> None:
    page.ln(2)
    _text(page, curve.title, 10.5, 6)
    left, top = MARGIN + 9, page.get_y() + 1
    plot = Plot.of(curve.band, curve.limits, (left, top, page.w - MARGIN - left, CURVE_MM))
    page.set_font("sheet", size=7)
    _axes(page, plot)
    _gaps(page, plot, curve)
    page.set_fill_color(*BLUE)
    for x, y, width, height in plot.columns(curve.band):
        page.rect(x, y, width, height, style="F")
    _limits(page, plot, curve)
    page.set_fill_color(*WHITE)
    page.set_draw_color(*GREY)
    page.rect(left, top, plot.width, CURVE_MM)
    page.set_xy(MARGIN, top + CURVE_MM + 5)
    _text(page, curve.note, 7.5, 4, GREY)


def _axes(page: FPDF, plot: Plot) -> None:
    page.set_draw_color(*PALE)
    page.set_text_color(*GREY)
    for degree, y in plot.degrees():
        page.line(plot.left, y, plot.left + plot.width, y)
        page.set_xy(MARGIN - 1, y - 1.6)
        page.cell(9, 3.2, f"{degree} ℃", align="R")
    for word, x in plot.hours():
        page.line(x, plot.top + plot.height, x, plot.top + plot.height + 1.2)
        page.set_xy(x - 9, plot.top + plot.height + 1.2)
        page.cell(18, 3.2, word, align="C")
    page.set_text_color(*INK)


def _gaps(page: FPDF, plot: Plot, curve: Curve) -> None:
    """Hatched and named, from top to bottom."""
    for gap in curve.band.gaps:
        left, right = plot.x(gap.from_ms), plot.x(gap.until_ms)
        page.set_fill_color(247, 248, 249)
        page.rect(left, plot.top, max(right - left, 0.4), plot.height, style="F")
        page.set_draw_color(*GREY)
        with page.rect_clip(left, plot.top, max(right - left, 0.4), plot.height):
            for x in _hatches(left, right, plot.height):
                page.line(x, plot.top + plot.height, x + plot.height, plot.top)
        if right - left > 18:
            page.set_fill_color(*WHITE)
            page.set_xy((left + right) / 2 - 8, plot.top + 2)
            page.cell(16, 4, NONE, align="C", fill=True)


def _hatches(left: float, right: float, height: float) -> Iterator[float]:
    at = left - height
    while at < right:
        yield at
        at += 3


def _limits(page: FPDF, plot: Plot, curve: Curve) -> None:
    page.set_fill_color(*WHITE)
    page.set_draw_color(*RED)
    page.set_text_color(*RED)
    for degree, y in plot.limits(curve.limits):
        page.set_dash_pattern(dash=1.6, gap=1.2)
        page.line(plot.left, y, plot.left + plot.width, y)
        page.set_dash_pattern()
        page.set_xy(plot.left + plot.width - 10.5, y - 3.4)
        page.cell(10, 2.8, f"{degree // 1000} ℃", align="C", fill=True)
    page.set_text_color(*INK)
