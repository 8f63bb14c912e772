"""In a real browser: the proof is checked there, a tampered one refused; nothing needs script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route

from protocol import bundle
from server.coldchain.models import Label, Lot
from tests.server.accounts.browser import chromium
from tests.server.coldchain.shopper.stall import Stall, warm

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WITHOUT_ED25519 = """
const known = crypto.subtle.importKey.bind(crypto.subtle);
crypto.subtle.importKey = (format, data, algorithm, ...rest) =>
  (algorithm.name || algorithm) === "Ed25519"
    ? Promise.reject(new DOMException("unknown", "NotSupportedError"))
    : known(format, data, algorithm, ...rest);
"""

EVIDENCE = re.compile(r"/evidence(\?|$)")


@pytest.fixture
def server(live_server: Any) -> str:
    """By a name: WebCrypto is for secure contexts, and localhost is one."""
    return str(live_server.url).replace("127.0.0.1", "localhost")


@pytest.fixture
def phone() -> Iterator[BrowserContext]:
    """A browser 360 pixels wide, in Korean."""
    with chromium() as browser:
        yield browser


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def outcome(page: Page) -> str:
    """Press the button; what came of it."""
    page.click("#check")
    page.wait_for_selector("#checked[data-outcome]")
    return str(page.get_attribute("#checked", "data-outcome"))


def loaded(page: Page, address: str) -> None:
    """Open the page and wait until its file is here."""
    with page.expect_response(EVIDENCE) as got:
        page.goto(address)
    got.value.finished()


def test_a_phone_checks_the_proof_by_itself_and_without_a_network(
    server: str, phone: BrowserContext, shop: Stall
) -> None:
    lot = shop.on_sale(warm, 7)
    page = phone.new_page()
    loaded(page, f"{server}/q/{lot.ref}")
    phone.set_offline(True)
    assert outcome(page) == "whole"
    said = page.inner_text("#checked")
    assert "확인했습니다. 기록이 나중에 바뀌지 않았습니다." in said
    assert "이 화면의 판정과 같습니다" in said
    assert "온도 기록 150개 중 150개" in said
    assert "증인 없음" in said
    assert "다시 계산하지 않습니다" in said and "jagalchi-agent verify" in said
    assert "이 파일에 없습니다" not in said
    assert overflow(page) == 0


def tampered(data: bytes) -> Iterator[tuple[str, bytes]]:
    """What somebody between might do to the file of a lot."""
    lot, truck, *_ = bundle.read_chapters(data)
    yield "cut short", data[:-7]
    yield "another file", b"<html>sign in to the wireless network</html>"
    yield "a better grade", data.replace(b'"grade":null', b'"grade":"good"', 1)
    signature = lot.proofs[0].note.encode()[-20:-10]
    yield "the log's signature", data.replace(signature, b"A" * 10)
    yield "one bit of a reading", data.replace(truck.records[3], flipped(truck.records[3], 70))
    yield (
        "one bit of a device's signature",
        data.replace(truck.records[4], flipped(truck.records[4], -3)),
    )
    path = lot.proofs[0].entries[0].receipt.path[0]
    yield "one bit of a proof", data.replace(path, flipped(path, 3), 1)
    document = lot.proofs[0].entries[0].document
    yield "the history", data.replace(document, document.replace(b"0", b"1", 1))
    leaf = truck.proofs[0].leaves[0]
    yield "a hash of what was left out", data.replace(leaf.hashes[1], flipped(leaf.hashes[1], 0))
    yield "the verdict left out", bundle.write(truck)


def flipped(data: bytes, at: int) -> bytes:
    """With one bit changed."""
    at %= len(data)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_a_tampered_file_is_refused_in_the_page(
    server: str, phone: BrowserContext, shop: Stall
) -> None:
    lot = shop.on_sale(warm, 7)
    page = phone.new_page()
    good = phone.request.get(f"{server}/q/{lot.ref}/evidence").body()
    sent = {"body": good}
    page.route(EVIDENCE, lambda route: given(route, sent["body"]))
    told = {}
    for why, data in tampered(good):
        assert data != good, why
        sent["body"] = data
        loaded(page, f"{server}/q/{lot.ref}")
        told[why] = outcome(page)
    assert set(told.values()) == {"broken"}, told
    assert "믿지 마세요" in page.inner_text("#checked")


def given(route: Route, body: bytes) -> None:
    """Answer in the server's place."""
    route.fulfill(body=body, content_type="application/cbor-seq")


