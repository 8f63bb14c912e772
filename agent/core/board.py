"""The status as a page of lines for one person, in Korean or English. Pure.

Takes the plain values that the agent or the card gave, and leaves out what is not known. A missing
value is written "no record", never as good and never as the last one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, cast
from unicodedata import east_asian_width

from agent.core import told
from protocol.registry import (
    FIXES,
    PROBLEMS,
    QUANTITIES,
    STATUSES,
    TIME_SOURCES,
    Fix,
    Problem,
    Quantity,
    Status,
    Text,
    TimeSource,
)

Facts = Mapping[str, object]

COUNTED: Final = (
    ("made", Text("made", "생성")),
    ("committed", Text("on the card", "저장")),
    ("shipped", Text("shipped", "전송")),
    ("proved", Text("proved", "증명")),
    ("waiting", Text("waiting", "대기")),
    ("alarms", Text("alarms among them", "대기 중 경보")),
    ("set_aside", Text("set aside", "보류")),
    ("evicted", Text("evicted", "삭제")),
)
WORDS: Final[Mapping[str, Text]] = {
    "simulated": Text("SIMULATED", "모의"),
    "sensors": Text("sensors", "센서"),
    "position": Text("position", "위치"),
    "contacts": Text("doors", "문과 입력"),
    "clock": Text("clock", "시각"),
    "card": Text("card", "카드"),
    "receipt": Text("receipt", "영수증"),
    "refused": Text("refused", "거부됨"),
    "chain": Text("record", "기록"),
    "key": Text("key", "키"),
    "next_key": Text("next key", "다음 키"),
    "device": Text("device", "기기"),
    "origin": Text("log", "로그"),
    "outbox": Text("card", "카드"),
    "newest": Text("newest", "마지막 기록"),
    "no record": Text("no record", "기록 없음"),
    "unknown": Text("unknown", "알 수 없음"),
    "none yet": Text("none yet", "아직 없음"),
    "ago": Text("{} ago", "{} 전"),
    "on": Text("{}: open or on", "{}: 열림 또는 켜짐"),
    "off": Text("{}: closed or off", "{}: 닫힘 또는 꺼짐"),
    "satellites": Text("{} satellites", "위성 {}개"),
    "oldest": Text("oldest waiting: {}", "가장 오래된 대기 기록: {}"),
    "room": Text("room for {} days without network", "통신 없이 {}일 더 저장 가능"),
    "entry": Text("{}, entry {}", "{}, 항목 {}"),
    "entries": Text("{} entries of the log verified", "로그 항목 {}개까지 확인함"),
    "run": Text("{} of run {}", "실행 {1}의 {0}번"),
    "config": Text("settings", "설정"),
    "balance": Text(
        "THE COUNTS DO NOT BALANCE. Export this card and call the operator.",
        "개수가 맞지 않습니다. 카드를 내보내고 운영자에게 연락하세요.",
    ),
}
SPANS: Final = (
    (86_400, Text("{} d", "{}일")),
    (3_600, Text("{} h", "{}시간")),
    (60, Text("{} min", "{}분")),
    (1, Text("{} s", "{}초")),
)
UNITS: Final = {"temperature": "℃", "humidity": "%", "voltage": "V", "door": ""}


class Board:
    """Writes in one language, "ko" or "en"."""

    def __init__(self, language: str) -> None:
        """Choose it."""
        self._language = language

    def say(self, text: Text, *words: object) -> str:
        """A text of ours, with its blanks filled."""
        chosen = text.ko if self._language == "ko" else text.en
        return chosen.format(*words) if words else chosen

    def word(self, key: str, *words: object) -> str:
        """One of WORDS."""
        return self.say(WORDS[key], *words)

    def span(self, ms: int) -> str:
        """A length of time in its largest unit."""
        seconds = max(0, ms) // 1_000
        for size, text in SPANS:
            if seconds >= size:
                return self.say(text, seconds // size)
        return self.say(SPANS[-1][1], 0)

    def lines(self, status: Facts) -> Iterator[str]:
        """The page: the sentence, what is to be mended, and then the facts."""
        made_up = f" [{self.word('simulated')}]" if status.get("simulated") else ""
        yield f"{status.get('name')}{made_up}: {self._sentence(status)}"
        for trouble in _tables(status, "troubles"):
            if trouble.get(self._language) not in (None, self._says(status)):
                yield f"  ! {trouble[self._language]}"
        if not balanced(status):
            yield f"  ! {self.word('balance')}"
        for key in ("device", "key", "next_key", "origin", "outbox"):
            if status.get(key) is not None:
                yield self._row(key, str(status[key]))
        if "config" in status:
            yield self._row("config", self.say(told.config(_table(status, "config"))))
        yield from self._readings(status)
        yield from self._surroundings(status)
        yield from self._records(status)

    def _sentence(self, status: Facts) -> object:
        return self._says(status) or status.get("sentence")

    def _says(self, status: Facts) -> object:
        return _table(status, "says").get(self._language)

    def _row(self, key: str, text: str) -> str:
        return f"  {padded(self.word(key), 9)}{text}"

    def _readings(self, status: Facts) -> Iterator[str]:
        for one in _tables(status, "sensors"):
            quantity = str(one.get("quantity"))
            word = STATUSES[Status[str(one.get("status")).upper()]]
            parts = [
                self.value(quantity, one.get("value")),
                self.say(word),
                self.word("ago", self.span(_whole(one, "age_ms"))),
            ]
            name = f"{one.get('sensor')} {one.get('name', '')}".strip()
            what = self.say(QUANTITIES[Quantity[quantity.upper()]])
            yield self._row("sensors", f"{name}  {what}  " + ", ".join(parts))

    def value(self, quantity: str, value: object) -> str:
        """A value in its unit, or that there is none."""
        if not isinstance(value, int):
            return self.word("no record")
        if quantity == "door":
            return str(value)
        return f"{value / 1_000:.2f} {UNITS.get(quantity, '')}".rstrip()

    def _surroundings(self, status: Facts) -> Iterator[str]:
        place = _table(status, "position")
        if place:
            yield self._row("position", ", ".join(self._place(place)))
        for one in _tables(status, "contacts"):
            yield self._row("contacts", self.word("on" if one.get("on") else "off", one["name"]))
        clock = _table(status, "clock")
        if clock:
            yield self._row("clock", self._clock(clock))

    def _place(self, place: Facts) -> Iterator[str]:
        if place.get("fault") is not None:
            yield self.say(STATUSES[Status[str(place["fault"]).upper()]])
        yield self.say(FIXES[Fix[str(place.get("fix")).upper()]])
        if place.get("satellites") is not None:
            yield self.word("satellites", place["satellites"])
        if place.get("fix_age_ms") is not None:
            yield self.word("ago", self.span(_whole(place, "fix_age_ms") + _whole(place, "age_ms")))

    def _clock(self, clock: Facts) -> str:
        source = self.say(TIME_SOURCES[TimeSource[str(clock.get("source")).upper()]])
        if clock.get("utc_ms") is None:
            return source
        within = _whole(clock, "uncertainty_ms") / 1_000
        return f"{moment(_whole(clock, 'utc_ms'))}, {source}, ±{within:g} s"

    def _records(self, status: Facts) -> Iterator[str]:
        if status.get("epoch") is not None:
            yield self._row("chain", self.word("run", status.get("seq"), status["epoch"]))
        if isinstance(status.get("newest_ms"), int):
            yield self._row("newest", moment(_whole(status, "newest_ms")))
        counters = _table(status, "counters")
        for key, text in COUNTED if counters else ():
            yield f"  {counters.get(key, 0):>10}  {self.say(text)}"
        now_ms = _table(status, "clock").get("utc_ms")
        card = _table(status, "card")
        if card:
            yield self._row("card", "; ".join(self._card(card, now_ms)))
        for problem, count in _table(card, "refused").items():
            known = problem in list(Problem)
            title = self.say(PROBLEMS[Problem(problem)].title) if known else problem
            yield self._row("refused", f"{count}: {title}")
        if "receipt" in status:
            yield self._row("receipt", self._receipt(_table(status, "receipt"), now_ms))
        trust = _table(status, "trust")
        if trust:
            yield self._row("origin", self.word("entries", trust.get("size")))

    def _card(self, card: Facts, now_ms: object) -> Iterator[str]:
        if card.get("oldest") is not None:
            since = self._since(_table(card, "oldest").get("utc_ms"), now_ms)
            yield self.word("oldest", since)
        yield self.word("room", card.get("room_days"))

    def _receipt(self, receipt: Facts, now_ms: object) -> str:
        if not receipt:
            return self.word("none yet")
        since = self._since(receipt.get("utc_ms"), now_ms)
        return self.word("entry", since, receipt.get("entry"))

    def _since(self, utc_ms: object, now_ms: object) -> str:
        if not isinstance(utc_ms, int):
            return self.word("unknown")
        if isinstance(now_ms, int):
            return self.word("ago", self.span(now_ms - utc_ms))
        return moment(utc_ms)


def padded(text: str, columns: int) -> str:
    """Text filled up to so many columns."""
    return text + " " * max(1, columns - width(text))


def width(text: str) -> int:
    """Columns that a text takes; a Korean letter takes two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def moment(utc_ms: int) -> str:
    """A moment as people write it, without depending on where this machine thinks it is."""
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=utc_ms // 1_000):%F %T} UTC"


def balanced(status: Facts) -> bool:
    """Whether made and committed are the sums that they must be; true where nothing is counted."""
    counters = _table(status, "counters")
    if not counters:
        return True
    count = {key: _whole(counters, key) for key in counters}
    made = count["committed"] + count["uncommitted"] + count["overflowed"]
    committed = count["waiting"] + count["proved"] + count["evicted"]
    return (count["made"], count["committed"]) == (made, committed)


def _table(facts: Facts, key: str) -> Facts:
    value = facts.get(key)
    return value if isinstance(value, Mapping) else {}


def _tables(facts: Facts, key: str) -> list[Facts]:
    value = facts.get(key)
    return cast(list[Facts], value) if isinstance(value, list) else []


def _whole(facts: Facts, key: str) -> int:
    value = facts.get(key)
    return value if isinstance(value, int) else 0
