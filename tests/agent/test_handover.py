"""The hand-over sheet: complete, printable anywhere, and never the reason why a visit fails."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from agent.cli import main
from agent.commands import handover
from agent.core.finding import Finding, Grade
from agent.core.sheet import Sheet, html
from agent.edges import pdf
from agent.edges.machine import Board
from agent.exits import CONFIGURATION
from agent.settings import Calibration
from agent.settings_file import load
from protocol.registry import Text
from tests.agent.desk import SETTINGS, START, Truck, fitted

BOARD = Board("Raspberry Pi 4", "10000000abcdef01", "Linux 6.12")
LIMIT = (
    '[[limit]]\nid = 1\nsensor = 1\nquantity = "temperature"\nthreshold_milli = 5000\n'
    "delay_ms = 600000\n"
)
FOUND = (
    Finding("sensor 1 air", Grade.OK, Text("1.00", "1.00")),
    Finding("clock", Grade.FAILED, Text("a < b & c", "가 < 나"), Text("do it", "하세요")),
)


@pytest.fixture
def truck(tmp_path: Path) -> Iterator[Truck]:
    with fitted(tmp_path) as one:
        (tmp_path / "server.url").write_bytes(b"http://127.0.0.1:9\n")
        yield one


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    path = tmp_path / "agent.toml"
    path.write_text(SETTINGS.replace("truck one", "<b>80바</b> & 1234") + LIMIT)
    made = Calibration(1, "KR-2026-0123", START, -120, 90)
    settings = replace(load(path), calibrations=(made,))
    status = {"device": "a" * 16, "clock": {"utc_ms": START}}
    return handover.draw(settings, status, FOUND, BOARD, "ko")


class Words(HTMLParser):
    """What a reader sees, and what the page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not {name for name, _ in attrs} & {"src", "href"}

    def handle_data(self, data: str) -> None:
        self.seen.append(data)


def read(page: str) -> Words:
    words = Words()
    words.feed(page)
    return words


def test_the_sheet_names_everything_that_is_fitted_and_found(sheet: Sheet) -> None:
    seen = "\n".join(read(html(sheet)).seen)
    for word in (
        "설치확인서",
        "<b>80바</b> & 1234",
        "10000000abcdef01",
        "성적서 KR-2026-0123 (2027-01-15), -0.120 ± 0.090",
        "5.00 ℃ 초과, 10분 이상 지속",
        "가 < 나 → 하세요",
        "센서 1 air: 설치 위치",
        "설치자: 이름, 날짜, 서명",
        "교정 성적서가 아닙니다",
    ):
        assert word in seen


def test_the_page_loads_nothing_and_a_hostile_name_stays_a_name(sheet: Sheet) -> None:
    tags = set(read(html(sheet)).tags)
    assert not tags & {"b", "script", "link", "img", "iframe"}
    assert html(sheet).count("<figure>") == 3


def font(path: Path, sheet: Sheet) -> str:
    """A font for exactly the letters of the sheet."""
    return boxes(path, html(sheet) + " →±")


def boxes(path: Path, text: str) -> str:
    """A font of empty boxes for exactly the letters of a text."""
    letters = sorted(set(text))
    names = [".notdef", *(f"u{ord(letter):04X}" for letter in letters)]
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 500), (500, 500), (500, 0)):
        pen.lineTo(corner)
    pen.closePath()
    box = pen.glyph()
    built = FontBuilder(1000, isTTF=True)
    built.setupGlyphOrder(names)
    built.setupCharacterMap({ord(letter): f"u{ord(letter):04X}" for letter in letters})
    built.setupGlyf(dict.fromkeys(names, box))
    built.setupHorizontalMetrics(dict.fromkeys(names, (600, 0)))
    built.setupHorizontalHeader(ascent=800, descent=-200)
    built.setupNameTable({"familyName": "Boxes", "styleName": "Regular"})
    built.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    built.setupPost()
    built.save(path)
    return str(path)


def test_a_pdf_is_drawn_with_the_font_that_is_there(sheet: Sheet, tmp_path: Path) -> None:
    fonts = [("/nowhere/Nanum.ttf", 0), (font(tmp_path / "boxes.ttf", sheet), 0)]
    long = replace(sheet, photos=sheet.photos * 6)
    short, more = pdf.draw(sheet, fonts), pdf.draw(long, fonts)
    assert short.startswith(b"%PDF-")
    assert short.rstrip().endswith(b"%%EOF")
    assert more.count(b"/Type /Page\n") > short.count(b"/Type /Page\n") > 0


def test_without_a_font_or_the_extra_it_is_said_what_to_install(
    sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(pdf.CannotDraw, match="apt install fonts-nanum"):
        pdf.draw(sheet, [])
    monkeypatch.setitem(sys.modules, "fpdf", None)
    with pytest.raises(pdf.CannotDraw, match=r"jagalchi\[report\]"):
        pdf.draw(sheet)


def test_a_visit_never_ends_without_a_sheet(
    truck: Truck,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "fpdf", None)
    truck.record(2)
    truck.outbox.close()
    wanted = truck.config.parent / "sheet.pdf"
    words = ["doctor", "--config", str(truck.config), "--lang", "en", "--report", str(wanted)]
    assert main(words) == Grade.WARNING
    made = wanted.with_suffix(".html")
    assert "pip install 'jagalchi[report]'; wrote" in capsys.readouterr().err
    assert "Hand-over sheet" in read(made.read_text("utf-8")).seen
    assert not wanted.exists()
    # Another visit's sheet is never written over.
    assert main(words) == CONFIGURATION
    assert "cannot be written: File exists" in capsys.readouterr().err
