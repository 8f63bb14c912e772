"""Where a lot came along: stages with coarse regions and whole hours, and a small map of them.

No partner, no address, no track: a stage is its kind, the region that everybody may know, and the
hours. The map is a sketch of the country with a dot for each province, in order. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from html import escape
from typing import Final

from protocol.registry import Text
from server.coldchain.rules import PlaceKind, RoomKind
from server.web.shown import KOREA

HOUR_MS: Final = 3_600_000
MOST_LEGS: Final = 14


NOWHERE: Final = Text("", "")


class Stage(StrEnum):
    """What happens to a lot somewhere; a picture and a word each."""

    CAUGHT = "caught"
    LANDED = "landed"
    MARKET = "market"
    WORKED = "worked"
    STORED = "stored"
    CARRIED = "carried"
    SHOWN = "shown"


STAGES: Final = {
    Stage.CAUGHT: Text("caught", "어획"),
    Stage.LANDED: Text("landing", "양륙"),
    Stage.MARKET: Text("landing market", "위판장"),
    Stage.WORKED: Text("processing room", "가공장 작업실"),
    Stage.STORED: Text("cold room", "냉장 보관"),
    Stage.CARRIED: Text("refrigerated truck", "냉장차 운송"),
    Stage.SHOWN: Text("shop", "매장"),
}


@dataclass(frozen=True, slots=True)
class Leg:
    """One stage. region: "" where it moves or nobody said; until_ms None: still there."""

    stage: Stage
    from_ms: int
    until_ms: int | None
    region: Text = NOWHERE


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

    Of very many the first and the last remain: what lies between is not hidden but not drawn.
    """
    found: list[Leg] = []
    for leg in sorted(legs, key=lambda one: (one.from_ms, one.until_ms or leg_end())):
        last = found[-1] if found else None
        if last and _same(last, leg):
            found[-1] = replace(last, until_ms=_later(last.until_ms, leg.until_ms))
        else:
            found.append(leg)
    if len(found) > MOST_LEGS:
        found = found[: MOST_LEGS // 2] + found[-MOST_LEGS // 2 :]
    return tuple(found)


def leg_end() -> int:
    """Later than any time."""
    return 1 << 53


def _same(one: Leg, other: Leg) -> bool:
    near = one.until_ms is None or other.from_ms <= one.until_ms + HOUR_MS
    return (one.stage, one.region) == (other.stage, other.region) and near


def _later(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)


def hours(leg: Leg, language: str) -> str:
    """The hours of a leg in Korea: the day once, and no minute."""
    start = _at(leg.from_ms)
    if leg.until_ms is not None and leg.until_ms == leg.from_ms:
        return hour(leg.from_ms, language)
    if leg.until_ms is None:
        word = "현재까지" if language == "ko" else "until now"
        return f"{hour(leg.from_ms, language)} – {word}"
    end = _at(leg.until_ms)
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
