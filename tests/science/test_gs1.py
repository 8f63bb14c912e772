"""GS1 keys, addresses and short codes: there and back, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science import gs1
from science.gs1 import ALPHABET, MOST_SHORT, Gs1Error, Link

GTIN = "08801234567893"
LOTS = st.text("!\"%&'()*+,-./09:;<=>?AZ_az", min_size=1, max_size=20)
NUMBERS = st.integers(0, MOST_SHORT - 1)


@pytest.mark.parametrize(
    ("digits", "check"),
    [("629104150021", "3"), ("880123456789", "3"), ("0061414112345", "2"), ("9638507", "4")],
)
def test_check_digits(digits: str, check: str) -> None:
    assert gs1.check_digit(digits) == check


@given(st.text("0123456789", min_size=13, max_size=13), st.integers(0, 13), st.integers(1, 9))
def test_one_wrong_digit_of_a_gtin_shows(body: str, place: int, by: int) -> None:
    whole = body + gs1.check_digit(body)
    assert gs1.gtin14(whole) == whole
    wrong = whole[:place] + str((int(whole[place]) + by) % 10) + whole[place + 1 :]
    with pytest.raises(Gs1Error, match="last digit"):
        gs1.gtin14(wrong)


@pytest.mark.parametrize("text", ["", "8801234567", "8801234567894", "８801234567893", "x" * 13])
def test_what_is_no_gtin(text: str) -> None:
    with pytest.raises(Gs1Error):
        gs1.gtin14(text)


def test_a_gln_has_thirteen_digits() -> None:
    assert gs1.gln("8801234567893") == "8801234567893"
    with pytest.raises(Gs1Error):
        gs1.gln("96385074")


@given(LOTS, st.just("") | LOTS)
def test_an_address_reads_back(lot: str, serial: str) -> None:
    link = Link(GTIN, lot, serial)
    assert gs1.parse(link.path) == link
    assert link.path.isascii() and " " not in link.path


def test_an_address_as_it_stands() -> None:
    assert Link(GTIN, "BS/26", "7").path == "/01/08801234567893/10/BS%2F26/21/7"
    assert Link(GTIN, "BS26").element_string == "(01)08801234567893(10)BS26"
    assert gs1.parse("/01/8801234567893/10/A").gtin == GTIN


@pytest.mark.parametrize(
    "path",
    [
        "/01/08801234567894/10/A",
        "/01/08801234567893/10/",
        "/01/08801234567893",
        "/01/08801234567893/10/A/21/",
        "/01/08801234567893/10/A%20B",
        f"/01/{GTIN}/10/{'A' * 21}",
        f"/01/{GTIN}/10/가",
        f"/01/{GTIN}/10/A/99/B",
        f"//01/{GTIN}/10/A",
    ],
)
def test_an_address_that_is_none(path: str) -> None:
    with pytest.raises(Gs1Error):
        gs1.parse(path)


@given(NUMBERS)
def test_a_short_code_reads_back_as_people_type_it(number: int) -> None:
    code = gs1.short_code(number)
    assert len(code) == 9 and gs1.short_number(code) == number
    assert gs1.short_number(f" {code.lower().replace('-', ' ')} ") == number


@given(NUMBERS, st.integers(0, 7), st.integers(1, len(ALPHABET) - 1))
def test_one_wrong_letter_of_a_short_code_shows(number: int, place: int, by: int) -> None:
    letters = gs1.short_code(number).replace("-", "")
    other = ALPHABET[(ALPHABET.index(letters[place]) + by) % len(ALPHABET)]
    with pytest.raises(Gs1Error, match="wrong"):
        gs1.short_number(letters[:place] + other + letters[place + 1 :])


@given(NUMBERS, st.integers(0, 7), st.integers(0, 7))
def test_two_exchanged_letters_of_a_short_code_show(number: int, one: int, other: int) -> None:
    letters = list(gs1.short_code(number).replace("-", ""))
    if letters[one] == letters[other]:
        return
    letters[one], letters[other] = letters[other], letters[one]
    with pytest.raises(Gs1Error, match="wrong"):
        gs1.short_number("".join(letters))


@pytest.mark.parametrize("text", ["", "1234-5678", "ABCD-EFG", "OOOO-OOOO", "ABCD-EFGH-J"])
def test_what_is_no_short_code(text: str) -> None:
    with pytest.raises(Gs1Error):
        gs1.short_number(text)


def test_a_short_code_has_its_numbers() -> None:
    with pytest.raises(ValueError, match="below"):
        gs1.short_code(MOST_SHORT)
