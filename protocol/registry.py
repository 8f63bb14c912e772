"""Every code of the protocol, its meaning in English and Korean, and the closed list of problems.

The single source: the tables of docs/protocol.md and all translations are generated from here.
A code is never reused and never changes its meaning; a code that is not here is refused.
Spec: docs/protocol.md, section "Registries".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final


class Kind(IntEnum):
    """What a record is."""

    OPENING = 1
    READING = 2
    POSITION = 3
    EVENT = 4
    ANCHOR = 5
    GOSSIP = 6
    TOMBSTONE = 7
    ROTATION = 8
    CLOSING = 9


class Quantity(IntEnum):
    """What a sensor measures; the unit belongs to the code (see UNITS)."""

    TEMPERATURE = 1
    HUMIDITY = 2
    DOOR = 3
    VOLTAGE = 4


class Status(IntEnum):
    """How a measurement went. Only OK, SUSPECT, STUCK and DISAGREE carry a value."""

    OK = 0
    SUSPECT = 1
    NO_ANSWER = 2
    CHECKSUM = 3
    OUT_OF_RANGE = 4
    STUCK = 5
    UNPLUGGED = 6
    NOT_READY = 7
    DISAGREE = 8
    DEADLINE = 9


class TimeSource(IntEnum):
    """Where a wall-clock time came from; NONE exactly when there is no time."""

    NONE = 0
    RTC = 1
    NTP = 2
    GNSS = 3
    SERVER = 4
    ESTIMATE = 5


class Fix(IntEnum):
    """How a position was found; NONE exactly when there is no position."""

    NONE = 0
    FIX_2D = 2
    FIX_3D = 3


class Event(IntEnum):
    """What happened."""

    DOOR_OPENED = 1
    DOOR_CLOSED = 2
    POWER_LOST = 3
    POWER_RETURNED = 4
    SENSOR_FAULT = 5
    SENSOR_RECOVERED = 6
    GNSS_FAULT = 7
    GNSS_RECOVERED = 8
    CONFIG_APPLIED = 9
    EXCURSION_START = 10
    EXCURSION_END = 11
    SET_ASIDE = 12
    STORAGE_TROUBLE = 13
    CLOCK_STEPPED = 14
    OUTBOX_DAMAGED = 15
    LOG_INCONSISTENT = 16


class Param(IntEnum):
    """The keys of an event's parameters; values are integers."""

    VALUE = 1
    LIMIT = 2
    PEAK = 3
    AREA = 4
    CONFIRMED_MS = 5
    POSSIBLE_MS = 6
    UNKNOWN_MS = 7
    FIRST_SEQ = 8
    LAST_SEQ = 9
    COUNT = 10
    STATUS = 11
    VERSION = 12
    SINCE_MS = 13
    PROBLEM = 14
    STEP_MS = 15


class Reason(IntEnum):
    """Why records were evicted (tombstone) or an epoch ended (closing)."""

    EVICTED = 1
    DAMAGED = 2
    STOP = 3
    ROTATED = 4
    SUCCESSOR = 5
    STORAGE = 6
    CONFIGURED = 7


class LeafKind(IntEnum):
    """The first element of a log leaf."""

    SPAN = 1
    SERVICE = 2
    TICK = 3
    SUCCESSOR = 4


class Item(IntEnum):
    """The first element of an item in an evidence bundle."""

    KEY = 1
    RECORD = 2
    NOTE = 3
    LEAF = 4
    ENTRY = 5
    EXTENDS = 6
    WITNESS = 7
    DOCUMENT = 8


class Problem(StrEnum):
    """The closed list of refusals: the last part of a problem type's address (RFC 9457)."""

    MALFORMED = "malformed"
    NOT_DETERMINISTIC = "not-deterministic"
    UNSUPPORTED_VERSION = "unsupported-version"
    UNKNOWN_KIND = "unknown-kind"
    UNPROTECTED_HEADER = "unprotected-header"
    OUT_OF_RANGE = "out-of-range"
    TOO_DEEP = "too-deep"
    TOO_LARGE = "too-large"
    TOO_MANY_SPANS = "too-many-spans"
    TOO_MANY_RECORDS = "too-many-records"
    BAD_SIGNATURE = "bad-signature"
    HIGH_S = "high-s"
    WRONG_DOMAIN = "wrong-domain"
    BROKEN_CHAIN = "broken-chain"
    MIXED_EPOCHS = "mixed-epochs"
    WRONG_DEVICE = "wrong-device"
    UNKNOWN_DEVICE = "unknown-device"
    UNKNOWN_KEY = "unknown-key"
    REVOKED = "revoked"
    SIMULATED = "simulated"
    WRONG_ORIGIN = "wrong-origin"
    OPENING_FIRST = "opening-first"
    TOO_MANY_GAPS = "too-many-gaps"
    FORK = "fork"
    CONTESTED_FULL = "contested-full"
    CONTENT_ENCODING = "content-encoding"
    MEDIA_TYPE = "media-type"
    TOKEN_UNKNOWN = "token-unknown"
    TOKEN_USED = "token-used"
    TOKEN_EXPIRED = "token-expired"
    PROOF_OF_POSSESSION = "proof-of-possession"
    KEY_TAKEN = "key-taken"
    BUSY = "busy"
    TOO_MANY_REQUESTS = "too-many-requests"
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    LOG_UNAVAILABLE = "log-unavailable"
    LOG_SUCCEEDED = "log-succeeded"
    BAD_PROOF = "bad-proof"
    BAD_NOTE = "bad-note"
    STALE_CHECKPOINT = "stale-checkpoint"
    TWO_HISTORIES = "two-histories"
    BAD_REQUEST = "bad-request"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Text:
    """One meaning in the two languages."""

    en: str
    ko: str


