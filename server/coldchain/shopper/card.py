"""What the page says of a lot, as one frozen value, and which of it stands first and largest.

The verdict first: a word, a tone, a shape. Where no grade is given the limit of the law is the
headline, for temperatures are what is known then. 낮음 and 매우 좋음 are never called safe. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from protocol.registry import Text
from science.histamine import Risk
from science.limits import Found, Result
from science.species import SPECIES, Form, Kept, Species
from science.spoilage import Grade
from science.timeline import Stretch
from science.verdict import Verdict, Why
from server.coldchain import published, saying
from server.coldchain.rules import Basis, Gear, RecallWhy
from server.coldchain.shopper.band import Band
from server.coldchain.shopper.journey import Leg
from server.coldchain.shopper.words import WORDS


class Stop(StrEnum):
    """Why a page says nothing of how good a lot is; what is graver comes first."""

    RECALL = "recall"
    SCRAPPED = "scrapped"
    """폐기: what is left of it in anybody's hands should not be."""
    HOLD = "hold"
    FEED = "feed"
    """사료용: it is no food."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A lot whose page says nothing else. grade: 1 to 3 for a recall, else 0."""

    kind: Stop
    since_ms: int
    why: RecallWhy | None = None
    basis: Basis | None = None
    grade: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """How often a serial code was looked at: days by region."""

    days: Mapping[str, frozenset[date]]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One lot for its shopper. serial: "" on a lot code. told: SHA-256 of the result's text, hex;
    proved: the log holds it; recomputable: it names its history. dispatched: in nobody's hands that
    record; unanswered: 수령 미확인; doubted: when a sensor was at fault, as a person found."""

    ref: str
    code: str
    gtin: str
    serial: str
    species: tuple[Species, ...]
    form: Form
    kept: Kept
    trade: str
    origin: str
    area: str
    gear: Gear
    catch_ms: int | None
    use_by: date | None
    trace_no: str
    boxes: int
    legs: tuple[Leg, ...]
    band: Band | None
    verdict: Verdict | None
    version: int = 0
    told: str = ""
    proved: bool = False
    recomputable: bool = False
    stopped: Stopped | None = None
    seen: Seen | None = None
    bought: date | None = None
    ice_seen: bool = False
    sampled: str = ""
    dispatched: bool = False
    unanswered: bool = False
    doubted: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """A state as people see it: shape, tone (a colour's name in the style sheet), word."""

    shape: str
    tone: str
    word: Text


GOOD: Final = ("●", "good")
FAIR: Final = ("◐", "wait")
WARN: Final = ("△", "warn")
BAD: Final = ("■", "bad")
UNKNOWN: Final = ("○", "calm")

BY_GRADE: Final[Mapping[Grade, tuple[str, str]]] = {
    Grade.VERY_GOOD: GOOD,
    Grade.GOOD: GOOD,
    Grade.FAIR: FAIR,
    Grade.CAUTION: WARN,
    Grade.OUT: BAD,
}
BY_FOUND: Final[Mapping[Found, tuple[str, str]]] = {
    Found.MET: GOOD,
    Found.POSSIBLE: WARN,
    Found.BROKEN: BAD,
    Found.UNKNOWN: UNKNOWN,
}
BY_RISK: Final[Mapping[Risk, tuple[str, str]]] = {
    Risk.LOW: GOOD,
    Risk.CAUTION: WARN,
    Risk.HIGH: BAD,
    Risk.UNDECIDED: UNKNOWN,
}
NOTHING: Final = Text("", "")


def headline(verdict: Verdict | None) -> tuple[Mark, Text]:
    """The one thing that a shopper takes away, and what stands under it."""
    if verdict is None:
        return Mark(*UNKNOWN, WORDS["no_result_short"]), WORDS["no_result"]
    if verdict.grade is not None:
        said = _said(verdict, "grade")
        return Mark(*BY_GRADE[verdict.grade], said.text), said.beside
    if verdict.histamine is Risk.HIGH:
        said = _said(verdict, "histamine")
        return Mark(*BY_RISK[Risk.HIGH], said.text), NOTHING
    first = verdict.lines[0]
    why = published.WITHOUT[verdict.no_grade] if verdict.no_grade is not Why.NONE else NOTHING
    return Mark(*_found(first), _said(verdict, first.line.id).text), why


def unrecorded(verdict: Verdict | None) -> Text:
    """What stands under a headline that is no grade: for how long nobody knows; "" for no time."""
    if verdict is None or verdict.grade is not None or not verdict.unknown_ms:
        return NOTHING
    return _said(verdict, "whole").text


def _found(one: Result) -> tuple[str, str]:
    """A limit that was met while something was recorded is not met for all of the time."""
    is_open = one.found is Found.MET and one.unknown_ms
    return FAIR if is_open else BY_FOUND[one.found]


def _said(verdict: Verdict, about: str) -> saying.Spoken:
    return next(one for one in saying.spoken(verdict) if one.about == about)


def rows(verdict: Verdict) -> list[tuple[Mark, Text]]:
    """Every further sentence of a verdict, with a shape for those that are a state.

    Recorded temperatures stand in the first box, larger.
    """
    states = {one.line.id: _found(one) for one in verdict.lines}
    if verdict.histamine:
        states["histamine"] = BY_RISK[verdict.histamine]
    unknown = {"transport": verdict.transport_unknown_ms, "whole": verdict.unknown_ms}
    states |= {about: UNKNOWN if ms else GOOD for about, ms in unknown.items()}
    plain = ("", "calm")
    return [
        (Mark(*states.get(one.about, plain), one.text), one.beside)
        for one in saying.spoken(verdict)
        if one.text.ko and not (one.about == "air" and verdict.facts)
    ]


def names(card: Card) -> list[tuple[Text, str]]:
    """Trade and scientific name of each species; "" where nobody identified it."""
    return [(SPECIES[one].trade, SPECIES[one].scientific) for one in card.species]


def is_copied(seen: Seen) -> bool:
    """Whether one box was looked at in two regions or more on one day: where it cannot be twice.

    What no region is known of counts for nothing.
    """
    known = [days for region, days in seen.days.items() if region]
    return any(one & other for at, one in enumerate(known) for other in known[at + 1 :])
