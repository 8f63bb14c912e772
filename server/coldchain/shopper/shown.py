"""A card as the template takes it: every word in one language, every picture drawn. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol.registry import Text
from science.limits import lines
from science.species import Kept
from science.verdict import Verdict
from server.coldchain import published
from server.coldchain.shopper import card as cards
from server.coldchain.shopper import chart, journey
from server.coldchain.shopper.card import Card, Mark
from server.coldchain.shopper.journey import Air, Stage
from server.coldchain.shopper.words import (
    AREAS,
    BASES,
    FORMS,
    GEARS,
    KEPT,
    ORIGINS,
    PROBLEMS,
    PROVINCES,
    RECALLS,
    VOUCHED,
    WORDS,
)
from server.counting import Counted
from server.web.words import say

SHAPES: Final[Mapping[Stage, str]] = {
    Stage.CAUGHT: "fish",
    Stage.LANDED: "boat",
    Stage.SORTED: "sort",
    Stage.SOLD_AT_MARKET: "bid",
    Stage.ACCEPTED: "hand",
    Stage.MARKET: "hall",
    Stage.STORED: "snow",
    **dict.fromkeys((Stage.WORKED, Stage.GUTTED, Stage.FILLETED, Stage.CUT, Stage.SALTED), "knife"),
    **dict.fromkeys((Stage.PACKED, Stage.SPLIT, Stage.MERGED, Stage.REWORKED), "box"),
    **dict.fromkeys((Stage.CARRIED, Stage.MOVED), "truck"),
    **dict.fromkeys((Stage.SHOWN, Stage.ON_SALE), "shop"),
    Stage.MORE: "more",
}
"""The picture of each stage."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence with its shape and tone, and what stands beside it."""

    shape: str
    tone: str
    text: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the journey; air: of the time from there to the next, "" where that is none."""

    shape: str
    name: str
    region: str
    hours: str
    air: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and a value; latin: the value is a scientific name."""

    name: str
    value: str
    latin: str = ""


def head(one: Card, language: str) -> Said:
    """The verdict that stands first."""
    mark, under = cards.headline(one.verdict)
    beside = (say(text, language) for text in (under, cards.unrecorded(one.verdict)))
    return Said(mark.shape, mark.tone, say(mark.word, language), " · ".join(filter(None, beside)))


def sentences(one: Card, language: str) -> list[Said]:
    """All other sentences of the verdict; the headline is not said twice."""
    if one.verdict is None:
        return _handed(one, language)
    first, under = cards.headline(one.verdict)
    found = [
        _said(mark, beside, language)
        for mark, beside in cards.rows(one.verdict)
        if mark.word != under and (mark.word, beside) != (first.word, under)
    ]
    return sorted([*found, *_handed(one, language)], key=lambda said: not said.shape)


def _handed(one: Card, language: str) -> list[Said]:
    """What is in doubt because of a sensor, and not known because of how it was handed on."""
    named = {
        published.Said.UNANSWERED: one.unanswered,
        published.Said.AFTER_DISPATCH: one.dispatched,
    }
    shape, tone = cards.UNKNOWN
    return [
        *(Said(*cards.WARN, _doubted(*time, language)) for time in one.doubted),
        *(
            Said(shape, tone, say(published.SENTENCES[said], language))
            for said, holds in named.items()
            if holds
        ),
    ]


def _doubted(since_ms: int, until_ms: int, language: str) -> str:
    since, until = (journey.hour(at_ms, language) for at_ms in (since_ms, until_ms))
    return say(published.SENTENCES[published.Said.SENSOR_FAULT], language).format(
        since=since, until=until
    )


def _said(mark: Mark, beside: Text, language: str) -> Said:
    return Said(mark.shape, mark.tone, say(mark.word, language), say(beside, language))


def stopped(one: Card, language: str) -> dict[str, object]:
    """The page of a lot that is stopped: which one, why, what to do; nothing else."""
    if one.stopped is None:
        return {}
    stop, kind = one.stopped, str(one.stopped.kind)
    facts = [
        Fact(say(WORDS["product"], language), trade(one, language)),
        Fact(say(WORDS["lot"], language), one.code),
        Fact(say(WORDS["since"], language), journey.hour(stop.since_ms, language)),
    ]
    if stop.why:
        facts.append(Fact(say(WORDS["reason"], language), say(RECALLS[stop.why], language)))
    if stop.basis:
        facts.append(Fact(say(WORDS["basis"], language), say(BASES[stop.basis], language)))
    if stop.grade:
        facts.append(Fact(say(WORDS["grade_of_recall"], language), str(stop.grade)))
    return {
        "word": say(WORDS[kind], language),
        "do": say(WORDS[f"{kind}_do"], language),
        "facts": facts,
    }


def trade(one: Card, language: str) -> str:
    """What people buy, as the seller calls it; in English, as its species are called."""
    if language == "ko":
        return one.trade
    return ", ".join(dict.fromkeys(say(name, language) for name, _ in cards.names(one)))


def origin(one: Card, language: str) -> str:
    """The origin as the law asks for it; what we have no English for stays as it is."""
    known = ORIGINS.get(one.origin)
    return say(known, language) if known else one.origin or say(WORDS["unstated"], language)


def _area(one: Card, language: str) -> str:
    """FAO areas by number and name; whatever else was written, as it is."""
    named = [
        f"FAO {area} · {say(AREAS[area], language)}" for area in one.area.split() if area in AREAS
    ]
    return ", ".join(named) or one.area or say(WORDS["unstated"], language)


