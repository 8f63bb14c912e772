"""What the page says of a lot, to whom it says nothing else, and what it never says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings

from science import gs1
from science.species import Species
from server.accounts.contacts import Contact
from server.accounts.models import Organisation
from server.coldchain.actions import landing, quality, selling, strangers, undoing
from server.coldchain.actions.landing import Correction
from server.coldchain.models import Event, Handover, Label, Lot, Problem, Purchase, Scan
from server.coldchain.rules import Basis, ProblemKind, Source
from server.coldchain.shopper import codes, scans
from server.coldchain.shopper.card import Seen, is_copied
from server.coldchain.taking import Amount
from server.pilots.days import day_of
from tests.server.coldchain.rig import done, no
from tests.server.coldchain.shopper.stall import Stall, warm

pytestmark = pytest.mark.django_db

MOST_BYTES = 60 * 1024
GTIN = "08801234567893"


def get(path: str, language: str = "ko", **more: Any) -> Any:
    """The page as a stranger's browser asks for it."""
    return Client().get(path, headers={"Accept-Language": language, **more})


def text(response: Any) -> str:
    """What it says, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_a_graded_lot_says_its_grade_first_and_all_that_stands_beside_it(shop: Stall) -> None:
    lot = shop.on_sale(hours=3, graded=True)
    page = get(f"/q/{lot.ref}")
    said = text(page)
    assert page.status_code == 200
    assert said.index("매우 좋음") < said.index("히스타민 위험 지표: 낮음")
    for sentence in (
        "온도 이력으로 계산한 추정값 (얼음 기준 ",
        "grade/1",
        "냉장식품 기준(0~10 ℃): 충족",
        "선어 권장(0~2 ℃, 당사 기준):",
        "운송 구간 기록",
        "전체 이력: 기록 없는 시간",
        "예상 잔여 신선기간(추정). 표시된 소비기한이 우선합니다",
        "연근해산",
        "FAO 61 · 북서태평양",
        "누가 무엇을 보증하나",
        "이 상자와 같은가",
        "1399",
        "기록이 나중에 바뀌지 않았음을 확인합니다. 처음 입력이 사실임을 뜻하지 않습니다",
    ):
        assert sentence in said


def test_all_that_a_phone_loads_without_script_is_within_its_budget(shop: Stall) -> None:
    lot = shop.on_sale(warm, 7)
    found = re.findall(r'href="(/[^"]+\.css)"', get(f"/q/{lot.ref}").content.decode())
    assert sorted(found) == ["/q/shopper.css", "/style.css"]
    sizes = [len(get(path).content) for path in (f"/q/{lot.ref}", *found)]
    assert sum(sizes) <= MOST_BYTES, sizes


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ko", "시연: 이 화면의 모든 측정값은 모의 값입니다."),
        ("en", "Demonstration: every reading on this page is simulated."),
    ],
)
def test_a_demonstration_says_so_above_everything_else(
    shop: Stall, language: str, said: str
) -> None:
    lot = shop.on_sale(hours=1)
    paths = (f"/q/{lot.ref}", "/q", "/q/nosuchcode")
    assert not any(said in text(get(path, language)) for path in paths)
    with override_settings(JAGALCHI=replace(settings.JAGALCHI, demo=True)):
        for path in paths:
            body = get(path, language).content.decode()
            assert body.index(said) < body.index("<main>"), path


def test_the_policy_for_scripts_holds_for_every_byte_of_the_page(shop: Stall) -> None:
    body = get(f"/q/{shop.on_sale(hours=1).ref}").content.decode()
    assert re.findall(r"<script[^>]*>[^<]*", body) == [
        '<script type="module" src="/q/proof/page.js">'
    ]
    assert not re.search(r'\son[a-z]+="|\sstyle="|javascript:', body)


def test_nobody_is_named_and_no_time_is_told_to_the_minute(shop: Stall) -> None:
    lot = shop.on_sale(warm, 7)
    for one in Organisation.objects.all():
        Organisation.objects.filter(pk=one.pk).update(name=f"상호 {one.pk}", name_en=f"Co {one.pk}")
    body = get(f"/q/{lot.ref}").content.decode()
    names = ["상호", "Co ", *Organisation.objects.values_list("id", flat=True)]
    events = Event.objects.exclude(actor="").values_list("actor", flat=True)
    secrets = {*names, *events, "제3부산호", "truck 1", shop.truck.device, "35.1", "129.0"}
    assert {one for one in secrets if one in body.replace(lot.ref, "")} == set()
    assert set(re.findall(r"\d{1,2}:(\d\d)", text(get(f"/q/{lot.ref}")))) <= {"00"}


def test_monkfish_has_temperature_facts_only(shop: Stall) -> None:
    lot = shop.on_sale(hours=1, trade="아귀", species=Species.LOPHIUS_LITULON, graded=True)
    said = text(get(f"/q/{lot.ref}"))
    assert "냉장식품 기준(0~10 ℃): 충족" in said
    assert "온도 사실만 표시합니다. 이 어종은 공개된 신선도 자료가 없습니다" in said
    assert not re.search("히스타민|매우 좋음|잔여 신선기간|등푸른", said)


def test_an_unknown_catch_promises_nothing(shop: Stall) -> None:
    lot = shop.on_sale(hours=1, catch_ms=None, catch_by=Source.NOBODY, graded=True)
    said = text(get(f"/q/{lot.ref}"))
    assert "어획 시각 미상 – 잔여 기간 계산 안 함" in said
    assert "히스타민 위험 지표: 판단 불가" in said
    assert "매우 좋음" not in said


def test_a_gap_is_drawn_as_a_gap_and_said(shop: Stall) -> None:
    body = get(f"/q/{shop.on_sale(warm, 7).ref}").content.decode()
    assert body.count('class="gap"') == 2
    assert "기록 없음</text>" in body
    assert "기록 없음 124분" in body


def test_a_hold_replaces_the_whole_page_and_a_release_gives_it_back(shop: Stall) -> None:
    lot = shop.on_sale(hours=1, graded=True)
    done(quality.hold(shop.chain.desk("shop"), (lot.ref,), Basis.OWN))
    held = text(get(f"/q/{lot.ref}"))
    assert "판매 중지 – 팔지 말고 아직 먹지 마세요" in held
    assert "판매자 자체 조치" in held
    assert not re.search("매우 좋음|충족|어디서 왔나|원산지|℃", held)
    done(quality.release(shop.chain.later().desk("shop"), (lot.ref,)))
    assert "매우 좋음" in text(get(f"/q/{lot.ref}"))


def test_a_recall_says_nothing_else_in_either_language(shop: Stall) -> None:
    lot = shop.on_sale(hours=1, graded=True)
    Lot.objects.filter(pk=lot.pk).update(side="recalled")
    korean, english = (text(get(f"/q/{lot.ref}", one)) for one in ("ko", "en"))
    assert "회수 중 – 먹지도 팔지도 마세요" in korean
    assert "RECALL – do not eat, do not sell" in english
    assert not re.search("매우 좋음|충족|어디서 왔나|℃", korean)
    assert not re.search("very good|met|Where it came", english)


@pytest.mark.parametrize(
    ("language", "said"),
    [("ko", "이 코드의 로트가 없습니다"), ("en", "There is no lot with this code")],
)
@pytest.mark.parametrize(
    "path",
    [
        "/q/2222-2222",
        f"/q/{'a' * 16}",
        "/q/nosuchcode",
        f"/01/{GTIN}/10/NOTHING",
        "/01/08801234567890/10/A",
        "/01/x/10/y",
        "/q/<script>",
    ],
)
def test_what_is_no_code_of_ours_is_told_in_the_readers_language(
    db: None, path: str, language: str, said: str
) -> None:
    response = get(path, language)
    assert response.status_code == 404
    if path != "/q/<script>":
        assert said in text(response)


def test_a_label_on_nothing_says_so_and_so_does_a_spoilt_one(shop: Stall) -> None:
    label = shop.label(shop.on_sale(hours=1), "shop")
    blank = Label.objects.filter(roll=label.roll, lot=None).first()
    assert blank is not None
    assert "아직 상자에 붙지 않은 라벨입니다" in text(get(f"/q/{blank.serial}"))
    Label.objects.filter(pk=blank.pk).update(void_ms=1)
    assert "무효가 된 라벨입니다" in text(get(f"/q/{blank.serial}"))


def test_a_label_that_was_stuck_on_the_wrong_box_says_nothing_of_any_lot(shop: Stall) -> None:
    lot, label = with_gtin(shop)
    label = shop.label(lot, "shop")
    done(undoing.undo(shop.chain.desk("shop")))
    for path in (f"/q/{label.serial}", gs1.Link(GTIN, lot.code, label.serial).path):
        said = text(get(path))
        assert "무효가 된 라벨입니다" in said and "다른 상자에 잘못 연결되어" in said
        assert not re.search(f"충족|℃|{lot.code}|아직 로트에 연결되지", said), path
    bought = selling.mark_purchase(
        shop.chain.stranger(), lot.ref, day_of(shop.chain.now_ms), label.serial
    )
    assert no(bought) == "label-unknown"
    assert get(f"/q/{label.serial}/evidence").status_code == 404


def test_a_code_is_read_however_it_was_typed(shop: Stall) -> None:
    label = shop.label(shop.on_sale(hours=1), "shop")
    typed = label.serial.replace("-", "").lower()
    found = get(f"/q?code={typed}")
    assert (found.status_code, found["Location"]) == (302, f"/q/{label.serial}")
    assert label.serial in text(get(f"/q/{typed}"))
    for nothing in ("nothing", "a" * 15 + "%00", "%00" * 16, "가" * 16):
        assert get(f"/q?code={nothing}").status_code == 404


def with_gtin(shop: Stall) -> tuple[Lot, Label]:
    """A lot that bears a GTIN, and a label of it."""
    lot = shop.on_sale(hours=1)
    label = shop.label(lot, "shop")
    Lot.objects.filter(pk=lot.pk).update(gtin=GTIN)
    return Lot.objects.get(pk=lot.pk), label


def test_a_digital_link_leads_to_the_lot_or_to_the_box(shop: Stall) -> None:
    lot, label = with_gtin(shop)
    address = gs1.Link(GTIN, lot.code)
    assert "로트 전체의 것입니다" in text(get(address.path))
    box = gs1.Link(GTIN, lot.code, label.serial)
    assert label.serial in text(get(box.path))
    assert get(gs1.Link(GTIN, lot.code, "2222-2222").path).status_code == 404
    other = gs1.Link(GTIN, "OTHER", label.serial)
    assert get(other.path).status_code == 404


def test_a_program_gets_the_linkset_by_name_and_by_media_type(shop: Stall) -> None:
    lot, label = with_gtin(shop)
    path = gs1.Link(GTIN, lot.code, label.serial).path
    by_name = get(f"{path}?linkType=all")
    by_type = get(path, Accept="application/linkset+json")
    assert by_name["Content-Type"] == by_type["Content-Type"] == "application/linkset+json"
    assert json.loads(by_name.content) == json.loads(by_type.content)
    (links,) = json.loads(by_name.content)["linkset"]
    assert links["anchor"].endswith(path)
    assert links["https://gs1.org/voc/defaultLink"][0]["hreflang"] == ["ko", "en"]
    assert links["https://gs1.org/voc/certificationInfo"][0]["href"].endswith("/evidence")
    assert (
        get(path, Accept="text/html,application/linkset+json;q=0.9")["Content-Type"]
        != (by_name["Content-Type"])
    )


def test_looks_at_a_box_are_counted_by_day_and_region_and_nothing_else(shop: Stall) -> None:
    label = shop.label(shop.on_sale(hours=1), "shop")
    path = f"/q/{label.serial}"
    browser = Client()
    for _ in range(3):
        browser.get(path, headers={scans.HEADER: "KR-26"})
    Client().head(path)
    Client().get(path, headers={scans.HEADER: "KR-11"})
    Client().get(path, headers={scans.HEADER: "Busan, Korea"})
    Client().get(path, headers={scans.HEADER: "KR-27"}, REMOTE_ADDR="203.0.113.9")
    counted = {one.region: one.count for one in Scan.objects.all()}
    assert counted == {"KR-26": 1, "KR-11": 1, "": 2}
    said = text(get(path))
    assert "복제 QR 의심" in said
    assert "지역은 대략적으로만 판단하며 IP를 보관하지 않습니다" in said


def test_a_lot_code_is_scanned_everywhere_by_right(shop: Stall) -> None:
    lot = shop.on_sale(hours=1)
    for region in ("KR-26", "KR-11"):
        Client().get(f"/q/{lot.ref}", headers={scans.HEADER: region})
    assert Scan.objects.count() == 0
    assert "복제 QR 의심" not in text(get(f"/q/{lot.ref}"))


def test_a_copy_is_suspected_only_where_one_box_cannot_be() -> None:
    first, second = frozenset({date(2026, 1, 1)}), frozenset({date(2026, 1, 2)})
    assert is_copied(Seen({"KR-26": first, "KR-11": first}, 2))
    assert not is_copied(Seen({"KR-26": first, "KR-11": second}, 2))
    assert not is_copied(Seen({"KR-26": first, "": first}, 9))


def test_a_purchase_is_marked_once_and_then_says_what_to_do(shop: Stall) -> None:
    label = shop.label(shop.on_sale(hours=1), "shop")
    sent = Client().post(f"/q/{label.serial}/bought")
    assert (sent.status_code, sent["Location"]) == (302, f"/q/{label.serial}?done=bought")
    assert Purchase.objects.get().label == label
    said = text(get(f"/q/{label.serial}?done=bought"))
    assert "구매 표시됨" in said
    assert "구매했어요" not in said
    assert Client().post(f"/q/{label.serial}/bought").status_code >= 400
    assert Purchase.objects.count() == 1


def test_a_problem_reaches_the_table_and_its_words_do_not_reach_the_log(shop: Stall) -> None:
    lot = shop.on_sale(hours=1)
    sent = Client().post(f"/q/{lot.ref}/problem", {"kind": "smell", "told": "냄새가 나요"})
    assert sent.status_code == 302
    row = Problem.objects.get()
    assert (row.kind, row.told) == (ProblemKind.SMELL, "냄새가 나요")
    assert "냄새" not in Event.objects.get(kind="problem").told
    assert "보냈습니다" in text(get(sent["Location"]))
    assert Client().post("/q/aaaaaaaaaaaaaaaa/problem", {"kind": "smell"}).status_code == 404


def test_somebody_who_sends_very_much_is_told_to_wait(shop: Stall) -> None:
    lot = shop.on_sale(hours=1)
    path, sent = f"/q/{lot.ref}/problem", {"kind": "other"}
    answers = [Client().post(path, sent).status_code for _ in range(12)]
    assert answers == [302] * 10 + [429] * 2
    assert Problem.objects.count() == 10


def test_the_code_on_the_box_holds_the_address_and_nothing_else(shop: Stall) -> None:
    lot, label = with_gtin(shop)
    assert get(f"/q/{label.serial}/qr.svg")["Content-Type"] == "image/svg+xml"
    assert get(f"/q/{label.serial}/qr.png").content.startswith(b"\x89PNG")
    held = codes.address("https://fish.example", lot.gtin, lot.code, label.serial)
    assert held == f"https://fish.example/01/{GTIN}/10/{lot.code}/21/{label.serial}"
    assert codes.address("https://fish.example", "", lot.ref) == f"https://fish.example/q/{lot.ref}"


def test_what_is_corrected_is_shown_corrected(shop: Stall) -> None:
    lot = shop.chain.land(graded=True)
    corrected = Correction(origin="원양산")
    done(landing.correct(shop.chain.later().desk("cooperative"), lot.ref, corrected, "오기"))
    assert "원양산" in text(get(f"/q/{lot.ref}"))
    assert "판정 전" in text(get(f"/q/{lot.ref}"))


def test_large_print_is_an_address_and_needs_no_script(shop: Stall) -> None:
    lot = shop.chain.land()
    assert '<html lang="ko" class="large">' in get(f"/q/{lot.ref}?size=large").content.decode()


def test_a_lot_that_was_sold_out_still_has_its_page(shop: Stall) -> None:
    lot = shop.on_sale(hours=1)
    done(selling.put_on_sale(shop.chain.desk("shop"), (lot.ref,)))
    done(selling.sell_out(shop.chain.later().desk("shop"), (lot.ref,)))
    assert "출고 이후 온도 기록 없음" in text(get(f"/q/{lot.ref}"))


def test_what_a_stranger_was_handed_is_unconfirmed_on_the_page_too(shop: Stall) -> None:
    lot = shop.chain.land()
    amounts = (Amount(lot.ref),)
    desk = shop.chain.desk("cooperative")
    event = done(strangers.offer_by_link(desk, amounts, Contact("010-1234-5678")))
    row = Handover.objects.get(proposed=event)
    done(strangers.leave(shop.chain.later().desk("cooperative"), (row.id,)))
    row.refresh_from_db()
    assert row.went is not None
    said = text(get(f"/q/{row.went.ref}"))
    assert "수령 미확인" in said
    assert "출고 이후 온도 기록 없음" in said


def test_a_state_number_leads_to_the_one_lot_that_bears_it(shop: Stall) -> None:
    lot = shop.chain.land(trace_no="2020060200123")
    assert lot.code in text(get("/q/2020060200123"))
    shop.chain.land(trace_no="2020060200123")
    assert get("/q/2020060200123").status_code == 404
