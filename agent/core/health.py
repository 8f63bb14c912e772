"""One state for everybody: the light, `status`, the service manager and the logs all show this.

Facts go in, the worst that is true comes out, with a light pattern, and one sentence in English and
one in Korean that says what happened, what it means and what to do next. Pure.
The patterns move, so that a frozen light reads as dead; a slot is 125 ms, `*` is lit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from protocol.registry import PROBLEMS, Problem, Text

OFFLINE_MS: Final = 180_000
DISTRUST_SHOWN_MS: Final = 3_600_000


class State(StrEnum):
    """From the worst to the best: the first that is true is shown."""

    CANNOT_START = "cannot-start"
    NOT_ENROLLED = "not-enrolled"
    DISK_TROUBLE = "disk-trouble"
    DISK_FULL = "disk-full"
    LOG_INCONSISTENT = "log-inconsistent"
    UNFOLLOWED = "successor-refused"
    REFUSED = "refused-by-server"
    EXCURSION = "excursion"
    DOOR_OPEN = "door-open"
    SENSOR_FAULT = "sensor-fault"
    CLOCK_UNKNOWN = "clock-unknown"
    UNPROVED = "proofs-missing"
    OFFLINE = "recording-offline"
    PUT_OFF = "put-off-by-server"
    CATCHING_UP = "recording-catching-up"
    PROVED = "recording-and-proved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known at this moment; times are boot time in ms, None: never.

    `unusable`: what keeps the agent from starting. `server`: whether there is one to ship to.
    `trouble`: why the card cannot be written. `full`: it may not take more. `unfollowed`: why the
    statement of a successor was refused. `distrust_ms`: since when answers fail to prove anything.
    `lost`: the newest request brought no answer of our server. `put_off`: or one, but to come back
    later, and why.
    `faults`: a sentence for each sensor that gives nothing usable; `remarks`: for what else is to
    be mended and does not decide the state.
    """

    unusable: str | None = None
    enrolled: bool = True
    server: bool = True
    trouble: str | None = None
    full: bool = False
    two_histories: bool = False
    unfollowed: Problem | None = None
    denied: Problem | None = None
    excursion: bool = False
    door_open: bool = False
    faults: tuple[Text, ...] = ()
    remarks: tuple[Text, ...] = ()
    clock_known: bool = True
    distrust_ms: int | None = None
    good_ms: int | None = None
    link: bool | None = None
    lost: bool = False
    put_off: str | None = None
    waiting: int = 0
    uncommitted: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """How a state shows."""

    pattern: str
    en: str
    ko: str


@dataclass(frozen=True, slots=True)
class Health:
    """The state, its light pattern, its sentence, and one for each thing that is to be mended."""

    state: State
    pattern: str
    en: str
    ko: str
    troubles: tuple[Text, ...] = ()

    @property
    def sentence(self) -> str:
        """Both languages on one line."""
        return f"{self.en} / {self.ko}"


def _blinks(count: int) -> str:
    return "**.." * count + "." * 10


