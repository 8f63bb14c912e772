"""The verdict on a lot: one frozen value from its whole history, with every reason it rests on.

What is in it: number and interval, version of each formula, each limit with class and source, the
start of known history, the L0 used, unknown time of the transport sections and of the whole
history, and the state of the sensors' certificates. `told` is its one canonical form, of scaled
integers and words of closed lists, for the log; `read` is the way back; sentences are made of it
elsewhere. The same history gives the same verdict, whoever computes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, NamedTuple

from science import histamine, kinetics, limits, spoilage, timeline
from science.histamine import Risk
from science.histogram import RECORDED, Bin, Exposure, State, total
from science.limits import LINES, Export, Found, Result
from science.marks import Formula
from science.species import ON_ICE, Form, Ice, Kept, Product
from science.spoilage import Grade, Score, Side, Spent

VERSION: Final = 1
FORMULAS: Final[tuple[Formula, ...]] = (
    timeline.HOLD,
    spoilage.RRS,
    spoilage.ICE_DAYS,
    spoilage.LIFE,
    spoilage.GRADE,
    histamine.CLOCK,
    kinetics.MKT,
)


class Where(StrEnum):
    """What a section of the history is."""

    BEFORE = "before"
    """From the catch to the first place with a record."""
    TRANSPORT = "transport"
    STORED = "stored"
    BETWEEN = "between"
    """Nobody says where it was."""


class Certificate(StrEnum):
    """State of the calibration behind the readings; of several sensors the worst. Best first."""

    VALID = "valid"
    EXPIRED = "expired"
    NONE = "none"


class Start(StrEnum):
    """From what the ice-days are counted."""

    CATCH = "catch"
    SCORE = "score"
    """An independent inspector's."""
    UNKNOWN = "unknown"


class Why(StrEnum):
    """Why there is no grade, or no remaining life."""

    NONE = ""
    SPECIES = "species"
    FORM = "form"
    START = "start"
    GAPS = "gaps"
    """Unknown time that cannot even be charged."""
    CHOICE = "choice"
    """The seller did not ask for a grade."""
    RULE = "rule"
    """A safety rule is broken: nothing is promised any more."""


class Source(NamedTuple):
    """A device whose readings a section rests on: its name, and how many of them lie in it.

    0: none do, but it measured near enough to say something of the section's ends.
    """

    device: str
    readings: int


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the history, in order of time.

    places: in how many it was at once, nowhere being one of them; 0: nobody says. No figure of the
    verdict depends on sources: they are for whoever holds a history against the readings.
    """

    where: Where
    exposure: Exposure
    places: int = 0
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that is known of a lot. Times are UTC ms.

    sections: in order, gapless from the catch (or, without one, from the first record) to until_ms.
    known_from_ms: the first reading. scores: `after` counts sections. graded: the seller asked.
    entries: how many entries of the log were read for it; what came later is not in it.
    """

    product: Product
    sections: tuple[Section, ...]
    until_ms: int
    catch_ms: int | None = None
    known_from_ms: int | None = None
    scores: tuple[Score, ...] = ()
    certificate: Certificate = Certificate.NONE
    use_by_ms: int | None = None
    graded: bool = False
    entries: int = 0


