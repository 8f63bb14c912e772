"""What is wrong with a part, and the one thing to do about it, in both languages. Pure.

The sentences of the light, `status`, `doctor` and the server's pages: one table, so that whoever
calls about a truck and whoever stands in it read the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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