LOOKS: Final[Mapping[State, Look]] = {
    State.CANNOT_START: Look(
        "******..******..........",
        "The agent cannot start, and nothing is recorded: {unusable}. Mend this; it is tried again"
        " every few seconds.",
        "에이전트를 시작할 수 없어 기록하지 않습니다: {unusable}."
        " 고치면 몇 초 안에 다시 시작합니다.",
    ),
    State.NOT_ENROLLED: Look(
        "*.*.*.*.........",
        "No server knows this device yet, so nothing is recorded. Enrol it: jagalchi-agent enrol.",
        "아직 서버에 등록되지 않아 기록하지 않습니다. jagalchi-agent enrol 명령으로 등록하세요.",
    ),
    State.DISK_TROUBLE: Look(
        _blinks(5),
        "The card cannot be written ({trouble}). {uncommitted} readings wait in memory and are lost"
        " if the power fails. Replace the card.",
        "카드에 쓸 수 없습니다({trouble}). 측정 {uncommitted}건이 메모리에만 있어"
        " 전원이 끊기면 사라집니다. 카드를 교체하세요.",
    ),
    State.DISK_FULL: Look(
        _blinks(4),
        "The card is full and nothing more may be let go. {uncommitted} readings wait in memory."
        " Bring the truck into coverage so that it can deliver.",
        "카드가 가득 찼고 더 지울 수 있는 기록이 없습니다. 측정 {uncommitted}건이"
        " 메모리에 있습니다. 통신이 되는 곳으로 이동하세요.",
    ),
    State.LOG_INCONSISTENT: Look(
        _blinks(6),
        "The log has shown two different histories. Recording and delivery go on, proofs have"
        " stopped. Tell the operator; keep this card.",
        "로그가 서로 다른 두 이력을 보였습니다. 기록과 전송은 계속되지만 증명은 멈췄습니다."
        " 운영자에게 알리고 이 카드를 보관하세요.",
    ),
    State.UNFOLLOWED: Look(
        _blinks(7),
        "The server keeps another log and says that it follows ours, but that does not hold"
        " ({unfollowed}). Everything is recorded and kept. Tell the operator.",
        "서버가 후속 로그라고 주장하지만 확인되지 않습니다({unfollowed_ko})."
        " 모든 기록은 보관되고 있습니다. 운영자에게 알리세요.",
    ),
    State.REFUSED: Look(
        _blinks(3),
        "The server refuses this device ({denied}). Everything is recorded and kept."
        " Call the operator.",
        "서버가 이 기기를 거부합니다({denied_ko}). 모든 기록은 보관되고 있습니다."
        " 운영자에게 연락하세요.",
    ),
    State.EXCURSION: Look(
        "****....",
        "A temperature limit is exceeded. It is recorded as an alarm. Check the cargo now.",
        "온도 한계를 벗어났습니다. 경보로 기록되었습니다. 지금 화물을 확인하세요.",
    ),
    State.DOOR_OPEN: Look(
        "****....**......",
        "A door has been open for too long. It is recorded as an alarm. Close it now.",
        "문이 너무 오래 열려 있습니다. 경보로 기록되었습니다. 지금 문을 닫으세요.",
    ),
    State.SENSOR_FAULT: Look(
        _blinks(2),
        "{fault} It is recorded as a fault.{others}",
        "{fault_ko} 고장으로 기록됩니다.{others_ko}",
    ),
    State.CLOCK_UNKNOWN: Look(
        "*...*...........",
        "Nobody vouches for the clock. Readings are kept in order and dated later."
        " Go where there is sky or network.",
        "시각을 확인할 수 없습니다. 측정은 순서대로 보관되며 나중에 시각이 정해집니다."
        " 하늘이 보이거나 통신이 되는 곳으로 이동하세요.",
    ),
    State.UNPROVED: Look(
        "**......*.......",
        "For over an hour the server's answers have proved nothing. {waiting} records are kept."
        " Tell the operator.",
        "한 시간 넘게 서버의 응답이 아무것도 증명하지 못했습니다. 기록 {waiting}건을 보관 중입니다."
        " 운영자에게 알리세요.",
    ),
    State.OFFLINE: Look(
        "*...............",
        "Recording without contact to the server. {waiting} records are safe on the card and will"
        " be delivered. Nothing to do.",
        "서버와 연결되지 않은 채 기록 중입니다. 기록 {waiting}건이 카드에 안전하게 있으며"
        " 나중에 전송됩니다. 조치할 것이 없습니다.",
    ),
    State.PUT_OFF: Look(
        "*.....*.........",
        "The server answers, but takes or proves nothing now ({put_off}). {waiting} records are"
        " safe on the card and will be delivered. Nothing to do.",
        "서버가 응답하지만 지금은 기록을 받거나 증명하지 못합니다({put_off})."
        " 기록 {waiting}건이 카드에 안전하게 있으며 나중에 전송됩니다. 조치할 것이 없습니다.",
    ),
    State.CATCHING_UP: Look(
        "*.*.............",
        "Recording and delivering. {waiting} records are not yet proved. Nothing to do.",
        "기록하고 전송하는 중입니다. 기록 {waiting}건이 아직 증명되지 않았습니다."
        " 조치할 것이 없습니다.",
    ),
    State.PROVED: Look(
        "*.......",
        "Recording; the log has proved that it holds everything delivered. All is well.",
        "기록 중이며 전송된 모든 기록이 로그에 있음이 증명되었습니다. 정상입니다.",
    ),
}

