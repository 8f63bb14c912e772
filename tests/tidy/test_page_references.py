"""Where a docstring points to a section of docs/protocol.md, the page has that section."""

from __future__ import annotations

import ast
import re

import pytest

from tests.tidy.source import ROOT, Source, product, suite

PAGE = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
HEADINGS = [one.lower() for one in re.findall(r"^##+ (.+)$", PAGE, re.MULTILINE)]
POINTING = re.compile(r'docs/protocol\.md((?:[^".]|"[^"]*")*)')


def named(source: Source) -> list[str]:
    """The titles, in quotes, that the module's docstring names after the page."""
    text = " ".join((ast.get_docstring(source.tree) or "").split())
    return [title for tail in POINTING.findall(text) for title in re.findall(r'"([^"]+)"', tail)]


def missing(source: Source) -> list[str]:
    """Those that no heading contains."""
    return [one for one in named(source) if not any(one.lower() in head for head in HEADINGS)]


def test_titles_are_found_and_a_wrong_one_is_told() -> None:
    text = '"""It reads.\n\nSpec: docs/protocol.md, sections "Time" and\n"Weather".\n"""'
    assert missing(Source.of("t.py", text)) == ["Weather"]
    assert sum(len(named(source)) for source in product()) > 40


@pytest.mark.parametrize("source", [*product(), *suite()], ids=lambda source: source.path)
def test_every_section_that_is_named_exists(source: Source) -> None:
    assert missing(source) == []
