"""What the cold chain says for each word of its closed lists, in English and Korean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.registry import Text
from server.coldchain.rules import Kind, Reason, RoomKind

REASONS: Mapping[Reason, Text] = {
    Reason.NOT_FOUND: Text("There is no such page.", "없는 페이지입니다."),
    Reason.ROLE: Text(
        "Your role does not include this. Ask an administrator of your organisation.",
        "현재 역할로는 할 수 없습니다. 소속 기관의 관리자에게 문의하세요.",
    ),
    Reason.BAD_INPUT: Text(
        "Something is missing or misspelt. Go back, correct it, and send it again.",
        "빠졌거나 잘못된 값이 있습니다. 돌아가 고친 뒤 다시 보내세요.",
    ),
    Reason.TAKEN: Text("This is there already.", "이미 있습니다."),
    Reason.KEY_REUSED: Text(
        "This request was used for something else. Load the page again and repeat.",
        "다른 작업에 쓰인 요청입니다. 새로고침한 뒤 다시 하세요.",
    ),
    Reason.FUTURE: Text(
        "This time is in the future. Check the clock of your device.",
        "미래의 시각입니다. 기기의 시계를 확인하세요.",
    ),
    Reason.TOO_OLD: Text(
        "This is more than 60 days ago. It can no longer be entered.",
        "60일이 지난 일입니다. 더 이상 입력할 수 없습니다.",
    ),
    Reason.BEFORE_IT_WAS: Text(
        "The lot did not exist at that time. Correct the time.",
        "그 시각에는 없던 로트입니다. 시각을 고치세요.",
    ),
    Reason.NOT_HOLDER: Text(
        "Your organisation does not hold this lot. Accept it first.",
        "우리 기관이 가지고 있지 않은 로트입니다. 먼저 인수하세요.",
    ),
    Reason.NOT_YOURS_TO_DO: Text(
        "An organisation of another kind does this. Ask it to.",
        "다른 종류의 기관이 하는 일입니다. 그 기관에 요청하세요.",
    ),
    Reason.NOT_YOUR_TRUCK: Text(
        "Another organisation runs this truck, and it alone loads it. Propose the custody transfer"
        " with it as the carrier (or the taker); its driver then finds the lots on the list.",
        "다른 기관이 운행하는 차량이며 그 기관만 상차할 수 있습니다. 그 기관을 운반하는 쪽(또는"
        " 받는 쪽)으로 정해 인수인계를 제안하세요. 그러면 운전자의 목록에 로트가 나타납니다.",
    ),
    Reason.WRONG_STATE: Text(
        "The lot is not in a state for this. Load the page again and see where it stands.",
        "지금 상태에서는 할 수 없습니다. 새로고침해 현재 상태를 확인하세요.",
    ),
    Reason.USED_UP: Text(
        "There is less left of the lot than this. Enter what is there.",
        "남은 수량보다 많습니다. 실제 수량을 입력하세요.",
    ),
    Reason.TOO_MANY_PARTS: Text(
        "These are too many lots at once. Do it in several steps.",
        "한 번에 처리할 수 있는 로트 수를 넘었습니다. 나누어 하세요.",
    ),
    Reason.HEAVIER: Text(
        "More comes out than went in. Weigh again and correct the numbers.",
        "나온 무게가 들어간 무게보다 무겁습니다. 다시 재고 고치세요.",
    ),
    Reason.MORE_WAS_TAKEN: Text(
        "More than that was taken of this lot already. Weigh again; if the lots that came of it are"
        " wrong, declare the error.",
        "이미 그보다 많이 나간 로트입니다. 다시 재고, 나간 로트가 틀렸으면 오류를 신고하세요.",
    ),
    Reason.ELSEWHERE: Text(
        "The lot is recorded in another place. Unload it there first.",
        "다른 곳에 있는 것으로 기록된 로트입니다. 그곳에서 먼저 하차하세요.",
    ),
    Reason.NOT_THERE: Text(
        "The lot is not recorded in this place. Look where it is.",
        "이곳에 있는 것으로 기록되지 않은 로트입니다. 위치를 확인하세요.",
    ),
    Reason.UNLOADED_ALREADY: Text(
        "The lot was unloaded already. Nothing more is needed.",
        "이미 하차한 로트입니다. 더 할 일이 없습니다.",
    ),
    Reason.OFFERED_ALREADY: Text(
        "This quantity is being handed over already. Wait for the answer or withdraw it.",
        "이미 인계 중인 수량입니다. 답을 기다리거나 취소하세요.",
    ),
    Reason.EXCURSION_OPEN: Text(
        "The lot has an open temperature excursion. Accept it with a reason, or refuse it.",
        "온도 이탈이 처리되지 않은 로트입니다. 이유를 적어 인수하거나 거부하세요.",
    ),
    Reason.PHOTO_MISSING: Text(
        "A refusal needs a photo. Take one and send it again.",
        "거부하려면 사진이 필요합니다. 사진을 찍어 다시 보내세요.",
    ),
    Reason.WHY_MISSING: Text(
        "This needs a reason. Write one and send it again.",
        "이유가 필요합니다. 이유를 적어 다시 보내세요.",
    ),
    Reason.LABEL_UNKNOWN: Text(
        "This label is not one of ours. Check the code.",
        "등록되지 않은 라벨입니다. 코드를 확인하세요.",
    ),
    Reason.LABEL_BOUND: Text(
        "This label belongs to a lot already. Take a new one.",
        "이미 로트에 연결된 라벨입니다. 새 라벨을 쓰세요.",
    ),
    Reason.LABEL_VOID: Text(
        "This label is void. Take a new one.", "무효가 된 라벨입니다. 새 라벨을 쓰세요."
    ),
    Reason.GTIN: Text(
        "The check digit of this product number (GTIN) is wrong. Type it again.",
        "상품 번호(GTIN)의 검사 숫자가 맞지 않습니다. 다시 입력하세요.",
    ),
    Reason.HELD: Text(
        "Sales of this lot are on hold. Keep it apart until it is released.",
        "판매 중지된 로트입니다. 해제될 때까지 따로 보관하세요.",
    ),
    Reason.RECALLED: Text(
        "This lot is recalled. Keep it apart and follow the recall.",
        "회수 중인 로트입니다. 따로 보관하고 회수 안내를 따르세요.",
    ),
    Reason.SETTLED: Text(
        "The lot is settled. Declare the error instead; the numbers stay.",
        "정산이 끝난 로트입니다. 수치는 그대로 두고 오류를 신고하세요.",
    ),
    Reason.NOT_UNDOABLE: Text(
        "This cannot be undone. Enter a correction instead.",
        "되돌릴 수 없는 작업입니다. 정정을 입력하세요.",
    ),
    Reason.UNDO_LATE: Text(
        "Something has happened since, or too much time has passed. Enter a correction instead.",
        "시간이 지났거나 다음 작업이 있었습니다. 정정을 입력하세요.",
    ),
    Reason.NOTHING_TOUCHED: Text(
        "No lot is concerned. Check truck, place and time.",
        "해당하는 로트가 없습니다. 차량, 장소, 시각을 확인하세요.",
    ),
    Reason.HOLDERS_OPEN: Text(
        "A holder has neither acknowledged nor been listed as unreached. Settle that first.",
        "확인하지도 연락 안 됨으로 표시되지도 않은 보유자가 있습니다. 먼저 처리하세요.",
    ),
    Reason.QUANTITIES_OPEN: Text(
        "Recovered, destroyed and gone do not add up to what was handed out. Complete the numbers.",
        "회수·폐기·소진의 합이 나간 수량과 다릅니다. 수량을 채우세요.",
    ),
    Reason.PERSON_NEEDED: Text(
        "This needs a person's signature. Sign in on your own device.",
        "사람의 서명이 필요합니다. 본인 기기에서 로그인하세요.",
    ),
    Reason.SCORE_EXCEEDS: Text(
        "The score is higher than the scale allows. Correct it.",
        "점수가 최고점보다 높습니다. 고치세요.",
    ),
    Reason.CYCLE: Text(
        "A lot cannot come from itself. Choose another one.",
        "로트는 자기 자신에서 나올 수 없습니다. 다른 로트를 고르세요.",
    ),
}
STATUSES: Final[Mapping[Reason, int]] = {
    **dict.fromkeys((Reason.LABEL_UNKNOWN,), 404),
    **dict.fromkeys(
        (
            *(Reason.KEY_REUSED, Reason.WRONG_STATE, Reason.USED_UP, Reason.MORE_WAS_TAKEN),
            *(Reason.ELSEWHERE, Reason.NOT_THERE, Reason.UNLOADED_ALREADY),
            *(Reason.OFFERED_ALREADY, Reason.EXCURSION_OPEN, Reason.LABEL_BOUND),
            *(Reason.LABEL_VOID, Reason.HELD, Reason.RECALLED, Reason.SETTLED),
            *(Reason.NOT_UNDOABLE, Reason.UNDO_LATE, Reason.HOLDERS_OPEN, Reason.QUANTITIES_OPEN),
        ),
        409,
    ),
    **dict.fromkeys(
        (
            *(Reason.FUTURE, Reason.TOO_OLD, Reason.BEFORE_IT_WAS, Reason.TOO_MANY_PARTS),
            *(Reason.HEAVIER, Reason.PHOTO_MISSING, Reason.WHY_MISSING, Reason.GTIN),
            *(Reason.NOTHING_TOUCHED, Reason.SCORE_EXCEEDS, Reason.CYCLE),
        ),
        422,
    ),
}
"""HTTP status of a reason: 422 what was sent is wrong by itself, 409 how things stand forbids it.
What is not here is about rights (403), or is said of every room (server/accounts/refusals.py)."""
EVENTS: Final[Mapping[Kind, Text]] = {
    Kind.PARTY_TOLD: Text("organisation described", "기관 정보 입력"),
    Kind.PLACE_ADDED: Text("place added", "장소 추가"),
    Kind.ROOM_ADDED: Text("room added", "방 추가"),
    Kind.LANDED: Text("landing", "양륙"),
    Kind.PASSED_IN: Text("no bid", "유찰"),
    Kind.AWARDED: Text("winning bid", "낙찰"),
    Kind.SETTLED: Text("settled", "정산"),
    Kind.SORTED: Text("sorting", "선별"),
    Kind.TRANSFORMED: Text("processing", "손질·가공"),
    Kind.SPLIT: Text("split", "소분"),
    Kind.MERGED: Text("merge", "합침(혼합)"),
    Kind.REWORKED: Text("rework", "재작업"),
    Kind.WASTED: Text("waste", "폐기·부산물"),
    Kind.PACKED: Text("put on a pallet", "팔레트 적재"),
    Kind.UNPACKED: Text("taken off a pallet", "팔레트 해체"),
    Kind.LOADED: Text("loading", "상차"),
    Kind.UNLOADED: Text("unloading", "하차"),
    Kind.OFFERED: Text("custody transfer proposed", "인수인계 제안"),
    Kind.WITHDRAWN: Text("custody transfer withdrawn", "인수인계 취소"),
    Kind.RECEIVED: Text("acceptance", "인수 확인"),
    Kind.REFUSED: Text("refusal", "인수 거부"),
    Kind.LEFT: Text("left, receipt not confirmed", "두고 옴, 수령 미확인"),
    Kind.ON_SALE: Text("on sale", "판매 시작"),
    Kind.SOLD: Text("sold", "판매"),
    Kind.SOLD_OUT: Text("sold out", "품절"),
    Kind.SCRAPPED: Text("destroyed", "폐기"),
    Kind.PURCHASED: Text("bought by a shopper", "소비자 구매 표시"),
    Kind.PROBLEM: Text("problem reported by a shopper", "소비자 문제 신고"),
    Kind.DISPUTED: Text("the fisher says otherwise", "어업인 이의"),
    Kind.REPORT_CLOSED: Text("report dealt with", "신고 처리"),
    Kind.ROLL_MADE: Text("label roll made", "라벨 롤 준비"),
    Kind.BOUND: Text("label bound", "라벨 연결"),
    Kind.INSPECTED: Text("receiving inspection", "검수"),
    Kind.SAMPLED: Text("sample taken", "수거검사"),
    Kind.RESULT: Text("laboratory's result", "검사 결과"),
    Kind.HELD: Text("sales hold", "판매 중지"),
    Kind.RELEASED: Text("sales hold released", "판매 중지 해제"),
    Kind.RECALL_OPENED: Text("recall opened", "회수 개시"),
    Kind.RECALL_NOTIFIED: Text("recall: holders told", "회수 통지"),
    Kind.RECALL_ANSWERED: Text("recall: answered", "회수 답변"),
    Kind.RECALL_COUNTED: Text("recall: quantity entered", "회수 수량 입력"),
    Kind.RECALL_CLOSED: Text("recall closed", "회수 종료"),
    Kind.CORRECTED: Text("corrected", "정정"),
    Kind.DECLARED: Text("error declared", "오류 신고"),
    Kind.UNDONE: Text("undone", "되돌림"),
}
"""What happened."""
ROOMS: Final[Mapping[RoomKind, Text]] = {
    RoomKind.TRUCK: Text("truck", "차량"),
    RoomKind.COLD_ROOM: Text("cold room", "냉장고"),
    RoomKind.WORK_ROOM: Text("work room", "작업장"),
    RoomKind.DISPLAY: Text("display case", "진열대"),
    RoomKind.FLOOR: Text("floor of the landing market", "위판장 바닥"),
}
"""What lots can be in."""
