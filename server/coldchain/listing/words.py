"""What is said of a list, its columns and its rows, in English and Korean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.registry import Text
from server.coldchain.listing.columns import Column, Why
from server.coldchain.listing.sheet import Fault

COLUMNS: Final[Mapping[Column, Text]] = {
    Column.NUMBER: Text("sale number", "위판 번호"),
    Column.TRADE: Text("trade name", "어종"),
    Column.SPECIES: Text("scientific name", "학명"),
    Column.KILOGRAMS: Text("weight (kg)", "중량(kg)"),
    Column.BOXES: Text("boxes", "상자 수"),
    Column.FORM: Text("form", "형태"),
    Column.VESSEL: Text("vessel", "선박명"),
    Column.CAUGHT: Text("time of catch", "어획 시각"),
    Column.AREA: Text("catch area", "어획 해역"),
    Column.GEAR: Text("gear", "어법"),
    Column.ICE: Text("ice on board", "선상 얼음"),
    Column.ICE_RATIO: Text("ice ratio", "얼음 비율"),
    Column.ORIGIN: Text("origin", "원산지"),
    Column.TRACE_NO: Text("state traceability number", "이력번호"),
}
REJECTS: Final[Mapping[Why, Text]] = {
    Why.MISSING: Text("Nothing stands here. Fill it in.", "비어 있습니다. 입력하세요."),
    Why.FORMULA: Text(
        "This is a formula. Paste its value instead.", "수식입니다. 값으로 붙여 넣으세요."
    ),
    Why.NUMBER: Text("This is no such number. Correct it.", "쓸 수 없는 숫자입니다. 고치세요."),
    Why.TOO_LONG: Text("This is too long. Shorten it.", "너무 깁니다. 줄이세요."),
    Why.UNPRINTABLE: Text(
        "There are invisible characters here. Type it again.",
        "보이지 않는 문자가 있습니다. 다시 입력하세요.",
    ),
    Why.WORD: Text(
        "This word is not on the list. Choose one that is, or leave it blank.",
        "목록에 없는 말입니다. 목록에서 고르거나 비워 두세요.",
    ),
    Why.TIME: Text(
        "This is no time. Write it as 2026-11-26 03:20.",
        "시각이 아닙니다. 2026-11-26 03:20처럼 쓰세요.",
    ),
    Why.FUTURE: Text("This time is in the future. Correct it.", "미래의 시각입니다. 고치세요."),
}
FAULTS: Final[Mapping[Fault, Text]] = {
    Fault.EMPTY: Text("The file has no rows. Choose another one.", "내용이 없는 파일입니다."),
    Fault.TOO_LARGE: Text(
        "The file is too large. Split it into parts of at most 10,000 rows.",
        "파일이 너무 큽니다. 10,000행 이하로 나누세요.",
    ),
    Fault.OLD_EXCEL: Text(
        "This is an old Excel file (.xls). Save it as .xlsx and choose that.",
        "예전 엑셀 파일(.xls)입니다. .xlsx로 저장해 다시 고르세요.",
    ),
    Fault.UNREADABLE: Text(
        "The file cannot be read. Save it again as .xlsx or CSV.",
        "읽을 수 없는 파일입니다. .xlsx나 CSV로 다시 저장하세요.",
    ),
    Fault.ENCODING: Text(
        "The letters of the file cannot be read. Save it as CSV UTF-8.",
        "글자를 읽을 수 없는 파일입니다. CSV UTF-8로 저장하세요.",
    ),
}
TWICE: Final = Text("The same number stands in row {row}.", "{row}행과 번호가 같습니다.")
THERE: Final = Text("Landed already.", "이미 등록된 로트입니다.")
NO_COLUMN: Final = Text("Say which column this is.", "어느 열인지 정하세요.")
