"""In a real browser, 360 pixels wide: pages fit, and without script one comes in and leaves."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Page

from server.accounts.models import Person
from server.ledger.tick import now_ms
from server.pilots.actions import joining, phases
from server.pilots.days import Period, day_of
from server.pilots.models import Participant
from server.pilots.rules import CHECKLIST, Dropped, Life, Mode, Part
from tests.server.accounts import cast
from tests.server.accounts.browser import chromium
from tests.server.pilots.rig import done, live, on_board

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = ("", "/tours", "/tours/desk", "/tours/plan", "/tours/board", "/tours/people")


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def test_every_page_fits_360_pixels_with_every_form_open(live_server: Any) -> None:
    rig = live(cap=3)
    rig.flip(Mode.HALT)
    rig.flip(Mode.NORMAL)
    poster = rig.invite(cost_krw=1_000_000)
    rig.enrolled(poster)
    on_board(rig, "부산 81바 1234", 3)
    done(phases.prepare_sign_off(rig.desk(), 2, CHECKLIST, (("김하나", "안내판 교체"),)))
    person = Person.objects.get(id=rig.people[Part.OPERATOR].id)
    signed_in = cast.client_of(person).cookies["sessionid"].value
    wide = []
    with chromium() as browser:
        cookie = {"name": "sessionid", "value": signed_in, "url": live_server.url}
        browser.add_cookies([cookie])  # type: ignore[list-item]
        page = browser.new_page()
        qr = f"/tours/people/invitations/{poster.id}"
        for path, language in product((*PAGES, qr), ("ko", "en")):
            page.goto(f"{live_server.url}/pilots{path}?lang={language}")
            assert page.locator("main h1").count() == 1, path
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            wide += [(path, language)] if overflow(page) else []
    assert wide == []


def test_somebody_without_script_comes_in_by_a_link_and_leaves(live_server: Any) -> None:
    rig, today = live(), day_of(now_ms())
    done(phases.reschedule(rig.desk(), 2, Dropped.WEATHER))
    rig.announce(2, Period(today, today + timedelta(9)), cap=1)
    done(phases.open_phase(rig.desk(), 2))
    path = "/join/" + joining.address(rig.invite()).rpartition("/")[2]
    with chromium() as context:
        assert context.browser is not None
        bare = context.browser.new_context(
            java_script_enabled=False, viewport={"width": 360, "height": 800}, locale="ko-KR"
        )
        page = bare.new_page()
        page.goto(live_server.url + path)
        page.click("main form button")
        link = page.inner_text(".secret code").rpartition("/mine/")[2]
        page.goto(f"{live_server.url}/mine/{link}")
        page.locator("form[action$='/agree'] button").first.click()
        page.click("form[action$='/enrol'] button")
        assert "참여 확정" in page.inner_text("main")
        assert overflow(page) == 0
        page.check("[name=sure]")
        page.click("form[action$='/leave'] button")
        assert "탈퇴" in page.inner_text("main")
    assert Participant.objects.get().state == Life.WITHDRAWN
