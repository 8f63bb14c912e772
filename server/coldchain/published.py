"""Every sentence that is published about a lot, in Korean and English: the one catalogue of them.

The Korean stands exactly as it was agreed; a test compares it to the letter. Numbers stand beside
their unit, their interval and the version of their formula. LOW and VERY_GOOD are never worded as
safe, unknown is never worded as good, and nothing here speaks of how a proof works.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from protocol.registry import Text
from science.histamine import Risk
from science.limits import Class, Export, Found
from science.marks import Mark
from science.verdict import Certificate, Start, Where, Why


class Said(StrEnum):
    """Sentences by name; the numbers are those of the agreed table."""

    ICE_RATIO = "ice-ratio"
    START_UNKNOWN = "start-unknown"
    SPECIES_UNKNOWN = "species-unknown"
    FORM_NOT_GRADED = "form-not-graded"
    FACTS_ONLY = "facts-only"
    TRANSPORT_RECORD = "transport-record"
    WHOLE_HISTORY = "whole-history"
    ESTIMATE = "estimate"
    REMAINING = "remaining"
    REFERENCE = "reference"
    EXPORT = "export"
    ICE_SEEN = "ice-seen"
    CHECK_SENSOR = "check-sensor"
    SECTIONS = "sections"
    BALANCE = "balance"
    PROOF = "proof"
    HISTAMINE = "histamine"
    REGION = "region"
    AFTER_DISPATCH = "after-dispatch"
    DELAY = "delay"
    UNANSWERED = "unanswered"
    AIR = "air"
    CHARGED = "charged"
    NOTHING_CHARGED = "nothing-charged"
    CHOICE = "choice"
    RULE = "rule"
    PARTLY_FROZEN = "partly-frozen"
    KNOWN_FROM = "known-from"
    JUDGED_UNTIL = "judged-until"
    RECORDED_AIR = "recorded-air"
    FROZEN_HOURS = "frozen-hours"
    NO_RECORD = "no-record"
    SENSOR_FAULT = "sensor-fault"
    MKT = "mkt"
    MKT_RULE = "mkt-rule"
    MKT_TOO_LONG = "mkt-too-long"


SENTENCES: Final[Mapping[Said, Text]] = {
    Said.ICE_RATIO: Text("ice ratio recorded", "얼음 비율 기록 있음"),
    Said.START_UNKNOWN: Text(
        "time of catch unknown – remaining time not calculated",
        "어획 시각 미상 – 잔여 기간 계산 안 함",
    ),
    Said.SPECIES_UNKNOWN: Text("species not identified", "종 미확인"),
    Said.FORM_NOT_GRADED: Text(
        "No freshness grade is given for this form of product",
        "이 제품 형태는 신선도 등급 대상이 아닙니다",
    ),
    Said.FACTS_ONLY: Text(
        "Temperature facts only: no freshness figure is published for this fish",
        "온도 사실만 표시합니다. 이 어종은 공개된 신선도 자료가 없습니다",
    ),
    Said.TRANSPORT_RECORD: Text("record of the transport section", "운송 구간 기록"),
    Said.WHOLE_HISTORY: Text(
        "whole history: {n} h without a record", "전체 이력: 기록 없는 시간 {n}시간"
    ),
    Said.ESTIMATE: Text(
        "estimate calculated from the temperature history", "온도 이력으로 계산한 추정값"
    ),
    Said.REMAINING: Text(
        "Expected remaining freshness (estimate). The marked use-by date comes first",
        "예상 잔여 신선기간(추정). 표시된 소비기한이 우선합니다",
    ),
    Said.REFERENCE: Text("reference value", "참고값"),
    Said.EXPORT: Text("information for export", "수출용 참고 정보"),
    Said.ICE_SEEN: Text("enough ice (photo)", "얼음 충분(사진)"),
    Said.CHECK_SENSOR: Text("sensor needs a check", "센서 점검 필요"),
    Said.SECTIONS: Text(
        "Temperature record by section – air temperature, no judgement of liability",
        "구간별 온도 기록서 – 공기 온도 기준, 법적 책임 판단 아님",
    ),
    Said.BALANCE: Text(
        "It shows quantities that do not match. It does not prove species or origin",
        "수량 불일치를 표시합니다. 종·원산지를 증명하지 않습니다",
    ),
    Said.PROOF: Text(
        "It confirms that the record was not changed later. It does not say that what was first"
        " entered is true",
        "기록이 나중에 바뀌지 않았음을 확인합니다. 처음 입력이 사실임을 뜻하지 않습니다",
    ),
    Said.HISTAMINE: Text("histamine risk indicator", "히스타민 위험 지표"),
    Said.REGION: Text(
        "The region is judged roughly and no IP address is kept",
        "지역은 대략적으로만 판단하며 IP를 보관하지 않습니다",
    ),
    Said.AFTER_DISPATCH: Text("no temperature record after dispatch", "출고 이후 온도 기록 없음"),
    Said.DELAY: Text("record delayed by {n} min", "기록 지연 {n}분"),
    Said.UNANSWERED: Text("receipt not confirmed", "수령 미확인"),
    Said.AIR: Text("worst case from cargo air", "적재고 공기 기준 최악값"),
    Said.CHARGED: Text(
        "Time without a record counts at the warmest reading beside it",
        "기록 없는 시간은 앞뒤 기록 중 가장 높은 온도로 계산합니다",
    ),
    Said.NOTHING_CHARGED: Text(
        "Some time has no record near it – remaining time not calculated",
        "앞뒤 기록이 없는 시간이 있음 – 잔여 기간 계산 안 함",
    ),
    Said.CHOICE: Text("The seller shows no grade", "판매자가 등급을 표시하지 않습니다"),
    Said.RULE: Text(
        "Outside the standard – remaining time not calculated",
        "기준 이탈 – 잔여 기간 계산 안 함",
    ),
    Said.PARTLY_FROZEN: Text(
        "partly frozen: a fault in the quality of fresh fish", "부분 동결: 선어의 품질 결함"
    ),
    Said.KNOWN_FROM: Text("recorded since", "기록 시작"),
    Said.JUDGED_UNTIL: Text("judged as of", "판정 기준 시각"),
    Said.RECORDED_AIR: Text("recorded air temperature", "기록된 공기 온도"),
    Said.FROZEN_HOURS: Text("{n} h above {at} °C", "{at} ℃ 초과 {n}시간"),
    Said.NO_RECORD: Text("no record", "기록 없음"),
    Said.SENSOR_FAULT: Text(
        "A person looked at a sensor and set it right or replaced it: what it recorded from {since}"
        " until {until} is in doubt",
        "사람이 센서를 점검해 바로잡거나 교체함: {since}부터 {until}까지의 기록은 확실하지 않음",
    ),
    Said.MKT: Text("mean kinetic temperature", "평균 동적 온도"),
    Said.MKT_RULE: Text(
        "Mean kinetic temperature ({version}) of each section of at most {n} h, never over a longer"
        " time. It decides nothing; the activation energy in it: {mark}",
        "평균 동적 온도({version})는 {n}시간 이하인 구간마다 따로 계산하며 더 긴 시간으로 늘리지"
        " 않습니다. 판정에는 쓰지 않습니다. 계산에 쓴 활성화 에너지: {mark}",
    ),
    Said.MKT_TOO_LONG: Text("over {n} h: not calculated", "{n}시간 초과: 계산 안 함"),
}

TO_CONFIRM: Final = frozenset({Said.ICE_RATIO, Said.EXPORT, Said.REGION})
"""Short texts that a reader of Korean food law has still to confirm."""

RISKS: Final[Mapping[Risk, Text]] = {
    Risk.LOW: Text("low", "낮음"),
    Risk.CAUTION: Text("caution", "주의"),
    Risk.HIGH: Text("high", "높음"),
    Risk.UNDECIDED: Text("cannot be judged", "판단 불가"),
}

CLASSES: Final[Mapping[Class, Text]] = {
    Class.LAW: Text("law or notice", "법령·고시"),
    Class.GUIDE: Text("guide", "가이드"),
    Class.OWN: Text("own rule", "자체 기준"),
}

FOUND: Final[Mapping[Found, Text]] = {
    Found.MET: Text("met", "충족"),
    Found.POSSIBLE: Text("perhaps outside, within the sensor's error", "이탈 가능(센서 오차 범위)"),
    Found.BROKEN: Text("outside", "이탈"),
    Found.UNKNOWN: Text("no record", "기록 없음"),
}

EXPORTS: Final[Mapping[Export, Text]] = {
    Export.FDA_SCOMBROID: Text(
        "FDA Hazards Guide ch. 7 (United States)", "FDA 위해요소 안내서 7장(미국)"
    ),
    Export.MALTA: Text("L.N. 67/2003 (Malta)", "L.N. 67/2003(몰타)"),
}

CERTIFICATES: Final[Mapping[Certificate, Text]] = {
    Certificate.VALID: Text("calibration certificate valid", "교정 성적서 유효"),
    Certificate.EXPIRED: Text("calibration certificate expired", "교정 성적서 기한 지남"),
    Certificate.NONE: Text("no calibration certificate", "교정 성적서 없음"),
}

WHERES: Final[Mapping[Where, Text]] = {
    Where.BEFORE: Text("before the first record", "첫 기록 이전"),
    Where.TRANSPORT: Text("transport", "운송"),
    Where.STORED: Text("storage", "보관"),
    Where.BETWEEN: Text("place not recorded", "장소 기록 없음"),
}

STARTS: Final[Mapping[Start, Text]] = {
    Start.CATCH: Text("counted since the catch", "어획 시각부터 계산"),
    Start.SCORE: Text("counted since an independent inspection", "독립 검사원의 평가부터 계산"),
    Start.UNKNOWN: SENTENCES[Said.START_UNKNOWN],
}

MARKS: Final[Mapping[Mark, Text]] = {
    Mark.READ: Text("read in a published source", "공개 자료에서 확인"),
    Mark.RECHECK: Text("secondary source, to be rechecked", "2차 자료, 재확인 필요"),
    Mark.OURS: Text("decided for this service", "이 서비스에서 정함"),
    Mark.MEMORY: Text("not verified yet", "아직 확인되지 않음"),
}

WITHOUT: Final[Mapping[Why, Text]] = {
    Why.NONE: Text("", ""),
    Why.SPECIES: SENTENCES[Said.FACTS_ONLY],
    Why.FORM: SENTENCES[Said.FORM_NOT_GRADED],
    Why.START: SENTENCES[Said.START_UNKNOWN],
    Why.GAPS: SENTENCES[Said.NOTHING_CHARGED],
    Why.CHOICE: SENTENCES[Said.CHOICE],
    Why.RULE: SENTENCES[Said.RULE],
}
"""Why something is not there."""

GLOSSARY: Final = (
    Text("landing", "양륙"),
    Text("consigned sale at landing market", "위판"),
    Text("landing market", "위판장"),
    Text("auction", "경매"),
    Text("auctioneer", "경매사"),
    Text("winning bid", "낙찰"),
    Text("licensed market wholesaler", "(산지)중도매인"),
    Text("sorting", "선별"),
    Text("box", "상자"),
    Text("lot", "로트(묶음)"),
    Text("lot number", "로트 번호"),
    Text("state traceability number", "이력번호"),
    Text("origin", "원산지"),
    Text("catch area", "어획 해역"),
    Text("fresh chilled fish", "선어(생물)"),
    Text("gutting", "손질(내장 제거)"),
    Text("split", "소분"),
    Text("merge", "합침(혼합)"),
    Text("loading", "상차"),
    Text("unloading", "하차"),
    Text("transshipment", "환적"),
    Text("trip", "운행"),
    Text("custody transfer", "인수인계"),
    Text("acceptance", "인수 확인"),
    Text("refusal", "인수 거부"),
    Text("receiving inspection", "검수"),
    Text("cargo hold", "적재고"),
    Text("pre-cooling", "예냉"),
    Text("excursion", "온도 이탈"),
    Text("alarm notice", "알림"),
    Text("unknown, no record", "기록 없음"),
    Text("corrective action", "조치"),
    Text("disposition", "처분"),
    Text("recall", "회수"),
    Text("sales hold", "판매 중지"),
    Text("calibration certificate", "교정 성적서"),
    Text("estimated freshness", "신선도(추정)"),
    Text("histamine risk indicator", "히스타민 위험 지표"),
    Text("proof check", "기록 확인(위변조 없음)"),
    Text("pilot", "실증"),
)
"""One word, one meaning, in both languages."""
