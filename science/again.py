"""A verdict judged again: from the history that it names, by whoever holds both, to the letter.

It refuses nothing and reads no clock. What a stranger wrote may be anything: that comes out as a
verdict that is not the same, never as an error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from science import histories, verdict
from science.verdict import FORMULAS, History


class Outcome(StrEnum):
    """What came of judging again."""

    SAME = "same"
    DIFFERENT = "different"
    NO_HISTORY = "no-history"
    """A result of before: its entry names no history."""
    NOT_HERE = "not-here"
    """Its entry names a history that nobody shows."""
    OTHER_FORMULAS = "other-formulas"
    """It was judged by formulas, or in a form, of another version than ours."""


@dataclass(frozen=True, slots=True)
class Again:
    """What came of it. differs: the fields of the verdict that are not what they should be.
    history: the one that was judged, for who wants to hold it against readings."""

    outcome: Outcome
    differs: tuple[str, ...] = ()
    history: History | None = None


def again(text: str, document: bytes) -> Again:
    """Judge the history in `document` again and compare with the verdict's canonical text."""
    said = _said(text)
    if said is None:
        return Again(Outcome.DIFFERENT, ("text",))
    ours = [one.name for one in FORMULAS]
    if (said.get("version"), said.get("formulas")) != (verdict.VERSION, ours):
        return Again(Outcome.OTHER_FORMULAS)
    try:
        history = histories.parse(document)
        found = verdict.judge(history)
    except histories.BROKEN:
        return Again(Outcome.DIFFERENT, ("history",))
    if found.text == text:
        return Again(Outcome.SAME, (), history)
    right = json.loads(found.text)
    names = sorted(right.keys() | said.keys())
    differs = [name for name in names if right.get(name, said) != said.get(name, right)]
    return Again(Outcome.DIFFERENT, tuple(differs) or ("text",), history)


def _said(text: str) -> dict[str, object] | None:
    try:
        said = json.loads(text)
    except histories.BROKEN:
        return None
    return said if isinstance(said, dict) else None
