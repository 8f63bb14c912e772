"""Every word of the pages, in English and Korean; codes of the protocol keep the registry's words.

The Korean follows the glossary of the interface: 기록 없음 is never written as good, 이탈 is for
temperature, and no page for people speaks of the tree's inner workings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from protocol.registry import Text
from server.devices.epochs import Flag
from server.devices.standing import Standing

LANGUAGES = ("ko", "en")


@dataclass(frozen=True, slots=True)
class Mark:
    """A state as people see it: a shape, a tone (a colour's name in the style sheet), a word."""

    shape: str
    tone: str
    word: Text


@dataclass(frozen=True, slots=True)
class Badge(Mark):
    """One with a sentence that says what it means."""

    meaning: Text


STANDINGS: Mapping[Standing, Badge] = {
    Standing.GOOD: Badge(
        "●",
        "good",
        Text("in order", "정상"),
        Text("records arrive without gaps", "기록이 빠짐없이 들어오고 있습니다"),
    ),
    Standing.GAPS: Badge(
        "◐",
        "wait",
        Text("catching up", "기록 도착 중"),
        Text("some records have not arrived yet", "아직 도착하지 않은 기록이 있습니다"),
    ),
    Standing.FORGETFUL: Badge(
        "◑",
        "wait",
        Text("card forgot", "카드 기록 유실"),
        Text(
            "the card lost records that are safe here",
            "카드에서 사라졌지만 여기에 보관된 기록이 있습니다",
        ),
    ),
    Standing.NEW: Badge(
        "○",
        "calm",
        Text("no records yet", "기록 없음"),
        Text("enrolled, nothing received yet", "등록되었고 아직 받은 기록이 없습니다"),
    ),
    Standing.SILENT: Badge(
        "▽",
        "warn",
        Text("silent", "수신 없음"),
        Text("nothing received for 15 minutes or more", "15분 넘게 받은 기록이 없습니다"),
    ),
    Standing.SUSPECT: Badge(
        "△",
        "warn",
        Text("check", "확인 필요"),
        Text("two runs claim the same time", "두 실행의 시간이 서로 겹칩니다"),
    ),
    Standing.EXCURSION: Badge(
        "▲",
        "bad",
        Text("limit exceeded", "온도 이탈"),
        Text("the device reports a limit exceeded", "기기가 한계를 벗어났다고 알렸습니다"),
    ),
    Standing.FORKED: Badge(
        "◆",
        "bad",
        Text("two versions", "기록 충돌"),
        Text(
            "one number, two signed records: a copied card?",
            "같은 번호에 서명된 기록이 둘입니다",
        ),
    ),
    Standing.REVOKED: Badge(
        "■",
        "off",
        Text("revoked", "사용 종료"),
        Text("this device may not add records", "이 기기는 더 이상 기록을 추가할 수 없습니다"),
    ),
}

FLAGS: Mapping[Flag, Text] = {
    Flag.CLOCK_ODD: Text("clock implausible", "시계 이상"),
    Flag.BOOT_FELL: Text("uptime went back", "가동 시간 역행"),
    Flag.GOSSIP_FELL: Text("remembers less than before", "기억이 이전보다 줄어듦"),
    Flag.GOSSIP_UNKNOWN: Text("speaks of a log unknown here", "알 수 없는 로그를 증언함"),
    Flag.SIMULATED: Text("simulated", "모의"),
}

WALL: Mapping[str, Mark] = {
    "excursion": Mark("▲", "bad", Text("limit exceeded", "온도 이탈")),
    "late": Mark("▽", "warn", Text("no new records", "기록 지연")),
    "fault": Mark("△", "warn", Text("check the sensor", "센서 점검 필요")),
    "recorded": Mark("●", "good", Text("recorded", "기록 중")),
}
"""How a room stands on a wall display, by `wall.Look`."""

WORDS: Mapping[str, Text] = {
    "title": Text("Jagalchi", "자갈치"),
    "subtitle": Text(
        "cold-chain records that cannot be changed later", "나중에 바뀌지 않는 냉장 기록"
    ),
    "devices": Text("Devices", "기기"),
    "device": Text("device", "기기"),
    "simulated": Text("simulated", "모의"),
    "simulated_note": Text(
        "Demonstration: every reading on this page is simulated.",
        "시연: 이 화면의 모든 측정값은 모의 값입니다.",
    ),
    "reading": Text("last reading", "마지막 측정"),
    "proof": Text("last proof", "마지막 기록 확인"),
    "no_record": Text("no record", "기록 없음"),
    "not_proved": Text("not yet", "아직 없음"),
    "records": Text("records", "기록 수"),
    "missing": Text("not arrived", "도착하지 않은 기록"),
    "none": Text("none", "없음"),
    "heard": Text("last heard", "마지막 수신"),
    "entry": Text("entry", "항목"),
    "checkpoint": Text("Newest checkpoint", "최신 체크포인트"),
    "entries": Text("entries", "항목"),
    "signed_at": Text("signed", "서명 시각"),
    "origin": Text("log", "로그"),
    "as_published": Text("as published", "공개 원문"),
    "no_devices": Text("No device is enrolled yet.", "등록된 기기가 없습니다."),
    "truth": Text(
        "A proof says that a record was not changed later. It does not say that what was first"
        " entered is true.",
        "기록이 나중에 바뀌지 않았음을 확인합니다. 처음 입력이 사실임을 뜻하지 않습니다.",
    ),
    "troubles": Text("To be mended", "조치할 것"),
    "no_troubles": Text("Nothing, as far as its records tell.", "기록으로 보아 없습니다."),
    "troubles_note": Text(
        "Only what the device has signed. The rest (room on its card, network, light) is told at"
        " the device: jagalchi-agent status",
        "기기가 서명한 기록에 있는 것만 표시합니다. 나머지(카드 여유 공간, 통신, 표시등)는"
        " 기기에서 확인하세요: jagalchi-agent status",
    ),
    "worst_today": Text("max today", "오늘 최고"),
    "late_by": Text("record {} min late", "기록 지연 {}분"),
    "not_late": Text("up to date", "지연 없음"),
    "drawn_at": Text("as of", "화면 시각"),
    "epochs": Text("Runs", "실행 기록"),
    "epoch": Text("run", "실행"),
    "started": Text("started", "시작"),
    "follows": Text("follows", "이전 실행"),
    "held": Text("held", "보관 중"),
    "vouched": Text("proved by the predecessor", "이전 로그에서 확인됨"),
    "evicted": Text("given up by the card", "카드에서 삭제됨"),
    "tail": Text("lost by the card, kept here", "카드에서 유실, 여기에 보관됨"),
    "late": Text("arrived late", "늦게 도착"),
    "software": Text("software", "소프트웨어"),
    "remarks": Text("remarks", "비고"),
    "quiet": Text("receives proofs, confirms none", "증명을 받지만 확인하지 않음"),
    "first_run": Text("first run of this card", "이 카드의 첫 실행"),
    "conflicts": Text("Conflicts", "기록 충돌"),
    "conflicts_note": Text(
        "Two signed records contradict each other. Both are kept; the device should be revoked.",
        "서명된 두 기록이 서로 다릅니다. 둘 다 보관하며, 이 기기는 사용을 종료해야 합니다.",
    ),
    "forked_runs": Text("two cards at work", "두 카드가 동시에 사용됨"),
    "suspect_runs": Text("times overlap: to be checked", "시간이 겹침: 확인 필요"),
    "number": Text("number", "번호"),
    "keys": Text("Keys", "키"),
    "since": Text("since", "부터"),
    "until": Text("until", "까지"),
    "in_use": Text("in use", "사용 중"),
    "assignments": Text("Fitted to", "장착 이력"),
    "set_apart": Text("set apart, awaiting confirmation", "확인을 기다리는 보류 기록"),
    "bytes": Text("bytes", "바이트"),
    "back": Text("all devices", "전체 기기"),
    "more": Text("more", "더 보기"),
    "not_found": Text("There is no such page.", "없는 페이지입니다."),
    "interface": Text("interface for programs", "프로그램용 인터페이스"),
    "time_source": Text("clock", "시각 출처"),
    "welcome": Text("How cold did it stay?", "얼마나 차게 왔습니까?"),
    "welcome_what": Text(
        "Jagalchi keeps what the instruments in refrigerated trucks and stores recorded, so that"
        " nobody can quietly change it afterwards. Devices and records are shown to the"
        " organisations that they belong to.",
        "자갈치는 냉장 차량과 창고의 기기가 기록한 온도를 나중에 바꿀 수 없게 보관합니다."
        " 기기와 기록은 해당 기관의 구성원에게만 보입니다.",
    ),
    "welcome_check": Text(
        "The list below is public: its newest checkpoint commits to every record. Anyone who was"
        " given an evidence file can check it without us:",
        "아래 공개 장부의 최신 체크포인트가 모든 기록을 증명합니다."
        " 증거 파일을 받은 사람은 누구나 직접 확인할 수 있습니다:",
    ),
    "badge_sign_in_nav": Text("sign in with a badge", "사원증으로 로그인"),
    "account_nav": Text("account", "계정"),
    "pilots_nav": Text("pilots", "실증"),
    "work_nav": Text("work", "업무"),
    "me_nav": Text("my data", "내 정보"),
    "organisations_nav": Text("my organisations", "내 기관"),
    "badge_nav": Text("next badge", "다음 사원증"),
    "sign_in_nav": Text("sign in", "로그인"),
    "sign_out_nav": Text("sign out", "로그아웃"),
    "lost": Text("lost by the card, kept here", "카드 유실분 보관"),
    "configuration": Text("Settings from afar", "원격 설정"),
    "config_in_use": Text("in use", "적용 중"),
    "config_own": Text("the device's own settings", "기기 자체 설정"),
    "config_version": Text("version {}", "버전 {}"),
    "config_published": Text("published", "발행"),
    "config_untold": Text("not told of by the device yet", "기기의 응답을 아직 받지 못함"),
}


def say(text: Text, language: str) -> str:
    """The text in one language."""
    return text.ko if language == "ko" else text.en


def in_language(texts: Mapping[str, Text], language: str) -> dict[str, str]:
    """A page's words by key, in one language."""
    return {key: say(text, language) for key, text in texts.items()}
