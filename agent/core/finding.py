"""A line of the commissioning test: what was looked at, how grave, what mends it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocol.registry import Text

Facts = Mapping[str, object]


class Grade(IntEnum):
    """How grave; the worst is the exit status of `doctor`."""

    OK = 0
    WARNING = 1
    FAILED = 2


MARKS: Final[Mapping[Grade, Text]] = {
    Grade.OK: Text("ok", "정상"),
    Grade.WARNING: Text("warning", "주의"),
    Grade.FAILED: Text("FAILED", "실패"),
}


PARTS: Final[Mapping[str, Text]] = {
    "agent": Text("agent", "에이전트"),
    "sensor": Text("sensor", "센서"),
    "position": Text("position", "위치"),
    "door": Text("door", "문"),
    "power": Text("power", "전원"),
    "ignition": Text("ignition", "시동"),
    "light": Text("light", "표시등"),
    "buzzer": Text("buzzer", "경보음"),
    "link": Text("link", "통신"),
    "clock": Text("clock", "시각"),
    "limits": Text("limits", "온도 한계"),
    "disk": Text("disk", "저장 공간"),
    "wear": Text("card wear", "카드 마모"),
    "records": Text("records", "기록 수"),
    "enrolment": Text("enrolment", "등록"),
    "key": Text("key", "키"),
    "server": Text("server", "서버"),
    "chain": Text("chain", "기록 연결"),
    "service": Text("service", "서비스"),
    "calibration": Text("calibration", "교정"),
    "config": Text("settings", "설정"),
}
"""What the first word of a finding's `part` is called; another word is somebody's own name."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: of which part, how grave, what was seen, and what mends it (a command, mostly)."""

    part: str
    grade: Grade
    seen: Text
    mend: Text | None = None


def called(part: str) -> Text:
    """The part's name for people."""
    word, _, rest = part.partition(" ")
    name = PARTS.get(word, Text(word, word))
    return Text(f"{name.en} {rest}".strip(), f"{name.ko} {rest}".strip())


def good(part: str, en: str, ko: str) -> Finding:
    """Nothing to mend."""
    return Finding(part, Grade.OK, Text(en, ko))


def worst(findings: Iterable[Finding]) -> Grade:
    """The verdict on all."""
    return max((one.grade for one in findings), default=Grade.OK)


def command(line: str) -> Text:
    """A command is the same in every language."""
    return Text(line, line)
