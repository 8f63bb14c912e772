"""Words of the inspector's workbook, which is Korean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from server.coldchain.rules import Judge, Kind, RoomKind, SampleState

EVENTS: Final[Mapping[Kind, str]] = {
    Kind.LANDED: "양륙",
    Kind.PASSED_IN: "유찰",
    Kind.AWARDED: "낙찰",
    Kind.SETTLED: "정산",
    Kind.SORTED: "선별",
    Kind.TRANSFORMED: "손질·가공",
    Kind.SPLIT: "소분",
    Kind.MERGED: "합침(혼합)",
    Kind.REWORKED: "재작업",
    Kind.WASTED: "폐기·부산물",
    Kind.PACKED: "팔레트 적재",
    Kind.UNPACKED: "팔레트 해체",
    Kind.LOADED: "상차",
    Kind.UNLOADED: "하차",
    Kind.OFFERED: "인수인계 제안",
    Kind.WITHDRAWN: "인수인계 취소",
    Kind.RECEIVED: "인수 확인",
    Kind.REFUSED: "인수 거부",
    Kind.LEFT: "수령 미확인",
    Kind.ON_SALE: "판매 시작",
    Kind.SOLD: "판매",
    Kind.SOLD_OUT: "품절",
    Kind.SCRAPPED: "폐기",
    Kind.PURCHASED: "소비자 구매 표시",
    Kind.PROBLEM: "소비자 문제 신고",
    Kind.BOUND: "라벨 연결",
    Kind.INSPECTED: "검수",
    Kind.SAMPLED: "수거검사",
    Kind.RESULT: "검사 결과",
    Kind.HELD: "판매 중지",
    Kind.RELEASED: "판매 중지 해제",
    Kind.RECALL_OPENED: "회수 개시",
    Kind.CORRECTED: "정정",
    Kind.DECLARED: "오류 신고",
    Kind.UNDONE: "되돌림",
}
"""What happens to lots."""
ROOMS: Final[Mapping[RoomKind, str]] = {
    RoomKind.TRUCK: "차량",
    RoomKind.COLD_ROOM: "냉장고",
    RoomKind.WORK_ROOM: "작업장",
    RoomKind.DISPLAY: "진열대",
    RoomKind.FLOOR: "위판장 바닥",
}
JUDGES: Final[Mapping[Judge, str]] = {
    Judge.SELLER: "검수(판매자)",
    Judge.BUYER: "검수(구매자)",
    Judge.INDEPENDENT: "점검(독립)",
}
SAMPLES: Final[Mapping[SampleState, str]] = {
    SampleState.TAKEN: "수거함",
    SampleState.PASSED: "적합",
    SampleState.FAILED: "부적합",
}
