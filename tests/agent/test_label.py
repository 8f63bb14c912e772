"""A label is a picture whose code a telephone reads: which device, which key, which truck."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from agent.cli import main
from agent.core.board import width
from agent.edges import label
from agent.edges.keys import KeyFiles
from agent.edges.label import Label
from agent.edges.pdf import CannotDraw
from agent.exits import CONFIGURATION, OK
from agent.settings_file import load
from tests import codes
from tests.agent import test_handover
from tests.agent.desk import Truck, fitted

LABEL = Label(("부산 80바 1234", "sensor 2  door", "abcdefghijklmnop", "key 0123"), "jagalchi\nx")


@pytest.fixture
def truck(tmp_path: Path) -> Iterator[Truck]:
    with fitted(tmp_path) as one:
        yield one


def _code(svg: str) -> str:
    inner = next(one for one in ElementTree.fromstring(svg) if one.tag.endswith("svg"))
    return codes.in_svg(svg, int(inner.attrib["viewBox"].split()[-1]))


def test_an_svg_has_the_lines_as_text_and_the_code_beside_them() -> None:
    svg = label.draw(LABEL, "svg").decode()
    root = ElementTree.fromstring(svg)
    assert (root.attrib["width"], root.attrib["height"]) == ("62mm", "29mm")
    assert tuple(one.text for one in root if one.tag.endswith("text")) == LABEL.lines
    assert _code(svg) == LABEL.code


def test_names_are_text_and_never_tags() -> None:
    svg = label.draw(Label(("<b>&", "x"), "x"), "svg").decode()
    assert ElementTree.fromstring(svg).findtext("{*}text") == "<b>&"


@pytest.mark.parametrize("line", ["x" * 64, "가" * 64, "i"])
def test_no_line_leaves_the_label(line: str) -> None:
    ((_, size, y),) = label._set([line])
    assert size * 0.5 * width(line) <= label.MM[0] - label.CODE_MM
    assert size <= y <= label.MM[1]


def test_a_png_is_as_large_as_the_label_and_its_code_is_read(tmp_path: Path) -> None:
    fonts = [(test_handover.boxes(tmp_path / "boxes.ttf", "".join(LABEL.lines)), 0)]
    data = label.draw(LABEL, "png", fonts)
    picture = Image.open(io.BytesIO(data))
    assert picture.size == (732, 343)
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert codes.in_png(data) == LABEL.code


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotDraw, match="fonts-nanum"):
        label.draw(LABEL, "png", [("/nowhere.ttf", 0)])
    monkeypatch.setitem(sys.modules, "segno", None)
    with pytest.raises(CannotDraw, match=r"jagalchi\[report\]"):
        label.draw(LABEL, "svg")


def test_the_command_draws_the_devices_label_and_a_sensors(
    truck: Truck, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["identify", "--config", str(truck.config), "--lang", "ko", "--label"]
    settings, device = load(truck.config), truck.sealer.identity.device
    kid = KeyFiles.of(settings, device).load().kid.hex()
    mine, air = tmp_path / "device.svg", tmp_path / "air.SVG"
    assert main([*command, str(mine)]) == OK
    assert main([*command, str(air), "--sensor", "1"]) == OK
    assert _code(mine.read_text()) == f"jagalchi {device}\nkey {kid}\n1"
    assert _code(air.read_text()).endswith("센서 1  air")
    assert f"키 {kid}" in mine.read_text()
    capsys.readouterr()
    for words in ((str(mine),), ("x.gif",), (str(tmp_path / "x.svg"), "--sensor", "9")):
        assert main([*command, *words]) == CONFIGURATION
    told = capsys.readouterr().err
    assert all(one in told for one in ("File exists", "ends in .svg or .png", "no sensor 9"))


def test_a_device_that_is_not_enrolled_has_no_label_yet(
    truck: Truck, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "enrolment.cbor").unlink()
    words = ["identify", "--config", str(truck.config), "--label", str(tmp_path / "x.svg")]
    assert main(words) == CONFIGURATION
    assert "not enrolled" in capsys.readouterr().err
    assert not (tmp_path / "x.svg").exists()
