"""In a real browser: the log's key is kept when it is first seen, and whatever is not the log that
this browser knew is told plainly. A file that lacks readings says how many, and when.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from server.coldchain.shopper import evidence, picking
from server.ledger import keys, log, service
from server.ledger.writing import writing
from tests.protocol import build
from tests.protocol.testlog import note_key
from tests.server.accounts.browser import chromium
from tests.server.coldchain.shopper.stall import Stall
from tests.server.coldchain.shopper.test_browser import loaded, outcome, overflow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OTHER = note_key(seed="thief").key().vkey


@pytest.fixture
def server(live_server: Any) -> str:
    """By a name: WebCrypto is for secure contexts, and localhost is one."""
    return str(live_server.url).replace("127.0.0.1", "localhost")


@pytest.fixture
def phone() -> Iterator[BrowserContext]:
    with chromium() as browser:
        yield browser


def kept(page: Page) -> dict[str, Any]:
    """What the browser knows of the log."""
    found: dict[str, Any] = json.loads(page.evaluate("localStorage.getItem('jagalchi-log')"))
    return found


def keep(page: Page, **changes: Any) -> None:
    """Let it know something else."""
    text = json.dumps({**kept(page), **changes})
    page.evaluate("(text) => localStorage.setItem('jagalchi-log', text)", text)


def said(page: Page) -> str:
    return page.inner_text("#checked")


def grow(shop: Stall, name: str) -> None:
    """An entry more in the log."""
    with writing():
        service.stage("test", "x", [name], build.digest(name))
    log.sequence(shop.chain.now_ms)


def test_a_browser_keeps_what_it_checked_and_tells_when_the_log_is_another(
    server: str, phone: BrowserContext, shop: Stall
) -> None:
    address = f"{server}/q/{shop.on_sale(hours=1).ref}"
    page = phone.new_page()
    loaded(page, address)
    assert outcome(page) == "whole" and "처음 봅니다" in said(page)
    assert "이 화면을 만들 때의 장부" in said(page)
    first = kept(page)
    assert (first["vkey"], first["size"]) == (keys.current().log.vkey, log.newest().size)

    grow(shop, "more")
    loaded(page, address)
    assert outcome(page) == "whole" and "처음 본 것" in said(page)
    assert f"전에 확인한 장부(항목 {first['size']}개)에서 그대로 이어집니다" in said(page)

    told, lies = {}, dict[str, dict[str, Any]]()
    lies["another key"] = {"vkey": OTHER}
    lies["a longer log"] = {"size": 10_000}
    lies["another root"] = {"root": "00" * 32}
    for why, lie in lies.items():
        before = kept(page)
        keep(page, **lie)
        loaded(page, address)
        told[why] = outcome(page)
        assert kept(page) == {**before, **lie}, "what does not hold is not learned"
        keep(page, **before)
    assert told == {"another key": "changed", "a longer log": "broken", "another root": "broken"}


def test_a_log_not_shown_to_lead_on_is_not_whole_and_is_not_learned(
    server: str, phone: BrowserContext, shop: Stall
) -> None:
    """A forked log need only leave the proof out, or say that it has none."""
    page = phone.new_page()
    address = f"{server}/q/{shop.on_sale(hours=1).ref}"
    loaded(page, address)
    assert outcome(page) == "whole"
    first = kept(page)
    # Of another lot, because a file leads on from whatever its own chapters stand on.
    other = f"{server}/q/{shop.on_sale(hours=1).ref}"
    page.route("**/evidence*", lambda route: route.continue_(url=without_since(route.request.url)))
    loaded(page, other)
    assert outcome(page) == "unshown" and "증명이 파일에 없습니다" in said(page)
    assert "바뀌지 않았습니다" not in said(page)
    assert kept(page) == first

    page.unroute("**/evidence*")
    keep(page, size=2)  # no checkpoint was ever signed there
    loaded(page, f"{address}?lang=en")
    assert outcome(page) == "unshown" and "Not confirmed" in said(page)
    assert kept(page) == {**first, "size": 2}
    assert overflow(page) == 0


def without_since(address: str) -> str:
    """The same request, but for what the browser knew."""
    return re.sub(r"&since=\d+", "", address)


def test_another_key_is_told_plainly_until_somebody_has_compared_it(
    server: str, phone: BrowserContext, shop: Stall
) -> None:
    address = f"{server}/q/{shop.on_sale(hours=1).ref}?lang=en"
    page = phone.new_page()
    loaded(page, address)
    outcome(page)
    keep(page, vkey=OTHER)
    loaded(page, address)
    assert outcome(page) == "changed"
    for sentence in ("is not the one that this browser knew", "Do not believe this page", OTHER):
        assert sentence in said(page)
    assert overflow(page) == 0
    page.click("text=I have compared it")
    page.wait_for_selector("#checked[data-outcome=whole]")
    assert kept(page)["vkey"] == keys.current().log.vkey


def test_a_key_that_somebody_brought_is_what_counts(
    server: str, phone: BrowserContext, shop: Stall
) -> None:
    page = phone.new_page()
    loaded(page, f"{server}/q/{shop.on_sale(hours=1).ref}")
    page.click("text=장부의 열쇠를 따로 알고 있나요?")
    found = {}
    for typed in (OTHER, keys.current().log.vkey):
        page.fill("#proof details input", typed)
        found[typed] = outcome(page)
        assert ("바르게 입력했는지" in said(page)) is (typed == OTHER)
    assert list(found.values()) == ["changed", "whole"]
    assert "입력한 것과 같습니다" in said(page) and kept(page)["typed"] is True


def test_a_browser_that_may_keep_nothing_still_checks_and_says_so(
    server: str, phone: BrowserContext, shop: Stall
) -> None:
    page = phone.new_page()
    refuse = "() => { throw new DOMException('no', 'SecurityError'); }"
    page.add_init_script(f"Storage.prototype.getItem = Storage.prototype.setItem = {refuse}")
    loaded(page, f"{server}/q/{shop.on_sale(hours=1).ref}")
    assert outcome(page) == "whole"
    assert "기억할 수 없습니다" in said(page)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_file_that_lacks_readings_says_how_many_and_when(
    server: str,
    phone: BrowserContext,
    shop: Stall,
    language: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop.span = 20
    monkeypatch.setattr(picking, "BLOCK", 20)
    monkeypatch.setattr(evidence, "MAX_BYTES", 30_000)
    page = phone.new_page()
    loaded(page, f"{server}/q/{shop.on_sale(hours=9).ref}?lang={language}")
    assert outcome(page) == "whole"
    wanted = {
        "ko": ("기록 270개 중", "이 파일에 없습니다 (", "로그인하면 전체", "jagalchi-agent verify"),
        "en": ("of the 270 temperature records", "not in this file (", "signed in", "one command"),
    }
    for sentence in wanted[language]:
        assert sentence in said(page)
    assert overflow(page) == 0
