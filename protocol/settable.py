"""What may be set from afar, and within which bounds: one table for both ends.

Nothing is settable that is not here, and nothing here says where records lie, how many are kept,
whom the device believes or where it sends: no document can shrink, move or wipe the outbox.
A number is never reused and never changes its meaning. Spec: docs/protocol.md, "Configuration".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocol.registry import Quantity, Text

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000


class Setting(IntEnum):
    """One number of the device as a whole."""

    SAMPLE_PERIOD = 1
    DOOR_OPEN = 2
    SYNC_PACE = 3
    LANGUAGE = 4
    BUZZER = 5


class Field(IntEnum):
    """One number of a limit, by its place in the list behind id, sensor, quantity and side."""

    THRESHOLD = 4
    HYSTERESIS = 5
    DELAY = 6
    BUDGET = 7


class Stage(IntEnum):
    """How far a device has come with a document."""

    ON_TRIAL = 1
    CONFIRMED = 2
    REVERTED = 3
    REFUSED = 4


class Why(IntEnum):
    """Why a document was refused, or given up; the closed list."""

    UNREADABLE = 1
    UNSIGNED = 2
    OTHER_DEVICE = 3
    OUT_OF_RANGE = 4
    OLDER = 5
    OTHER_BYTES = 6
    EXPIRED = 7
    UNFIT = 8
    NO_READING = 9
    FELL_OVER = 10
    UNPROVED = 11


@dataclass(frozen=True, slots=True)
class Range:
    """Least and most, both allowed; `key` is its name in a file, and has the unit."""

    key: str
    least: int
    most: int
    text: Text

    def holds(self, value: int) -> bool:
        """Whether the value lies within."""
        return self.least <= value <= self.most


LANGUAGES: Final[Mapping[int, str]] = {0: "", 1: "ko", 2: "en"}
"""What a language's number stands for; 0: whatever the reader's terminal says."""

SETTINGS: Final[Mapping[Setting, Range]] = {
    Setting.SAMPLE_PERIOD: Range(
        "sample_period_ms",
        5_000,
        5 * MINUTE_MS,
        Text("one reading per this time", "측정 주기"),
    ),
    Setting.DOOR_OPEN: Range(
        "door_open_ms",
        MINUTE_MS,
        DAY_MS,
        Text("a door open this long is an alarm", "문 열림 경보까지의 시간"),
    ),
    Setting.SYNC_PACE: Range(
        "sync_pace_ms",
        0,
        10 * MINUTE_MS,
        Text("least time between two deliveries; an alarm never waits", "전송 간격 (경보는 즉시)"),
    ),
    Setting.LANGUAGE: Range(
        "language",
        0,
        2,
        Text("of status: 0 the terminal's, 1 Korean, 2 English", "표시 언어: 1 한국어, 2 영어"),
    ),
    Setting.BUZZER: Range(
        "buzzer",
        0,
        1,
        Text("0 silent, 1 sounds; the light shows all the same", "경보음: 0 끔, 1 켬"),
    ),
}
"""EN 12830 wants a reading at least every five minutes on trips of less than a day: the strictest
of its bounds, because a document cannot know the trip."""

LIMITED: Final[Mapping[Quantity, Mapping[Field, Range]]] = {
    Quantity.TEMPERATURE: {
        Field.THRESHOLD: Range(
            "threshold_milli", -80_000, 60_000, Text("threshold (milli_celsius)", "한계 온도")
        ),
        Field.HYSTERESIS: Range(
            "hysteresis_milli", 0, 10_000, Text("hysteresis (milli_celsius)", "복귀 폭")
        ),
        Field.DELAY: Range("delay_ms", 0, 6 * 60 * MINUTE_MS, Text("delay", "지연")),
        Field.BUDGET: Range(
            "budget_ms", 0, 31 * DAY_MS, Text("budget; 0: none", "누적 허용 시간, 0: 없음")
        ),
    },
    Quantity.HUMIDITY: {
        Field.THRESHOLD: Range(
            "threshold_milli", 0, 100_000, Text("threshold (milli_percent)", "한계 습도")
        ),
        Field.HYSTERESIS: Range(
            "hysteresis_milli", 0, 20_000, Text("hysteresis (milli_percent)", "복귀 폭")
        ),
        Field.DELAY: Range("delay_ms", 0, 6 * 60 * MINUTE_MS, Text("delay", "지연")),
        Field.BUDGET: Range(
            "budget_ms", 0, 31 * DAY_MS, Text("budget; 0: none", "누적 허용 시간, 0: 없음")
        ),
    },
}

STAGES: Final[Mapping[Stage, Text]] = {
    Stage.ON_TRIAL: Text("on trial", "시험 적용 중"),
    Stage.CONFIRMED: Text("confirmed", "적용 확정"),
    Stage.REVERTED: Text("reverted", "되돌림"),
    Stage.REFUSED: Text("refused", "거부됨"),
}

WHYS: Final[Mapping[Why, Text]] = {
    Why.UNREADABLE: Text("it cannot be read", "읽을 수 없음"),
    Why.UNSIGNED: Text("not signed by the pinned key", "등록된 키의 서명이 아님"),
    Why.OTHER_DEVICE: Text("meant for another device", "다른 기기의 설정"),
    Why.OUT_OF_RANGE: Text("a value is out of range, or unknown", "범위를 벗어나거나 모르는 값"),
    Why.OLDER: Text("older than what is known", "이미 받은 것보다 오래됨"),
    Why.OTHER_BYTES: Text("a known version with other bytes", "같은 버전의 다른 내용"),
    Why.EXPIRED: Text("issued too long ago", "발행된 지 오래됨"),
    Why.UNFIT: Text("does not fit this device's sensors and limits", "이 기기의 센서와 맞지 않음"),
    Why.NO_READING: Text("no usable readings under it", "적용 후 쓸 수 있는 측정이 없음"),
    Why.FELL_OVER: Text("the agent fell over under it", "적용 후 에이전트가 거듭 중단됨"),
    Why.UNPROVED: Text("nothing was proved under it", "적용 후 기록이 증명되지 않음"),
}
