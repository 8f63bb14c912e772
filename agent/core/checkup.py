"""The commissioning test of what is wired: sensors, receiver, inputs, light, clock. Pure.

Each function judges one part by facts that are handed in, as `status` tells them, and yields
findings in both languages. What could not be looked at is a warning that says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from agent.core.board import Board
from agent.core.finding import Facts, Finding, Grade, command, good
from protocol.registry import STATUSES, Status, Text
from protocol.remedy import SENSOR

CLOCK_WITHIN_MS: Final = 60_000
WIRING: Final = Text("check port, cable and power", "포트, 케이블, 전원을 확인하세요")


def sensors(seen: Iterable[Facts], fitted: Mapping[int, str]) -> Iterator[Finding]:
    """One line for each fitted sensor; `seen` as in `status`."""
    by_number: dict[int, list[Facts]] = {number: [] for number in fitted}
    for one in seen:
        by_number.setdefault(int(str(one["sensor"])), []).append(one)
    for number, readings in by_number.items():
        part = f"sensor {number} {fitted.get(number, '')}".strip()
        bad = [Status[str(one["status"]).upper()] for one in readings if one["status"] != "ok"]
        if not readings:
            seen_text = Text("gave no reading at all", "측정값이 전혀 없음")
            mend = Text("wait a minute, then try again", "1분 뒤 다시 시도하세요")
            yield Finding(part, Grade.FAILED, seen_text, mend)
        elif bad:
            status = STATUSES[bad[0]]
            yield Finding(part, Grade.FAILED, status, SENSOR[bad[0]])
        else:
            values = {lang: _values(readings, Board(lang)) for lang in ("en", "ko")}
            yield good(part, values["en"], values["ko"])


def _values(readings: Iterable[Facts], board: Board) -> str:
    return ", ".join(board.value(str(one["quantity"]), one["value"]) for one in readings)


def position(place: Facts | None, wanted: bool) -> Iterator[Finding]:
    """A receiver, where one is fitted."""
    if not wanted:
        yield good("position", "none fitted", "장착되지 않음")
    elif place is None:
        yield Finding(
            "position",
            Grade.FAILED,
            Text("the receiver said nothing", "수신기 응답 없음"),
            WIRING,
        )
    elif place.get("fault") not in (None, "not_ready", "suspect"):
        status = STATUSES[Status[str(place["fault"]).upper()]]
        yield Finding("position", Grade.FAILED, status, WIRING)
    elif place.get("fix") == "none":
        seen = Text("works, no fix yet", "작동함, 아직 위치 없음")
        mend = Text(
            "bring the antenna under the sky, wait 2 minutes",
            "안테나를 하늘이 보이게 하고 2분 기다리세요",
        )
        yield Finding("position", Grade.WARNING, seen, mend)
    else:
        count = place.get("satellites")
        yield good("position", f"fix, {count} satellites", f"위치 확인, 위성 {count}개")


def contacts(seen: Iterable[Facts], fitted: Iterable[str]) -> Iterator[Finding]:
    """Every two-state input says something; whether it is true a hand at the door must show."""
    states = {str(one["name"]): bool(one["on"]) for one in seen}
    for name in fitted:
        if name in states:
            on = states[name]
            yield good(
                name,
                f"says {'open or on' if on else 'closed or off'}: move it and see it change",
                f"{'열림 또는 켜짐' if on else '닫힘 또는 꺼짐'}: 움직여서 바뀌는지 보세요",
            )
        else:
            mend = Text("check its wires and pin", "배선과 핀 번호를 확인하세요")
            yield Finding(name, Grade.FAILED, Text("says nothing", "응답 없음"), mend)


def light(fitted: bool, asked: bool) -> Iterator[Finding]:
    """Only eyes can say that it blinks."""
    if not fitted:
        yield good("light", "none fitted", "장착되지 않음")
    elif asked:
        yield good(
            "light",
            "flashes fast now, for ten seconds: look at it",
            "지금 10초 동안 빠르게 깜박입니다: 눈으로 확인하세요",
        )
    else:
        seen = Text("could not be asked to blink", "점멸을 요청하지 못함")
        mend = command("sudo systemctl restart jagalchi-agent")
        yield Finding("light", Grade.WARNING, seen, mend)


def clock(seen: Facts) -> Iterator[Finding]:
    """Who vouches for the time, and how far off it may be."""
    within = seen.get("uncertainty_ms")
    if not isinstance(within, int):
        told = Text(
            "nobody vouches for the time; readings are dated later",
            "시각을 확인할 수 없음; 기록 시각은 나중에 정해짐",
        )
        yield Finding("clock", Grade.WARNING, told, command("sudo timedatectl set-ntp true"))
    elif within > CLOCK_WITHIN_MS:
        told = Text(f"may be {within / 1_000:g} s off", f"오차 최대 {within / 1_000:g}초")
        yield Finding("clock", Grade.WARNING, told, command("sudo timedatectl set-ntp true"))
    else:
        yield good("clock", f"within {within / 1_000:g} s", f"오차 {within / 1_000:g}초 이내")
