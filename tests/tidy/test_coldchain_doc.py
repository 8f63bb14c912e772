"""The tables of docs/coldchain.md are those of the code (`python -m tests.tidy.coldchain_doc`)."""

from __future__ import annotations

from server.coldchain.rules import Reason
from tests.tidy import coldchain_doc
from tests.tidy.accounts_doc import section


def test_the_page_says_what_the_code_does() -> None:
    assert section(coldchain_doc.PAGE) == coldchain_doc.render()


def test_every_reason_is_in_the_page() -> None:
    told = section(coldchain_doc.PAGE)
    assert [one.value for one in Reason if f"| `{one.value}` |" not in told] == []
