"""The tables of docs/exchange.md are those of the code (`python -m tests.tidy.exchange_doc`)."""

from __future__ import annotations

from tests.tidy import exchange_doc
from tests.tidy.accounts_doc import section


def test_the_page_says_what_the_code_does() -> None:
    assert section(exchange_doc.PAGE) == exchange_doc.render()
