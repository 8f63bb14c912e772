"""What the work pages say of papers, of the live link, and of an inspector's search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.registry import Text

PAPERS: Final[Mapping[str, Text]] = {
    "trips": Text("Temperature records and receipts", "온도기록지 · 인수증"),
    "key_trips": Text("Records and receipts", "온도기록지"),
    "key_trace": Text("Find lots", "로트 찾기"),
    "trips_note": Text(
        "One for each unloading, made by itself.", "하차할 때마다 한 장씩 저절로 만듭니다."
    ),
    "no_trips": Text("No unloading yet.", "아직 하차가 없습니다."),
    "as_pdf": Text("PDF (A4)", "PDF (A4)로 받기"),
    "print_it": Text(
        "To print this page, use your browser's print.",
        "이 화면은 브라우저에서 인쇄할 수 있습니다.",
    ),
    "no_font": Text(
        "No PDF: this server has no Korean font. This page says the same; print it."
        " The operator can install the package fonts-nanum.",
        "PDF를 만들지 못했습니다. 이 서버에 한글 글꼴이 없습니다. 내용이 같은 이 화면을"
        " 인쇄하세요. 운영자는 fonts-nanum 패키지를 설치하면 됩니다.",
    ),
    "record_by_section": Text("Temperature by section", "구간별 온도 기록서"),
    "air_by_stay": Text("Air of the last places it was in", "최근에 있던 곳의 공기 온도"),
    "air_now": Text("now", "지금"),
    "records_sheet": Text("Spreadsheet", "엑셀(온도기록·점검)"),
    "evidence_file": Text("Evidence file", "증거 파일"),
    "evidence_how": Text(
        "Check it on any computer, without us: jagalchi-agent verify",
        "우리 없이 어느 컴퓨터에서나 확인할 수 있습니다: jagalchi-agent verify",
    ),
    "no_evidence": Text(
        "No evidence yet: nothing was judged of this lot.",
        "아직 증거가 없습니다. 이 로트는 판정된 것이 없습니다.",
    ),
    "way": Text("On the way", "운송 중"),
    "way_share": Text("On the way: a link to watch", "운송 중: 지켜보는 링크"),
    "way_share_note": Text(
        "For whoever waits for the goods: how cold they are, until they are accepted.",
        "받을 분에게 보내세요. 인수할 때까지 온도를 볼 수 있습니다.",
    ),
    "address_of_link": Text("Address of the link", "링크 주소"),
    "way_from": Text("from", "보낸 곳"),
    "way_now": Text("Now", "지금"),
    "way_last": Text("Last record", "마지막 기록"),
    "way_worst": Text("Warmest so far", "지금까지 최고 온도"),
    "way_late": Text("Record is {n} min late", "기록 지연 {n}분"),
    "way_unknown": Text("Time without a record", "기록 없는 시간"),
    "way_arrives": Text("Expected", "도착 예정"),
    "way_arrives_unknown": Text("Arrival not yet told", "도착 예정 미정"),
    "way_declared": Text("as the carrier declared it", "운송사가 입력한 시각"),
    "way_since": Text("On this truck since", "이 차에 실은 시각"),
    "way_waiting": Text("In no truck now", "지금 차에 없음"),
    "way_air": Text(
        "Air in the hold, not the fish. This page renews itself every minute.",
        "적재고 공기 온도입니다. 어체 온도가 아닙니다. 1분마다 새로 고칩니다.",
    ),
    "way_over": Text(
        "This link ended when the goods were answered for. Ask the sender for the record.",
        "인수 또는 거부로 끝난 링크입니다. 기록은 보낸 곳에 문의하세요.",
    ),
    "f_arrives": Text("Expected arrival (optional)", "도착 예정 시각(선택)"),
    "trace": Text("Find lots", "로트 찾기"),
    "trace_how": Text(
        "By a lot, a truck, or a place, and a time.", "로트, 차량, 장소와 시간으로 찾습니다."
    ),
    "f_find": Text("Lot number or code", "로트 번호 또는 코드"),
    "f_room_no": Text("Truck or room", "차량 또는 방"),
    "f_place_id": Text("Place", "장소"),
    "do_trace": Text("Find", "찾기"),
    "trace_took": Text("Found in {ms} ms", "찾는 데 {ms} ms"),
    "trace_named": Text("Asked for", "찾은 로트"),
    "trace_before": Text("It came from", "어디서 왔나"),
    "trace_after": Text("It became", "무엇이 되었나"),
    "trace_contact": Text(
        "Possible contact: same truck or room, same time", "접촉 가능: 같은 차·방, 같은 시간"
    ),
    "trace_nothing": Text(
        "No such lot that you may see. Check the code and the time.",
        "볼 수 있는 로트가 없습니다. 코드와 시간을 확인하세요.",
    ),
    "trace_more": Text("{n} more are not shown.", "{n}건은 화면에 없습니다."),
    "trace_cut": Text(
        "There are more than one search can hold. Narrow it down.",
        "한 번에 찾을 수 있는 수를 넘었습니다. 범위를 줄이세요.",
    ),
}
