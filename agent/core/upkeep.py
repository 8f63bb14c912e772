"""The commissioning test of what wears out or is forgotten: disk, service, calibration. Pure.

Each function judges by facts that are handed in and yields findings in both languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from agent.core import told
from agent.core.board import balanced, moment
from agent.core.finding import Facts, Finding, Grade, command, good
from protocol.registry import Text

DAY_MS: Final = 86_400_000
EXPOSURE_MOST: Final = 2.0
ROOM_DAYS_LEAST: Final = 7
WORN_PERCENT: Final = 80
FREE_LEAST: Final = 512 * 2**20
CALIBRATION_MS: Final = 365 * DAY_MS
CALIBRATION_NOTICE_MS: Final = 30 * DAY_MS
SETTINGS: Final = command("sudo nano /etc/jagalchi/agent.toml")


def running(is_running: bool, simulated: bool) -> Iterator[Finding]:
    """Whether the agent records while we look, and whether what it records is real."""
    if is_running:
        yield good("agent", "running", "실행 중")
    else:
        seen = Text(
            "not running: parts were opened for this test",
            "실행 중이 아님: 부품을 직접 열어 시험함",
        )
        start = command("sudo systemctl enable --now jagalchi-agent")
        yield Finding("agent", Grade.WARNING, seen, start)
    if simulated:
        seen = Text(
            "SIMULATED parts: a production server refuses their records",
            "모의 부품: 운영 서버는 이 기록을 받지 않음",
        )
        yield Finding("agent", Grade.WARNING, seen, SETTINGS)


def disk(free: int | None, read_only: bool, room_days: int | None) -> Iterator[Finding]:
    """Room on the card: for the system, and for days without a network."""
    if free is None:
        mend = Text("is `state_dir` in the settings right?", "설정의 state_dir이 맞는지 확인하세요")
        yield Finding("disk", Grade.FAILED, Text("not there", "없음"), mend)
        return
    if read_only:
        seen = Text("cannot be written: the card is failing", "쓸 수 없음: 카드 고장")
        mend = Text("export what is on it, then replace the card", "내보낸 뒤 카드를 교체하세요")
        yield Finding("disk", Grade.FAILED, seen, mend)
    elif free < FREE_LEAST:
        told = Text(f"{free >> 20} MiB free", f"{free >> 20} MiB 남음")
        yield Finding("disk", Grade.WARNING, told, command("sudo journalctl --vacuum-size=50M"))
    else:
        yield good("disk", f"{free >> 20} MiB free", f"{free >> 20} MiB 남음")
    if room_days is not None and room_days < ROOM_DAYS_LEAST:
        told = Text(f"room for {room_days} days without network", f"통신 없이 {room_days}일")
        mend = Text("bring it into coverage, or export", "통신이 되는 곳으로 이동하거나 내보내세요")
        yield Finding("disk", Grade.WARNING, told, mend)


def wear(device: str | None, used_percent: int | None, written: int | None) -> Iterator[Finding]:
    """How much of its life the card has behind it, as far as it says."""
    mib = "" if written is None else f", {written >> 20} MiB"
    if device is None or used_percent is None:
        name = device or "?"
        yield good(
            "wear",
            f"{name} does not tell{mib and mib + ' written since boot'}",
            f"{name}: 알려 주지 않음{mib and mib + ' 기록(부팅 이후)'}",
        )
    elif used_percent >= WORN_PERCENT:
        told = Text(f"{device}: {used_percent} % used up", f"{device}: 수명 {used_percent}% 사용")
        mend = Text(
            "replace the card: jagalchi-agent swap", "카드를 교체하세요: jagalchi-agent swap"
        )
        yield Finding("wear", Grade.WARNING, told, mend)
    else:
        yield good(
            "wear",
            f"{device}: at most {used_percent} % used up",
            f"{device}: 수명 {used_percent}% 이하 사용",
        )


def counts(status: Facts) -> Iterator[Finding]:
    """The balance, and records that the server would not have."""
    if not balanced(status):
        seen = Text("the counts do not balance", "개수가 맞지 않음")
        yield Finding(
            "records", Grade.FAILED, seen, command("sudo jagalchi-agent export --to /media/usb")
        )
        return
    counters = status.get("counters")
    if not isinstance(counters, Mapping):
        yield good("records", "none yet", "아직 없음")
        return
    waiting, aside = int(counters["waiting"]), int(counters["set_aside"])
    told = Text(
        f"{counters['committed']} on the card, {waiting} not proved yet,"
        f" {counters['evicted']} evicted",
        f"저장 {counters['committed']}, 미증명 {waiting}, 삭제 {counters['evicted']}",
    )
    if aside:
        told = Text(f"{aside} set aside: the server refuses them", f"{aside}건 보류: 서버가 거부함")
        mend = Text("call the operator", "운영자에게 연락하세요")
        yield Finding("records", Grade.WARNING, told, mend)
    elif int(counters["evicted"]):
        yield Finding(
            "records", Grade.WARNING, told, Text("call the operator", "운영자에게 연락하세요")
        )
    else:
        yield Finding("records", Grade.OK, told)


def exposure(score: float | None, installed: bool) -> Iterator[Finding]:
    """How exposed the service is, by systemd's own count."""
    if not installed:
        seen = Text("no service is installed", "서비스가 설치되지 않음")
        yield Finding(
            "service", Grade.WARNING, seen, Text("run the installer", "설치 프로그램을 실행하세요")
        )
    elif score is None:
        seen = Text("its exposure could not be measured", "노출 점수를 잴 수 없음")
        yield Finding(
            "service", Grade.WARNING, seen, command("systemd-analyze security jagalchi-agent")
        )
    elif score > EXPOSURE_MOST:
        told = Text(
            f"exposure {score}, at most {EXPOSURE_MOST}",
            f"노출 점수 {score}, 기준 {EXPOSURE_MOST} 이하",
        )
        yield Finding("service", Grade.WARNING, told, command("systemctl cat jagalchi-agent"))
    else:
        yield good("service", f"exposure {score}", f"노출 점수 {score}")


