"""The page of `status`: one language, no value invented, every fault with what to do."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from agent.core import health
from agent.core.board import Board, balanced, moment, padded
from agent.core.health import Facts
from agent.core.shelf import count
from protocol import remedy
from protocol.bodies import Measured
from protocol.registry import Quantity, Status

NOW = 1_800_000_000_000
SENSOR = {"sensor": 2, "name": "air-door", "quantity": "temperature", "age_ms": 3_400}
STATUS: dict[str, object] = {
    "name": "80바 1234",
    "says": {"en": "All is well.", "ko": "정상입니다."},
    "troubles": [],
    "device": "a" * 16,
    "sensors": [
        {**SENSOR, "value": -1_250, "status": "ok"},
        {**SENSOR, "sensor": 3, "value": None, "status": "no_answer"},
    ],
    "position": {"fix": "none", "satellites": 3, "fix_age_ms": 90_000, "age_ms": 0, "fault": None},
    "clock": {"utc_ms": NOW, "source": "ntp", "uncertainty_ms": 150},
    "counters": asdict(count((), {})),
    "card": {"room_days": 56, "oldest": {"utc_ms": NOW - 7_200_000, "boot_ms": 5}},
    "receipt": {"utc_ms": NOW - 200_000, "entry": 41},
}


def page(language: str, **changed: object) -> str:
    return "\n".join(Board(language).lines({**STATUS, **changed}))


def test_everything_is_there_in_korean() -> None:
    told = page("ko")
    assert told.startswith("80바 1234: 정상입니다.\n")
    for text in (
        "2 air-door  온도  -1.25 ℃, 정상, 3초 전",
        "3 air-door  온도  기록 없음, 응답 없음, 3초 전",
        "위치 없음, 위성 3개, 1분 전",
        "2027-01-15 08:00:00 UTC, 네트워크 시각, ±0.15 s",
        "가장 오래된 대기 기록: 2시간 전; 통신 없이 56일 더 저장 가능",
        "3분 전, 항목 41",
    ):
        assert text in told


def test_english_has_no_korean_but_in_names() -> None:
    told = page("en", name="truck")
    assert told.replace("±", "").replace("℃", "").isascii()
    assert "no record, no answer, 3 s ago" in told


def test_unknown_time_is_unknown_and_no_receipt_is_none() -> None:
    clock = {"utc_ms": None, "source": "none", "uncertainty_ms": None}
    told = page("en", clock=clock, receipt=None, card={"room_days": 1, "oldest": {"utc_ms": None}})
    assert "clock    unknown\n" in told
    assert "oldest waiting: unknown" in told
    assert "receipt  none yet" in told


def test_each_fault_is_a_sentence_with_what_to_do() -> None:
    silent = Measured(2, Quantity.TEMPERATURE, None, Status.NO_ANSWER)
    faults = (remedy.sensor(silent, {}), remedy.receiver(Status.UNPLUGGED))
    found = health.judge(Facts(faults=faults[:1], remarks=faults[1:], clock_known=False), 0)
    told = page("ko", troubles=[asdict(one) for one in found.troubles], says={"ko": found.ko})
    assert "  ! 센서 2 응답 없음: 커넥터를 확인하세요.\n" in told
    assert "  ! 위성 수신기 연결 끊김: 수신기의 포트, 케이블, 전원을 확인하세요.\n" in told
    assert "시각을 확인할 수 없습니다" in told
    assert told.startswith("80바 1234: 센서 2 응답 없음: 커넥터를 확인하세요. 고장으로 기록됩니다.")


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.OK])
def test_every_status_has_something_to_do(status: Status) -> None:
    one = Measured(1, Quantity.TEMPERATURE, None, status)
    assert remedy.SENSOR[status]
    assert "air" in remedy.sensor(one, {1: "air"}).en


def test_records_set_aside_are_told_with_the_reason() -> None:
    card = {"room_days": 56, "refused": {"bad-signature": 2, "of-a-later-version": 1}}
    told = page("en", card=card)
    assert "  refused  2: Signature does not verify\n  refused  1: of-a-later-version" in told
    assert "거부됨   2: 서명이 확인되지 않음" in page("ko", card=card)


def test_counts_that_do_not_balance_are_told_first() -> None:
    counters = {**asdict(count((), {})), "proved": 1}
    assert not balanced({"counters": counters})
    assert page("en", counters=counters).splitlines()[1].startswith("  ! THE COUNTS DO NOT BALANCE")
    assert balanced(STATUS)
    assert balanced({})


def test_what_is_made_up_says_so() -> None:
    assert page("ko", simulated=True).startswith("80바 1234 [모의]: ")


def test_columns_stand_below_each_other_in_both_languages() -> None:
    assert padded("센서", 9) == "센서     "
    assert padded("key", 9) == "key      "
    assert moment(0) == "1970-01-01 00:00:00 UTC"
