"""What the work pages call the members of closed lists: a word, and for a state a shape and a tone.

No state is told by its colour alone: within a list no two shapes are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from protocol.registry import Text
from science.plausibility import Sign as Plausible
from science.species import Form, Ice, IceRatio, Kept
from server.coldchain.actions.reports import Outcome
from server.coldchain.excursions import Disposition, Measure
from server.coldchain.rules import (
    Basis,
    Custody,
    Gear,
    HolderState,
    Judge,
    PlaceKind,
    RecallState,
    RecallWhy,
    SampleState,
    Side,
    Source,
    Status,
)
from server.coldchain.signs import Look
from server.coldchain.work.sheet import Hint


class Sign(NamedTuple):
    """A state as people see it: a shape, a tone (a colour's name in the style sheet), a word."""

    shape: str
    tone: str
    word: Text
    note: Text | None = None


STATUSES: Final[Mapping[Status, Sign]] = {
    Status.LANDED: Sign("▽", "wait", Text("landed", "양륙됨"), Text("next: sorting", "다음: 선별")),
    Status.SORTED: Sign("◇", "wait", Text("sorted", "선별됨"), Text("next: auction", "다음: 경매")),
    Status.PASSED_IN: Sign(
        "△", "warn", Text("no bid", "유찰"), Text("may go to auction again", "재경매할 수 있음")
    ),
    Status.AWARDED: Sign(
        "◆",
        "wait",
        Text("winning bid", "낙찰"),
        Text("next: label and custody transfer", "다음: 라벨, 인수인계"),
    ),
    Status.PROCESSED: Sign(
        "◈", "wait", Text("processed", "가공됨"), Text("next: label", "다음: 라벨")
    ),
    Status.RECEIVED: Sign(
        "●", "good", Text("accepted", "인수됨"), Text("in our hands", "우리 기관이 보관 중")
    ),
    Status.ON_SALE: Sign("◎", "good", Text("on sale", "판매 중"), Text("on sale", "판매 중")),
    Status.SOLD: Sign("✓", "off", Text("sold", "판매됨"), Text("nothing to do", "할 일 없음")),
    Status.SOLD_OUT: Sign(
        "◻", "off", Text("sold out", "품절"), Text("nothing to do", "할 일 없음")
    ),
    Status.SCRAPPED: Sign(
        "✕", "off", Text("destroyed", "폐기됨"), Text("nothing to do", "할 일 없음")
    ),
    Status.VOID: Sign(
        "⊘", "off", Text("undone", "되돌림"), Text("its making was undone", "만든 작업을 되돌림")
    ),
}
SIDES: Final[Mapping[Side, Sign]] = {
    Side.FREE: Sign("○", "calm", Text("free", "제한 없음"), Text("free", "제한 없음")),
    Side.HELD: Sign(
        "■",
        "bad",
        Text("sales hold", "판매 중지"),
        Text("Keep it apart. Do not sell it.", "따로 보관하세요. 팔지 마세요."),
    ),
    Side.RECALLED: Sign(
        "◼",
        "bad",
        Text("recall", "회수"),
        Text("Keep it apart and follow the recall.", "따로 보관하고 회수 안내를 따르세요."),
    ),
}
CUSTODY: Final[Mapping[Custody, Sign]] = {
    Custody.PROPOSED: Sign("◐", "wait", Text("waiting for an answer", "답 대기")),
    Custody.ACCEPTED: Sign("●", "good", Text("acceptance", "인수 확인")),
    Custody.PART: Sign("◑", "warn", Text("accepted in part", "일부 인수")),
    Custody.REFUSED: Sign("✕", "bad", Text("refusal", "인수 거부")),
    Custody.ONE_SIDED: Sign("▽", "warn", Text("receipt not confirmed", "수령 미확인")),
    Custody.WITHDRAWN: Sign("⊘", "off", Text("withdrawn", "취소됨")),
}
HOLDERS: Final[Mapping[HolderState, Sign]] = {
    HolderState.LISTED: Sign("○", "calm", Text("not told yet", "통지 전")),
    HolderState.NOTIFIED: Sign("◐", "wait", Text("told, no answer", "통지함, 답 없음")),
    HolderState.ACKNOWLEDGED: Sign("●", "good", Text("acknowledged", "확인함")),
    HolderState.UNREACHED: Sign("▲", "bad", Text("unreached", "연락 안 됨")),
}
RECALLS: Final[Mapping[RecallState, Sign]] = {
    RecallState.OPENED: Sign("△", "warn", Text("recall opened", "회수 개시")),
    RecallState.NOTIFIED: Sign("◐", "wait", Text("holders told", "통지함")),
    RecallState.CLOSED: Sign("✓", "off", Text("closed", "종료")),
}
SAMPLES: Final[Mapping[SampleState, Sign]] = {
    SampleState.TAKEN: Sign("◐", "wait", Text("sample taken", "수거함")),
    SampleState.PASSED: Sign("●", "good", Text("passed", "적합")),
    SampleState.FAILED: Sign("✕", "bad", Text("failed", "부적합")),
}

HINTS: Final[Mapping[Hint, Text]] = {
    Hint.NEEDED: Text("This field is empty. Fill it in.", "비어 있습니다. 입력하세요."),
    Hint.WEIGHT: Text(
        "This is no weight. Type kilograms as a number, for example 12.5.",
        "무게가 아닙니다. 킬로그램을 숫자로 입력하세요. 예: 12.5",
    ),
    Hint.COUNT: Text(
        "This is no whole number. Type digits only.", "정수가 아닙니다. 숫자만 입력하세요."
    ),
    Hint.CHOICE: Text("Nothing is chosen. Choose one.", "선택하지 않았습니다. 하나를 고르세요."),
    Hint.TIME: Text(
        "This is no time. Choose day and hour.", "시각이 아닙니다. 날짜와 시각을 고르세요."
    ),
    Hint.PHOTO: Text(
        "The photo is missing or larger than 700 KB. Take it again, smaller.",
        "사진이 없거나 700KB보다 큽니다. 작게 다시 찍으세요.",
    ),
    Hint.SHEET: Text(
        "The file is missing or larger than 700 KB. Choose a smaller one.",
        "파일이 없거나 700KB보다 큽니다. 더 작은 파일을 고르세요.",
    ),
    Hint.LOT: Text(
        "No lot is chosen. Scan one, or tick one.", "로트가 없습니다. 스캔하거나 고르세요."
    ),
    Hint.CONTACT: Text(
        "This is no phone number and no e-mail address. Correct it, or leave it empty.",
        "전화번호나 이메일이 아닙니다. 고치거나 비워 두세요.",
    ),
    Hint.LABEL: Text(
        "This is no label code. Scan the code on the roll.",
        "라벨 코드가 아닙니다. 롤에 인쇄된 코드를 스캔하세요.",
    ),
    Hint.NOTHING: Text(
        "No row of this list can be taken in. Look at what is rejected.",
        "등록할 수 있는 줄이 없습니다. 거절된 줄을 확인하세요.",
    ),
}
GEARS: Final[Mapping[Gear, Text]] = {
    Gear.PURSE_SEINE: Text("purse seine", "선망"),
    Gear.TRAWL: Text("trawl", "저인망"),
    Gear.GILL_NET: Text("gill net", "자망"),
    Gear.LONG_LINE: Text("long line", "연승"),
    Gear.TRAP: Text("trap", "통발"),
    Gear.LINE: Text("hook and line", "채낚기"),
    Gear.OTHER: Text("other", "기타"),
    Gear.UNKNOWN: Text("not known", "모름"),
}
SOURCES: Final[Mapping[Source, Text]] = {
    Source.NOBODY: Text("nobody: time of catch unknown", "없음: 어획 시각 미상"),
    Source.FISHER: Text("the fisher", "어업인"),
    Source.COOPERATIVE: Text("the cooperative", "수협"),
    Source.DOCUMENT: Text("a document", "서류"),
}
ICES: Final[Mapping[Ice, Text]] = {
    Ice.ICED: Text("on ice", "빙장"),
    Ice.RSW: Text("refrigerated sea water (RSW)", "냉각 해수(RSW)"),
    Ice.NONE: Text("none", "없음"),
    Ice.UNSTATED: Text("not known", "모름"),
}
RATIOS: Final[Mapping[IceRatio, Text]] = {
    IceRatio.UNRECORDED: Text("no record", "기록 없음"),
    IceRatio.ONE_TO_TWO: Text("ice 1 : fish 2", "얼음 1 : 고기 2"),
    IceRatio.ONE_TO_THREE: Text("ice 1 : fish 3", "얼음 1 : 고기 3"),
    IceRatio.ONE_TO_FOUR: Text("ice 1 : fish 4", "얼음 1 : 고기 4"),
}
FORMS: Final[Mapping[Form, Text]] = {
    Form.WHOLE: Text("whole", "통마리"),
    Form.GUTTED: Text("gutted", "내장 제거"),
    Form.FILLET: Text("fillet", "필렛"),
    Form.PORTION: Text("portion", "토막"),
    Form.LIVER: Text("liver", "간"),
    Form.SALTED: Text("salted", "염장"),
    Form.VACUUM: Text("vacuum or MAP", "진공·가스 포장"),
    Form.THAWED: Text("thawed", "해동"),
    Form.DRIED: Text("dried", "건조"),
    Form.CANNED: Text("canned", "통조림"),
}
KEPT: Final[Mapping[Kept, Text]] = {
    Kept.CHILLED: Text("fresh chilled fish", "선어(생물)"),
    Kept.FROZEN: Text("frozen", "냉동"),
}
PLACES: Final[Mapping[PlaceKind, Text]] = {
    PlaceKind.MARKET: Text("landing market", "위판장"),
    PlaceKind.PLANT: Text("plant", "가공장"),
    PlaceKind.STORE: Text("cold store", "냉장 창고"),
    PlaceKind.SHOP: Text("shop", "소매점"),
    PlaceKind.DEPOT: Text("depot", "차고지"),
}
JUDGES: Final[Mapping[Judge, Text]] = {
    Judge.BUYER: Text("the buyer", "구매자"),
    Judge.SELLER: Text("the seller", "판매자"),
    Judge.INDEPENDENT: Text("independent inspector", "독립 점검원"),
}
BASES: Final[Mapping[Basis, Text]] = {
    Basis.OWN: Text("own caution", "자체 판단"),
    Basis.FOOD_SANITATION: Text("Food Sanitation Act", "식품위생법"),
    Basis.FISHERY_QUALITY: Text("Fishery Products Quality Control Act", "농수산물 품질관리법"),
    Basis.COURT: Text("court order", "법원 명령"),
}
WHYS: Final[Mapping[RecallWhy, Text]] = {
    RecallWhy.HISTAMINE: Text("histamine", "히스타민"),
    RecallWhy.TEMPERATURE: Text("temperature excursion", "온도 이탈"),
    RecallWhy.CONTAMINATION: Text("contamination", "오염"),
    RecallWhy.FOREIGN_BODY: Text("foreign body", "이물"),
    RecallWhy.LABELLING: Text("labelling", "표시 오류"),
    RecallWhy.SAMPLE: Text("laboratory's result", "검사 결과"),
    RecallWhy.OTHER: Text("other", "기타"),
}
MEASURES: Final[Mapping[Measure, Text]] = {
    Measure.DOOR_CLOSED: Text("door closed", "문 닫음"),
    Measure.UNIT_CHECKED: Text("refrigeration unit checked", "냉동기 확인"),
    Measure.MOVED: Text("moved to a colder place", "더 찬 곳으로 옮김"),
    Measure.ICED: Text("iced", "얼음 채움"),
    Measure.NOTHING: Text("nothing could be done", "할 수 있는 것이 없었음"),
}
SENSORS: Final[Mapping[Plausible, Text]] = {
    Plausible.FLAT: Text("the value hardly moves", "값이 거의 변하지 않음"),
    Plausible.DOOR_UNFELT: Text("an open door is not felt", "문을 열어도 값이 변하지 않음"),
    Plausible.NO_DEFROST: Text("no defrost for a day", "하루 동안 제상 흔적 없음"),
    Plausible.DIVERGING: Text("two sensors part", "두 센서 값의 차이가 큼"),
    Plausible.SILENT: Text("a sensor says nothing", "값이 없는 센서가 있음"),
    Plausible.FAKE_COLD: Text(
        "the unit shows colder than the air is", "냉동기 표시가 공기 온도보다 낮음"
    ),
}
"""What may be wrong with a sensor; it accuses nobody."""
LOOKS: Final[Mapping[Look, Text]] = {
    Look.FINE: Text("nothing was wrong", "이상 없음"),
    Look.MENDED: Text("set right", "바로잡음"),
    Look.REPLACED: Text("sensor replaced", "센서 교체"),
}
OUTCOMES: Final[Mapping[Outcome, Text]] = {
    Outcome.PUT_RIGHT: Text("it is so, and was put right", "맞아서 바로잡음"),
    Outcome.UNFOUNDED: Text("looked at, and not so", "확인했으나 그렇지 않음"),
    Outcome.WITHDRAWN: Text("taken off sale", "판매에서 뺌"),
    Outcome.PASSED_ON: Text("passed on to the authority", "관청에 알림"),
}
DISPOSITIONS: Final[Mapping[Disposition, Text]] = {
    Disposition.KEPT: Text("kept in trade", "그대로 유통"),
    Disposition.HELD: Text("sales hold", "판매 중지"),
    Disposition.RETURNED: Text("returned", "반품"),
    Disposition.SCRAPPED: Text("destroyed", "폐기"),
}
