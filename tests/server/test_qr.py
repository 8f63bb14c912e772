"""The token as a QR code: a telephone reads the very line that the device's command line takes."""

from __future__ import annotations

import re
import shlex
import stat
from pathlib import Path

import pytest

from agent import cli as truck
from server import qr
from tests import codes
from tests.server.test_cli import call, refuse

SERVER = "https://log.example"
LINE = f"jagalchi-agent enrol {SERVER} {'a2' * 26}"
ANSI = re.compile(r"\x1b\[[\d;]*m")


@pytest.mark.parametrize("text", [LINE, "부산 80바 1234", "x"])
def test_a_terminal_and_a_picture_hold_the_text(text: str) -> None:
    bare, coloured = (qr.lines(text, coloured=wanted) for wanted in (False, True))
    assert [ANSI.sub("", line) for line in coloured] == bare
    assert all(line.startswith(qr.BRIGHT_ON_BLACK) for line in coloured)
    assert codes.in_terminal(bare) == codes.in_png(qr.draw(text, "png")) == text
    assert codes.in_svg(qr.draw(text, "svg").decode(), len(bare[0])) == text


def test_a_token_is_a_line_and_a_code_that_hold_the_same_and_the_device_takes(
    tmp_path: Path,
) -> None:
    home, svg, png = tmp_path / "home", tmp_path / "token.svg", tmp_path / "token.png"
    words = ("token", "--asset", "부산 80바 1234", "--url", SERVER)
    done = call(home, *words, "--svg", str(svg), "--png", str(png))
    assert done.returncode == 0, done.stderr
    (line,) = re.findall(r"on the device: (.+)", done.stdout)
    drawn = [row for row in done.stdout.splitlines() if row and set(row) <= set(codes.HALVES)]
    assert codes.in_terminal(drawn) == codes.in_png(png.read_bytes()) == line
    assert codes.in_svg(svg.read_text(), len(drawn[0])) == line
    asked = truck.parser().parse_args(shlex.split(line)[1:])
    assert (asked.command, asked.url) == ("enrol", SERVER)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (svg, png)] == [0o600, 0o600]
    again = call(home, *words, "--png", str(png))
    refuse(again, "is there already; no token was made")
    assert "token for" not in again.stdout


def test_where_a_picture_cannot_be_written_the_token_is_told_all_the_same(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "absent" / "token.svg")
    done = call(tmp_path / "home", "token", "--asset", "x", "--svg", nowhere)
    refuse(done, "cannot be written: No such file or directory; the token is good")
    assert "on the device: jagalchi-agent enrol" in done.stdout


def test_a_terminal_without_such_letters_says_what_to_do(tmp_path: Path) -> None:
    done = call(tmp_path / "home", "token", "--asset", "x", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "use --svg or --png" in done.stdout
