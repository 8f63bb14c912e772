"""The words of this room: whole in both languages, each used, and none that only insiders know."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from protocol.registry import Text
from server.accounts import words
from server.accounts.models import Kind
from server.accounts.rules import SERVICES, Actor, Reason, Role
from server.accounts.vault import ERASED
from tests.tidy.source import Source, product

ROOM = Path(words.__file__).parent
HANGUL = re.compile("[가-힣]")
TABLES: Mapping[str, Mapping[Any, Text]] = {
    "reasons": words.REASONS,
    "roles": words.ROLES,
    "kinds": words.KINDS,
    "services": words.SERVICES,
    "ways": words.WAYS,
    "acts": words.ACTS,
    "words": words.WORDS,
}
TEXTS = [(f"{name} {key}", text) for name, table in TABLES.items() for key, text in table.items()]


@pytest.mark.parametrize(("name", "text"), TEXTS, ids=[name for name, _ in TEXTS])
def test_each_text_is_in_its_own_language(name: str, text: Text) -> None:
    assert HANGUL.search(text.ko) and text.en and not HANGUL.search(text.en)
    assert not re.search(r"블록체인|해시|머클|안전|blockchain|hash|merkle", text.ko + text.en, re.I)


def test_every_code_has_words() -> None:
    assert set(words.REASONS) == set(Reason)
    assert set(words.ROLES) == set(Role)
    assert set(words.KINDS) == set(Kind.values)
    assert set(words.SERVICES) == set(SERVICES)
    assert set(words.WAYS) == {str(actor) for actor in Actor}


def acts(source: Source) -> Iterator[str]:
    """Every act that a file writes down: the second argument of Act(service, act, ...)."""
    for node in ast.walk(source.tree):
        is_act = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Act"
        name = node.args[1] if is_act and len(node.args) > 1 else None  # type: ignore[attr-defined]
        if isinstance(name, ast.Constant):
            yield str(name.value)


def test_every_act_has_words_and_every_word_for_an_act_is_used() -> None:
    ours = (one for one in product() if one.path.startswith("server/accounts/"))
    assert {act for source in ours for act in acts(source)} | {ERASED} == set(words.ACTS)


def test_every_word_is_used_and_every_used_word_exists() -> None:
    pages = "".join(path.read_text("utf-8") for path in (ROOM / "templates").rglob("*.html"))
    code = "".join(path.read_text("utf-8") for path in ROOM.rglob("*.py"))
    used = set(re.findall(r"\bw\.(\w+)", pages)) | set(re.findall(r'WORDS\["(\w+)"\]', code))
    used |= set(re.findall(r'"(?:title|note|button)": "(\w+)"', code))
    from server.web.words import WORDS as FRAME

    assert used - (set(FRAME) - set(words.WORDS)) == set(words.WORDS)
