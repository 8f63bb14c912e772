"""What the work pages say: states, instructions, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.registry import Text

TOLD: Final[Mapping[str, Text]] = {
    "work": Text("Work", "업무"),
    "no_place": Text(
        "You belong to no organisation here. Ask its administrator for an invitation.",
        "소속된 기관이 없습니다. 기관의 관리자에게 초대를 요청하세요.",
    ),
    "not_done": Text("Not done", "처리하지 않았습니다"),
    "nothing_saved": Text(
        "Nothing was saved. What you typed is still here.",
        "저장된 것은 없습니다. 입력한 내용은 그대로 있습니다.",
    ),
    "code_word": Text("Code", "코드"),
    "done_fine": Text("done", "완료"),
    "finish": Text("done", "완료"),
    "catch_time": Text("Time of catch", "어획 시각"),
    "began": Text("began", "시작"),
    "mismatch": Text("Quantities do not match", "수량 불일치"),
    "odd_yield": Text("Unusual yield", "수율 확인 필요"),
    "mismatch_note": Text(
        "Weigh again if you can. The numbers stay as you gave them.",
        "가능하면 다시 재세요. 수치는 입력한 그대로 둡니다.",
    ),
    "balance_note": Text(
        "Shows that quantities do not match. It does not prove species or origin.",
        "수량 불일치를 표시합니다. 종·원산지를 증명하지 않습니다.",
    ),
    "sum_in": Text("In", "들어감"),
    "sum_out": Text("out", "나옴"),
    "sum_fits": Text("The sum closes", "합이 맞습니다"),
    "sum_heavier": Text("More comes out than went in", "들어간 것보다 무겁습니다"),
    "sum_none": Text("nothing typed yet", "아직 입력 없음"),
    "sum_stays": Text("The rest stays in the lot", "나머지는 로트에 남습니다"),
    "the_rest": Text("The rest", "나머지"),
    "form_by_step": Text("as the step makes it", "작업에 따름"),
    "boxes_unit": Text("{n:box|boxes}", "{n} 상자"),
    "species_unknown": Text("species not identified", "종 미확인"),
    "no_record": Text("no record", "기록 없음"),
    "catch_unknown": Text("time of catch unknown", "어획 시각 미상"),
    "catch_note": Text(
        "Left empty: time of catch unknown – remaining time not calculated",
        "비워 두면: 어획 시각 미상 – 잔여 기간 계산 안 함",
    ),
    "vessel_note": Text("The vessel's name is never published.", "선박 이름은 공개하지 않습니다."),
    "price_note": Text(
        "Prices and wholesalers are never published.", "금액과 중도매인은 공개하지 않습니다."
    ),
    "landing_market": Text("Landing market", "위판장"),
    "made_by": Text("Made by", "만든 곳"),
    "lot_number": Text("Lot number", "로트 번호"),
    "facts": Text("Facts", "기록"),
    "more_facts": Text(
        "More (vessel, gear, catch area, origin)", "더 입력 (선박, 어구, 어획 해역, 원산지)"
    ),
    "many_at_once": Text(
        "Many lots? Take in the night's list.", "로트가 많으면 위판 명단을 올리세요."
    ),
    "history": Text("History", "이력"),
    "now_where": Text("Now in", "지금 위치"),
    "labels_bound": Text("Labels", "라벨"),
    "other_organisation": Text("another organisation", "다른 기관"),
    "not_in_hand": Text(
        "Not in our hands: look only.", "우리 기관에 없는 로트입니다. 보기만 할 수 있습니다."
    ),
    "qim": Text("QIM score", "QIM 점수"),
    "qim_note": Text(
        "A seller's score may only worsen a figure; an independent inspector's may improve it.",
        "판매자의 점수는 나빠지게만 합니다. 독립 점검원의 점수는 좋아지게 할 수 있습니다.",
    ),
    "sample": Text("Sample by the authority", "수거검사"),
    "sample_passed": Text("Passed", "적합"),
    "sample_failed": Text("Failed", "부적합"),
    "came_from": Text("Came from", "넘긴 곳"),
    "excursion": Text("excursion", "온도 이탈"),
    "hold_by": Text("Ordered by", "지시한 곳"),
    "hold_above": Text("who holds what this lot came from", "이 로트가 나온 로트를 가진 곳"),
    "sample_above": Text("found in what it came from", "이 로트가 나온 로트에서"),
    "hold_note": Text(
        "Nothing of this lot is sold until the sales hold is released.",
        "판매 중지를 해제할 때까지 이 로트를 팔 수 없습니다.",
    ),
    "correct_note": Text(
        "Until it is settled. What was said before stays in the history. Lots that came of it"
        " follow, unless they were corrected themselves.",
        "정산 전까지 고칠 수 있습니다. 이전 기록은 이력에 남습니다. 이 로트에서 나온 로트도 함께"
        " 고쳐집니다. 따로 정정한 로트는 그대로입니다.",
    ),
    "corrected_at_parent": Text("corrected at the parent", "원 로트에서 정정"),
    "declared_at_parent": Text("error declared at the parent", "원 로트에서 오류 신고"),
    "lost": Text("Lost in a restore", "복원하지 못한 내용"),
    "lost_note": Text(
        "The server was restored from a backup. What happened since is there again by the log;"
        " this is not in the log.",
        "서버를 백업에서 복원했습니다. 그 뒤의 일은 로그로 되살렸고, 다음은 로그에 없습니다.",
    ),
    "as_it_is": Text("as it is", "그대로"),
    "split_note": Text(
        "What is not taken stays in the lot.", "덜어 내지 않은 만큼은 로트에 남습니다."
    ),
    "merge_note": Text(
        "The new lot takes the worse start of all.", "새 로트는 가장 나쁜 시작을 물려받습니다."
    ),
    "in_hand": Text("Lots in hand", "보유 로트"),
    "all_lots": Text("All lots", "전체 로트"),
    "none_here": Text("Nothing here.", "없습니다."),
    "tasks": Text("Tasks", "작업"),
    "also_waits": Text("Also waiting", "더 기다리는 일"),
    "nothing_waits": Text("Nothing waits", "기다리는 일이 없습니다"),
    "last_act": Text("Last act", "마지막 작업"),
    "nothing_to_undo": Text("There is nothing to undo.", "되돌릴 작업이 없습니다."),
    "scan": Text("Scan or type a code", "코드 스캔 또는 입력"),
    "scan_what": Text("Label, lot number, door", "라벨, 로트 번호, 차량 문"),
    "scan_lots": Text("Scan a lot or its label", "로트나 라벨을 스캔하세요"),
    "scan_labels": Text("Scan labels, one after another", "라벨을 하나씩 스캔하세요"),
    "scan_nothing": Text("Not found:", "찾지 못했습니다:"),
    "scan_nothing_do": Text(
        "It is not ours, or was misread. Scan again, or type the lot number.",
        "우리 기관의 것이 아니거나 잘못 읽었습니다. 다시 스캔하거나 로트 번호를 입력하세요.",
    ),
    "scan_read": Text("Read:", "읽은 코드:"),
    "scan_several": Text(
        "Several lots have this number. Choose one.",
        "같은 번호의 로트가 여럿입니다. 하나를 고르세요.",
    ),
    "scan_added": Text("Added:", "추가했습니다:"),
    "scan_ticked": Text("Ticked:", "표시했습니다:"),
    "scan_not_waiting": Text("Not among what waits:", "인수할 목록에 없습니다:"),
    "scan_lot": Text("Lot found. Now scan labels.", "로트를 찾았습니다. 이제 라벨을 스캔하세요."),
    "scan_no_label": Text("This is no label code:", "라벨 코드가 아닙니다:"),
    "chosen": Text("Chosen", "고른 로트"),
    "all_of_it": Text("all", "전부"),
    "choose_from_list": Text("Choose from the list", "목록에서 고르기"),
    "list_how": Text(
        "First look, then take in. A list that is sent again changes nothing.",
        "먼저 확인한 뒤 등록합니다. 같은 명단을 다시 올려도 바뀌지 않습니다.",
    ),
    "list_no_column": Text("Say which column this is:", "어느 열인지 정하세요:"),
    "list_row": Text("Row", "줄"),
    "row_good": Text("good", "정상"),
    "row_known": Text("already there", "이미 있음"),
    "row_rejected": Text("rejected", "거절"),
    "which_column": Text("Which column is what?", "어느 열이 무엇인가요?"),
    "no_column": Text("none", "없음"),
    "pass_in": Text("No bid", "유찰"),
    "sensors_note": Text(
        "These are signs, no findings. Your organisation and the operator alone see them.",
        "판정이 아니라 점검이 필요하다는 표시입니다. 우리 기관과 운영사만 봅니다.",
    ),
    "sensors_after": Text(
        "If a sensor was at fault, everybody may read since when; never whose it was.",
        "센서에 이상이 있었으면 언제부터인지 누구나 볼 수 있습니다. 기관명은 보이지 않습니다.",
    ),
    "sensors_more": Text(
        "More rooms wait for a look; they are shown as these are looked at:",
        "점검을 기다리는 곳이 더 있습니다. 위를 확인하면 이어서 보입니다:",
    ),
    "sensors": Text("Sensors need a check", "센서 점검 필요"),
    "sensors_do": Text(
        "Look at the sensor and say what you found.", "센서를 직접 확인하고 결과를 남기세요."
    ),
    "sensors_found": Text("What did you find?", "확인한 결과는?"),
    "sensors_last": Text("Looked at last:", "지난 확인:"),
    "sensors_none": Text("No sensor needs a look", "점검할 센서가 없습니다"),
    "clash": Text("Recorded in two places at once:", "같은 시각에 두 곳에 있던 것으로 기록됨:"),
    "clash_do": Text(
        "The record stays as it is. Find out which of the two is wrong and report the error.",
        "기록은 그대로 둡니다. 어느 쪽이 틀렸는지 확인하고 오류를 신고하세요.",
    ),
    "print_sheet": Text("Print it", "라벨 용지 인쇄"),
    "settle_note": Text(
        "From then on the numbers stay. An error is only declared.",
        "정산하면 수치는 그대로 남습니다. 그 뒤에는 오류 신고만 할 수 있습니다.",
    ),
    "no_price": Text("no price", "금액 없음"),
    "won": Text("won", "원"),
    "none_to_settle": Text("No winning bid waits for it.", "정산할 낙찰이 없습니다."),
    "settled_sheet": Text("What was settled, as a spreadsheet", "정산 내역 받기"),
    "settled_columns": Text(
        "The columns are those of your night's list, with the winning bid after them.",
        "위판 명단에서 쓰시는 열 이름 그대로이고, 그 뒤에 낙찰 내용이 붙습니다.",
    ),
    "pallet": Text("Pallet", "팔레트"),
    "pallet_note": Text(
        "Boxes on one pallet are moved and handed over together. The lots stay what they are.",
        "한 팔레트의 상자는 함께 옮기고 넘깁니다. 로트는 그대로입니다.",
    ),
    "pallet_holds": Text("On it", "실린 것"),
    "pallet_apart": Text("This pallet was taken apart.", "해체한 팔레트입니다."),
    "sscc_note": Text(
        "Scan or type its 18 digits. Empty: it gets a number of ours.",
        "18자리를 스캔하거나 입력하세요. 비우면 우리 번호를 붙입니다.",
    ),
    "rework_note": Text(
        "Made already, and worked on once more: a new lot comes of it. The rest stays in this one.",
        "이미 만든 것을 다시 작업합니다. 새 로트가 되고, 나머지는 이 로트에 남습니다.",
    ),
    "declare_note": Text(
        "The record stays as it is. Your correction stands beside it, for everybody who reads it.",
        "기록은 그대로 두고, 신고한 내용을 그 옆에 남깁니다.",
    ),
    "declared_before": Text("Declared before:", "이미 신고함:"),
    "labels_blank": Text("Blank labels left", "남은 빈 라벨"),
    "labels_read": Text("Labels read", "읽은 라벨"),
    "label_read": Text("Blank label:", "빈 라벨:"),
    "label_twice": Text("Read before:", "이미 읽은 라벨:"),
    "label_unknown": Text("Not a label of ours:", "등록되지 않은 라벨:"),
    "label_bound": Text("Belongs to a lot already:", "이미 로트에 연결된 라벨:"),
    "label_void": Text("Void label:", "무효가 된 라벨:"),
    "label_blank": Text("Blank label, bound to nothing yet", "아직 연결되지 않은 빈 라벨"),
    "label_which_lot": Text("To which lot does the label belong?", "어느 로트의 라벨인가요?"),
    "all_labelled": Text(
        "Every lot that wants a label has one.", "라벨이 필요한 로트에 모두 연결했습니다."
    ),
    "roll_note": Text(
        "Print first, stick on, and bind by scan later.",
        "먼저 인쇄해 붙이고, 나중에 스캔해 연결하세요.",
    ),
}
