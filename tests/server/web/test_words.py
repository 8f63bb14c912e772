"""The words: complete in both languages, and as the glossary of the interface wants them."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest

from protocol.registry import Text
from server.devices.epochs import Flag
from server.devices.standing import SILENT_MS, Signs, Standing, standing
from server.web import shown, troubles
from server.web.words import FLAGS, STANDINGS, WALL, WORDS

TEMPLATES = Path(shown.__file__).parent / "templates" / "web"
TEXTS = [
    *WORDS.values(),
    *FLAGS.values(),
    *(mark.word for mark in WALL.values()),
    *troubles.SAID.values(),
    *chain.from_iterable((badge.word, badge.meaning) for badge in STANDINGS.values()),
]
HANGUL = re.compile("[가-힣]")


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.en)
def test_each_text_is_in_its_own_language(text: Text) -> None:
    assert HANGUL.search(text.ko)
    assert text.en and not HANGUL.search(text.en)
    assert not re.search(r"블록체인|해시|머클|안전|blockchain|hash|merkle", text.ko + text.en, re.I)


def test_every_standing_and_flag_has_words_and_standings_differ_without_colour() -> None:
    assert set(STANDINGS) == set(Standing)
    assert set(FLAGS) == set(Flag) - {Flag.NONE}
    assert len({badge.shape for badge in STANDINGS.values()}) == len(STANDINGS)
    assert len({badge.word for badge in STANDINGS.values()}) == len(STANDINGS)


def test_every_word_is_used_and_every_used_word_exists() -> None:
    pages = "".join(path.read_text("utf-8") for path in TEMPLATES.glob("*.html"))
    folder, files = Path(shown.__file__).parent, ("pages.py", "told.py", "wall.py")
    code = "".join((folder / name).read_text("utf-8") for name in files)
    used = set(re.findall(r"\bw\.(\w+)", pages)) | set(re.findall(r'WORDS\["(\w+)"\]', code))
    used |= set(re.findall(r'\("(\w+)", detail', code))
    assert used == set(WORDS)


@pytest.mark.parametrize(
    ("signs", "word"),
    [
        (Signs(), Standing.NEW),
        (Signs(heard_ago_ms=0), Standing.GOOD),
        (Signs(heard_ago_ms=SILENT_MS + 1), Standing.SILENT),
        (Signs(heard_ago_ms=0, gaps=1, tails=1), Standing.GAPS),
        (Signs(heard_ago_ms=0, tails=1), Standing.FORGETFUL),
        (Signs(heard_ago_ms=SILENT_MS + 1, beyond=True), Standing.EXCURSION),
        (Signs(heard_ago_ms=0, suspects=1, beyond=True), Standing.SUSPECT),
        (Signs(heard_ago_ms=0, forks=1, suspects=1), Standing.FORKED),
        (Signs(heard_ago_ms=0, forks=1, revoked=True), Standing.REVOKED),
    ],
)
def test_the_gravest_word_wins(signs: Signs, word: Standing) -> None:
    assert standing(signs) is word


@pytest.mark.parametrize(
    ("ms", "en", "ko"),
    [
        (0, "just now", "방금"),
        (1_500, "1 s ago", "1초 전"),
        (3 * 60_000, "3 min ago", "3분 전"),
        (5 * 3_600_000, "5 h ago", "5시간 전"),
        (49 * 3_600_000, "2 d ago", "2일 전"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(ms: int, en: str, ko: str) -> None:
    assert (shown.age(ms, "en"), shown.age(ms, "ko")) == (en, ko)


def test_a_time_is_korean_and_one_that_cannot_be_shown_is_a_number() -> None:
    assert shown.moment(0) == "1970-01-01 09:00:00 KST"
    assert shown.moment(None) == "–"
    assert shown.moment(2**53 - 1) == "9007199254740991 ms"


def test_long_lists_of_ranges_are_cut_and_say_so() -> None:
    assert shown.runs(((0, 0), (2, 5))) == ("0", "2–5")
    assert shown.runs(tuple((2 * n, 2 * n) for n in range(13)))[-1] == "…"
