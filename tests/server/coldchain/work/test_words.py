"""The words of the work pages: whole in both languages, each used, as the glossary has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import server.coldchain.work
from protocol.registry import Text
from science import plausibility, species
from server.coldchain import excursions, rules
from server.coldchain.actions import landing
from server.coldchain.signs import Look
from server.coldchain.words import EVENTS, ROOMS
from server.coldchain.work import words
from server.coldchain.work.labels import ALIASES, LABELS
from server.coldchain.work.sheet import Hint
from server.coldchain.work.words import Sign
from server.web.words import WORDS as FRAME
from tests.tidy.source import ROOT

FOLDER = Path(server.coldchain.work.__file__).parent
PAGES = FOLDER.parent / "templates" / "coldchain" / "work"
HANGUL = re.compile("[가-힣]")
SIGNS: list[tuple[Any, Mapping[Any, Sign]]] = [
    (rules.Status, words.STATUSES),
    (rules.Side, words.SIDES),
    (rules.Custody, words.CUSTODY),
    (rules.HolderState, words.HOLDERS),
    (rules.RecallState, words.RECALLS),
    (rules.SampleState, words.SAMPLES),
]
TABLES: list[tuple[Any, Mapping[Any, Text]]] = [
    (rules.Kind, EVENTS),
    (Hint, words.HINTS),
    (rules.Gear, words.GEARS),
    (rules.Source, words.SOURCES),
    (species.Ice, words.ICES),
    (species.IceRatio, words.RATIOS),
    (species.Form, words.FORMS),
    (species.Kept, words.KEPT),
    (rules.RoomKind, ROOMS),
    (rules.PlaceKind, words.PLACES),
    (rules.Judge, words.JUDGES),
    (rules.Basis, words.BASES),
    (rules.RecallWhy, words.WHYS),
    (excursions.Measure, words.MEASURES),
    (plausibility.Sign, words.SENSORS),
    (Look, words.LOOKS),
    (excursions.Disposition, words.DISPOSITIONS),
]
STEMS: Mapping[str, str] = {
    "양륙": "land",
    "위판장": "landing market",
    "경매": "auction",
    "낙찰": "winning bid",
    "중도매인": "wholesaler",
    "선별": "sort",
    "상자 수": "box",
    "로트 번호": "lot number",
    "이력번호": "state traceability number",
    "원산지": "origin",
    "어획 해역": "catch area",
    "선어": "fresh chilled fish",
    "손질": "gutting|process",
    "소분": "split",
    "합침": "merge",
    "상차": "load",
    "하차": "unload",
    "인수인계": "custody transfer|hand over",
    "인수 확인": "accept",
    "인수 거부": "refus",
    "검수": "inspection",
    "예냉": "pre-cool",
    "온도 이탈": "excursion",
    "알림": "notice|telling",
    "기록 없음": "no record",
    "조치": "corrective action|acted",
    "처분": "dispos",
    "회수": "recall|recover",
    "판매 중지": "sales hold|stop",
    "신선도": "freshness",
}
"""A term of the glossary, and the stem of it that stands in English wherever it is said."""
LOOSE = frozenset({"rejects", "f_feed", "f_recovered"})
"""선별 제외 is a reject; what was recovered (회수) is goods, not the process."""


def texts() -> Iterator[tuple[str, Text]]:
    for key, text in LABELS.items():
        yield key, text
    for kind, signs in SIGNS:
        for one, sign in signs.items():
            yield f"{kind.__name__} {one}", sign.word
            if sign.note:
                yield f"{kind.__name__} {one} note", sign.note
    for kind, table in TABLES:
        for one, text in table.items():
            yield f"{kind.__name__} {one}", text


ALL = list(texts())


def test_every_field_that_a_refusal_names_is_called_something_on_a_form() -> None:
    sources = (ROOT / "server" / "coldchain").rglob("*.py")
    named = {
        name
        for path in sources
        for name in re.findall(r'Reason\.[A-Z_]+, "(\w+)"\)', path.read_text(encoding="utf-8"))
    }
    assert len(named) > 20
    assert {one for one in named if f"f_{ALIASES.get(one, one)}" not in LABELS} == set()
    assert {one for one in landing.LIMITS if f"f_{one}" not in LABELS} <= {"code"}


def test_each_text_is_in_its_own_language() -> None:
    for name, text in ALL:
        assert HANGUL.search(text.ko), name
        assert text.en and not HANGUL.search(text.en), name
        both = text.ko + text.en
        assert not re.search(r"블록체인|해시|머클|안전|blockchain|hash|merkle", both, re.I), name


def test_every_word_of_a_closed_list_is_said_and_states_differ_without_colour() -> None:
    for kind, table in (*SIGNS, *TABLES):
        assert set(table) == set(kind), kind
    for _, signs in SIGNS:
        shapes = [sign.shape for sign in signs.values()]
        assert len(set(shapes)) == len(shapes)
        assert len({sign.word for sign in signs.values()}) == len(signs)


def glossary() -> dict[str, str]:
    """The table of docs/glossary.md: Korean and English."""
    page = (ROOT / "docs/glossary.md").read_text("utf-8").partition("## On screens")[2]
    rows = re.findall(r"^\| ([^|]*[가-힣][^|]*) \| ([^|]+) \|", page, re.MULTILINE)
    return {ko.strip(): en.strip() for ko, en in rows}


EXACT: Mapping[str, str] = {
    "양륙": "key_land",
    "위판장": "landing_market",
    "경매": "key_auction",
    "낙찰": "Status awarded",
    "선별": "do_sort",
    "로트 번호": "lot_number",
    "이력번호": "f_trace_no",
    "원산지": "f_origin",
    "어획 해역": "f_area",
    "선어(생물)": "Kept chilled",
    "손질(내장 제거)": "step_gut",
    "소분": "do_split",
    "합침(혼합)": "key_merge",
    "상차": "loading",
    "하차": "unloading",
    "인수인계": "f_handover",
    "인수 확인": "Custody accepted",
    "인수 거부": "Custody refused",
    "검수": "do_inspect",
    "온도 이탈": "excursion",
    "기록 없음": "no_record",
    "회수": "key_recalls",
    "판매 중지": "do_hold",
    "로트(묶음)": "f_lot",
}


@pytest.mark.parametrize("ko", EXACT)
def test_the_words_of_the_glossary_stand_on_the_pages_as_it_has_them(ko: str) -> None:
    wanted, said = glossary()[ko], dict(ALL)[EXACT[ko]]
    assert said.ko == ko
    assert said.en.lower() in wanted.lower()


def test_a_term_means_the_same_in_both_languages_wherever_it_stands() -> None:
    odd = [
        (name, ko)
        for name, text in ALL
        for ko, en in STEMS.items()
        if name not in LOOSE and ko in text.ko and not re.search(en, text.en, re.IGNORECASE)
    ]
    assert odd == []


def test_excursion_is_of_temperature_only_and_a_finding_is_called_so_by_an_officer_only() -> None:
    for name, text in ALL:
        assert "이탈" not in text.ko or "온도 이탈" in text.ko, name
        assert "부적합" not in text.ko or name in {"sample_failed", "SampleState failed"}, name


def test_every_label_is_used_and_every_used_label_exists() -> None:
    pages = "".join(path.read_text("utf-8") for path in PAGES.glob("*.html"))
    code = "".join(
        path.read_text("utf-8") for path in FOLDER.glob("*.py") if path.name != "words.py"
    )
    used = set(re.findall(r"\bw\.(\w+)", pages)) - (set(FRAME) - set(LABELS))
    assert used - set(LABELS) == set()
    named = set(re.findall(r"""["']([a-z_]+)["']""", code))
    prefixed = re.compile("^(f|do|key|sure|step|problem|dispute)_|_do$")
    unused = {one for one in LABELS if one not in used | named and not prefixed.search(one)}
    assert unused == set()


def test_every_label_with_a_prefix_belongs_to_a_field_a_key_or_a_step() -> None:
    pages = "".join(path.read_text("utf-8") for path in PAGES.glob("*.html"))
    code = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.py"))
    fields = set(re.findall(r'name="(\w+)"', pages)) | set(re.findall(r'Blank\("(\w+)"', code))
    keys = set(re.findall(r'"([a-z-]+)"', code))
    for label in LABELS:
        prefix, _, rest = label.partition("_")
        known = {"f": fields, "do": {one.replace("-", "_") for one in keys}, "key": keys}
        shown = re.search(rf"\bw\.{label}\b", pages)
        assert shown or prefix not in known or rest in known[prefix], label