def limits(count: int) -> Iterator[Finding]:
    """Without a limit no excursion is ever noticed on the spot."""
    if count:
        yield good("limits", f"{count} configured", f"{count}개 설정됨")
    else:
        seen = Text("none: no excursion will be noticed", "없음: 온도 이탈을 알 수 없음")
        yield Finding("limits", Grade.WARNING, seen, SETTINGS)


def configuration(facts: Facts) -> Iterator[Finding]:
    """What is told from afar: gone by, on trial, or not to be had."""
    text = told.config(facts)
    if facts.get("unstored") or facts.get("damaged"):
        mend = Text("replace the card if it stays so", "계속되면 카드를 교체하세요")
        yield Finding("config", Grade.WARNING, text, mend)
    elif told.bad(facts) is not None:
        mend = Text(
            "the operator publishes another: jagalchi-server config publish",
            "운영자가 다시 발행해야 함: jagalchi-server config publish",
        )
        yield Finding("config", Grade.WARNING, text, mend)
    else:
        yield Finding("config", Grade.OK, text)


def calibrations(
    fitted: Mapping[int, str], dated_ms: Mapping[int, int], now_ms: int | None
) -> Iterator[Finding]:
    """Once a year; a month before it is due somebody should know. `dated_ms` by sensor."""
    for number, name in fitted.items():
        part, at_ms = f"calibration {number} {name}".strip(), dated_ms.get(number)
        mend = command(f"sudo jagalchi-agent calibrate --sensor {number}")
        if at_ms is None:
            yield Finding(part, Grade.WARNING, Text("none", "없음"), mend)
            continue
        day = _day(at_ms)
        if now_ms is None:
            yield good(part, f"of {day}", f"{day}")
        elif now_ms > at_ms + CALIBRATION_MS:
            yield Finding(
                part, Grade.WARNING, Text(f"of {day}: too old", f"{day}: 유효 기간 지남"), mend
            )
        elif now_ms > at_ms + CALIBRATION_MS - CALIBRATION_NOTICE_MS:
            told = Text(f"of {day}: due within 30 days", f"{day}: 30일 안에 만료")
            yield Finding(part, Grade.WARNING, told, mend)
        else:
            yield good(part, f"of {day}", f"{day}")


def _day(utc_ms: int) -> str:
    return moment(utc_ms).partition(" ")[0]
