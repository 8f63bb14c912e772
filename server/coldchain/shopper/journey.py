"""Where a lot came along: stages with coarse regions and whole hours, and a small map of them.

No partner, no address, no track: a stage is its kind, the region that everybody may know, and the
hours; beside it the air from there to the next stage. A deed (a sale, a sorting) is a stage of a
moment. The map is a sketch of the country with a dot for each province, in order. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from html import escape
from itertools import pairwise, starmap
from typing import Final

from protocol.registry import Text
from science.timeline import Stretch
from server.coldchain.rules import PlaceKind, RoomKind
from server.web.shown import KOREA

HOUR_MS: Final = 3_600_000
MOST_LEGS: Final = 24


NOWHERE: Final = Text("", "")


class Stage(StrEnum):
    """What happens to a lot somewhere; a picture and a word each. In the order of a chain."""

    CAUGHT = "caught"
    LANDED = "landed"
    SORTED = "sorted"
    SOLD_AT_MARKET = "sold-at-market"
    ACCEPTED = "accepted"
    MARKET = "market"
    STORED = "stored"
    WORKED = "worked"
    GUTTED = "gutted"
    FILLETED = "filleted"
    CUT = "cut"
    SALTED = "salted"
    PACKED = "packed"
    SPLIT = "split"
    MERGED = "merged"
    REWORKED = "reworked"
    CARRIED = "carried"
    MOVED = "moved"
    """From one truck into another."""
    SHOWN = "shown"
    ON_SALE = "on-sale"
    MORE = "more"
    """Stages of a long way that are not shown one by one."""


STAGES: Final = {
    Stage.CAUGHT: Text("caught", "어획"),
    Stage.LANDED: Text("landing", "양륙"),
    Stage.SORTED: Text("sorting", "선별"),
    Stage.SOLD_AT_MARKET: Text("auction: winning bid", "경매 · 낙찰"),
    Stage.ACCEPTED: Text("acceptance", "인수 확인"),
    Stage.MARKET: Text("landing market", "위판장"),
    Stage.STORED: Text("cold room", "냉장 보관"),
    Stage.WORKED: Text("processing room", "가공장 작업실"),
    Stage.GUTTED: Text("gutting", "손질(내장 제거)"),
    Stage.FILLETED: Text("filleting", "포 뜨기"),
    Stage.CUT: Text("cut into pieces", "토막"),
    Stage.SALTED: Text("salting", "염장"),
    Stage.PACKED: Text("packing", "포장"),
    Stage.SPLIT: Text("split", "소분"),
    Stage.MERGED: Text("merge", "합침(혼합)"),
    Stage.REWORKED: Text("rework", "재작업"),
    Stage.CARRIED: Text("refrigerated truck", "냉장차 운송"),
    Stage.MOVED: Text("transshipment, another refrigerated truck", "환적 · 다른 냉장차"),
    Stage.SHOWN: Text("shop", "매장"),
    Stage.ON_SALE: Text("put on sale", "판매 시작"),
    Stage.MORE: Text("further stages, not listed", "그 밖의 단계(줄임)"),
}
OF_MANY: Final = frozenset({Stage.LANDED, Stage.SORTED, Stage.SOLD_AT_MARKET})
"""Deeds of a night at a market, of which a mixed lot has many: those within an hour are one."""
ORDER: Final = {stage: place for place, stage in enumerate(Stage)}


@dataclass(frozen=True, slots=True)
class Air:
    """The time from one stage to the next: lowest and highest of what was recorded, milli_celsius,
    None: nothing was; and how long nothing was."""

    low: int | None
    high: int | None
    unknown_ms: int


@dataclass(frozen=True, slots=True)
class Leg:
    """One stage. region: "" where it moves or nobody said; until_ms None: still there.

    truck: tells one truck from another and is shown to nobody. air: until the next stage; None:
    nobody has judged that time yet, or it is none.
    """

    stage: Stage
    from_ms: int
    until_ms: int | None
    region: Text = NOWHERE
    truck: int = 0
    air: Air | None = None


def stage_of(room: RoomKind, place: PlaceKind | None) -> Stage:
    """What a stay in such a room is."""
    if room is RoomKind.TRUCK:
        return Stage.CARRIED
    if room is RoomKind.DISPLAY or place is PlaceKind.SHOP:
        return Stage.SHOWN
    if place is PlaceKind.MARKET or room is RoomKind.FLOOR:
        return Stage.MARKET
    return Stage.WORKED if room is RoomKind.WORK_ROOM else Stage.STORED


def joined(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """In order of time, one leg for what is one stage in one region within an hour or overlapping.

    A truck that was left and loaded again is two, and so are two trucks; a deed is one where it is
    of one moment. Of very many the first and the last remain, and one between them says so.
    """
    found: list[Leg] = []
    last: dict[tuple[Stage, Text, int], int] = {}
    for leg in sorted(legs, key=_order):
        kind = (leg.stage, leg.region, leg.truck)
        at = last.get(kind)
        if at is not None and _near(found[at], leg):
            found[at] = replace(found[at], until_ms=_later(found[at].until_ms, leg.until_ms))
        else:
            last[kind] = len(found)
            found.append(leg)
    told = [found[0], *starmap(_moved, pairwise(found))] if found else []
    return tuple(told if len(told) <= MOST_LEGS else _shortened(told))


def _moved(before: Leg, leg: Leg) -> Leg:
    """The truck that goods came into from another one, at once."""
    trucks = before.truck and leg.truck and before.truck != leg.truck
    return replace(leg, stage=Stage.MOVED) if trucks and before.until_ms == leg.from_ms else leg


def _shortened(legs: Sequence[Leg]) -> list[Leg]:
    half = MOST_LEGS // 2
    first, last = legs[: half - 1], legs[-half:]
    return [*first, Leg(Stage.MORE, legs[half - 1].from_ms, last[0].from_ms), *last]


def between(legs: Sequence[Leg], end_ms: int) -> Iterator[Stretch]:
    """From each stage to the next, and from the last one to the end; empty where that is no time.

    Both ends in order: what is judged until an hour says nothing of later ones.
    """
    edges = [min(leg.from_ms, end_ms) for leg in legs]
    for from_ms, until_ms in pairwise([*edges, end_ms]):
        yield Stretch(from_ms, until_ms)


def leg_end() -> int:
    """Later than any time."""
    return 1 << 53


def _order(leg: Leg) -> tuple[int, int, int]:
    end_ms = leg_end() if leg.until_ms is None else leg.until_ms
    return leg.from_ms, end_ms if end_ms == leg.from_ms else leg_end(), ORDER[leg.stage]


def _near(one: Leg, other: Leg) -> bool:
    if one.until_ms is None:
        return True
    is_deed = other.until_ms == other.from_ms and other.stage not in OF_MANY
    return other.from_ms <= one.until_ms + (0 if other.truck or is_deed else HOUR_MS)


def _later(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)


def hours(leg: Leg, language: str) -> str:
    """The hours of a leg in Korea: the day once, and no minute."""
    start = _at(leg.from_ms)
    if leg.until_ms is None:
        word = "현재까지" if language == "ko" else "until now"
        return f"{hour(leg.from_ms, language)} – {word}"
    end = _at(leg.until_ms)
    if (start.date(), start.hour) == (end.date(), end.hour):
        return hour(leg.from_ms, language)
    if start.date() != end.date():
        return f"{hour(leg.from_ms, language)} – {hour(leg.until_ms, language)}"
    if language == "ko":
        return f"{start:%-m}월 {start:%-d}일 {start:%-H}시–{end:%-H}시"
    return f"{start:%-d %b}, {start:%H}–{end:%H} h"


def hour(at_ms: int, language: str) -> str:
    """One moment, to the hour."""
    when = _at(at_ms)
    if language == "ko":
        return f"{when:%-m}월 {when:%-d}일 {when:%-H}시"
    return f"{when:%-d %b}, {when:%H} h"


def _at(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, KOREA)


# The map. Degrees east and north of the coast and of the middle of each province, rough on purpose.

COAST: Final = (
    (126.6, 37.75), (127.1, 38.25), (128.35, 38.6), (128.9, 37.8), (129.35, 37.2), (129.45, 36.6),
    (129.4, 36.05), (129.57, 36.05), (129.4, 35.5), (129.2, 35.15), (128.9, 35.05), (128.6, 34.85),
    (128.0, 34.9), (127.7, 34.6), (127.3, 34.45), (126.7, 34.33), (126.3, 34.55), (126.4, 35.1),
    (126.6, 35.6), (126.55, 36.05), (126.5, 36.4), (126.15, 36.75), (126.75, 36.95), (126.6, 37.35),
)  # fmt: skip
JEJU: Final = (126.55, 33.4)
PROVINCES: Final = {
    "서울": (127.0, 37.55), "인천": (126.65, 37.48), "경기": (127.35, 37.25),
    "강원": (128.3, 37.75), "충북": (127.75, 36.85), "충남": (126.85, 36.55),
    "세종": (127.25, 36.6), "대전": (127.4, 36.35), "전북": (127.15, 35.75),
    "전남": (126.95, 34.95), "광주": (126.85, 35.15), "경북": (128.75, 36.4),
    "대구": (128.6, 35.87), "경남": (128.25, 35.3), "울산": (129.25, 35.55),
    "부산": (129.05, 35.15), "제주": JEJU,
}  # fmt: skip
MAP_WIDTH, MAP_HEIGHT = 150, 196


def provinces(legs: Iterable[Leg]) -> list[str]:
    """The provinces of a journey, in order, each change once; what is not one of ours is left."""
    found: list[str] = []
    for leg in legs:
        name = leg.region.ko.split(" ")[0][:2]
        if name in PROVINCES and (not found or found[-1] != name):
            found.append(name)
    return found


def sketch(legs: Sequence[Leg], title: str, names: dict[str, str]) -> str:
    """The map; "" where no leg lies in a province. `names`: how a province is written, by its own
    name."""
    way = provinces(legs)
    if not way:
        return ""
    coast = "M" + "L".join("{} {}".format(*_on_map(*point)) for point in COAST) + "Z"
    points = [_on_map(*PROVINCES[name]) for name in way]
    line = "M" + "L".join(f"{x} {y}" for x, y in points)
    dots = "".join(
        _dot(number, point, names.get(name, name), last=number == len(way))
        for number, (name, point) in enumerate(zip(way, points, strict=True), 1)
    )
    island = "{} {}".format(*_on_map(*JEJU))
    return (
        f'<svg class="map" viewBox="0 0 {MAP_WIDTH} {MAP_HEIGHT}" role="img" aria-labelledby="mt">'
        f'<title id="mt">{escape(title)}</title><path class="land" d="{coast}"/>'
        f'<path class="isle" d="M{island}h.1"/><path class="way" d="{line}"/>{dots}</svg>'
    )


def _dot(number: int, point: tuple[float, float], name: str, *, last: bool) -> str:
    x, y = point
    shape = f'<circle cx="{x}" cy="{y}" r="9"/>'
    if last:
        shape = f'<path d="M{x - 9} {y - 9}h18v18h-18z"/>'
    side, anchor = (x - 13, "end") if x > MAP_WIDTH / 2 else (x + 13, "start")
    words = f'<text x="{side}" y="{y + 5}" text-anchor="{anchor}">{escape(name)}</text>'
    return f'<g class="dot">{shape}<text class="n" x="{x}" y="{y + 5}">{number}</text>{words}</g>'


def _on_map(east: float, north: float) -> tuple[float, float]:
    """A degree of longitude is four fifths of one of latitude here."""
    return round((east - 125.7) * 36, 1), round((38.7 - north) * 36 + 2, 1)
