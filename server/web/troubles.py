"""What somebody should mend at a device, a sentence each, as far as its signed records tell. Pure.

The words are those of the device's own light and `status` (protocol/remedy.py). What a device does
not sign (the room on its card, why it has no network, its light) cannot be told here; the page says
so. A sensor is judged by the newest reading, all else by the events of the newest run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from protocol import remedy
from protocol.bodies import Measured
from protocol.registry import Event, Status, Text
from server.devices.epochs import Lasting
from server.web.words import say

SAID: Final[Mapping[Event, Text]] = {
    Event.SENSOR_FAULT: Text(
        "Sensor {n} and the one that it is paired with disagree. Compare both with a thermometer.",
        "센서 {n}, 짝이 되는 센서의 값이 서로 다름: 온도계로 두 센서를 비교하세요.",
    ),
    Event.DOOR_OPENED: Text(
        "A door has been open for too long. Close it now.",
        "문이 너무 오래 열려 있음: 지금 문을 닫으세요.",
    ),
    Event.POWER_LOST: Text(
        "Power from outside is lost. Check fuse and supply.",
        "외부 전원 끊김: 퓨즈와 전원을 확인하세요.",
    ),
    Event.STORAGE_TROUBLE: Text(
        "The card could not be written for a while. Replace the card.",
        "카드에 한동안 쓰지 못함: 카드를 교체하세요.",
    ),
    Event.OUTBOX_DAMAGED: Text(
        "Records on the card were damaged and set aside. Export this card and replace it.",
        "카드의 기록이 손상되어 따로 보관됨: 카드를 내보내고 교체하세요.",
    ),
    Event.LOG_INCONSISTENT: Text(
        "The device says that the log has shown it two histories. Keep its card.",
        "기기가 장부의 이력이 서로 다르다고 알림: 카드를 보관하세요.",
    ),
}


def sentences(
    measured: Iterable[tuple[str, Measured]], lasting: Iterable[Lasting], language: str
) -> tuple[str, ...]:
    """Everything to be mended, once each: two quantities of one sensor mostly fail together."""
    named = tuple(measured)
    names = {one.sensor: name for name, one in named if name != str(one.sensor)}
    told = [
        remedy.sensor(one, names)
        for _, one in named
        if one.status not in (Status.OK, Status.NOT_READY)
    ]
    return tuple(dict.fromkeys(say(text, language) for text in (*told, *_of_events(lasting))))


def _of_events(lasting: Iterable[Lasting]) -> Iterator[Text]:
    for one in lasting:
        if not one.ongoing:
            continue
        if one.event is Event.GNSS_FAULT:
            yield remedy.receiver(_status(one.detail))
        elif one.event in SAID:
            text = SAID[one.event]
            yield Text(text.en.format(n=one.subject), text.ko.format(n=one.subject))


def _status(code: int) -> Status:
    """A status of the registry; a receiver that gives no reason is suspect."""
    return Status(code) if code in set(Status) - {Status.OK} else Status.SUSPECT
