"""What is wrong with a part, and the one thing to do about it, in both languages. Pure.

The sentences of `status`, of the light's state and of `doctor`: one table, so that they agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agent.core.judgement import Pair
from agent.core.plan import Plan
from agent.core.sensing import Senses
from protocol.bodies import Measured
from protocol.registry import STATUSES, Status, Text

SENSOR: Final[Mapping[Status, Text]] = {
    Status.SUSPECT: Text("watch it; replace it if this stays", "지켜보고 계속되면 교체하세요"),
    Status.NO_ANSWER: Text("check its connector", "커넥터를 확인하세요"),
    Status.CHECKSUM: Text("check cable and pull-up resistor", "케이블과 풀업 저항을 확인하세요"),
    Status.OUT_OF_RANGE: Text("check its wiring, then replace it", "배선을 확인하고 교체하세요"),
    Status.STUCK: Text("warm it in your hand; replace it", "손으로 데워 보고 교체하세요"),
    Status.UNPLUGGED: Text("plug it in", "커넥터를 꽂으세요"),
    Status.NOT_READY: Text("wait a minute", "1분 기다리세요"),
    Status.DISAGREE: Text("look for moisture on it; replace it", "물기를 확인하고 교체하세요"),
    Status.DEADLINE: Text("check its cable, then replace it", "케이블을 확인하고 교체하세요"),
}
RECEIVER: Final = Text(
    "check the receiver's port, cable and power", "수신기의 포트, 케이블, 전원을 확인하세요"
)
REFUSED: Final = Text(
    "Records that the server refuses for good: {}. They are kept here and tried again once a day."
    " Export this card and call the operator.",
    "서버가 기록 {}건을 거부하여 여기에 보관하고 하루 한 번 다시 시도합니다."
    " 이 카드를 내보내고 운영자에게 연락하세요.",
)
ROTTEN: Final = Text(
    "Records that have changed by themselves on this card: {}. Replace the card.",
    "카드에서 기록 {}건이 손상되었습니다. 카드를 교체하세요.",
)


def sensor(one: Measured, names: Mapping[int, str]) -> Text:
    """One sentence about a measurement that cannot be used."""
    what, do = STATUSES[one.status], SENSOR.get(one.status, SENSOR[Status.NO_ANSWER])
    name = f" ({names[one.sensor]})" if one.sensor in names else ""
    return Text(
        f"Sensor {one.sensor}{name}: {what.en}. {do.en.capitalize()}.",
        f"센서 {one.sensor}{name} {what.ko}: {do.ko}.",
    )


def receiver(status: Status) -> Text:
    """One sentence about a satellite receiver that does not work; without sky it works."""
    what = STATUSES[status]
    return Text(
        f"Satellite receiver: {what.en}. {RECEIVER.en.capitalize()}.",
        f"위성 수신기 {what.ko}: {RECEIVER.ko}.",
    )


def apart(pair: Pair) -> Text:
    """One sentence about two sensors that should agree and do not."""
    return Text(
        f"Sensors {pair.first} and {pair.second} disagree. Compare both with a thermometer.",
        f"센서 {pair.first}, {pair.second} 값이 서로 다름: 온도계로 두 센서를 비교하세요.",
    )


def faults(senses: Senses, plan: Plan, names: Mapping[int, str]) -> tuple[Text, ...]:
    """A sentence for each sensor that gives nothing usable, and for each pair that disagrees.

    Each once: two quantities of one sensor mostly fail together.
    """
    ill = [one for one in senses.latest if (one.sensor, one.quantity) in senses.faulty]
    told = [sensor(one, names) for one in ill]
    told += [apart(pair) for pair in plan.pairs if pair.number in senses.quarrels]
    return tuple(dict.fromkeys(told))


def remarks(senses: Senses, refused: int = 0, rotten: int = 0) -> tuple[Text, ...]:
    """What else is to be mended: a receiver that does not work, and records that were set aside.

    refused: by the server, for good. rotten: changed on the card, and no copy says what they were.
    """
    counted = ((REFUSED, refused), (ROTTEN, rotten))
    told = [Text(said.en.format(n), said.ko.format(n)) for said, n in counted if n]
    if senses.gnss_fault and senses.place is not None:
        told.append(receiver(senses.place.fault or Status.SUSPECT))
    return tuple(told)
