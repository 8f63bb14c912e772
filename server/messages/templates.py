"""What messages say, in Korean and English: one table, with named places to fill in.

`given` are filled by whoever sends: ids, numbers, words of closed lists, names of organisations;
never what is personal. `{link}` is given as a link's id and becomes an address when it is sent;
`{name}` comes from the vault, then, and `{address}` is this server's. A message says who writes,
what happened and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter

from protocol.registry import Text

RESOLVED = frozenset({"name", "address"})
"""Places that are filled at the time of sending: from the vault, and with our own address."""


@dataclass(frozen=True, slots=True)
class Template:
    """A subject (of an e-mail; other ways leave it out) and a body."""

    subject: Text
    body: Text
    given: frozenset[str] = field(default=frozenset())


def places(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


TEMPLATES: Mapping[str, Template] = {
    "invitation": Template(
        Text("Jagalchi: {organisation} invites you", "자갈치: {organisation} 초대"),
        Text(
            "{organisation} invites you to Jagalchi. Open this link within 7 days: {link}",
            "{organisation}에서 자갈치에 초대했습니다. 7일 안에 여세요: {link}",
        ),
        frozenset({"organisation", "link"}),
    ),
    "sign-in": Template(
        Text("Jagalchi: your sign-in link", "자갈치: 로그인 링크"),
        Text(
            "Sign in to Jagalchi with this link, once, within 15 minutes: {link}"
            " If you did not ask for it, do nothing.",
            "자갈치 로그인 링크입니다. 15분 안에 한 번만 쓸 수 있습니다: {link}"
            " 요청하지 않으셨다면 그냥 두세요.",
        ),
        frozenset({"link"}),
    ),
    "address": Template(
        Text("Jagalchi: confirm this address", "자갈치: 주소 확인"),
        Text(
            "Confirm that this address is yours by opening this link within an hour: {link}"
            " If you did not ask for it, do nothing.",
            "본인의 주소가 맞으면 1시간 안에 이 링크를 여세요: {link}"
            " 요청하지 않으셨다면 그냥 두세요.",
        ),
        frozenset({"link"}),
    ),
    "access-changed": Template(
        Text("Jagalchi: a way to sign in was changed", "자갈치: 로그인 방법이 바뀌었습니다"),
        Text(
            "A way to sign in to your account was added or changed. If that was not you, sign in"
            " and end all sessions: {address}/me",
            "계정의 로그인 방법이 추가되거나 바뀌었습니다. 본인이 아니라면 로그인해"
            " 모든 로그인을 끝내세요: {address}/me",
        ),
    ),
    "webhook-check": Template(
        Text("Jagalchi: this webhook works", "자갈치: 웹훅 확인"),
        Text(
            "This address receives the messages of your organisation from now on.",
            "이제부터 이 주소로 기관의 알림을 보냅니다.",
        ),
    ),
    "member-joined": Template(
        Text("Jagalchi: somebody joined", "자갈치: 새 구성원"),
        Text(
            "{person} joined your organisation as {role}.",
            "{person} 님이 {role} 역할로 참여했습니다.",
        ),
        frozenset({"person", "role"}),
    ),
    "pilot-link": Template(
        Text("Jagalchi: your link to {pilot_en}", "자갈치: {pilot} 참여 링크"),
        Text(
            "Somebody applied for {pilot_en} with this address. Read the consents, take a seat, or"
            " leave, by this link: {link} If it was not you, do nothing.",
            "이 연락처로 {pilot} 참여 신청이 있었습니다. 동의서 확인, 참여 확정, 탈퇴를 이 링크에서"
            " 하세요: {link} 본인이 아니라면 그냥 두세요.",
        ),
        frozenset({"pilot", "pilot_en", "link"}),
    ),
    "pilot-seat": Template(
        Text("Jagalchi: you have a seat in {pilot_en}", "자갈치: {pilot} 참여 확정"),
        Text(
            "A seat became free in {pilot_en} and is yours. See or leave it by this link: {link}",
            "{pilot}에 자리가 나서 참여가 확정되었습니다. 확인과 탈퇴는 이 링크에서 하세요: {link}",
        ),
        frozenset({"pilot", "pilot_en", "link"}),
    ),
    "pilot-postponed": Template(
        Text("Jagalchi: {pilot_en} is postponed", "자갈치: {pilot} 일정 변경"),
        Text(
            "The dates of {pilot_en} no longer hold. Nothing is used until a new notice; you keep"
            " your seat. By this link: why, the new dates once there are some, the consents to give"
            " again, refunds of what you paid, and how to leave: {link}",
            "{pilot}의 일정이 바뀝니다. 새 공고 전에는 이용할 수 없고, 자리는 유지됩니다. 이유와 새"
            " 일정, 다시 할 동의, 결제한 것의 환불, 탈퇴 방법을 이 링크에서 확인하세요: {link}",
        ),
        frozenset({"pilot", "pilot_en", "link"}),
    ),
    "landing-receipt": Template(
        Text("Jagalchi: receipt of your landing", "자갈치: 양륙 확인"),
        Text(
            "{organisation} has entered your landing: {kilograms} kg, {boxes:box|boxes}, {when}."
            " Look at it, or say what is wrong: {link}",
            "{organisation}에서 양륙을 등록했습니다: {kilograms} kg, {boxes}상자, {when}."
            " 확인하거나 다르면 알려 주세요: {link}",
        ),
        frozenset({"organisation", "kilograms", "boxes", "when", "link"}),
    ),
    "goods-offered": Template(
        Text("Jagalchi: {organisation} hands over to you", "자갈치: {organisation} 인계"),
        Text(
            "{organisation} hands {lots:lot|lots} over to you. Accept or refuse them: {address}",
            "{organisation}에서 로트 {lots}건을 인계합니다. 인수하거나 거부하세요: {address}",
        ),
        frozenset({"organisation", "lots"}),
    ),
    "goods-link": Template(
        Text(
            "Jagalchi: {organisation} hands goods over to you", "자갈치: {organisation} 인계 확인"
        ),
        Text(
            "{organisation} hands goods over to you. Say by this link, once, within 14 days, what"
            " you received or refuse: {link}",
            "{organisation}에서 물건을 인계했습니다. 14일 안에 한 번, 이 링크에서 인수하거나"
            " 거부하세요: {link}",
        ),
        frozenset({"organisation", "link"}),
    ),
    "trip-live": Template(
        Text("Jagalchi: {organisation} is on the way to you", "자갈치: {organisation} 운송 시작"),
        Text(
            "{organisation} has loaded goods for you. How cold they are, until you accept them:"
            " {link}",
            "{organisation}에서 귀하께 갈 물건을 상차했습니다. 인수할 때까지 이 링크에서 온도를"
            " 볼 수 있습니다: {link}",
        ),
        frozenset({"organisation", "link"}),
    ),
    "trip-paper": Template(
        Text(
            "Jagalchi: temperature record and receipt of {organisation}",
            "자갈치: {organisation} 온도기록지·인수증",
        ),
        Text(
            "{organisation} has unloaded. The temperature record and receipt of this trip, for 30"
            " days: {link}",
            "{organisation}에서 하차했습니다. 이 운송의 온도기록지와 인수증은 30일 동안 이 링크에"
            " 있습니다: {link}",
        ),
        frozenset({"organisation", "link"}),
    ),
    "recall-notice": Template(
        Text("Jagalchi: RECALL by {organisation}", "자갈치: 회수 안내 - {organisation}"),
        Text(
            "{organisation} recalls goods that you hold or held. Stop selling them now, keep them"
            " apart, and acknowledge: {address}",
            "{organisation}에서 귀 기관이 가지고 있거나 거쳐 간 물건을 회수합니다. 지금 판매를"
            " 멈추고 따로 보관한 뒤 확인하세요: {address}",
        ),
        frozenset({"organisation"}),
    ),
    "recall-link": Template(
        Text("Jagalchi: RECALL by {organisation}", "자갈치: 회수 안내 - {organisation}"),
        Text(
            "{organisation} recalls goods that you received. Do not sell or eat them, keep them"
            " apart, and say by this link what you have of them: {link}",
            "{organisation}에서 받으신 물건을 회수합니다. 팔거나 먹지 말고 따로 보관한 뒤 이"
            " 링크에서 남은 수량을 알려 주세요: {link}",
        ),
        frozenset({"organisation", "link"}),
    ),
    "warmth-began": Template(
        Text("Jagalchi: {room} is beyond its limit", "자갈치: {room} 온도 이탈"),
        Text(
            "{room} has been beyond its temperature limit since {since}, with {lots:lot|lots}"
            " inside; worst so far {peak} °C (air). Act now and note what you did: {address}",
            "{room}의 공기 온도가 {since}부터 기준을 벗어났습니다. 안에 있는 로트 {lots}건, 최악"
            " {peak} ℃. 지금 조치하고 기록하세요: {address}",
        ),
        frozenset({"room", "since", "lots", "peak"}),
    ),
    "warmth-ended": Template(
        Text("Jagalchi: {room} was beyond its limit", "자갈치: {room} 온도 이탈 종료"),
        Text(
            "{room} was beyond its temperature limit since {since}: {minutes:minute|minutes} for"
            " certain, worst {peak} °C (air), {lots:lot|lots} inside. Say what becomes of the"
            " goods: {address}",
            "{room}의 공기 온도가 {since}부터 확실히 {minutes}분 동안 기준을 벗어났습니다. 최악"
            " {peak} ℃, 안에 있던 로트 {lots}건. 물건의 처분을 기록하세요: {address}",
        ),
        frozenset({"room", "since", "minutes", "peak", "lots"}),
    ),
    "sensor-sign": Template(
        Text("Jagalchi: a sensor of {room} needs a check", "자갈치: {room} 센서 점검 필요"),
        Text(
            "Readings of {room} since {since} make a sensor worth a look ({signs} signs, no"
            " findings). Look at it and say what you found: {address}",
            "{since}부터 {room}의 기록에 센서 점검이 필요하다는 표시가 {signs}건 있습니다. 판정이"
            " 아닙니다. 센서를 직접 확인하고 결과를 남기세요: {address}",
        ),
        frozenset({"room", "since", "signs"}),
    ),
}
