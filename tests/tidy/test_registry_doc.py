"""The registries of the specification are those of the code."""

from __future__ import annotations

from protocol.registry import Problem
from tests.tidy import registry_doc


def test_the_page_holds_the_registries_of_the_code() -> None:
    assert registry_doc.section() == registry_doc.render()


def test_every_problem_is_in_the_page() -> None:
    assert [
        one.value for one in Problem if f"| `{one.value}` |" not in registry_doc.section()
    ] == []
