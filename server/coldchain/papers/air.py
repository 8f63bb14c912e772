"""What a paper says of the air of one truck or room in a window: numbers, a curve, limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from science import limits
from science.histogram import Exposure
from science.kinetics import MKT
from science.limits import Class, Found, Line, Result
from science.species import Kept
from science.timeline import Stretch
from server.coldchain import cells, saying
from server.coldchain.exchange import telling
from server.coldchain.models import Lot
from server.coldchain.papers.sheet import Curve, degrees, minutes
from server.coldchain.published import SENTENCES, Said
from server.coldchain.shopper import readings
from server.coldchain.shopper.band import draw

CLASSES = {Class.LAW: "법령·고시", Class.GUIDE: "가이드", Class.OWN: "자체 기준"}
FOUND = {
    Found.MET: "기록된 시간 중 벗어남 없음",
    Found.POSSIBLE: "오차 범위 안에서 벗어났을 수 있음",
    Found.BROKEN: "온도 이탈",
    Found.UNKNOWN: "판단 불가(기록 없음)",
}
COLUMNS = 180
KINETIC = f"{SENTENCES[Said.MKT].ko}({MKT.name})"
CURVE_NOTE = "빗금: 기록 없음. 그 구간은 잇거나 채우지 않습니다. 점선: 기준."


@dataclass(frozen=True, slots=True)
class Air:
    """Air of one place in one window: least, most and means as they are printed, and the rest."""

    least: str
    most: str
    mean: str
    kinetic: str
    unknown: str
    exposure: Exposure


def of(asset: int, window: Stretch) -> Air:
    """The air of an asset in a window that is not empty."""
    exposure = cells.exposure(asset, window)
    one = telling.sensed(exposure, (window.from_ms, window.until_ms), "")
    return Air(
        least=degrees(one.min_milli),
        most=degrees(one.max_milli),
        mean=degrees(one.mean_milli),
        kinetic=saying.mean_kinetic(exposure).ko,
        unknown=minutes(one.unknown_ms),
        exposure=exposure,
    )


def lines(lots: Iterable[Lot], at_ms: int) -> tuple[Line, ...]:
    """The limits that these lots show, each once."""
    kept = sorted({Kept(one.kept) for one in lots})
    return tuple(dict.fromkeys(line for one in kept for line in limits.lines(one, at_ms)))


def judged(shown: Sequence[Line], exposure: Exposure) -> list[Sequence[str]]:
    """A row for each limit, with confirmed, possible and unknown minutes apart."""
    return [_row(limits.judge(line, exposure)) for line in shown]


def _row(one: Result) -> Sequence[str]:
    times = (one.confirmed_ms, one.possible_ms, one.excused_ms, one.unknown_ms)
    return (one.line.name.ko, CLASSES[one.line.kind], FOUND[one.found], *map(minutes, times))


def curve(title: str, asset: int, window: Stretch, shown: Sequence[Line]) -> Curve:
    """The curve of a window; where nothing was recorded it has a gap."""
    band = draw(readings.of([(asset, window)]), window, COLUMNS)
    return Curve(title, band, shown, CURVE_NOTE)
