"""What the fields of the work pages' forms ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.registry import Text

FIELDS: Final[Mapping[str, Text]] = {
    "f_species": Text("Species", "어종(학명)"),
    "f_trade": Text("Trade name, if it is another", "다른 이름으로 부르면 입력"),
    "f_grams": Text("Weight (kg)", "무게(kg)"),
    "f_boxes": Text("Boxes", "상자 수"),
    "f_catch": Text(
        "Time of catch. Leave it empty if nobody knows.", "어획 시각 (모르면 비워 두세요)"
    ),
    "f_catch_by": Text("Who says so?", "누가 알려 주었나요?"),
    "f_ice": Text("Ice on board", "선상 얼음"),
    "f_ice_ratio": Text("Ratio of ice", "얼음 비율"),
    "f_form": Text("Form of product", "제품 형태"),
    "f_kept": Text("State", "보관 상태"),
    "f_vessel": Text("Vessel", "선박"),
    "f_gear": Text("Gear", "어구"),
    "f_area": Text("Catch area", "어획 해역"),
    "f_origin": Text("Origin", "원산지"),
    "f_trace_no": Text("State traceability number", "이력번호"),
    "f_gtin": Text("Product number (GTIN)", "상품 번호(GTIN)"),
    "f_at": Text("When did it happen? Empty: now.", "언제 일어났나요? (비우면 지금)"),
    "f_graded": Text(
        "Show an estimated freshness grade to shoppers",
        "소비자에게 신선도(추정) 등급을 보여 줍니다",
    ),
    "f_file": Text("Spreadsheet (.xlsx) or CSV", "엑셀(.xlsx)이나 CSV 파일"),
    "f_rows": Text(
        "Or paste the rows of the spreadsheet here", "또는 표에서 복사한 줄을 붙여 넣으세요"
    ),
    "f_dealer": Text("Number of the licensed market wholesaler", "중도매인 번호"),
    "f_krw": Text("Price of the whole lot (won), not published", "로트 전체 금액(원), 공개 안 함"),
    "f_out_trade": Text("Size or name", "크기·이름"),
    "f_out_boxes": Text("Boxes", "상자 수"),
    "f_out_grams": Text("Weight (kg)", "무게(kg)"),
    "f_out_form": Text("Form of product", "제품 형태"),
    "f_feed": Text("Rejects and feed (kg)", "선별 제외·사료용(kg)"),
    "f_waste": Text("Waste and by-products (kg)", "폐기·부산물(kg)"),
    "f_loss": Text("Ice and water that ran off (kg)", "빠진 얼음·물(kg)"),
    "f_step": Text("What was done?", "무엇을 했나요?"),
    "f_part_grams": Text("How much? (kg)", "얼마나? (kg)"),
    "f_part_boxes": Text("Boxes", "상자 수"),
    "f_labels": Text("Number of labels", "라벨 수"),
    "f_to": Text("To whom?", "누구에게 넘기나요?"),
    "f_contact": Text(
        "Phone or e-mail of who takes it, if not a member", "비회원이면 전화번호나 이메일"
    ),
    "f_carrier": Text("Who carries it?", "누가 운반하나요?"),
    "f_came_grams": Text("Weight that came (kg)", "실제로 온 무게(kg)"),
    "f_photo": Text("Photo", "사진"),
    "f_why": Text("Reason", "이유"),
    "f_said": Text("Note", "메모"),
    "f_side": Text("Whose inspector?", "누구의 점검인가요?"),
    "f_score": Text("QIM score (demerits)", "QIM 점수(감점)"),
    "f_out_of": Text("Most demerits of this scale", "이 척도의 최고 감점"),
    "f_ice_seen": Text("Plenty of ice (photo)", "얼음 충분(사진)"),
    "f_laboratory": Text("Laboratory", "검사 기관"),
    "f_basis": Text("Basis", "근거"),
    "f_room": Text("Truck or room", "차량·방"),
    "f_where": Text("Place", "장소"),
    "f_from": Text("From", "부터"),
    "f_until": Text("Until (empty: now)", "까지 (비우면 지금)"),
    "f_recall_why": Text("Reason of the recall", "회수 이유"),
    "f_grade": Text("Grade (1 is the gravest)", "등급 (1이 가장 무겁습니다)"),
    "f_recovered": Text("Recovered (kg)", "회수(kg)"),
    "f_destroyed": Text("Destroyed (kg)", "폐기(kg)"),
    "f_gone": Text("Gone: eaten or sold (kg)", "소진: 먹었거나 팔림(kg)"),
    "f_code": Text("Code", "코드"),
    "f_lot": Text("Lot", "로트(묶음)"),
    "f_handover": Text("Custody transfer", "인수인계"),
    "f_passed": Text("No bid", "유찰"),
    "f_holder": Text("Holder", "보유자"),
    "size_large": Text("large", "대"),
    "size_middle": Text("middle", "중"),
    "size_small": Text("small", "소"),
    "step_gut": Text("gutting", "손질(내장 제거)"),
    "step_fillet": Text("filleting", "필렛"),
    "step_portion": Text("portions and liver", "토막·간"),
    "step_salt": Text("salting", "염장"),
    "step_pack": Text("packing", "포장"),
}