def test_a_browser_that_cannot_check_says_so_and_gives_the_file(
    server: str, phone: BrowserContext, shop: Stall
) -> None:
    lot = shop.on_sale(hours=1)
    page = phone.new_page()
    page.add_init_script(WITHOUT_ED25519)
    page.goto(f"{server}/q/{lot.ref}")
    page.wait_for_selector("#checked[data-outcome=unable]")
    assert "이 브라우저는 확인할 수 없습니다" in page.inner_text("#checked")
    assert not page.is_visible("#check")
    assert page.is_visible("text=증거 파일 받기")


@pytest.mark.parametrize("language", ["ko-KR", "en-GB"])
def test_without_script_the_page_says_everything_and_takes_forms(
    server: str, shop: Stall, language: str
) -> None:
    label = shop.label(shop.on_sale(warm, 7, graded=True), "shop")
    with chromium(language=language) as browser:
        assert browser.browser is not None
        size = {"width": 360, "height": 640}
        plain = browser.browser.new_context(
            java_script_enabled=False,
            viewport=size,  # type: ignore[arg-type]
            locale=language,
        )
        page = plain.new_page()
        page.goto(f"{server}/q/{label.serial}")
        korean = language == "ko-KR"
        verdict = "기준 이탈 – 판매 보류 권고" if korean else "outside the standard"
        assert verdict in page.inner_text("h1")
        assert page.locator("h1").bounding_box()["y"] < 320  # type: ignore[index]
        assert not page.is_visible("#check")
        page.click("text=구매했어요" if korean else "text=I bought it")
        assert ("구매 표시됨" if korean else "Purchase marked") in page.inner_text("main")
        page.click("summary >> nth=0")
        page.check("input[value=warm]")
        page.click("text=보내기" if korean else "text=Send")
        assert ("보냈습니다" if korean else "Sent.") in page.inner_text("main")
        plain.close()
    assert Label.objects.get(pk=label.pk).lot is not None


def test_it_fits_an_old_phone_in_both_languages_and_in_large_print(
    server: str, phone: BrowserContext, shop: Stall
) -> None:
    lot = shop.on_sale(warm, 7)
    Lot.objects.filter(pk=lot.pk).update(trade="노르웨이 대서양고등어·망치고등어·고등어")
    page = phone.new_page()
    wide = {}
    for query in ("lang=ko", "lang=en", "lang=ko&size=large", "lang=en&size=large"):
        page.goto(f"{server}/q/{lot.ref}?{query}")
        wide[query] = overflow(page)
    assert set(wide.values()) == {0}, wide


def test_the_keyboard_reaches_everything_in_order_and_every_field_has_a_name(
    server: str, phone: BrowserContext, shop: Stall
) -> None:
    lot = shop.on_sale(hours=1)
    page = phone.new_page()
    loaded(page, f"{server}/q/{lot.ref}")
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim().slice(0, 12)"))
    wanted = ["구매했어요", "지금 확인하기", "증거 파일 받기"]
    assert [one for one in dict.fromkeys(reached) if one in wanted] == wanted
    unnamed = page.evaluate(
        "[...document.querySelectorAll('input:not([type=hidden]),textarea')]"
        ".filter(one => !one.labels.length).length"
    )
    pictures = page.evaluate(
        "[...document.querySelectorAll('svg[role=img]')].every(one => one.querySelector('title'))"
    )
    assert (unnamed, pictures) == (0, True)
