"""In a real browser, with and without script: three whole flows by thumb, keyboard and scanner;
every page at 360 pixels with keys for gloves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from server.accounts import links
from server.accounts.contacts import Contact
from server.accounts.models import Link
from server.coldchain.actions import labels, landing, pallets, quality, selling, strangers
from server.coldchain.actions.landing import Sold
from server.coldchain.models import (
    Excursion,
    Handover,
    Label,
    Lot,
    OnPallet,
    Recall,
    RecallHolder,
    Stay,
)
from server.coldchain.rules import Basis, Custody, Kind, ProblemKind, RecallState, Side
from server.coldchain.taking import Amount
from tests.server.accounts.browser import chromium
from tests.server.coldchain.rig import KG, Chain, again, done, mackerel
from tests.server.coldchain.work.harbour import Hands

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
GLOVE = 64
"""Pixels at least of whatever is pressed."""
SMALL = """[...document.querySelectorAll(
  'main a.key, main button, main summary, main select, main a.hero, main a.lot, main a.item,' +
  'main input:not([type=hidden]):not([type=checkbox]):not([type=radio]),' +
  'main label:has([type=checkbox]), main label:has([type=radio])')]
  .filter(one => one.offsetParent && !one.classList.contains('seen-less'))
  .filter(one => one.getBoundingClientRect().height < 64)
  .map(one => one.outerHTML.slice(0, 90))"""
UNNAMED = """[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
  .filter(one => !one.labels.length && !one.getAttribute('aria-label'))
  .map(one => one.outerHTML.slice(0, 90))"""


@contextmanager
def window(browser: Browser, server: str, hands: Hands | None, **more: Any) -> Iterator[Page]:
    """A window of a phone in which somebody is signed in."""
    size = {"width": more.pop("width", 360), "height": 800}
    context = browser.new_context(viewport=size, locale="ko-KR", **more)  # type: ignore[arg-type]
    if hands is not None:
        session = hands.client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": server}])
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    context.close()


@contextmanager
def phone(server: str, hands: Hands) -> Iterator[Page]:
    """A browser with one window of one person."""
    with chromium() as context:
        assert context.browser is not None
        with window(context.browser, server, hands) as page:
            yield page


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def scan(page: Page, code: str) -> None:
    """Type as a scanner does: into the one input that waits for it, with Enter at the end."""
    page.wait_for_selector("#code:focus")
    page.keyboard.type(f"{code}\n")


def main(page: Page) -> str:
    return " ".join(page.inner_text("main").split())


@SCRIPT
def test_from_the_landing_over_the_sorting_to_a_label(
    live_server: Any, harbour: Chain, script: bool
) -> None:
    done(labels.make_roll(harbour.desk("cooperative"), 2))
    serial = Label.objects.order_by("serial")[0].serial
    hands, server = Hands(harbour, "cooperative"), live_server.url
    with chromium() as context:
        assert context.browser is not None
        with window(context.browser, server, hands, java_script_enabled=script) as page:
            page.goto(f"{server}{hands.home}")
            page.click(f"a[href='{hands.home}/land']")
            page.fill("[name=grams]", "스무 상자")
            page.fill("[name=boxes]", "20")
            page.locator(".choose label", has_text="빙장").click()
            page.click("button.huge")
            assert "무게가 아닙니다" in main(page)
            assert page.input_value("[name=boxes]") == "20"
            assert page.is_checked("[name=ice][value=iced]")
            page.fill("[name=grams]", "1000")
            page.click("button.huge")
            page.click("a.hero")
            for number, weight in enumerate(("600", "390")):
                page.locator("[name=out_grams]").nth(number).fill(weight)
            if not script:
                page.click("[data-check]")
            assert "10 kg · 수량 불일치" in main(page) or "10 kg · 합이 맞습니다" in main(page)
            page.fill("[name=waste]", "10")
            page.click("button.huge")
            assert "✓ 선별 · 완료" in main(page)
            parts = Lot.objects.filter(event__kind=Kind.SORTED).order_by("id")
            assert [one.grams for one in parts] == [600 * KG, 390 * KG]
            page.click(f"section.result a[href$='{parts[0].ref}']")
            page.click(f"a[href$='/labels?lot={parts[0].ref}']")
            scan(page, f"{serial}")  # as a scanner does
            page.wait_for_selector("[name=serial]", state="attached")
            assert f"빈 라벨: {serial}" in main(page)
            page.click("button.huge")
            page.wait_for_url("**/lots/*")
            assert "라벨 1" in main(page) and overflow(page) == 0
    assert Label.objects.get(serial=serial).lot == parts[0]


@SCRIPT
def test_from_the_truck_over_the_hand_over_to_the_acceptance(
    live_server: Any, harbour: Chain, script: bool
) -> None:
    one, two = harbour.land(), harbour.land()
    for lot in (one, two):
        harbour.offer(lot, "cooperative", "wholesaler")
    driver, taker, server = Hands(harbour, "carrier"), Hands(harbour, "wholesaler"), live_server.url
    room = harbour.rooms["truck 1"]
    with chromium() as context:
        assert context.browser is not None
        with window(context.browser, server, driver, java_script_enabled=script) as page:
            page.goto(f"{server}{driver.home}")
            scan(page, f"http://j.kr/doors/{room}")  # the code on the door
            page.wait_for_url(f"**/rooms/{room}")
            page.click("a.huge.main")
            scan(page, f"{one.code}")
            page.wait_for_selector(f"input[type=hidden][value='{one.ref}']", state="attached")
            page.locator(".ticks label", has_text=two.code).locator("input").check()
            page.click("button.huge")
            page.wait_for_url("**/rooms/*")
            assert "상차·하차 시간 0 분" in main(page)
            assert Stay.objects.filter(until_ms=None).count() == 2
            page.click("a.huge:not(.main)")
            page.click("button.huge")
            page.wait_for_url("**/rooms/*")
            assert "✓ 하차 · 완료" in main(page) and overflow(page) == 0
        with window(context.browser, server, taker, java_script_enabled=script) as page:
            page.goto(f"{server}{taker.home}")
            page.click("a.hero")
            scan(page, f"{one.code}")
            page.wait_for_selector("[name=handover]:checked")
            page.click("button.huge")
            page.wait_for_url("**/inbox*")
            assert "인수할 것이 없습니다" in main(page) and overflow(page) == 0
    assert {row.status for row in Handover.objects.all()} == {Custody.ACCEPTED}


@SCRIPT
def test_a_recall_from_its_opening_to_what_a_shop_does_with_the_goods(
    live_server: Any, harbour: Chain, script: bool
) -> None:
    lot = harbour.land()
    sold = harbour.hand(lot, "cooperative", "shop", 400 * KG)
    owner, shop, server = Hands(harbour, "cooperative"), Hands(harbour, "shop"), live_server.url
    with chromium() as context:
        assert context.browser is not None
        with window(context.browser, server, owner, java_script_enabled=script) as page:
            page.goto(f"{server}{owner.home}/lots/{lot.ref}")
            page.click("a[href*='/recalls/open']")
            page.click("button.huge.stop")
            page.wait_for_url(re.compile("/recalls/[a-z2-7]{16}"))
            page.click("button.huge.stop")
            page.wait_for_selector("text=◐ 통지함")
            assert again(sold).side == Side.RECALLED
        with window(context.browser, server, shop, java_script_enabled=script) as page:
            for path in ("", "/shelf"):
                page.goto(f"{server}{shop.home}{path}")
                assert "회수: 판매를 멈추세요" in main(page)
                assert page.locator("main a").count() == 0
            page.click("button.huge")
            page.wait_for_url("**/recalled/*")
            page.fill("[name=recovered]", "400")
            page.click("button.huge")
            page.wait_for_selector("text=회수 답변")
            assert overflow(page) == 0
        with window(context.browser, server, owner, java_script_enabled=script) as page:
            recall = Recall.objects.get()
            page.goto(f"{server}{owner.home}/recalls/{recall.id}")
            page.click("a[href*='/recalled/']")
            page.fill("[name=destroyed]", "600")
            page.click("button.huge")
            page.wait_for_selector("text=회수 답변")
            page.goto(f"{server}{owner.home}/recalls/{recall.id}")
            page.wait_for_selector("text=1000 / 1000 kg")
            for other in RecallHolder.objects.exclude(state="acknowledged").order_by("id"):
                there = page.locator("form", has=page.locator(f"[value='{other.id}']"))
                page.locator("details", has=there).locator("summary").click()
                there.locator("[value=unreached]").click()
                page.wait_for_load_state()
            page.click("[value=close]")
            page.wait_for_selector("text=✓ 종료")
            assert "회수율 100.0 %" in main(page) and overflow(page) == 0
    assert Recall.objects.get().state == RecallState.CLOSED


def test_people_without_an_account_answer_by_their_links(live_server: Any, harbour: Chain) -> None:
    lot, boss = harbour.land(), Hands(harbour, "cooperative")
    desk = harbour.desk("cooperative")
    offer = done(strangers.offer_by_link(desk, (Amount(lot.ref, 100 * KG, 5),), Contact("")))
    receipt = landing.land(desk, (mackerel(harbour),), "", Contact("010-5555-1234"))
    token = links.token(Link.objects.get(target=done(receipt).ref).id)
    goods = strangers.link_of(offer).partition("/goods/")[2]
    with chromium() as context:
        assert context.browser is not None
        with window(context.browser, live_server.url, None, java_script_enabled=False) as page:
            page.goto(f"{live_server.url}/goods/{goods}?lang=ko")
            page.click("[value=accept]")
            assert "인수했습니다" in main(page) and overflow(page) == 0
            page.goto(f"{live_server.url}/receipt/{token}?lang=ko")
            page.locator("summary").click()
            page.click("[value=quantity]")
            assert "수협에 전했습니다" in main(page) and "확인 중" in main(page)
            assert overflow(page) == 0
        with window(context.browser, live_server.url, boss) as page:
            page.goto(f"{live_server.url}{boss.home}/problems?lang=ko")
            page.click("[value=put-right]")
            page.wait_for_selector("text=✓ 신고 처리")
            assert "맞아서 바로잡음" in main(page)


def office(harbour: Chain, lot: Lot) -> tuple[Lot, str, str]:
    """A bid to settle, goods on their way, a report, a pallet: a lot, and paths of two pages."""
    desk = harbour.desk("cooperative")
    bid = harbour.land()
    done(landing.award(desk, (Sold(bid.ref, "77", 1_250_000),)))
    done(strangers.offer_by_link(desk, (Amount(lot.ref, 100 * KG, 5),), Contact("")))
    done(selling.report_problem(harbour.stranger(), bid.ref, ProblemKind.SMELL, "시큼해요"))
    packed = done(pallets.pack(desk, (Amount(bid.ref),)))
    pallet = OnPallet.objects.get(packed=packed).pallet_id
    return bid, f"/pallets/{pallet}", f"/events/{packed.ref}/error"


def pages(harbour: Chain) -> list[tuple[str, str]]:
    """Every page, by whom it is looked at, with something on it."""
    lot, raw = harbour.land(), harbour.hand(harbour.land(), "cooperative", "plant")
    shop = harbour.hand(harbour.land(), "cooperative", "shop")
    done(selling.put_on_sale(harbour.desk("shop"), (shop.ref,)))
    done(labels.make_roll(harbour.desk("cooperative"), 3))
    for name in ("cooperative", "plant"):
        harbour.offer(harbour.land(name), name, "wholesaler")
    harbour.load("truck 1", lot)
    warm = Excursion.objects.create(
        room_id=harbour.rooms["truck 1"], limit="kr_chilled", from_ms=1, peak_milli=12_400
    )
    warm.lots.add(lot)
    truck = f"/rooms/{harbour.rooms['truck 1']}"
    bid, pallet, error = office(harbour, lot)
    of_lot = ("", "/sort", "/split", "/waste", "/inspect", "/hold", "/correct", "/rework", "/sell")
    return [
        *(("cooperative", one) for one in ("", "/lots", "/land", "/lists", "/auction", "/labels")),
        *(("cooperative", f"/lots/{lot.ref}{one}") for one in of_lot),
        *(("cooperative", one) for one in ("/rolls", "/merge", "/rooms", "/given", "/undo")),
        *(("cooperative", one) for one in ("/settle", "/pallets", "/problems", "/sites", error)),
        *(("cooperative", one) for one in (pallet, f"/pallets/pack?lot={bid.ref}")),
        ("cooperative", f"/offer?lot={lot.ref}"),
        ("cooperative", f"/labels?lot={lot.ref}"),
        *(("cooperative", one) for one in ("/recalls", "/recalls/open", "/find?code=none")),
        ("plant", f"/lots/{raw.ref}/transform"),
        *(("carrier", one) for one in ("", "/alarms", truck, f"{truck}/load", f"{truck}/unload")),
        *(("wholesaler", one) for one in ("", "/inbox")),
        *(("shop", one) for one in ("", "/shelf", f"/lots/{shop.ref}/sold-out", "/problems")),
        ("agency", f"/lots/{lot.ref}/sample"),
    ]


def looked_at(page: Page, address: str) -> list[object]:
    """What is wrong with a page on a phone, a tablet and a desk: too wide, small keys, no name."""
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = 1)")
    odd: list[object] = [] if page.locator("main h1").count() == 1 else ["no heading"]
    for width in (360, 800, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        odd += [] if overflow(page) <= 0 else [f"{width} is too narrow"]
        odd += [*page.evaluate(SMALL), *page.evaluate(UNNAMED)]
    return odd


def test_every_page_fits_with_keys_for_gloves_and_a_name_for_every_field(
    live_server: Any, harbour: Chain
) -> None:
    odd: dict[str, list[object]] = {}
    looked = pages(harbour)
    for name in dict.fromkeys(name for name, _ in looked):
        hands = Hands(harbour, name)
        mine = [path for who, path in looked if who == name]
        with phone(live_server.url, hands) as page:
            for path, language in product(mine, ("ko", "en")):
                apart = "&" if "?" in path else "?"
                address = f"{hands.home}{path}{apart}lang={language}"
                odd[f"{name} {path} {language}"] = looked_at(page, live_server.url + address)
    assert {where: what for where, what in odd.items() if what} == {}
    assert len(odd) == 2 * len(set(looked))


def test_the_cover_is_as_large_as_the_phone_and_its_key_is_reached_by_keyboard(
    live_server: Any, harbour: Chain
) -> None:
    lot = harbour.hand(harbour.land(), "cooperative", "shop")
    done(quality.hold(harbour.desk("agency"), (lot.ref,), Basis.FOOD_SANITATION))
    hands, server = Hands(harbour, "shop"), live_server.url
    with phone(server, hands) as page:
        page.goto(f"{server}{hands.home}/shelf")
        box = page.locator(".cover").bounding_box()
        assert box is not None and box["height"] >= 0.7 * 800 and box["width"] >= 0.85 * 360
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches('.cover button')"):
                break
        page.keyboard.press("Enter")
        page.wait_for_url(f"{server}{hands.home}?told=hold")
        assert "판매 중지를 확인했습니다" in main(page)


def test_a_photo_from_a_camera_is_made_small_enough_before_it_is_sent(
    live_server: Any, harbour: Chain
) -> None:
    row = harbour.offer(harbour.land(), "cooperative", "wholesaler")
    hands, server = Hands(harbour, "wholesaler"), live_server.url
    with phone(server, hands) as page:
        page.goto(f"{server}{hands.home}/inbox")
        page.locator("summary", has_text="사진과 이유").click()
        size = page.evaluate(
            """async () => {
              const canvas = new OffscreenCanvas(1400, 1400), c = canvas.getContext("2d");
              const dots = c.createImageData(1400, 1400);
              for (let i = 0; i < dots.data.length; i += 65536)
                crypto.getRandomValues(dots.data.subarray(i, i + 65536));
              for (let i = 3; i < dots.data.length; i += 4) dots.data[i] = 255;
              c.putImageData(dots, 0, 0);
              const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
              const files = new DataTransfer();
              files.items.add(new File([blob], "p.jpg", { type: "image/jpeg" }));
              const input = document.querySelector("[name=photo]");
              input.files = files.files;
              input.dispatchEvent(new Event("change"));
              return blob.size; }"""
        )
        assert size > 1 << 20
        page.check("[name=handover]")
        page.fill("[name=why]", "냄새")
        page.click("[value=refuse]")
        page.wait_for_url("**/inbox?done=*")
    row.refresh_from_db()
    assert row.status == Custody.REFUSED