@dataclass(frozen=True, slots=True)
class ProblemText:
    """One problem: HTTP status, whether the same request may succeed later, and its title."""

    status: int
    retryable: bool
    title: Text


def _problem(status: int, en: str, ko: str, *, retryable: bool = False) -> ProblemText:
    return ProblemText(status, retryable, Text(en, ko))


VALUED: Final = frozenset({Status.OK, Status.SUSPECT, Status.STUCK, Status.DISAGREE})

UNITS: Final[Mapping[Quantity, str]] = {
    Quantity.TEMPERATURE: "milli_celsius",
    Quantity.HUMIDITY: "milli_percent",
    Quantity.DOOR: "open",
    Quantity.VOLTAGE: "milli_volt",
}

KINDS: Final[Mapping[Kind, Text]] = {
    Kind.OPENING: Text("opening", "시작"),
    Kind.READING: Text("reading", "측정"),
    Kind.POSITION: Text("position", "위치"),
    Kind.EVENT: Text("event", "사건"),
    Kind.ANCHOR: Text("time anchor", "시각 기준"),
    Kind.GOSSIP: Text("gossip", "체크포인트 증언"),
    Kind.TOMBSTONE: Text("tombstone", "삭제 표식"),
    Kind.ROTATION: Text("key rotation", "키 교체"),
    Kind.CLOSING: Text("closing", "종료"),
}

QUANTITIES: Final[Mapping[Quantity, Text]] = {
    Quantity.TEMPERATURE: Text("temperature", "온도"),
    Quantity.HUMIDITY: Text("relative humidity", "상대 습도"),
    Quantity.DOOR: Text("door", "문"),
    Quantity.VOLTAGE: Text("supply voltage", "공급 전압"),
}

STATUSES: Final[Mapping[Status, Text]] = {
    Status.OK: Text("ok", "정상"),
    Status.SUSPECT: Text("suspect: changed faster than it can", "의심: 있을 수 없는 급변"),
    Status.NO_ANSWER: Text("no answer", "응답 없음"),
    Status.CHECKSUM: Text("checksum wrong", "체크섬 오류"),
    Status.OUT_OF_RANGE: Text("outside the sensor's range", "센서 범위 밖"),
    Status.STUCK: Text("stuck at one value", "값이 고정됨"),
    Status.UNPLUGGED: Text("unplugged", "연결 끊김"),
    Status.NOT_READY: Text("not ready yet", "준비되지 않음"),
    Status.DISAGREE: Text("two reads disagree", "두 번의 읽기가 다름"),
    Status.DEADLINE: Text("took too long", "시간 초과"),
}

TIME_SOURCES: Final[Mapping[TimeSource, Text]] = {
    TimeSource.NONE: Text("unknown", "알 수 없음"),
    TimeSource.RTC: Text("battery clock", "배터리 시계"),
    TimeSource.NTP: Text("network time", "네트워크 시각"),
    TimeSource.GNSS: Text("satellites", "위성"),
    TimeSource.SERVER: Text("server", "서버"),
    TimeSource.ESTIMATE: Text("estimate", "추정"),
}

FIXES: Final[Mapping[Fix, Text]] = {
    Fix.NONE: Text("no fix", "위치 없음"),
    Fix.FIX_2D: Text("2D fix", "2차원 위치"),
    Fix.FIX_3D: Text("3D fix", "3차원 위치"),
}

