"""The tables of docs/freshness.md are those of the code (`python -m tests.tidy.freshness_doc`)."""

from __future__ import annotations

from science.marks import Mark
from tests.tidy import freshness_doc
from tests.tidy.accounts_doc import section
from tests.tidy.freshness_doc import PAGE, figures, modules


def test_the_page_says_what_the_code_does() -> None:
    assert section(PAGE) == freshness_doc.render()


def test_every_figure_names_its_source_and_how_sure_it_is() -> None:
    found = [one for module in modules() for _, one in figures(module)]
    assert len(found) > 20
    assert all(one.source and one.unit and one.mark in Mark for one in found)