def facts(one: Card, language: str) -> list[Fact]:
    """What the goods are; what nobody stated says so."""

    def named(key: str) -> str:
        return say(WORDS[key], language)

    unstated = named("unstated")
    found = [
        *(_species(trade, latin, language) for trade, latin in cards.names(one)),
        Fact(named("form"), f"{say(FORMS[one.form], language)} · {say(KEPT[one.kept], language)}"),
        Fact(named("origin"), origin(one, language)),
        Fact(named("catch_area"), _area(one, language)),
        Fact(named("gear"), say(GEARS[one.gear], language)),
        Fact(
            named("caught"),
            named("catch_unknown")
            if one.catch_ms is None
            else journey.hour(one.catch_ms, language),
        ),
        Fact(named("use_by"), one.use_by.isoformat() if one.use_by else unstated),
        Fact(named("lot"), one.code),
    ]
    if one.serial:
        found.append(Fact(named("serial"), one.serial))
    if one.trace_no:
        found.append(Fact(named("trace"), one.trace_no))
    return found


def _species(trade: Text, latin: str, language: str) -> Fact:
    unknown = "" if latin else say(published.SENTENCES[published.Said.SPECIES_UNKNOWN], language)
    value = say(trade, language) + (f" ({unknown})" if unknown else "")
    return Fact(say(WORDS["species"], language), value, latin)


def steps(one: Card, language: str) -> list[Step]:
    """The journey as a list."""
    return [
        Step(
            SHAPES[leg.stage],
            say(journey.STAGES[leg.stage], language),
            say(leg.region, language),
            journey.hours(leg, language),
            _air(leg.air, language) if leg.air else "",
        )
        for leg in one.legs
    ]


def _air(air: Air, language: str) -> str:
    """Lowest and highest of what was recorded, and how long nothing was: never as if it were."""
    dark = say(WORDS["then_dark"], language).format(time=_time(air.unknown_ms, language))
    if air.low is None or air.high is None:
        return f"{say(WORDS['then'], language)} {dark}"
    ends = " – ".join(dict.fromkeys((tenths(air.low), tenths(air.high))))
    known = say(WORDS["then_air"], language).format(ends=ends)
    return f"{known} · {dark}" if air.unknown_ms else known


def _time(ms: int, language: str) -> str:
    """Hours and minutes; begun minutes count."""
    hours, minutes = divmod(-(-ms // 60_000), 60)
    units = ("시간", "분") if language == "ko" else (" h", " min")
    parts = [f"{n}{unit}" for n, unit in zip((hours, minutes), units, strict=True) if n]
    return " ".join(parts)


def sketch(one: Card, language: str) -> str:
    """The map."""
    named = {} if language == "ko" else dict(PROVINCES)
    return journey.sketch(one.legs, say(WORDS["map"], language), named)


def picture(one: Card, language: str) -> str:
    """The temperature, drawn; "" where nothing was recorded."""
    if one.band is None or not one.band.columns:
        return ""
    described = ", ".join(f"{name} {value}" for name, value in degrees(one.verdict, language))
    words = chart.Words(say(WORDS["temperature"], language), described, say(WORDS["gap"], language))
    limits = lines(one.kept, one.verdict.until_ms if one.verdict else one.band.window.until_ms)
    return chart.svg(one.band, limits, words)


def degrees(verdict: Verdict | None, language: str) -> list[tuple[str, str]]:
    """Lowest, highest and mean of recorded time, in tenths of a degree, with their names."""
    if verdict is None or verdict.facts is None:
        return []
    mean, low, high = verdict.facts
    named = (("lowest", low), ("highest", high), ("mean", mean))
    return [(say(WORDS[name], language), tenths(value)) for name, value in named]


def tenths(milli_celsius: int) -> str:
    """A temperature to the tenth, rounded up: never colder than it was."""
    found = -(-milli_celsius // 100)
    sign = "−" if found < 0 else ""
    return f"{sign}{abs(found) // 10}.{abs(found) % 10} ℃"


def vouched(language: str) -> list[Fact]:
    """Who answers for what."""
    return [Fact(say(who, language), say(what, language)) for who, what in VOUCHED]


def seen(one: Card, language: str) -> dict[str, object]:
    """What may be said of the code itself."""
    if not one.serial:
        return {"lot": say(WORDS["same_lot"], language).format(n=Counted(one.boxes))}
    told: dict[str, object] = {"serial": one.serial}
    if one.seen and one.seen.count:
        days = frozenset(day for days in one.seen.days.values() for day in days)
        regions = max(sum(bool(region) for region in one.seen.days), 1)
        counted = {"n": one.seen.count, "days": len(days), "regions": regions}
        counts = {name: Counted(value) for name, value in counted.items()}
        told["scans"] = say(WORDS["scans"], language).format(**counts)
        told["region"] = say(published.SENTENCES[published.Said.REGION], language)
        told["copied"] = cards.is_copied(one.seen)
    return told


def problems(language: str) -> list[tuple[str, str]]:
    """What can be reported."""
    return [(str(kind), say(text, language)) for kind, text in PROBLEMS.items()]


def frozen(one: Card) -> bool:
    """Whether advice for chilled fish does not fit."""
    return one.kept is Kept.FROZEN
