"""The tables of docs/accounts.md are those of the code (`python -m tests.tidy.accounts_doc`)."""

from __future__ import annotations

from server.accounts.rules import Reason
from tests.tidy import accounts_doc


def test_the_page_says_what_the_code_does() -> None:
    assert accounts_doc.section() == accounts_doc.render()


def test_every_reason_is_in_the_page() -> None:
    section = accounts_doc.section()
    assert [one.value for one in Reason if f"| `{one.value}` |" not in section] == []
