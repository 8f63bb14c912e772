"""What is to be mended on this truck, a sentence each, from what the loop remembers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agent.core.judgement import Pair
from agent.core.plan import Plan
from agent.core.sensing import Senses
from protocol import remedy
from protocol.registry import Status, Text

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
    told = [remedy.sensor(one, names) for one in ill]
    told += [apart(pair) for pair in plan.pairs if pair.number in senses.quarrels]
    return tuple(dict.fromkeys(told))


def remarks(senses: Senses, refused: int = 0, rotten: int = 0) -> tuple[Text, ...]:
    """What else is to be mended: a receiver that does not work, and records that were set aside.

    refused: by the server, for good. rotten: changed on the card, and no copy says what they were.
    """
    counted = ((REFUSED, refused), (ROTTEN, rotten))
    told = [Text(said.en.format(n), said.ko.format(n)) for said, n in counted if n]
    if senses.gnss_fault and senses.place is not None:
        told.append(remedy.receiver(senses.place.fault or Status.SUSPECT))
    return tuple(told)
