"""A real headless Chromium, driven through its debugging protocol; with it, a virtual passkey."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, CDPSession, Page, sync_playwright

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium(width: int = 360, language: str = "ko-KR") -> Iterator[BrowserContext]:
    """A fresh profile in a window of that width. Debian's browser: nothing is downloaded."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    # Playwright keeps an event loop in this thread, which Django takes for one of ours.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
            context = browser.new_context(
                viewport={"width": width, "height": 800}, locale=language
            )
            context.set_default_timeout(20_000)
            yield context
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def authenticator(context: BrowserContext, page: Page, *, verifies: bool = True) -> CDPSession:
    """Give the browser a passkey holder that (says that it) knows its person."""
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": verifies,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return session