A_FEW: Final = 64
"""Rows on their way at any moment; more than that is a backlog."""


NOTHING_TO_MEND: Final = frozenset(
    {State.OFFLINE, State.PUT_OFF, State.CATCHING_UP, State.PROVED}
)


def judge(facts: Facts, now_ms: int) -> Health:
    """The worst that is true, in words, and everything that somebody should mend."""
    states = [state for state, true in _truths(facts, now_ms) if true]
    words = _words(facts)
    told = [_said(state, words) for state in states if state not in NOTHING_TO_MEND]
    look, worst = LOOKS[states[0]], _said(states[0], words)
    plain = [one for one in told if one != _said(State.SENSOR_FAULT, words)]
    troubles = tuple(dict.fromkeys((*plain, *facts.faults, *facts.remarks)))
    return Health(states[0], look.pattern, worst.en, worst.ko, troubles)


def _said(state: State, words: Mapping[str, object]) -> Text:
    return Text(LOOKS[state].en.format(**words), LOOKS[state].ko.format(**words))


def _words(facts: Facts) -> dict[str, object]:
    """What the sentences name; a sentence that is not true is not shown."""
    denied, unfollowed = _title(facts.denied), _title(facts.unfollowed)
    first, more = (*facts.faults, Text("", ""))[0], len(facts.faults) - 1
    return {
        "unusable": facts.unusable,
        "trouble": facts.trouble,
        "uncommitted": facts.uncommitted,
        "denied": denied.en,
        "denied_ko": denied.ko,
        "unfollowed": unfollowed.en,
        "unfollowed_ko": unfollowed.ko,
        "fault": first.en,
        "fault_ko": first.ko,
        "others": f" Faults beside it: {more}." if more > 0 else "",
        "others_ko": f" 그 밖의 고장 {more}건." if more > 0 else "",
        "waiting": facts.waiting,
        "put_off": facts.put_off,
    }


def _title(problem: Problem | None) -> Text:
    return PROBLEMS[problem].title if problem else Text("", "")


def _truths(facts: Facts, now_ms: int) -> tuple[tuple[State, bool], ...]:
    # Silence alone is no sign: with nothing to send, nobody is asked. A lost request is one, but
    # not the first of them in a place where all went well a moment ago.
    fresh = facts.good_ms is not None and now_ms - facts.good_ms < OFFLINE_MS
    heard = facts.good_ms is not None or facts.put_off is not None
    online = facts.server and heard and facts.link is not False and (fresh or not facts.lost)
    distrusted = facts.distrust_ms is not None and now_ms - facts.distrust_ms >= DISTRUST_SHOWN_MS
    return (
        (State.CANNOT_START, facts.unusable is not None),
        (State.NOT_ENROLLED, not facts.enrolled),
        (State.DISK_TROUBLE, facts.trouble is not None),
        (State.DISK_FULL, facts.full),
        (State.LOG_INCONSISTENT, facts.two_histories),
        (State.UNFOLLOWED, facts.unfollowed is not None),
        (State.REFUSED, facts.denied is not None),
        (State.EXCURSION, facts.excursion),
        (State.DOOR_OPEN, facts.door_open),
        (State.SENSOR_FAULT, bool(facts.faults)),
        (State.CLOCK_UNKNOWN, not facts.clock_known),
        (State.UNPROVED, distrusted),
        (State.OFFLINE, not online),
        (State.PUT_OFF, facts.put_off is not None),
        (State.CATCHING_UP, facts.waiting > A_FEW),
        (State.PROVED, True),
    )
