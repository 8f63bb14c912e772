"""In a real browser: a passkey made and used, a PIN pad pressed, and scripts in names that stay
text."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from server.accounts import badges, invitations, links, members
from server.accounts.models import Deed, Link, Passkey
from server.accounts.rules import CLOCKWORK, Role
from server.devices.models import Asset, Assignment, Device
from server.ledger.tick import now_ms
from tests import reliability
from tests.server.accounts import cast
from tests.server.accounts.browser import authenticator, chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def invitation(place: Any, role: Role = Role.OPERATOR) -> str:
    """The path of a new invitation link."""
    made = invitations.invite(CLOCKWORK, place.id, invitations.Offer(role), now_ms())
    assert isinstance(made, Link)
    return links.address(made.id).removeprefix("http://localhost:8000")


@pytest.fixture
def server(live_server: Any) -> str:
    """The address of a server of ours, by a name: passkeys want one."""
    return str(live_server.url).replace("127.0.0.1", "localhost")


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def test_a_passkey_is_made_and_then_opens_without_a_name_typed(server: str) -> None:
    place = cast.organisation()
    with chromium() as browser:
        page = browser.new_page()
        authenticator(browser, page)
        page.goto(server + invitation(place))
        page.click("main button")
        page.wait_for_url("**/me")
        page.click("[data-passkey=create] button")
        page.wait_for_selector("text=한 기기에만 있음")
        page.click("text=로그아웃")
        page.wait_for_url(f"{server}/")
        page.goto(f"{server}/sign-in?next=/organisations")
        page.click("[data-passkey=get] button")
        page.wait_for_url(f"{server}/organisations")
        assert "다대수협" in page.inner_text("main")
        first = Passkey.objects.get()
        assert (first.count >= 2, overflow(page)) == (True, 0)


def test_a_passkey_that_does_not_verify_its_person_is_refused(server: str) -> None:
    with chromium() as browser:
        page = browser.new_page()
        authenticator(browser, page, verifies=False)
        page.goto(server + invitation(cast.organisation()))
        page.click("main button")
        page.wait_for_url("**/me")
        page.click("[data-passkey=create] button")
        page.wait_for_selector("[data-said]:not([hidden])")
        assert Passkey.objects.count() == 0


def test_a_passkey_whose_count_falls_is_a_copy_and_refused(server: str) -> None:
    with chromium() as browser:
        page = browser.new_page()
        authenticator(browser, page)
        page.goto(server + invitation(cast.organisation()))
        page.click("main button")
        page.wait_for_url("**/me")
        page.click("[data-passkey=create] button")
        page.wait_for_selector("text=한 기기에만 있음")
        page.click("text=로그아웃")
        page.wait_for_url(f"{server}/")
        Passkey.objects.update(count=1_000_000)
        page.goto(f"{server}/sign-in")
        page.click("[data-passkey=get] button")
        page.wait_for_selector("[data-said]:not([hidden])")
        assert "맞지 않습니다" in page.inner_text("[data-said]")
    deed = Deed.objects.latest("id")
    assert (deed.act, deed.detail, deed.reason) == ("sign-in", "passkey", "wrong")


def test_a_worker_with_gloves_scans_and_presses_six_keys(server: str) -> None:
    people = cast.Cast()
    code = badges.issue(CLOCKWORK, people.place.id, people.people[Role.OPERATOR].id, now_ms())
    with chromium(width=800) as browser:
        page = browser.new_page()
        page.goto(f"{server}/badge")
        page.keyboard.type(f"{code}\n")  # as a scanner does
        page.wait_for_selector("[data-pad] .pad:not([hidden])")
        sizes = page.eval_on_selector_all(
            "[data-pad] button", "all => all.filter(b => b.offsetParent)"
            ".map(b => Math.min(b.offsetWidth, b.offsetHeight))"
        )
        for key in cast.PIN:
            page.click(f"[data-key='{key}']")
        page.click(".pad .main")
        page.wait_for_url("**/work/*")
        assert people.place.name in page.inner_text("h1")
        assert min(sizes) >= 64


HOSTILE = "<script>window.pwned=1</script><img src=x onerror=window.pwned=1>\"'`{{7*7}}"


def test_S10_scripts_in_names_stay_text(server: str) -> None:
    place = cast.organisation(HOSTILE[:80])
    one = cast.member(place, Role.ADMINISTRATOR, HOSTILE)
    other = cast.member(place, Role.VIEWER, HOSTILE)
    asset = Asset.objects.create(name=HOSTILE[:64], made_ms=1, organisation=place.id)
    device = Device.objects.create(name="a" * 16, enrolled_ms=1, answer=b"")
    Assignment.objects.create(asset=asset, device=device, from_ms=1)
    post = members.Post(HOSTILE[:40], one.id, other.id, HOSTILE)
    members.set_duty(cast.as_who(one), place.id, post, now_ms())
    client = cast.client_of(one)
    ran: list[str] = []
    paths = [
        "/",
        f"/devices/{'a' * 16}",
        "/me",
        "/organisations",
        f"/organisations/{place.id}",
        f"/organisations/{place.id}/access",
        invitation(place),
    ]
    with chromium() as browser:
        browser.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server}]
        )
        page = browser.new_page()
        page.on("dialog", lambda dialog: ran.append(dialog.message))
        for path in paths:
            page.goto(server + path)
            ran += [path] if page.evaluate("window.pwned") else []
            assert "<script>window.pwned" in page.inner_text("body"), path
        # And whatever got in somehow would still not run: no inline script is allowed.
        page.evaluate("document.body.innerHTML += '<img src=x onerror=window.pwned=2>'")
        page.wait_for_load_state("networkidle")
        ran += ["inline"] if page.evaluate("window.pwned") else []
    tried = len(paths) + 1
    reliability.note("S10", "scripts in names, in a real browser", tried, f"{len(ran)} ran")
    assert ran == []


def test_pages_are_whole_without_script(server: str) -> None:
    people = cast.Cast()
    one = people.people[Role.ADMINISTRATOR]
    from server.accounts import passwords, vault
    from server.accounts.rules import Datum

    vault.put(one.id, Datum.EMAIL, "kim@example.kr")
    passwords.change(cast.as_who(one), cast.PASSWORD, now_ms())
    with chromium() as browser:
        bare = browser.browser
        assert bare is not None
        page = bare.new_context(java_script_enabled=False).new_page()
        page.goto(f"{server}/sign-in")
        page.fill("form.stack >> nth=0 >> [name=account]", "kim@example.kr")
        page.fill("[name=password]", cast.PASSWORD)
        page.click("form[action='/sign-in'] button")
        page.wait_for_url(f"{server}/")
        page.goto(f"{server}/organisations/{people.place.id}")
        page.click("form[action$='/invitations'] button")
        assert "/link/join/" in page.inner_text(".secret")
