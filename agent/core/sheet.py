"""The hand-over sheet as a document of few parts, and as a page that any browser prints. Pure.

A sheet is tables, boxes for photographs and lines to sign on. Who signs writes the name by hand:
no name of a person is ever in our files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Section:
    """A table with a heading; `widths` are shares of the page, one for each column."""

    title: str
    widths: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One visit on paper, in one language. `photos` are captions of empty boxes."""

    language: str
    title: str
    subtitle: str
    sections: tuple[Section, ...]
    photos_title: str
    photos: tuple[str, ...]
    signatures: tuple[str, ...]
    note: str


STYLE = """
@page { size: A4; margin: 14mm }
body { font: 10pt/1.35 'Noto Sans KR', 'Noto Sans CJK KR', NanumGothic, 'Malgun Gothic',
  'Apple SD Gothic Neo', sans-serif; color: #000; max-width: 182mm; margin: 0 auto }
h1 { font-size: 17pt; margin: 0 } p { margin: 1mm 0 3mm } h2 { font-size: 11pt; margin: 5mm 0 1mm }
table { width: 100%; border-collapse: collapse; table-layout: fixed }
td { border: 0.3mm solid #888; padding: 0.8mm 1.5mm; vertical-align: top; overflow-wrap: anywhere }
tr, figure, .sign { break-inside: avoid }
.photos { display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 4mm }
figure { margin: 0; border: 0.3mm dashed #888; height: 48mm; padding: 1.5mm }
.sign { display: grid; grid-template-columns: 1fr 1fr; gap: 8mm; margin-top: 12mm }
.sign div { border-top: 0.3mm solid #000; padding-top: 1mm }
"""


def html(sheet: Sheet) -> str:
    """A page that stands alone: no script, no network, prints on A4."""
    return "\n".join(_lines(sheet)) + "\n"


def _lines(sheet: Sheet) -> Iterator[str]:
    yield f'<!doctype html><html lang="{sheet.language}"><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<title>{escape(sheet.title)}</title><style>{STYLE}</style>"
    yield f"<h1>{escape(sheet.title)}</h1><p>{escape(sheet.subtitle)}</p>"
    for section in sheet.sections:
        yield f"<h2>{escape(section.title)}</h2><table>"
        yield "<colgroup>" + "".join(f'<col style="width:{w}%">' for w in _percent(section))
        for row in section.rows:
            yield "<tr>" + "".join(f"<td>{escape(cell)}" for cell in row)
        yield "</table>"
    yield f'<h2>{escape(sheet.photos_title)}</h2><div class="photos">'
    yield from (f"<figure><figcaption>{escape(one)}</figcaption></figure>" for one in sheet.photos)
    yield '</div><div class="sign">'
    yield from (f"<div>{escape(one)}</div>" for one in sheet.signatures)
    yield f"</div><p>{escape(sheet.note)}</p>"


def _percent(section: Section) -> Iterator[int]:
    total = sum(section.widths)
    yield from (100 * width // total for width in section.widths)
