"""What the work pages say of trucks, custody, alarms, sales holds and recalls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.registry import Text

MOVING: Final[Mapping[str, Text]] = {
    "door_how": Text(
        "Scan the code on the door, or choose.", "문에 붙은 코드를 스캔하거나 고르세요."
    ),
    "door_code": Text("Code for the door", "문에 붙일 코드"),
    "door_print": Text(
        "Print it and stick it on the door. Scanned, it opens this page.",
        "인쇄해 문에 붙이세요. 스캔하면 이 화면이 열립니다.",
    ),
    "no_rooms": Text("No truck or room yet.", "차량이나 방이 없습니다."),
    "trucks": Text("Trucks", "차량"),
    "sites_title": Text("Places", "장소"),
    "sites_by_administrator": Text(
        "An administrator of your organisation adds them.", "소속 기관의 관리자가 등록합니다."
    ),
    "party_title": Text("Our organisation", "우리 기관"),
    "region_note": Text(
        "A district is enough, for example Seo-gu, Busan. Shoppers see it; never an address.",
        "부산 서구처럼 구까지만 쓰세요. 소비자에게 보입니다. 주소는 쓰지 마세요.",
    ),
    "room_note": Text(
        "A truck or room is one that a device of ours measures.",
        "우리 기기가 온도를 재는 차량이나 방입니다.",
    ),
    "no_assets": Text(
        "Every device of ours is a truck or room already.",
        "모든 기기가 이미 차량이나 방으로 등록되어 있습니다.",
    ),
    "no_limit": Text("none (a work room)", "없음 (작업장)"),
    "inside": Text("Inside now", "지금 안에 있는 것"),
    "empty_room": Text("Empty.", "비어 있습니다."),
    "since_when": Text("since", "들어온 시각"),
    "loading": Text("Loading", "상차"),
    "unloading": Text("Unloading", "하차"),
    "loading_took": Text("Loading or unloading took", "상차·하차 시간"),
    "moving_took": Text("It took", "걸린 시간"),
    "minutes": Text("min", "분"),
    "guide": Text("guide", "가이드"),
    "clock_note": Text(
        "The guide says 20 minutes. It is no law.", "20분은 가이드입니다. 법령이 아닙니다."
    ),
    "clock_over": Text(
        "Beyond the guide's 20 minutes. Close the door as soon as you can.",
        "가이드의 20분을 넘었습니다. 되도록 빨리 문을 닫으세요.",
    ),
    "precool": Text("Pre-cooling:", "예냉:"),
    "precooled": Text("ready", "준비됨"),
    "precooled_do": Text("Loading can start.", "상차를 시작하세요."),
    "not_cold": Text("not ready", "아직"),
    "not_cold_do": Text("Keep the door closed and let it cool first.", "문을 닫고 먼저 식히세요."),
    "air_unknown": Text(
        "No fresh temperature. Look at the display in the truck.",
        "최근 온도가 없습니다. 차량 표시창을 확인하세요.",
    ),
    "awaited": Text("Waiting to be carried", "운반을 기다리는 로트"),
    "untick_what_stays": Text("Untick what stays inside.", "안에 남는 것은 표시를 지우세요."),
    "stranger": Text("not a member", "비회원"),
    "to_stranger": Text(
        "Somebody who is not a member (one-time link)", "비회원 인도 (한 번 쓰는 링크)"
    ),
    "contact_note": Text(
        "The link is sent there. Empty: show it here as a code.",
        "이곳으로 링크를 보냅니다. 비우면 화면에 코드로 보여 줍니다.",
    ),
    "carry_self": Text("we do, or they do", "우리 또는 받는 쪽"),
    "none_waits": Text("No custody transfer waits.", "기다리는 인수인계가 없습니다."),
    "answered_lately": Text("Answered lately", "최근 답변"),
    "leave_note": Text(
        "Only for somebody who is not a member. It is not counted as acceptance.",
        "비회원에게만 씁니다. 인수 확인으로 세지 않습니다.",
    ),
    "link_show": Text("Show this to who takes it", "받는 분에게 보여 주세요"),
    "link_once": Text(
        "The link works once, and for 14 days.", "링크는 한 번, 14일 동안 쓸 수 있습니다."
    ),
    "link_over": Text("This link no longer works", "더 이상 쓸 수 없는 링크입니다"),
    "inbox_empty": Text("Nothing waits for acceptance", "인수할 것이 없습니다"),
    "from_whom": Text("from", "넘긴 곳"),
    "less_came": Text("Less came", "부족하게 왔습니다"),
    "photo_why": Text(
        "Photo and reason (for less, refusal, or an excursion)",
        "사진과 이유 (부족, 인수 거부, 온도 이탈)",
    ),
    "photo_note": Text(
        "JPEG or PNG, at most 700 KB. Place and owner are removed from it.",
        "JPEG 또는 PNG, 700KB 이하. 사진에 든 위치 정보는 지웁니다.",
    ),
    "warm_accept": Text(
        "Some of it has an open excursion. To accept it, write the reason.",
        "처리되지 않은 온도 이탈이 있습니다. 인수하려면 이유를 적으세요.",
    ),
    "goods_title": Text("Goods for you", "받으실 물건"),
    "goods_from": Text("Goods from", "보낸 곳:"),
    "goods_less": Text("Less came, or I refuse", "부족하거나 받지 않겠습니다"),
    "goods_accepted": Text("Accepted", "인수했습니다"),
    "goods_refused": Text("Refused", "인수를 거부했습니다"),
    "goods_short": Text("Accepted in part", "일부만 인수했습니다"),
    "goods_thanks": Text("Thank you. Nothing more is needed.", "감사합니다. 더 할 일이 없습니다."),
    "alarm_notices": Text("Alarm notices", "알림"),
    "no_alarms": Text("No open excursion", "처리할 온도 이탈이 없습니다"),
    "warm_now": Text("still too warm", "아직 이어짐"),
    "warm_over": Text("over", "끝남"),
    "warm_truck_do": Text(
        "Close the door and check the refrigeration unit.", "문을 닫고 냉동기를 확인하세요."
    ),
    "warm_room_do": Text(
        "Close the door and move the goods to a colder room.", "문을 닫고 더 찬 곳으로 옮기세요."
    ),
    "warm_floor_do": Text("Put ice on the goods.", "물건에 얼음을 덮으세요."),
    "warm_over_do": Text(
        "It is cold again. Look at the goods and say what you did.",
        "다시 차가워졌습니다. 물건을 확인하고 무엇을 했는지 적으세요.",
    ),
    "warm_dispose_do": Text("Decide what becomes of the goods.", "물건을 어떻게 할지 정하세요."),
    "warm_sign_do": Text("Close it and sign.", "종료하고 서명하세요."),
    "minutes_confirmed": Text("Certain", "확인됨"),
    "minutes_possible": Text("Possible", "가능성 있음"),
    "minutes_unknown": Text("Unknown, no record", "기록 없음"),
    "stage": Text("Corrective action and disposition", "조치와 처분"),
    "stage_new": Text("no corrective action yet", "아직 조치 없음"),
    "stage_known": Text("known", "확인함"),
    "stage_acted": Text("corrective action taken", "조치함"),
    "stage_disposed": Text("disposition made, to be signed", "처분함, 서명 전"),
    "stage_signed": Text("closed and signed", "종료·서명함"),
    "warm_known": Text("I know", "확인했습니다"),
    "warm_acted": Text("Corrective action: what did you do?", "조치: 무엇을 했나요?"),
    "warm_disposed": Text("Disposition: what becomes of the goods?", "처분: 물건을 어떻게 하나요?"),
    "warm_signed": Text("Close and sign", "종료·서명"),
    "alarms_over": Text("Closed lately", "최근 종료"),
    "problems": Text("Reports", "신고"),
    "problems_do": Text(
        "Read them, look at the lot, say what came of it.", "읽고 로트를 확인한 뒤 결과를 적으세요."
    ),
    "report_outcome": Text("What came of it?", "어떻게 되었나요?"),
    "reports_over": Text("Dealt with lately", "최근 처리한 신고"),
    "problem_smell": Text("smell", "냄새"),
    "problem_illness": Text("illness", "몸이 아픔"),
    "problem_warm": Text("not cold", "차갑지 않음"),
    "problem_label": Text("label", "표시"),
    "problem_other": Text("other", "기타"),
    "problem_quantity": Text("the fisher: another quantity", "어업인: 수량이 다름"),
    "problem_species": Text("the fisher: another species", "어업인: 종이 다름"),
    "problem_time": Text("the fisher: another time", "어업인: 시각이 다름"),
    "receipt": Text("Receipt of a landing", "양륙 확인"),
    "receipt_entry": Text("Entry", "기록 번호"),
    "dispute_ask": Text("Something is not so", "다른 점이 있습니다"),
    "dispute_lot": Text("Of which lot?", "어느 로트인가요?"),
    "dispute_quantity": Text("The quantity is another", "수량이 다릅니다"),
    "dispute_species": Text("The species is another", "종이 다릅니다"),
    "dispute_time": Text("The time is another", "시각이 다릅니다"),
    "dispute_note": Text(
        "The cooperative looks into it. The entry is not changed by this.",
        "수협에서 확인합니다. 이것으로 기록이 바뀌지는 않습니다.",
    ),
    "dispute_done": Text("The cooperative has it", "수협에 전했습니다"),
    "dispute_next": Text("What comes of it will stand here.", "결과는 이 화면에서 볼 수 있습니다."),
    "dispute_cases": Text("What you said", "알려 주신 것"),
    "dispute_open": Text("being looked into", "확인 중"),
    "stop_now": Text("Stop selling", "판매를 멈추세요"),
    "stop_recall": Text("Recall: stop selling", "회수: 판매를 멈추세요"),
    "stop_hold": Text("Sales hold: stop selling", "판매 중지: 판매를 멈추세요"),
    "stop_do": Text(
        "Take these goods off the shelf now and keep them apart.",
        "지금 진열대에서 빼고 따로 보관하세요.",
    ),
    "stop_by": Text("Ordered by", "지시한 곳"),
    "stop_why": Text("Reason", "이유"),
    "stop_none_here": Text(
        "According to the record none of it is with you now.",
        "기록으로는 지금 보관 중인 것이 없습니다.",
    ),
    "stop_what": Text("What to do with stopped goods", "판매 중지된 물건, 할 일"),
    "stop_do_apart": Text(
        "Keep them apart, cold, and do not sell them.", "따로, 차게 보관하고 팔지 마세요."
    ),
    "stop_do_sign": Text('Write "do not sell" on them.', '"판매 금지"라고 써 붙이세요.'),
    "stop_do_wait": Text(
        "Wait for the pick-up, or destroy them when you are told to.",
        "수거를 기다리거나, 지시를 받으면 폐기하세요.",
    ),
    "hold_known": Text("You know of the sales hold.", "판매 중지를 확인했습니다."),
    "with_us": Text("With us now", "지금 우리에게 있는 것"),
    "your_share": Text("With you", "보관 중인 양"),
    "count_it": Text("What came of it", "처리한 수량"),
    "recall_thanks": Text(
        "Thank you. Your answer is recorded.", "감사합니다. 답변을 기록했습니다."
    ),
    "recalls_ours": Text("Our recalls", "우리 기관의 회수"),
    "recalls_others": Text("Recalls that concern us", "우리와 관련된 회수"),
    "rehearsal": Text("rehearsal", "연습"),
    "rehearsal_note": Text(
        "A rehearsal marks no lot and tells nobody.",
        "연습은 로트를 표시하지 않고 아무에게도 알리지 않습니다.",
    ),
    "recall_how": Text(
        "Choose lots, or a truck, room or place and a time. All that came of them is in"
        " the recall.",
        "로트를 고르거나, 차량·방·장소와 시각을 고르세요. 그 로트에서 나온 것은 모두"
        " 회수에 듭니다.",
    ),
    "by_room": Text("By truck, room or place", "차량·방·장소로 고르기"),
    "lots_in_it": Text("Lots in the recall", "회수할 로트"),
    "answered_of": Text("Holders who acknowledged", "확인한 보유자"),
    "counted_so_far": Text("Quantity accounted for", "처리된 수량"),
    "effectiveness": Text("Effectiveness of the recall", "회수율"),
    "holders": Text("Holders", "보유자"),
    "contacts": Text("Possible contact", "접촉 가능성"),
    "contacts_note": Text(
        "In the same room at the same time. Listed, not recalled.",
        "같은 시각 같은 방에 있던 로트입니다. 알려만 주며 회수 대상이 아닙니다.",
    ),
    "call_now": Text("Call now:", "지금 전화하세요:"),
    "no_phone": Text("no number known", "알려진 번호 없음"),
    "phone_script": Text(
        '"This is {name}. We recall goods that you received ({why}). Please do not sell'
        ' or eat them, keep them cold and apart, and tell me how much is left."',
        '"{name}입니다. 받으신 물건을 회수합니다({why}). 팔거나 드시지 말고 차게 따로'
        ' 보관해 주세요. 남은 양을 알려 주세요."',
    ),
    "close_note": Text(
        "Every holder has acknowledged or is listed as unreached, and all quantities are entered.",
        "모든 보유자가 확인했거나 연락 안 됨으로 표시되고, 수량이 모두 입력되어야 합니다.",
    ),
    "to_acknowledge": Text("Recalls to acknowledge", "확인할 회수"),
    "to_acknowledge_do": Text(
        "Acknowledge and keep the goods apart.", "확인하고 물건을 따로 보관하세요."
    ),
    "recalled_here": Text("Recalled goods here", "보관 중인 회수 물건"),
    "recalled_here_do": Text("Keep them apart. Do not sell them.", "따로 보관하세요. 팔지 마세요."),
    "held_here": Text("Goods under a sales hold", "판매 중지된 물건"),
    "held_here_do": Text("Keep them apart. Do not sell them.", "따로 보관하세요. 팔지 마세요."),
    "excursions": Text("Excursions", "온도 이탈"),
    "excursions_do": Text("Open it and do the one thing it says.", "열어서 적힌 한 가지를 하세요."),
    "to_accept": Text("To accept", "인수할 것"),
    "to_accept_do": Text("Check the goods, then accept.", "물건을 확인하고 인수하세요."),
    "unconfirmed": Text("Receipt not confirmed", "수령 미확인"),
    "unconfirmed_do": Text(
        "Ask who took it to open the link.", "받은 분에게 링크를 열어 달라고 하세요."
    ),
    "unanswered": Text("Proposed, no answer yet", "제안함, 답 대기"),
    "unanswered_do": Text("Wait, or withdraw it.", "기다리거나 취소하세요."),
    "in_truck": Text("Our goods on a truck", "차량에 실린 우리 물건"),
    "in_truck_do": Text("Look where they are.", "위치를 확인하세요."),
    "own_recalls": Text("Our open recalls", "진행 중인 회수"),
    "own_recalls_do": Text("See who has not answered.", "답하지 않은 곳을 확인하세요."),
    "to_sort": Text("To sort", "선별할 것"),
    "to_sort_do": Text("Choose a lot and sort it.", "로트를 골라 선별하세요."),
    "to_auction": Text("For the auction", "경매할 것"),
    "to_auction_do": Text("Enter the winning bids.", "낙찰을 등록하세요."),
    "to_work": Text("To process", "손질할 것"),
    "to_work_do": Text("Choose a lot and process it.", "로트를 골라 손질하세요."),
    "to_load": Text("To load", "상차할 것"),
    "to_load_do": Text("Scan the door of the truck.", "차량 문의 코드를 스캔하세요."),
    "to_unload": Text("To unload", "하차할 것"),
    "to_unload_do": Text(
        "Scan the door at the destination.", "도착하면 차량 문의 코드를 스캔하세요."
    ),
    "to_label": Text("To label", "라벨 붙일 것"),
    "to_label_do": Text("Stick a label on and scan it.", "라벨을 붙이고 스캔하세요."),
    "to_sell": Text("To put on sale", "판매할 것"),
    "to_sell_do": Text("Put it on the shelf.", "진열대에 올리세요."),
    "on_sale_now": Text("On sale now", "판매 중"),
    "ready_to_sell": Text("Ready to sell", "판매 준비됨"),
}
