"""Every message exists in both languages, fills, and says nothing that only insiders know."""

from __future__ import annotations

import re

import pytest

from server.counting import Counted
from server.messages.templates import RESOLVED, TEMPLATES, places

HANGUL = re.compile("[가-힣]")
BOTH = list(TEMPLATES.items())


@pytest.mark.parametrize(("name", "template"), BOTH, ids=[name for name, _ in BOTH])
def test_a_template_is_whole(name: str, template: object) -> None:
    one = TEMPLATES[name]
    for text in (one.subject, one.body):
        assert HANGUL.search(text.ko) and not HANGUL.search(text.en)
        assert places(text.ko) == {place.removesuffix("_en") for place in places(text.en)}
        filled = text.ko.format_map(dict.fromkeys(places(text.ko), "x"))
        assert "{" not in filled
        assert not re.search(r"블록체인|해시|머클|blockchain|hash|merkle", text.ko + text.en, re.I)
    texts = (one.subject.ko, one.subject.en, one.body.ko, one.body.en)
    wanted = {place for text in texts for place in places(text)}
    assert wanted - RESOLVED == one.given
    assert "자갈치" in one.subject.ko and "\n" not in one.subject.ko


def test_one_lot_is_not_one_lots() -> None:
    values = {place: "x" for one in TEMPLATES.values() for place in places(one.body.en)}
    for n, said in ((1, "hands 1 lot over"), (2, "hands 2 lots over")):
        counted = {**values, "lots": Counted(n)}
        assert said in TEMPLATES["goods-offered"].body.en.format_map(counted)


def test_a_short_message_fits_into_few_sms() -> None:
    """A Korean LMS holds 2,000 bytes in EUC-KR."""
    longest = max(len(one.body.ko.encode("euc-kr", "replace")) for one in TEMPLATES.values())
    assert longest < 1000
