"""The page's own words, in English and Korean. Sentences about a verdict are in `published`.

Spoken style; one word, one meaning. What is not recorded is called 기록 없음 and never good.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.registry import Text
from science.species import Form, Kept
from server.coldchain.rules import Basis, Gear, ProblemKind, RecallWhy

WORDS: Final[Mapping[str, Text]] = {
    "page": Text("how cold it stayed", "얼마나 차게 왔나"),
    "temperature": Text("Temperature", "온도"),
    "lowest": Text("lowest", "최저"),
    "highest": Text("highest", "최고"),
    "mean": Text("mean", "평균"),
    "gap": Text("no record", "기록 없음"),
    "no_reading": Text(
        "No temperature was recorded for this lot.", "이 로트의 온도 기록이 없습니다."
    ),
    "legend_band": Text("recorded temperature", "기록된 온도"),
    "legend_law": Text("limit of the law", "법령·고시 한계"),
    "legend_own": Text("our recommended limit", "당사 권장 한계"),
    "legend_gap": Text("no record", "기록 없음"),
    "air": Text(
        "Measured in the air of truck or room, not inside the fish.",
        "생선 속이 아니라 차량·냉장실 공기의 온도입니다.",
    ),
    "journey": Text("Where it came from", "어디서 왔나"),
    "journey_note": Text(
        "Regions and times are shown roughly; names of companies are not shown. Between two stages"
        " stands the recorded air temperature, lowest to highest, and the time without a record"
        " ({rule}).",
        "지역과 시각은 대략적으로 표시하며, 업체 이름은 표시하지 않습니다. 단계 사이에는 기록된"
        " 공기 온도(가장 낮은 값 – 가장 높은 값)와 기록 없는 시간을 적습니다({rule}).",
    ),
    "then": Text("then", "이후"),
    "then_air": Text("then {ends}", "이후 {ends}"),
    "then_dark": Text("no record for {time}", "기록 없음 {time}"),
    "map": Text("Sketch of the journey", "이동 경로 개략도"),
    "product": Text("Product", "상품 정보"),
    "species": Text("species", "종"),
    "form": Text("product form", "제품 형태"),
    "origin": Text("origin", "원산지"),
    "catch_area": Text("catch area", "어획 해역"),
    "gear": Text("fishing gear", "어법"),
    "caught": Text("caught", "어획 시각"),
    "lot": Text("lot number", "로트 번호"),
    "trace": Text("state traceability number", "이력번호"),
    "use_by": Text("use-by date", "소비기한"),
    "serial": Text("box number", "상자 번호"),
    "unstated": Text("not stated", "밝히지 않음"),
    "catch_unknown": Text("unknown", "미상"),
    "known": Text("What is known, and what is not", "아는 것과 모르는 것"),
    "vouch": Text("Who vouches for what", "누가 무엇을 보증하나"),
    "home": Text("What to do at home", "집에서는 이렇게 하세요"),
    "home_cold": Text(
        "Keep it in ice or at 0 to 2 °C right away.", "바로 얼음이나 0~2 ℃에 보관하세요."
    ),
    "home_use_by": Text("The marked use-by date comes first.", "표시된 소비기한이 우선합니다."),
    "home_soon": Text("Eat chilled blue fish within 7 days.", "냉장 등푸른생선은 7일 안에 드세요."),
    "home_freeze": Text("Never refreeze what was thawed.", "한 번 녹인 것은 다시 얼리지 마세요."),
    "home_cook": Text(
        "Cooking does not remove histamine: do not eat fish that stood warm.",
        "히스타민은 익혀도 없어지지 않습니다. 상온에 둔 생선은 드시지 마세요.",
    ),
    "home_source": Text("guide: MFDS advice to consumers", "가이드: 식약처 소비자 안내"),
    "same": Text("Is it this box?", "이 상자와 같은가"),
    "same_box": Text(
        "This code belongs to one box. Compare the number on the box:",
        "이 코드는 상자 하나의 것입니다. 상자에 적힌 번호와 비교하세요:",
    ),
    "same_lot": Text(
        "This code belongs to a whole lot of {n:box|boxes}: it does not show which box is yours.",
        "이 코드는 상자 {n}개로 된 로트 전체의 것입니다. 여러 상자에 같은 코드가 붙으며, 그중 어느"
        " 상자인지는 알 수 없습니다.",
    ),
    "scans": Text(
        "Looked at {n:time|times} so far, on {days:day|days}, from {regions:region|regions}.",
        "지금까지 {days}일 동안 {regions}개 지역에서 {n}번 조회되었습니다.",
    ),
    "copied": Text("copied QR suspected", "복제 QR 의심"),
    "copied_why": Text(
        "This one box was looked at in several regions on one day. Ask the shop before you buy.",
        "상자 하나의 코드가 하루에 여러 지역에서 조회되었습니다. 사기 전에 매장에 확인하세요.",
    ),
    "bought": Text("I bought it", "구매했어요"),
    "bought_note": Text(
        "Marks the day and nothing about you.", "날짜만 남기며 누구인지는 남기지 않습니다."
    ),
    "bought_thanks": Text(
        "Marked. Put it into ice or the fridge now.",
        "표시했습니다. 지금 얼음이나 냉장고에 넣으세요.",
    ),
    "bought_done": Text("Purchase marked: {day}", "구매 표시됨: {day}"),
    "problem": Text("Report a problem", "문제 신고"),
    "problem_note": Text(
        "Tell the shop first. Suspected food poisoning or bad food: call 1399 (MFDS).",
        "먼저 산 매장에 알리세요. 식중독·불량식품 신고는 국번 없이 1399(식약처)입니다.",
    ),
    "problem_kind": Text("What is wrong?", "무엇이 문제인가요?"),
    "problem_told": Text(
        "In your words (no names, no phone number)", "설명(이름·전화번호는 쓰지 마세요)"
    ),
    "send": Text("Send", "보내기"),
    "problem_done": Text(
        "Sent. The shop and the one who packed the box can read it.",
        "보냈습니다. 매장과 포장한 곳에서 볼 수 있습니다.",
    ),
    "proof": Text("Proof check", "기록 확인(위변조 없음)"),
    "proof_what": Text(
        "Your own phone can check it, without trusting this site.",
        "이 사이트를 믿지 않아도, 내 휴대전화에서 직접 확인할 수 있습니다.",
    ),
    "proof_button": Text("Check now", "지금 확인하기"),
    "proof_file": Text("Get the evidence file", "증거 파일 받기"),
    "proof_file_note": Text(
        "The file can be checked later, offline, with {command}.",
        "이 파일은 나중에 인터넷 없이 {command}(으)로도 확인할 수 있습니다.",
    ),
    "proof_file_again": Text(
        "Later, offline, {command} checks this file as this page does, and computes the result"
        " again from its history.",
        "이 파일은 나중에 인터넷 없이 {command}(으)로 확인할 수 있고, 이 명령은 판정도 이력으로"
        " 다시 계산합니다.",
    ),
    "no_proof": Text(
        "The result was not written into the public record yet. Look again in a minute.",
        "판정이 아직 공개 장부에 실리지 않았습니다. 잠시 뒤 다시 보세요.",
    ),
    "no_result": Text(
        "Not judged yet: the record has not arrived.",
        "아직 판정 전입니다: 기록이 도착하지 않았습니다.",
    ),
    "no_result_short": Text("not judged yet", "판정 전"),
    "recall": Text("RECALL – do not eat, do not sell", "회수 중 – 먹지도 팔지도 마세요"),
    "recall_do": Text(
        "Take it back to the shop where you bought it. If somebody feels ill after eating it, see a"
        " doctor.",
        "산 매장에 돌려주세요. 먹은 뒤 몸이 이상하면 병원에 가세요.",
    ),
    "hold": Text(
        "SALES HOLD – do not sell, do not eat yet", "판매 중지 – 팔지 말고 아직 먹지 마세요"
    ),
    "hold_do": Text(
        "It is being examined. Keep it cold and apart, and look at this page again before eating.",
        "확인하고 있습니다. 따로 차갑게 두고, 먹기 전에 이 화면을 다시 보세요.",
    ),
    "scrapped": Text("DESTROYED – do not eat, do not sell", "폐기한 로트 – 먹지도 팔지도 마세요"),
    "scrapped_do": Text(
        "It is recorded as destroyed. If it is offered for sale, call 1399 (MFDS).",
        "폐기한 것으로 기록된 로트입니다. 팔고 있다면 1399(식약처)에 알리세요.",
    ),
    "use_by_over": Text("The marked use-by date has passed", "표시된 소비기한이 지났습니다"),
    "feed": Text("ANIMAL FEED – not food, do not eat", "사료용 – 식품이 아니니 먹지 마세요"),
    "feed_do": Text(
        "It was sorted out as feed. If it is offered as food, tell the shop or call 1399 (MFDS).",
        "선별할 때 사료용으로 나눈 것입니다. 식품으로 팔고 있다면 매장이나 1399(식약처)에"
        " 알리세요.",
    ),
    "reason": Text("reason", "이유"),
    "basis": Text("basis", "근거"),
    "since": Text("since", "시작"),
    "grade_of_recall": Text("recall class", "회수 등급"),
    "unbound": Text("This label is on no box yet", "아직 상자에 붙지 않은 라벨입니다"),
    "unbound_what": Text(
        "It is one of ours, but nobody has bound it to a lot. If it is on a box that you want to"
        " buy, ask the shop.",
        "등록된 라벨이지만 아직 로트에 연결되지 않았습니다. 파는 상자에 붙어 있다면 매장에"
        " 문의하세요.",
    ),
    "void": Text("This label was declared void", "무효가 된 라벨입니다"),
    "void_what": Text(
        "It was bound to another box by mistake and says nothing of this one. If it is on a box"
        " that you want to buy, ask the shop for the right code.",
        "다른 상자에 잘못 연결되어 무효가 된 라벨이라 이 상자에 대해서는 아무것도 알 수 없습니다."
        " 파는 상자에 붙어 있다면 매장에 올바른 코드를 문의하세요.",
    ),
    "unknown": Text("There is no lot with this code", "이 코드의 로트가 없습니다"),
    "unknown_what": Text(
        "Check the code on the box: it may be misread or not be ours. Nothing is said about the"
        " goods.",
        "상자의 코드를 다시 확인하세요. 잘못 읽혔거나 등록되지 않은 코드입니다. 상품에 대해서는"
        " 아무것도 알 수 없습니다.",
    ),
    "type_code": Text("Type the code on the label", "라벨의 코드를 입력하세요"),
    "look": Text("Look", "조회"),
    "large": Text("large print", "큰 글씨"),
    "normal": Text("normal print", "보통 글씨"),
    "simulated_note": Text(
        "Demonstration: every reading on this page is simulated.",
        "시연: 이 화면의 모든 측정값은 모의 값입니다.",
    ),
    "formulas": Text("How it was calculated", "어떻게 계산했나"),
    "result_version": Text("version of this result", "이 판정의 버전"),
    "share": Text("Link to this page", "이 화면 주소"),
    "labels": Text("Labels", "라벨"),
    "labels_note": Text(
        "A4, 24 labels to a sheet. Print at 100 %.", "A4, 한 장에 24개. 100 % 크기로 인쇄하세요."
    ),
    "blank": Text("not bound yet", "연결 전"),
    "sample_failed": Text("laboratory sample: outside limits", "수거검사: 부적합"),
    "sample_passed": Text("laboratory sample: within limits", "수거검사: 적합"),
    "sample_taken": Text("laboratory sample taken, no result yet", "수거검사 중"),
}

VOUCHED: Final = (
    (
        Text("the device in truck or room", "차량·냉장실 기기"),
        Text(
            "each temperature, signed where it was measured", "온도 하나하나(측정한 자리에서 서명)"
        ),
    ),
    (
        Text("fisher and landing market", "어업인·위판장"),
        Text("species, catch area, time of catch, landing", "종, 어획 해역, 어획 시각, 양륙"),
    ),
    (
        Text("plant, carrier, wholesaler, shop", "가공장·운송사·중도매인·소매점"),
        Text("when it was in their hands, weight, loading", "맡은 시각, 무게, 상차·하차"),
    ),
    (
        Text("Jagalchi", "자갈치"),
        Text(
            "the calculation, and that no record is changed afterwards",
            "계산, 그리고 기록이 나중에 바뀌지 않음",
        ),
    ),
)

FORMS: Final[Mapping[Form, Text]] = {
    Form.WHOLE: Text("whole", "통마리"),
    Form.GUTTED: Text("gutted", "손질(내장 제거)"),
    Form.FILLET: Text("fillet", "포"),
    Form.PORTION: Text("pieces", "토막"),
    Form.LIVER: Text("liver", "간"),
    Form.SALTED: Text("salted", "간고등어(염장)"),
    Form.VACUUM: Text("vacuum-packed", "진공포장"),
    Form.THAWED: Text("thawed", "해동"),
    Form.DRIED: Text("dried", "건조"),
    Form.CANNED: Text("canned", "통조림"),
}

KEPT: Final[Mapping[Kept, Text]] = {
    Kept.CHILLED: Text("fresh chilled fish", "선어(생물)"),
    Kept.FROZEN: Text("frozen", "냉동"),
}

GEARS: Final[Mapping[Gear, Text]] = {
    Gear.PURSE_SEINE: Text("purse seine", "선망"),
    Gear.TRAWL: Text("trawl", "저인망"),
    Gear.GILL_NET: Text("gill net", "자망"),
    Gear.LONG_LINE: Text("long line", "주낙"),
    Gear.TRAP: Text("trap", "통발"),
    Gear.LINE: Text("line", "낚시"),
    Gear.OTHER: Text("other", "기타"),
    Gear.UNKNOWN: Text("not stated", "밝히지 않음"),
}

PROBLEMS: Final[Mapping[ProblemKind, Text]] = {
    ProblemKind.SMELL: Text("smell or look", "냄새·상태가 이상함"),
    ProblemKind.ILLNESS: Text("somebody feels ill", "먹고 몸이 이상함"),
    ProblemKind.WARM: Text("it was not cold", "차갑지 않았음"),
    ProblemKind.LABEL: Text("label does not fit", "라벨이 다름"),
    ProblemKind.OTHER: Text("something else", "기타"),
}

RECALLS: Final[Mapping[RecallWhy, Text]] = {
    RecallWhy.HISTAMINE: Text("histamine", "히스타민"),
    RecallWhy.TEMPERATURE: Text("temperature", "온도 이탈"),
    RecallWhy.CONTAMINATION: Text("contamination", "오염"),
    RecallWhy.FOREIGN_BODY: Text("foreign body", "이물"),
    RecallWhy.LABELLING: Text("wrong label", "표시 오류"),
    RecallWhy.SAMPLE: Text("a laboratory's finding", "검사 부적합"),
    RecallWhy.OTHER: Text("other", "기타"),
}

BASES: Final[Mapping[Basis, Text]] = {
    Basis.OWN: Text("the seller's own caution", "판매자 자체 조치"),
    Basis.FOOD_SANITATION: Text("food sanitation act", "식품위생법"),
    Basis.FISHERY_QUALITY: Text("fishery products quality act", "농수산물 품질관리법"),
    Basis.COURT: Text("court order", "법원 명령"),
}

ORIGINS: Final[Mapping[str, Text]] = {
    "국산": Text("Korea", "국산"),
    "연근해산": Text("Korean coastal and offshore waters", "연근해산"),
    "원양산": Text("Korean distant-water fishing", "원양산"),
}
"""원산지 as the law words it."""

AREAS: Final[Mapping[str, Text]] = {
    "27": Text("Northeast Atlantic", "북동대서양"),
    "61": Text("Northwest Pacific", "북서태평양"),
    "71": Text("Western Central Pacific", "중서부태평양"),
}
"""FAO major fishing areas that our species come from."""

PROVINCES: Final[Mapping[str, str]] = {
    "서울": "Seoul", "인천": "Incheon", "경기": "Gyeonggi", "강원": "Gangwon", "충북": "Chungbuk",
    "충남": "Chungnam", "세종": "Sejong", "대전": "Daejeon", "전북": "Jeonbuk", "전남": "Jeonnam",
    "광주": "Gwangju", "경북": "Gyeongbuk", "대구": "Daegu", "경남": "Gyeongnam", "울산": "Ulsan",
    "부산": "Busan", "제주": "Jeju",
}  # fmt: skip
"""Romanised names for the map."""
