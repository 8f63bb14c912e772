"""An inspector's workbook (온도기록·점검) of one lot: what is known, section by section.

A blank stays a blank: where nothing was recorded stands 기록 없음. Air temperatures; nothing here
judges anybody. Times are Korea's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from science.kinetics import MKT
from science.timeline import Stretch
from server.coldchain import cells, saying
from server.coldchain.exchange import telling
from server.coldchain.export.table import Cell, Rows
from server.coldchain.export.words import JUDGES, SAMPLES
from server.coldchain.models import Excursion, Room
from server.coldchain.published import SENTENCES, Said
from server.coldchain.read import Whole
from server.coldchain.rules import Judge, Kind, RoomKind, SampleState
from server.coldchain.words import EVENTS as KINDS
from server.coldchain.words import ROOMS

NONE: Final = "기록 없음"
KOREA: Final = timezone(timedelta(hours=9))
NOTE: Final = "구간별 온도 기록서 – 공기 온도 기준, 법적 책임 판단 아님"
MINUTE_MS: Final = 60_000

Sheets = Mapping[str, tuple[Sequence[str], Rows]]

LOT: Final = ("항목", "내용")
AIR: Final = (
    *("구간", "보유", "시작", "종료", "최저(℃)", "최고(℃)", "평균(℃)"),
    *(f"{SENTENCES[Said.MKT].ko}({MKT.name})", "기록 없는 시간(분)"),
)
FOUND: Final = ("시각", "구분", "점수", "만점", "얼음 충분(사진)", "결과", "검사 기관")
EXCURSIONS: Final = (
    *("기준", "시작", "종료", "최고(℃)", "확인(분)", "가능(분)", "기록 없음(분)"),
    *("확인한 시각", "조치한 시각", "처분한 시각", "서명한 시각"),
)
EVENTS: Final = ("시각", "입력 시각", "일", "기관", "중량(kg)", "상자", "정정")


def sheets(whole: Whole, now_ms: int) -> Sheets:
    """The sheets of one lot's workbook."""
    return {
        "로트": (LOT, list(_lot(whole))),
        "온도기록": (AIR, list(_air(whole, now_ms))),
        "점검": (FOUND, list(_found(whole))),
        "온도 이탈": (EXCURSIONS, list(_excursions(whole.facts.ref))),
        "이력": (EVENTS, list(_events(whole))),
    }


def _lot(whole: Whole) -> Iterator[Sequence[Cell]]:
    facts = whole.facts
    yield "로트 번호", facts.code
    yield "이력번호", facts.trace_no or NONE
    yield "상품 번호(GTIN)", facts.gtin or NONE
    yield "어종", facts.trade
    yield "학명", ", ".join(facts.species)
    yield "원산지", facts.origin or NONE
    yield "어획 해역", facts.area or NONE
    yield "어획 시각", _time(facts.catch_ms)
    yield "중량(kg)", facts.grams / 1000
    yield "상자", facts.boxes
    yield "만든 기관", whole.maker.name
    yield "보유 기관", whole.holder.name if whole.holder else "비회원"
    yield "알림", NOTE
    yield SENTENCES[Said.MKT].ko, saying.mean_kinetic_rule().ko


def _air(whole: Whole, now_ms: int) -> Iterator[Sequence[Cell]]:
    assets = dict(
        Room.objects.filter(id__in=[one.room for one in whole.stays]).values_list("id", "asset")
    )
    for stay in whole.stays:
        window = (stay.from_ms, now_ms if stay.until_ms is None else stay.until_ms)
        if window[0] >= window[1]:
            continue
        exposure = cells.exposure(assets[stay.room], Stretch(*window))
        one = telling.sensed(exposure, window, "")
        yield (
            ROOMS[RoomKind(stay.kind)].ko,
            stay.by.name,
            _time(stay.from_ms),
            _time(stay.until_ms),
            _degrees(one.min_milli),
            _degrees(one.max_milli),
            _degrees(one.mean_milli),
            saying.mean_kinetic(exposure).ko,
            _minutes(one.unknown_ms),
        )


def _found(whole: Whole) -> Iterator[Sequence[Cell]]:
    for one in whole.found:
        seen = "있음" if one.ice_seen else ""
        score = (one.score, one.out_of) if one.side else (None, None)
        kind = JUDGES[Judge(one.side)] if one.side else "수거검사"
        state = SAMPLES[SampleState(one.state)] if one.state else ""
        yield _time(one.at_ms), kind, *score, seen, state, one.laboratory


def _excursions(lot: str) -> Iterator[Sequence[Cell]]:
    for row in Excursion.objects.filter(lots__ref=lot).order_by("from_ms", "id"):
        times = (row.acknowledged_ms, row.acted_ms, row.disposed_ms, row.signed_ms)
        yield (
            row.limit,
            _time(row.from_ms),
            _time(row.until_ms),
            row.peak_milli / 1000,
            _minutes(row.confirmed),
            _minutes(row.possible),
            _minutes(row.unknown),
            *(_time(one) for one in times),
        )


def _events(whole: Whole) -> Iterator[Sequence[Cell]]:
    for one in whole.history:
        mended = "되돌림" if one.undone else "정정됨" if one.corrected else ""
        mended = "원 로트에서 정정" if one.at_parent else mended
        weight = one.grams / 1000 if one.grams else None
        yield (
            _time(one.at_ms),
            _time(one.noted_ms),
            KINDS[Kind(one.kind)].ko,
            one.by.name,
            weight,
            one.boxes or None,
            mended,
        )


def _time(at_ms: int | None) -> str:
    if at_ms is None:
        return NONE
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    return f"{at.astimezone(KOREA):%Y-%m-%d %H:%M}"


def _degrees(milli: int | None) -> Cell:
    return NONE if milli is None else milli / 1000


def _minutes(ms: int) -> int:
    """Whole minutes; begun ones of what was not recorded count."""
    return -(-ms // MINUTE_MS)
