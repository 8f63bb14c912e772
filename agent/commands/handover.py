"""`doctor --report FILE`: the visit as a sheet to sign: what is fitted, what was found, by photo.

A name that ends in .pdf wants the extra `report`; where that or a font is missing the sheet is
written as a page for a browser instead, so that no visit ends without one, and it is said what to
install. Any other name gets the page at once.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from agent import __version__
from agent.core.board import Board, moment
from agent.core.finding import MARKS, Facts, Finding, called
from agent.core.sheet import Section, Sheet, html
from agent.edges import machine, pdf
from agent.exits import RefusedError
from agent.settings import Settings
from protocol.registry import QUANTITIES, Text

TITLE = Text("Hand-over sheet", "설치확인서")
WORDS = {
    "device": Text("Device", "기기"),
    "asset": Text("Vehicle or place", "차량번호 또는 장소"),
    "id": Text("Device number", "기기 번호"),
    "key": Text("Key", "키"),
    "log": Text("Log", "로그"),
    "board": Text("Computer", "컴퓨터"),
    "serial": Text("Serial number", "일련번호"),
    "system": Text("System", "운영체제"),
    "software": Text("Software", "소프트웨어"),
    "parts": Text("Parts", "부품"),
    "limits": Text("Limits", "온도 한계"),
    "found": Text("Examination", "점검 결과"),
    "photos": Text("Photographs", "사진"),
    "plate": Text("number plate", "차량 번호판"),
    "box": Text("device with its label", "기기와 라벨"),
    "sensor": Text("sensor {} {}: where it sits", "센서 {} {}: 설치 위치"),
    "installer": Text("Installer: name, date, signature", "설치자: 이름, 날짜, 서명"),
    "carrier": Text("Carrier: name, date, signature", "운송사: 이름, 날짜, 서명"),
    "above": Text("above", "초과"),
    "below": Text("below", "미만"),
    "for": Text("for {}", "{} 이상 지속"),
    "certificate": Text(
        "certificate {} of {}, {:+.3f} ± {:.3f}", "성적서 {} ({}), {:+.3f} ± {:.3f}"
    ),
    "uncalibrated": Text("not calibrated", "교정 기록 없음"),
    "note": Text(
        "This sheet says what was fitted and seen. It is no certificate of calibration.",
        "이 문서는 설치와 점검 당시의 상태를 적은 것이며 교정 성적서가 아닙니다.",
    ),
}


def write(path: Path, sheet: Sheet) -> Path:
    """Write it whole, never over another file; returns where. Raises RefusedError."""
    data = html(sheet).encode()
    if path.suffix.lower() == ".pdf":
        try:
            data = pdf.draw(sheet)
        except pdf.CannotDraw as missing:
            path = path.with_suffix(".html")
            print(f"jagalchi-agent: {missing}; wrote {path} to print instead", file=sys.stderr)
    try:
        with path.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise RefusedError(f"{path}: cannot be written: {error.strerror}") from None
    return path


def draw(
    settings: Settings,
    status: Facts,
    findings: tuple[Finding, ...],
    board: machine.Board,
    language: str,
) -> Sheet:
    """The sheet of one visit."""
    pen = _Pen(Board(language))
    clock = status.get("clock")
    now_ms = clock.get("utc_ms") if isinstance(clock, dict) else None
    return Sheet(
        language=language,
        title=pen.say(TITLE),
        subtitle=f"{settings.name}   {moment(now_ms) if isinstance(now_ms, int) else '____-__-__'}",
        sections=(
            Section(pen.word("device"), (30, 70), tuple(pen.device(settings, status, board))),
            Section(pen.word("parts"), (26, 30, 44), tuple(pen.parts(settings))),
            Section(pen.word("limits"), (30, 70), tuple(pen.limits(settings))),
            Section(pen.word("found"), (12, 28, 60), tuple(pen.found(findings))),
        ),
        photos_title=pen.word("photos"),
        photos=tuple(pen.photos(settings)),
        signatures=(pen.word("installer"), pen.word("carrier")),
        note=pen.word("note"),
    )


class _Pen:
    """Writes the rows in one language."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.say = board.say

    def word(self, key: str, *words: object) -> str:
        return self.say(WORDS[key], *words)

    def device(
        self, settings: Settings, status: Facts, board: machine.Board
    ) -> Iterator[tuple[str, str]]:
        facts = (
            ("asset", settings.name),
            ("id", status.get("device")),
            ("key", status.get("key")),
            ("log", status.get("origin")),
            ("board", board.model),
            ("serial", board.serial),
            ("system", board.system),
            ("software", f"jagalchi-agent {__version__}"),
        )
        for key, value in facts:
            yield self.word(key), "" if value is None else str(value)

    def parts(self, settings: Settings) -> Iterator[tuple[str, str, str]]:
        dated = {one.sensor: one for one in settings.calibrations}
        for sensor in settings.sensors:
            one = dated.get(sensor.number)
            calibration = self.word("uncalibrated")
            if one is not None:
                milli = (one.correction_milli / 1_000, one.uncertainty_milli / 1_000)
                day = moment(one.at_ms)[:10]
                calibration = self.word("certificate", one.certificate, day, *milli)
            options = ", ".join(f"{key} {value}" for key, value in sensor.options.items())
            yield f"{sensor.number} {sensor.name}", f"{sensor.part} {options}".strip(), calibration
        for key, part in settings.parts.items():
            options = ", ".join(f"{name} {value}" for name, value in part.options.items())
            yield self.say(called(key)), part.part, options
        for contact in settings.contacts:
            yield contact.name, contact.part, contact.role

    def limits(self, settings: Settings) -> Iterator[tuple[str, str]]:
        for limit in settings.limits:
            what = self.say(QUANTITIES[limit.quantity])
            value = self._board.value(limit.quantity.name.lower(), limit.threshold_milli)
            side = self.word("above" if limit.above else "below")
            lasts = self.word("for", self._board.span(limit.delay_ms))
            yield f"{limit.id}: {limit.sensor} {what}", f"{value} {side}, {lasts}"

    def found(self, findings: tuple[Finding, ...]) -> Iterator[tuple[str, str, str]]:
        for one in findings:
            mend = "" if one.mend is None else f" → {self.say(one.mend)}"
            yield self.say(MARKS[one.grade]), self.say(called(one.part)), self.say(one.seen) + mend

    def photos(self, settings: Settings) -> Iterator[str]:
        yield self.word("plate")
        yield self.word("box")
        for sensor in settings.sensors:
            yield self.word("sensor", sensor.number, sensor.name)