EVENTS: Final[Mapping[Event, Text]] = {
    Event.DOOR_OPENED: Text("door opened", "문 열림"),
    Event.DOOR_CLOSED: Text("door closed", "문 닫힘"),
    Event.POWER_LOST: Text("power lost", "전원 끊김"),
    Event.POWER_RETURNED: Text("power returned", "전원 복구"),
    Event.SENSOR_FAULT: Text("sensor fault", "센서 고장"),
    Event.SENSOR_RECOVERED: Text("sensor recovered", "센서 복구"),
    Event.GNSS_FAULT: Text("satellite receiver fault", "위성 수신기 고장"),
    Event.GNSS_RECOVERED: Text("satellite receiver recovered", "위성 수신기 복구"),
    Event.CONFIG_APPLIED: Text("configuration applied", "설정 적용"),
    Event.EXCURSION_START: Text("excursion began", "온도 이탈 시작"),
    Event.EXCURSION_END: Text("excursion ended", "온도 이탈 종료"),
    Event.SET_ASIDE: Text("records set aside", "기록 보류"),
    Event.STORAGE_TROUBLE: Text("storage trouble", "저장 장치 문제"),
    Event.CLOCK_STEPPED: Text("clock stepped", "시계가 건너뜀"),
    Event.OUTBOX_DAMAGED: Text("outbox damaged", "보관함 손상"),
    Event.LOG_INCONSISTENT: Text("log shows two histories", "로그의 이력이 서로 다름"),
}

PARAMS: Final[Mapping[Param, Text]] = {
    Param.VALUE: Text("value", "값"),
    Param.LIMIT: Text("limit", "한계"),
    Param.PEAK: Text("peak", "최고치"),
    Param.AREA: Text("area above the limit", "한계 초과 면적"),
    Param.CONFIRMED_MS: Text("confirmed time beyond the limit (ms)", "확인된 이탈 시간 (ms)"),
    Param.POSSIBLE_MS: Text("possible time beyond the limit (ms)", "가능한 이탈 시간 (ms)"),
    Param.UNKNOWN_MS: Text("unknown time (ms)", "알 수 없는 시간 (ms)"),
    Param.FIRST_SEQ: Text("first record", "첫 기록"),
    Param.LAST_SEQ: Text("last record", "마지막 기록"),
    Param.COUNT: Text("count", "개수"),
    Param.STATUS: Text("status", "상태"),
    Param.VERSION: Text("version", "버전"),
    Param.SINCE_MS: Text("since (ms)", "시작 시각 (ms)"),
    Param.PROBLEM: Text("problem", "문제"),
    Param.STEP_MS: Text("step (ms)", "건너뛴 시간 (ms)"),
}

REASONS: Final[Mapping[Reason, Text]] = {
    Reason.EVICTED: Text("evicted: the card was full", "카드가 가득 차 삭제됨"),
    Reason.DAMAGED: Text("damaged on the card", "카드에서 손상됨"),
    Reason.STOP: Text("stopped", "정지"),
    Reason.ROTATED: Text("key rotated", "키 교체"),
    Reason.SUCCESSOR: Text("log has a successor", "후속 로그로 이전"),
    Reason.STORAGE: Text("storage error", "저장 오류"),
    Reason.CONFIGURED: Text("another configuration", "설정 변경"),
}

LEAF_KINDS: Final[Mapping[LeafKind, Text]] = {
    LeafKind.SPAN: Text("span of records", "기록 구간"),
    LeafKind.SERVICE: Text("service entry", "서비스 항목"),
    LeafKind.TICK: Text("tick", "시각 표시"),
    LeafKind.SUCCESSOR: Text("successor statement", "후속 로그 선언"),
}

ITEMS: Final[Mapping[Item, Text]] = {
    Item.KEY: Text("device key", "기기 키"),
    Item.RECORD: Text("record", "기록"),
    Item.NOTE: Text("checkpoint note", "체크포인트"),
    Item.LEAF: Text("leaf with its proof", "증명이 붙은 로그 항목"),
    Item.ENTRY: Text("service entry with its content", "내용이 붙은 서비스 항목"),
    Item.EXTENDS: Text("proof that a note extends another", "체크포인트가 이어짐을 보이는 증명"),
    Item.WITNESS: Text("a witness's key", "증인의 키"),
    Item.DOCUMENT: Text("what an entry names by its hash", "항목이 해시로 가리키는 내용"),
}

