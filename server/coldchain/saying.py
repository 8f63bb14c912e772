"""A verdict in words: which published sentences a page may show of it, and what stands beside.

The words are those of published.py. Numbers stand beside their unit, their interval and the version
of their formula; hours and degrees are rounded to the worse side.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from protocol.registry import Text
from science import kinetics
from science.histamine import Risk
from science.histogram import RECORDED, Exposure
from science.kinetics import MKT, MKT_KELVIN, MKT_WINDOW_H, NoMkt
from science.limits import Found, Result
from science.marks import Formula
from science.spoilage import GRADE, GRADES, LIFE, MICRO, MOST_LIFE_D
from science.verdict import Verdict
from server.coldchain.published import (
    CERTIFICATES,
    CLASSES,
    EXPORTS,
    FOUND,
    MARKS,
    RISKS,
    SENTENCES,
    STARTS,
    WITHOUT,
    Said,
)

HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone(timedelta(hours=9))) + timedelta(hours=9)
"""Zero of UTC milliseconds on a clock in Korea."""

NOTHING: Final = Text("", "")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One sentence of a verdict: what it is about, its words, and what stands beside a number."""

    about: str
    text: Text
    beside: Text = NOTHING


def spoken(verdict: Verdict) -> tuple[Spoken, ...]:
    """All that a page may say of a verdict, the gravest first."""
    return (
        _grade(verdict),
        _life(verdict),
        *((_histamine(verdict.histamine),) if verdict.histamine else ()),
        _facts(verdict),
        *(_line(one) for one in verdict.lines),
        *_unknown(verdict),
        _known(verdict),
        Spoken("judged", SENTENCES[Said.JUDGED_UNTIL], _hour(verdict.until_ms)),
        *_frost(verdict),
        Spoken("certificate", CERTIFICATES[verdict.certificate]),
        Spoken("how", SENTENCES[Said.AIR], SENTENCES[Said.CHARGED]),
    )


def _grade(verdict: Verdict) -> Spoken:
    if verdict.grade is None:
        return Spoken("grade", WITHOUT[verdict.no_grade])
    version = _version(verdict, GRADE)
    low, high = verdict.spent or (0, 0)
    ends, at = f"{_days(low)}–{_days(high)}", _hour(verdict.until_ms)
    beside = Text(
        f"{SENTENCES[Said.ESTIMATE].en}"
        f" ({ends} ice-days of {verdict.life_d}, {version}; as of {at.en})",
        f"{SENTENCES[Said.ESTIMATE].ko}"
        f" (얼음 기준 {ends}일 / {verdict.life_d}일, {version}; {at.ko} 기준)",
    )
    return Spoken("grade", GRADES[verdict.grade], beside)


def _life(verdict: Verdict) -> Spoken:
    if verdict.life_shown is None or verdict.life_left is None:
        return Spoken("life", WITHOUT[verdict.no_life])
    worse, better = (min(one, MOST_LIFE_D.value * MICRO) for one in verdict.life_left)
    ends, version = f"{_days(worse)}–{_days(better)}", _version(verdict, LIFE)
    days = _days(verdict.life_shown)
    ratio = f", {SENTENCES[Said.ICE_RATIO].ko}" if verdict.ratio else ""
    ratio_en = f", {SENTENCES[Said.ICE_RATIO].en}" if verdict.ratio else ""
    at = _hour(verdict.until_ms)
    beside = Text(
        f"{days} d on ice from {at.en} on ({ends} d; L0 {verdict.life_d} d{ratio_en}; {version})",
        f"{at.ko}부터 얼음에서 {days}일 ({ends}일; L0 {verdict.life_d}일{ratio}; {version})",
    )
    return Spoken("life", SENTENCES[Said.REMAINING], beside)


def _version(verdict: Verdict, formula: Formula) -> str:
    """The version of a formula that this verdict was made with."""
    return next(one for one in verdict.formulas if one.startswith(f"{formula.id}/"))


def _days(micro_days: int) -> str:
    """Tenths of a day, rounded down."""
    tenths = micro_days * 10 // MICRO
    return f"{tenths // 10}.{tenths % 10}"


def _histamine(risk: Risk) -> Spoken:
    name, word = SENTENCES[Said.HISTAMINE], RISKS[risk]
    return Spoken("histamine", Text(f"{name.en}: {word.en}", f"{name.ko}: {word.ko}"))


