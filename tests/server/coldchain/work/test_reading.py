"""What the work pages read: weights, times, scanned codes, photos. Pure, but for nothing."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from server.coldchain.work.hangul import latin
from server.coldchain.work.photos import bare
from server.coldchain.work.sheet import Blank, Hint, Sheet, grams_of, kilograms


def sheet(**typed: str) -> Sheet:
    query = QueryDict(mutable=True)
    query.update(typed)
    return Sheet(query, {})


@pytest.mark.parametrize(
    ("text", "grams"), [("12", 12_000), ("12.5", 12_500), ("0,4", 400), ("1250.005", 1_250_005)]
)
def test_kilograms_as_people_type_them(text: str, grams: int) -> None:
    assert grams_of(text, "grams") == grams


@pytest.mark.parametrize("text", ["", "-3", "1.2345", "1e3", "12kg", "열둘", "١٢", "99999999"])
def test_what_is_no_weight_is_told_with_its_field(text: str) -> None:
    with pytest.raises(Blank) as told:
        grams_of(text, "waste")
    assert told.value.field == "waste"
    assert told.value.hint is (Hint.WEIGHT if text else Hint.NEEDED)


@given(st.integers(0, 9_999_999_999))
def test_a_weight_that_is_shown_is_read_back_as_it_was(grams: int) -> None:
    assert grams_of(kilograms(grams), "grams") == grams


def test_times_are_korean_and_an_empty_one_is_unknown() -> None:
    assert sheet(at="1970-01-01T09:00").moment("at") == 0
    assert sheet(at="").moment("at") is None
    with pytest.raises(Blank):
        sheet(at="soon").moment("at")


def test_a_request_is_named_by_letters_of_ours_only() -> None:
    assert sheet(key="a" * 16).key == "a" * 16
    for odd in ("", "short", "A" * 16, "a" * 65, "list:abcdefghijklmnop"):
        assert sheet(key=odd).key == ""


@pytest.mark.parametrize(
    ("hangul", "keys"),
    [
        ("ㅗㅅㅅㅔㄴ", "httpn".replace("n", "s")),
        ("안녕", "dkssud"),
        ("ㅁㅠㅊ2345", "abc2345"),
        ("값", "rkqt"),
        ("워ㅏㅁ", "dnjka"),
        ("LOT-23", "LOT-23"),
    ],
)
def test_a_scanner_on_a_korean_keyboard_is_read_as_its_keys(hangul: str, keys: str) -> None:
    assert latin(hangul) == keys


JPEG = b"\xff\xd8\xff\xe0\x00\x04JF\xff\xe1\x00\x06GPS!\xff\xfe\x00\x04me\xff\xda\x00\x02picture"


def test_a_photo_keeps_its_picture_and_nothing_beside_it() -> None:
    assert bare(JPEG) == b"\xff\xd8\xff\xe0\x00\x04JF\xff\xda\x00\x02picture"


@given(st.binary(max_size=60))
def test_a_broken_photo_stays_as_it_is_or_gets_shorter(tail: bytes) -> None:
    body = b"\xff\xd8" + tail
    assert len(bare(body)) <= len(body) and bare(bare(body)) == bare(body)


def test_no_field_holds_what_no_table_can() -> None:
    told = Sheet(QueryDict("one=a%00b&many=%00&many=c%00&column=%00d"), {})
    assert (told.text("one"), told.many("many"), told.column("column")) == ("a b", ("c",), ["d"])