PROBLEMS: Final[Mapping[Problem, ProblemText]] = {
    Problem.MALFORMED: _problem(400, "Malformed data", "형식이 잘못된 데이터"),
    Problem.NOT_DETERMINISTIC: _problem(
        400, "Not the one permitted encoding", "허용된 유일한 인코딩이 아님"
    ),
    Problem.UNSUPPORTED_VERSION: _problem(400, "Unsupported version", "지원하지 않는 버전"),
    Problem.UNKNOWN_KIND: _problem(400, "Unknown kind", "알 수 없는 종류"),
    Problem.UNPROTECTED_HEADER: _problem(400, "Unprotected header", "보호되지 않은 헤더"),
    Problem.OUT_OF_RANGE: _problem(400, "Number or code out of range", "범위를 벗어난 값"),
    Problem.TOO_DEEP: _problem(400, "Nested too deeply", "중첩이 너무 깊음"),
    Problem.TOO_LARGE: _problem(413, "Too large", "너무 큼"),
    Problem.TOO_MANY_SPANS: _problem(413, "Too many spans", "구간이 너무 많음"),
    Problem.TOO_MANY_RECORDS: _problem(413, "Too many records", "기록이 너무 많음"),
    Problem.BAD_SIGNATURE: _problem(422, "Signature does not verify", "서명이 확인되지 않음"),
    Problem.HIGH_S: _problem(422, "Signature is not low-S", "low-S 서명이 아님"),
    Problem.WRONG_DOMAIN: _problem(422, "Signed for another purpose", "다른 용도로 서명된 데이터"),
    Problem.BROKEN_CHAIN: _problem(422, "Chain is broken", "사슬이 끊어짐"),
    Problem.MIXED_EPOCHS: _problem(
        422, "More than one epoch or key in a span", "한 구간에 여러 에포크나 키가 섞임"
    ),
    Problem.WRONG_DEVICE: _problem(422, "Belongs to another device", "다른 기기의 기록"),
    Problem.UNKNOWN_DEVICE: _problem(404, "Unknown device", "알 수 없는 기기"),
    Problem.UNKNOWN_KEY: _problem(422, "Unknown key", "알 수 없는 키"),
    Problem.REVOKED: _problem(403, "Device or key is revoked", "폐기된 기기 또는 키"),
    Problem.SIMULATED: _problem(422, "Simulated record", "모의 기록"),
    Problem.WRONG_ORIGIN: _problem(422, "Meant for another log", "다른 로그를 위한 기록"),
    Problem.OPENING_FIRST: _problem(
        409, "Send the opening first", "시작 기록을 먼저 보내야 함", retryable=True
    ),
    Problem.TOO_MANY_GAPS: _problem(409, "Too many gaps", "빈 구간이 너무 많음", retryable=True),
    Problem.FORK: _problem(409, "Fork: two records for one number", "분기: 한 번호에 두 기록"),
    Problem.CONTESTED_FULL: _problem(409, "Too many contested records", "다툼 기록이 너무 많음"),
    Problem.CONTENT_ENCODING: _problem(415, "Compression is refused", "압축은 허용되지 않음"),
    Problem.MEDIA_TYPE: _problem(415, "Wrong media type", "잘못된 미디어 형식"),
    Problem.TOKEN_UNKNOWN: _problem(403, "Unknown enrolment token", "알 수 없는 등록 토큰"),
    Problem.TOKEN_USED: _problem(403, "Enrolment token already used", "이미 사용된 등록 토큰"),
    Problem.TOKEN_EXPIRED: _problem(403, "Enrolment token expired", "만료된 등록 토큰"),
    Problem.PROOF_OF_POSSESSION: _problem(
        403, "Possession of the key is not proved", "키 소유가 증명되지 않음"
    ),
    Problem.KEY_TAKEN: _problem(409, "Key is already enrolled", "이미 등록된 키"),
    Problem.BUSY: _problem(503, "Busy", "처리 중", retryable=True),
    Problem.TOO_MANY_REQUESTS: _problem(
        429, "Too many requests", "요청이 너무 많음", retryable=True
    ),
    Problem.NOT_FOUND: _problem(404, "Not found", "찾을 수 없음"),
    Problem.METHOD_NOT_ALLOWED: _problem(405, "Method not allowed", "허용되지 않는 메서드"),
    Problem.LOG_UNAVAILABLE: _problem(
        503, "Log cannot answer now", "로그가 지금 응답할 수 없음", retryable=True
    ),
    Problem.LOG_SUCCEEDED: _problem(409, "Log has a successor", "후속 로그로 이전됨"),
    Problem.BAD_PROOF: _problem(422, "Proof does not verify", "증명이 확인되지 않음"),
    Problem.BAD_NOTE: _problem(
        422, "Checkpoint note does not verify", "체크포인트가 확인되지 않음"
    ),
    Problem.STALE_CHECKPOINT: _problem(
        409, "Checkpoint is older than one seen", "이미 본 것보다 오래된 체크포인트", retryable=True
    ),
    Problem.TWO_HISTORIES: _problem(409, "Log shows two histories", "로그의 이력이 서로 다름"),
    Problem.BAD_REQUEST: _problem(400, "Bad request", "잘못된 요청"),
    Problem.INTERNAL: _problem(500, "Internal error", "내부 오류", retryable=True),
}