def _line(one: Result) -> Spoken:
    name, found, kind = one.line.name, FOUND[one.found], CLASSES[one.line.kind]
    source = one.line.source
    text = Text(f"{name.en}: {found.en}", f"{name.ko}: {found.ko}")
    words, mark, hours = source.words, MARKS[source.mark], -(-one.unknown_ms // HOUR_MS)
    beside = Text(f"{kind.en}: {words.en}, {mark.en}", f"{kind.ko}: {words.ko}, {mark.ko}")
    if hours and one.found in (Found.MET, Found.POSSIBLE):
        beside = Text(
            f"{beside.en}; {hours} h without a record are not judged",
            f"{beside.ko}. 기록 없는 시간 {hours}시간은 판정하지 않음",
        )
    return Spoken(one.line.id, text, beside)


def _unknown(verdict: Verdict) -> tuple[Spoken, Spoken]:
    """The two lines of what is not known; hours are rounded up."""
    known = (verdict.transport_ms - verdict.transport_unknown_ms) // MINUTE_MS
    unknown = -(-verdict.transport_unknown_ms // MINUTE_MS)
    hours = -(-verdict.unknown_ms // HOUR_MS)
    start = STARTS[verdict.start]
    return (
        Spoken(
            "transport",
            SENTENCES[Said.TRANSPORT_RECORD],
            Text(
                f"{known} min, {unknown} min without a record", f"{known}분, 기록 없음 {unknown}분"
            ),
        ),
        Spoken("whole", _filled(Said.WHOLE_HISTORY, n=hours), start),
    )


def _facts(verdict: Verdict) -> Spoken:
    """Lowest, highest and mean of the recorded air, or that there is none."""
    if verdict.facts is None:
        return Spoken("air", SENTENCES[Said.RECORDED_AIR], SENTENCES[Said.NO_RECORD])
    mean, low, high = map(_celsius, verdict.facts)
    beside = Text(f"{low} to {high} °C, mean {mean} °C", f"{low}~{high} ℃, 평균 {mean} ℃")
    return Spoken("air", SENTENCES[Said.RECORDED_AIR], beside)


def _celsius(milli: int) -> str:
    """Tenths of a degree, rounded up: never colder than it was."""
    tenths = -(-milli // 100)
    sign = "-" if tenths < 0 else ""
    return f"{sign}{abs(tenths) // 10}.{abs(tenths) % 10}"


def recorded(exposure: Exposure) -> Text:
    """Lowest and highest of what was recorded."""
    found = exposure.only(RECORDED).bins
    at = sorted(one.milli_celsius for one in found if one.milli_celsius is not None)
    if not at:
        return SENTENCES[Said.NO_RECORD]
    low, high = _celsius(at[0]), _celsius(at[-1])
    return Text(f"{low} to {high} °C", f"{low}~{high} ℃")


def mean_kinetic(exposure: Exposure) -> Text:
    """The mean kinetic temperature of one section, or why there is none."""
    found = kinetics.of_section(exposure)
    if found is NoMkt.NO_RECORD:
        return SENTENCES[Said.NO_RECORD]
    if isinstance(found, NoMkt):
        return _filled(Said.MKT_TOO_LONG, n=MKT_WINDOW_H.value)
    return Text(f"{_celsius(found)} °C", f"{_celsius(found)} ℃")


def mean_kinetic_rule() -> Text:
    """What stands below mean kinetic temperatures: version, window, what nobody has verified."""
    mark, given = MARKS[MKT_KELVIN.mark], {"version": MKT.name, "n": MKT_WINDOW_H.value}
    rule, charged = SENTENCES[Said.MKT_RULE], SENTENCES[Said.CHARGED]
    return Text(
        f"{rule.en.format(mark=mark.en, **given)}. {charged.en}.",
        f"{rule.ko.format(mark=mark.ko, **given)}. {charged.ko}.",
    )


def _filled(said: Said, **values: int) -> Text:
    text = SENTENCES[said]
    return Text(text.en.format(**values), text.ko.format(**values))


def _known(verdict: Verdict) -> Spoken:
    """From when the history is known, to the hour, in Korea."""
    if verdict.known_from_ms is None:
        return Spoken("known", SENTENCES[Said.KNOWN_FROM], SENTENCES[Said.NO_RECORD])
    return Spoken("known", SENTENCES[Said.KNOWN_FROM], _hour(verdict.known_from_ms))


def _hour(at_ms: int) -> Text:
    """A moment to its hour in Korea."""
    hour = EPOCH + timedelta(milliseconds=at_ms)
    return Text(f"{hour:%Y-%m-%d %H}:00 KST", f"{hour:%Y-%m-%d} {hour.hour}시")


def exports(verdict: Verdict) -> tuple[Spoken, ...]:
    """What is computed for buyers abroad: information, on no page for shoppers."""
    head = SENTENCES[Said.EXPORT]
    return tuple(
        Spoken(
            str(one),
            Text(f"{head.en}: {EXPORTS[one].en}", f"{head.ko}: {EXPORTS[one].ko}"),
            FOUND[found],
        )
        for one, found in verdict.exports
    )


def _frost(verdict: Verdict) -> tuple[Spoken, ...]:
    """Of chilled fish: that some of it froze; of frozen fish: the hours above each limit."""
    minutes = -(-verdict.partly_frozen_ms // MINUTE_MS)
    said = Text(f"{minutes} min below -2 °C", f"-2 ℃ 미만 {minutes}분")
    fault = (Spoken("frost", SENTENCES[Said.PARTLY_FROZEN], said),) if minutes else ()
    above = [(-(-ms // HOUR_MS), limit // 1_000) for limit, ms in verdict.frozen]
    return (
        *fault,
        *(
            Spoken("frozen", _filled(Said.FROZEN_HOURS, n=n, at=at))
            for n, at in above
        ),
    )
