"""A lot's verdict in an evidence file, judged again from its history: is it what the log says, and
could that history be, by the signed readings in the file? In plain words, two languages.

It refuses to say more than it computed: what a file does not hold, it names as not checked.
Spec: docs/freshness.md, "A verdict computed again".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from protocol.bodies import Opening, Reading
from protocol.evidence import Entry, Evidence, Placed, Report
from protocol.registry import Text
from science import again, holding
from science.again import Again, Outcome
from science.holding import Checked, Held, Part, Shown, Why, Wrong
from science.timeline import Stretch, merged

VERDICT: Final = ("coldchain", "verdict")
TOLD: Final = 3
"""Times that a sentence names, at most."""
SAYS: Final = 5
"""Parts of a result's private part before the hash of its history: docs/freshness.md."""

OUTCOMES: Final[Mapping[Outcome, Text]] = {
    Outcome.SAME: Text(
        "judged again from its history: the same verdict",
        "이력으로 다시 계산했습니다: 판정이 같습니다",
    ),
    Outcome.DIFFERENT: Text(
        "judged again from its history: NOT the same verdict; what differs: {names}",
        "이력으로 다시 계산하니 판정이 다릅니다: {names}",
    ),
    Outcome.NO_HISTORY: Text(
        "not recomputable: made before results named their history",
        "다시 계산할 수 없습니다: 이력을 남기기 전의 판정입니다",
    ),
    Outcome.NOT_HERE: Text(
        "not recomputable from this file: the history that the result names is not in it",
        "이 파일로는 다시 계산할 수 없습니다: 판정이 가리키는 이력이 없습니다",
    ),
    Outcome.OTHER_FORMULAS: Text(
        "not recomputable by this program, whose formulas are of another version: use another",
        "이 프로그램으로는 다시 계산할 수 없습니다: 계산식의 버전이 다릅니다. 다른 버전을 쓰세요",
    ),
}
WRONGS: Final[Mapping[Wrong, Text]] = {
    Wrong.SHORT: Text(
        "it covers less time than has passed since the catch", "어획 뒤 지난 시간보다 짧습니다"
    ),
    Wrong.START: Text("its first record lies outside of it", "첫 기록이 이력 밖에 있습니다"),
    Wrong.COUNT: Text(
        "it counts fewer readings than the log already held", "장부에 있던 기록보다 적게 셌습니다"
    ),
    Wrong.WARM: Text(
        "it holds less warm time than was measured", "잰 것보다 따뜻한 시간이 적습니다"
    ),
    Wrong.COLD: Text("it holds less cold time than was measured", "잰 것보다 찬 시간이 적습니다"),
    Wrong.MORE: Text(
        "it holds more recorded time than the readings cover", "기록된 시간이 잰 것보다 깁니다"
    ),
}
WHYS: Final[Mapping[Why, Text]] = {
    Why.LEFT_OUT: Text("no reading of them is in the file", "파일에 온도 기록이 없음"),
    Why.PLACES: Text("in several places at once", "동시에 여러 곳에 있었음"),
    Why.DEVICES: Text(
        "several devices measured, and of each a reading is missing",
        "여러 기기가 측정했고, 기기마다 빠진 기록이 있음",
    ),
    Why.UNNAMED: Text(
        "the file does not show what the sensors are called", "센서 이름이 파일에 없음"
    ),
    Why.SILENT: Text("nothing was recorded", "기록 없음"),
}
HELD: Final = Text(
    "held against the readings: of {of} sections {whole} wholly, {warmest} by the warmest reading",
    "온도 기록과 대조: {of}개 구간 중 {whole}개는 전부, {warmest}개는 가장 따뜻한 기록으로 확인",
)
NOT_HELD: Final = Text("not held, {n} sections: {why}", "대조하지 못한 구간 {n}개: {why}")
LEFT: Final = Text(
    "{n} of the {of} readings that it rests on are not in this file (or bear no time of their own):"
    " {when}",
    "판정의 바탕이 된 기록 {of}개 중 {n}개가 이 파일에 없습니다(또는 시각이 없는 기록): {when}",
)
LATE: Final = Text(
    "{n} readings came into the log after it was judged", "기록 {n}개는 판정 뒤에 장부에 올랐습니다"
)
APART: Final = Text(
    "{n} readings in the file are of times or devices that it does not rest on",
    "파일의 기록 {n}개는 이 판정의 바탕이 아닙니다",
)
REFUTED: Final = Text("the history CANNOT BE TRUE: {why}", "이력이 사실일 수 없습니다: {why}")
REFUTED_AT: Final = Text(
    "the history of {when} CANNOT BE TRUE: {why}", "{when}의 이력이 사실일 수 없습니다: {why}"
)


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What came of one result: its index in the log, and perhaps what readings say of it."""

    index: int
    found: Again
    held: Held | None

    @property
    def sound(self) -> bool:
        """Whether nothing speaks against it."""
        refuted = self.held is not None and self.held.refuted
        return self.found.outcome is not Outcome.DIFFERENT and not refuted

    def told(self) -> dict[str, object]:
        """For programs."""
        facts: dict[str, object] = {"outcome": self.found.outcome, "differs": self.found.differs}
        if self.held is not None:
            facts |= {"late": self.held.late, "apart": self.held.apart, "wrong": self.held.wrong}
            facts["sections"] = [_section_told(one) for one in self.held.parts]
        return {"index": self.index, **facts}


def rejudged(chapters: Sequence[tuple[Evidence, Report]]) -> list[list[Rejudged]]:
    """Every result of every chapter judged again, with the readings of all chapters."""
    readings = list(_readings(chapters)) if any(_results(report) for _, report in chapters) else []
    return [[_one(entry, readings) for entry in _results(report)] for _, report in chapters]


def _results(report: Report) -> list[Entry]:
    return [one for one in report.entries if (one.service, one.kind) == VERDICT]


def _one(entry: Entry, readings: Sequence[Shown]) -> Rejudged:
    text = entry.private[SAYS - 1 : SAYS]
    named = entry.private[SAYS : SAYS + 1]
    if not text or not isinstance(text[0], str) or not named:
        return Rejudged(entry.index, Again(Outcome.NO_HISTORY), None)
    if not entry.document:
        return Rejudged(entry.index, Again(Outcome.NOT_HERE), None)
    if named != [sha256(entry.document).digest()]:
        return Rejudged(entry.index, Again(Outcome.DIFFERENT, ("history",)), None)
    found = again.again(text[0], entry.document)
    held = None if found.history is None else holding.hold(found.history, readings)
    return Rejudged(entry.index, found, held)


def _readings(chapters: Iterable[tuple[Evidence, Report]]) -> Iterator[Shown]:
    """The proved readings that bear a time of their own, each once."""
    proved = {
        one.sealed.hash: (chapter.device, one)
        for chapter, report in chapters
        for one in report.placed
    }
    names = dict(_names(proved.values()))
    for device, one in proved.values():
        record = one.sealed.record
        if isinstance(record.body, Reading) and record.utc_ms is not None:
            place = (device, one.index, record.utc_ms)
            known = names.get((device, record.epoch))
            shown = holding.shown(place, record.body.measurements, known)
            if shown is not None:
                yield shown


def _names(
    proved: Iterable[tuple[str, Placed]],
) -> Iterator[tuple[tuple[str, bytes], Mapping[int, str]]]:
    """What the opening of each epoch calls its sensors, where it is here."""
    for device, one in proved:
        record = one.sealed.record
        if isinstance(record.body, Opening):
            names = {sensor.number: sensor.name for sensor in record.body.sensors}
            yield (device, record.epoch), names


def sentences(one: Rejudged) -> Iterator[str]:
    """What came of it, for people; the worst first."""
    held = one.held
    if held is not None:
        for wrong in held.wrong:
            yield both(REFUTED, why=WRONGS[wrong])
        for part in held.parts:
            for wrong in part.wrong:
                yield both(REFUTED_AT, why=WRONGS[wrong], when=_when(part.stretch))
    yield both(OUTCOMES[one.found.outcome], names=", ".join(one.found.differs))
    if held is not None:
        yield from _checked(held)


def _checked(held: Held) -> Iterator[str]:
    parts = [one for one in held.parts if one.stretch.from_ms < one.stretch.until_ms]
    counted = Counter(one.checked for one in parts)
    yield both(
        HELD,
        whole=counted[Checked.WHOLE],
        warmest=counted[Checked.WARMEST],
        of=len(parts),
    )
    unheld = Counter(one.why for one in parts if one.checked is Checked.NOTHING)
    for why, n in unheld.items():
        yield both(NOT_HELD, n=n, why=WHYS[why])
    missing = [one for one in parts if one.shown < one.counted]
    if missing:
        n, of = sum(one.counted - one.shown for one in missing), sum(one.counted for one in parts)
        yield both(LEFT, n=n, of=of, when=_times(one.stretch for one in missing))
    for text, n in ((LATE, held.late), (APART, held.apart)):
        if n:
            yield both(text, n=n)


def _times(stretches: Iterable[Stretch]) -> str:
    found = [_when(one) for one in merged(stretches)]
    return "; ".join(found[:TOLD]) + (f"; +{len(found) - TOLD}" if len(found) > TOLD else "")


def _when(stretch: Stretch) -> str:
    return f"{minute(stretch.from_ms)} – {minute(stretch.until_ms)} UTC"


def minute(at_ms: int) -> str:
    """A time of UTC for people, whatever number a file says."""
    try:
        return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}"
    except (OSError, OverflowError, ValueError):
        return f"{at_ms} ms"


def both(text: Text, **given: object) -> str:
    """A sentence in English and in Korean."""
    said = filled(text, **given)
    return f"{said.en} / {said.ko}"


def filled(text: Text, **given: object) -> Text:
    """The same with its figures and words in it."""
    english, korean = dict(given), dict(given)
    for name, value in given.items():
        if isinstance(value, Text):
            english[name], korean[name] = value.en, value.ko
    return Text(text.en.format(**english), text.ko.format(**korean))


def _section_told(one: Part) -> dict[str, object]:
    return {
        "from_ms": one.stretch.from_ms,
        "until_ms": one.stretch.until_ms,
        "counted": one.counted,
        "shown": one.shown,
        "checked": one.checked,
        "why": one.why,
        "wrong": one.wrong,
    }
