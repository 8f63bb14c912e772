"""A scanner that types while the Korean keyboard is on sends Hangul for Latin letters; read back.

Pure. Two-set keyboard (두벌식): each letter of Hangul is one or two keys.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_KEYS: Final = dict(
    zip(
        "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡㅃㅉㄸㄲㅆㅒㅖ",
        "qwertyuiopasdfghjklzxcvbnmQWERTOP",
        strict=True,
    )
)
_TWO: Final = {
    "ㅘ": "ㅗㅏ",
    "ㅙ": "ㅗㅐ",
    "ㅚ": "ㅗㅣ",
    "ㅝ": "ㅜㅓ",
    "ㅞ": "ㅜㅔ",
    "ㅟ": "ㅜㅣ",
    "ㅢ": "ㅡㅣ",
    "ㄳ": "ㄱㅅ",
    "ㄵ": "ㄴㅈ",
    "ㄶ": "ㄴㅎ",
    "ㄺ": "ㄹㄱ",
    "ㄻ": "ㄹㅁ",
    "ㄼ": "ㄹㅂ",
    "ㄽ": "ㄹㅅ",
    "ㄾ": "ㄹㅌ",
    "ㄿ": "ㄹㅍ",
    "ㅀ": "ㄹㅎ",
    "ㅄ": "ㅂㅅ",
}
_LEADS: Final = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS: Final = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAILS: Final = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_FIRST, _LAST = ord("가"), ord("힣")


def latin(text: str) -> str:
    """Text as the scanner meant it; what holds no Hangul stays as it is."""
    if not any(_FIRST <= ord(one) <= _LAST or one in _KEYS or one in _TWO for one in text):
        return text
    letters = "".join(_letters(one) for one in unicodedata.normalize("NFC", text))
    keys = "".join(_TWO.get(one, one) for one in letters)
    return "".join(_KEYS.get(one, one) for one in keys)


def _letters(one: str) -> str:
    """The letters of a syllable; anything else is itself."""
    if not _FIRST <= ord(one) <= _LAST:
        return one
    rest, tail = divmod(ord(one) - _FIRST, len(_TAILS))
    lead, vowel = divmod(rest, len(_VOWELS))
    return (_LEADS[lead] + _VOWELS[vowel] + _TAILS[tail]).strip()
