"""The proof's own code in a real browser: it agrees with every vector, good and forged.

Nothing of the server runs here: the browser is given the module's files, the vectors and our policy
for scripts. A table in the page holds one row for each vector.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page, Route

from tests.server.accounts.browser import chromium
from tests.vectors.make import path_of

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[4]
MODULE = ROOT / "server" / "coldchain" / "static" / "coldchain" / "proof"
FILES = ("cbor", "keys", "records", "leaves", "tree", "notes", "receipts", "evidence")
PAGE = "<!doctype html><meta charset=utf-8><title>vectors</title><table></table>"


def answer(route: Route) -> None:
    """Be the server: the module's files, and nothing else."""
    name = route.request.url.rpartition("/")[2]
    if name.endswith((".js", ".mjs")):
        place = MODULE if name.endswith(".js") else Path(__file__).parent
        body, kind = (place / name).read_text(encoding="utf-8"), "text/javascript"
    else:
        body, kind = PAGE, "text/html"
    policy = {"Content-Security-Policy": settings.CONTENT_SECURITY_POLICY}
    route.fulfill(body=body, content_type=f"{kind}; charset=utf-8", headers=policy)


def rows(page: Page) -> list[list[str]]:
    """The table, filled by running every vector in the page."""
    vectors = {name: json.loads(path_of(name).read_text(encoding="utf-8")) for name in FILES}
    page.route("**/*", answer)
    page.goto("http://localhost/vectors")
    table = "document.querySelector('table')"
    page.evaluate(f"async (all) => (await import('/vectors.mjs')).run(all, {table})", vectors)
    read = "[...document.querySelectorAll('tr')].map(r => [...r.cells].map(c => c.textContent))"
    found: list[list[str]] = page.evaluate(read)
    return found


def test_the_browser_agrees_with_every_vector() -> None:
    with chromium() as browser:
        table = rows(browser.new_page())
    assert [row for row in table if row[-1] != "✓"] == []
    counted = Counter(row[0] for row in table)
    vectors = {name: json.loads(path_of(name).read_text(encoding="utf-8")) for name in FILES}
    for name in ("cbor", "keys", "records", "leaves", "notes", "evidence"):
        assert counted[name] == len(vectors[name]["golden"]) + len(vectors[name]["negative"])
    assert counted["tree"] == 9 + 13 + 14 + 8
    assert len(vectors["evidence"]["negative"]) >= 21