def before(product: Product, ms: int, first: Bin) -> Section:
    """The time from the catch to the first record: at 0 °C on recorded ice, else charged at it.

    No record exists of either: it is unknown time.
    """
    iced = Bin(State.UNKNOWN, 0, 0)
    charged = iced if product.ice in ON_ICE else timeline.charge([first])
    return Section(Where.BEFORE, Exposure({charged: ms} if ms > 0 else {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Times in ms, temperatures in milli_celsius, ice-days and remaining life in millionths of a
    day.

    Intervals are (low, high) ends of the sensors' doubt; what is judged is the worse one. ratio: of
    ice, where one is recorded. life_left: by the formula, on ice; life_shown: what may be shown.
    facts: mean, lowest and highest of recorded time. frozen: (limit, ms above it).
    """

    start: Start
    catch_ms: int | None
    known_from_ms: int | None
    until_ms: int
    life_d: int | None
    ratio: str
    spent: tuple[int, int] | None
    grade: Grade | None
    no_grade: Why
    life_left: tuple[int, int] | None
    life_shown: int | None
    no_life: Why
    histamine: Risk | None
    mkt: int | None
    facts: tuple[int, int, int] | None
    partly_frozen_ms: int
    beyond_range_ms: int
    frozen: tuple[tuple[int, int], ...]
    lines: tuple[Result, ...]
    exports: tuple[tuple[Export, Found], ...]
    transport_ms: int
    transport_unknown_ms: int
    all_ms: int
    unknown_ms: int
    uncharged_ms: int
    certificate: Certificate
    formulas: tuple[str, ...]

    @property
    def rule_broken(self) -> bool:
        """Whether a safety rule is broken: a law of the lot's profile, or histamine HIGH."""
        return _rule_broken(self.lines, self.histamine)

    def told(self) -> dict[str, Any]:
        """The canonical form: integers, words of closed lists, null; lists of them."""
        plain = {one.name: _plain(getattr(self, one.name)) for one in fields(self)}
        return {**plain, "lines": [_line_told(one) for one in self.lines], "version": VERSION}

    @property
    def text(self) -> str:
        """The canonical form as the one JSON text that the log commits to."""
        return json.dumps(self.told(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def judge(history: History) -> Verdict:
    """Judge a history: every figure of it is computed here and nowhere else."""
    whole = total(one.exposure for one in history.sections)
    transport = total(one.exposure for one in history.sections if one.where is Where.TRANSPORT)
    product, catch_known = history.product, history.catch_ms is not None
    found = tuple(limits.judge(one, whole) for one in limits.lines(product.kept, history.until_ms))
    risk = histamine.risk(product, whole, start_known=catch_known)
    freshness = _freshness(history, broken=_rule_broken(found, risk))
    chilled = product.kept is Kept.CHILLED
    return Verdict(
        **freshness,
        catch_ms=history.catch_ms,
        known_from_ms=history.known_from_ms,
        until_ms=history.until_ms,
        ratio=str(product.ratio) if product.in_model and product.ice is Ice.ICED else "",
        histamine=risk,
        mkt=kinetics.mkt(whole),
        facts=_facts(whole),
        partly_frozen_ms=spoilage.partly_frozen_ms(whole) if chilled else 0,
        beyond_range_ms=spoilage.beyond_range_ms(whole) if chilled else 0,
        frozen=() if chilled else spoilage.frozen_hours(whole),
        lines=found,
        exports=_exports(product, whole),
        transport_ms=transport.all_ms,
        transport_unknown_ms=transport.unknown_ms,
        all_ms=whole.all_ms,
        unknown_ms=whole.unknown_ms,
        uncharged_ms=whole.uncharged_ms,
        certificate=history.certificate,
        formulas=tuple(one.name for one in FORMULAS),
    )


def _rule_broken(lines: Iterable[Result], risk: Risk | None) -> bool:
    return risk is Risk.HIGH or any(limits.is_safety_rule(one) for one in lines)


def _freshness(history: History, *, broken: bool) -> dict[str, Any]:
    """Start, ice-days, grade and remaining life, each with the reason why it is not there."""
    life = history.product.life
    none: dict[str, Any] = dict.fromkeys(("grade", "life_left", "life_shown"))
    start, spent, gaps = counted(history)
    told = {**none, "start": start, "life_d": life and life.value}
    told["spent"] = spent and spent.micro_days
    why = _why(history.product, start, gaps)
    if why or life is None or spent is None:
        return {**told, "no_grade": why, "no_life": why}
    if history.graded:
        told["grade"] = spoilage.grade(spent, life.value, rule_broken=broken)
    told["no_grade"] = Why.NONE if history.graded else Why.CHOICE
    if broken:
        return {**told, "no_life": Why.RULE}
    left = spoilage.remaining(spent, life.value)
    use_by = None if history.use_by_ms is None else history.use_by_ms - history.until_ms
    shown = spoilage.shown(left[0], use_by)
    return {**told, "life_left": left, "life_shown": shown, "no_life": Why.NONE}


def _why(product: Product, start: Start, gaps: bool) -> Why:
    if not product.in_model:
        return Why.FORM if product.has_histamine_clock else Why.SPECIES
    if start is Start.UNKNOWN:
        return Why.START
    return Why.GAPS if gaps else Why.NONE


def counted(history: History) -> tuple[Start, Spent | None, bool]:
    """Ice-days since the catch or an independent score, and whether some time cannot be charged.

    None for an unknown start, for frozen lots, and where life in ice is not published.
    """
    life = history.product.life
    if life is None:
        return (Start.UNKNOWN if history.catch_ms is None else Start.CATCH), None, False
    caught = history.catch_ms is not None
    start, gaps = (Start.CATCH if caught else Start.UNKNOWN), False
    spent: Spent | None = spoilage.NOTHING if caught else None
    for place, section in enumerate([*history.sections, None]):
        for score in _scores(history.scores, place, len(history.sections)):
            spent = spoilage.scored(spent, score, life.value)
            if score.side is Side.INDEPENDENT:
                start, gaps = (Start.CATCH if caught else Start.SCORE), False
        if section is not None and spent is not None:
            more = spoilage.ice_days(section.exposure)
            spent = spent if more is None else spent + more
            gaps = gaps or section.exposure.uncharged_ms > 0
    return start, spent, gaps


def _scores(scores: Sequence[Score], place: int, last: int) -> list[Score]:
    """Scores given just before this section; of one moment the independent ones first."""
    here = [one for one in scores if min(one.after, last) == place]
    return sorted(here, key=lambda one: (one.side is not Side.INDEPENDENT, one.qi, one.qi_max))


def _facts(whole: Exposure) -> tuple[int, int, int] | None:
    """Mean, lowest and highest recorded temperature."""
    recorded = whole.only(RECORDED)
    values = [one.milli_celsius for one in recorded.bins if one.milli_celsius is not None]
    if not values:
        return None
    at = {one: one.milli_celsius or 0 for one in recorded.bins}
    mean = sum(at[one] * ms for one, ms in recorded.bins.items()) // recorded.all_ms
    return mean, min(values), max(values)


def _exports(product: Product, whole: Exposure) -> tuple[tuple[Export, Found], ...]:
    if not product.has_histamine_clock:
        return ()
    frozen = product.form is Form.THAWED or product.kept is Kept.FROZEN
    return tuple((one, limits.export(one, whole, was_frozen=frozen)) for one in Export)


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return str(value)
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _line_told(one: Result) -> list[object]:
    line = one.line
    times = [one.confirmed_ms, one.possible_ms, one.excused_ms, one.unknown_ms]
    return [line.id, str(line.kind), str(line.source.mark), str(one.found), *times]


def read(told: Mapping[str, Any]) -> Verdict:
    """The verdict of a canonical form. Raises ValueError for another version, or none of ours."""
    if told.get("version") != VERSION:
        raise ValueError(f"a verdict of version {told.get('version')}, known: {VERSION}")
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in told.items()
        if name != "version"
    }
    closed = {"start": Start, "grade": Grade, "no_grade": Why, "no_life": Why, "histamine": Risk}
    for name, kind in {**closed, "certificate": Certificate}.items():
        given[name] = None if given[name] is None else kind(given[name])
    given["frozen"] = tuple(tuple(pair) for pair in given["frozen"])
    given["exports"] = tuple((Export(one), Found(found)) for one, found in given["exports"])
    given["lines"] = tuple(
        Result(LINES[id_], Found(found), *times) for id_, _, _, found, *times in given["lines"]
    )
    return Verdict(**given)
