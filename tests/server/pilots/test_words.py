"""The words of the pilots: complete in both languages, used, and as the glossary wants them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

import server.pilots
import server.web
from protocol.registry import Text
from server.accounts import refusals
from server.messages.templates import TEMPLATES
from server.pilots import labels, rules, words
from server.pilots.funnel import Stage
from server.web.words import WORDS as FRAME
from server.web.words import Badge

FOLDER = Path(server.pilots.__file__).parent
TABLES: list[tuple[Any, Mapping[Any, Text | Badge]]] = [
    (rules.Reason, words.REASONS),
    (rules.Service, words.SERVICES),
    (rules.PhaseKind, words.KINDS),
    (rules.PhaseState, words.STATES),
    (rules.Mode, words.MODES),
    (rules.Life, words.LIVES),
    (rules.Dropped, words.DROPPED),
    (rules.FlipReason, words.FLIP_REASONS),
    (rules.ReadinessStep, words.STEPS),
    (rules.BoardKind, words.BOARD_KINDS),
    (rules.Source, words.SOURCES),
    (rules.ConsentKind, words.CONSENT_KINDS),
    (rules.IncidentKind, words.INCIDENTS),
    (rules.Part, words.PARTS),
    (Stage, words.STAGES),
    (rules.CHECKLIST, words.CHECKS),
    (rules.DUTIES, words.DUTY_NAMES),
]
HANGUL = re.compile("[가-힣]")


def texts() -> list[Text]:
    found = [words.UNDECIDED, words.UNANNOUNCED, *labels.WORDS.values()]
    for _, table in TABLES:
        for text in table.values():
            found += [text.word, text.meaning] if isinstance(text, Badge) else [text]
    return found


@pytest.mark.parametrize("text", texts(), ids=lambda text: text.en)
def test_each_text_is_in_its_own_language(text: Text) -> None:
    assert HANGUL.search(text.ko)
    assert text.en and not HANGUL.search(text.en)
    assert not re.search(r"블록체인|해시|머클|안전|blockchain|hash|merkle", text.ko + text.en, re.I)


def test_every_word_of_a_closed_list_is_said() -> None:
    for kind, table in TABLES:
        assert set(table) == set(kind), kind


@pytest.mark.parametrize("table", [words.STATES, words.MODES], ids=["phases", "switch"])
def test_states_differ_without_colour(table: Mapping[Enum, Badge]) -> None:
    shapes = [badge.shape for badge in table.values()]
    assert len(set(shapes)) == len(shapes)


def test_every_label_is_used_and_every_used_label_exists() -> None:
    pages = "".join(path.read_text("utf-8") for path in (FOLDER / "templates").rglob("*.html"))
    used = set(re.findall(r"\bw\.(\w+)", pages)) - set(FRAME)
    assert used == set(labels.WORDS) - set(FRAME)
    frame = (Path(server.web.__file__).parent / "templates/web/base.html").read_text("utf-8")
    assert not set(labels.WORDS) & set(re.findall(r"\bw\.(\w+)", frame))


def test_every_reason_can_be_told_wherever_something_is_refused() -> None:
    for reason in rules.Reason:
        for language in ("ko", "en"):
            assert refusals.said(str(reason), language)


def test_the_messages_of_a_pilot_name_it_and_lead_to_a_personal_link() -> None:
    ours = {name: one for name, one in TEMPLATES.items() if name.startswith("pilot-")}
    assert set(ours) == {"pilot-link", "pilot-seat", "pilot-postponed"}
    for template in ours.values():
        assert "{link}" in template.body.ko and "{pilot}" in template.body.ko
        assert "{link}" in template.body.en and "{pilot_en}" in template.body.en
