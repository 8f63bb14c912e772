"""The files of a configuration under power cuts: tried, confirmed and given up, again and again.

What was acknowledged is a good document that must never be lost, and one given up that must never
be tried again. A step that was not acknowledged may have happened or not.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from agent.edges.tuner import Tuner
from protocol.settable import Stage, Why
from tests.agent.rig import ORIGIN
from tests.agent.told import document, tuner
from tests.power.subject import Fact, Finding, Subject, Verdict

DOCUMENTS = 12
GIVEN_UP = 3
"""Every third one."""
KEPT = Finding(Verdict.KEPT)


def write(folder: Path, tell: Callable[[Fact], None]) -> None:
    """A device's whole life, as far as it is told what to do."""
    one, good = tuner(folder), 0
    one.begin()
    for number in range(1, DOCUMENTS + 1):
        one.offer(document(number, sample_period=10_000 + number), ORIGIN, 0)
        _must(one)
        tell({"good": good, "newest": number, "stage": "trial"})
        one.advance()
        _must(one)
        if number % GIVEN_UP:
            one.confirm()
            good = number
        else:
            one.revert(Why.NO_READING)
            one.advance()
        _must(one)
        tell({"good": good, "newest": number, "stage": "over"})


def _must(one: Tuner) -> None:
    if one.unstored:
        raise OSError("the card was whole and did not take it")


def judge(folder: Path, fact: Fact | None) -> Finding:
    """Start as an agent does: the last good one or the one on trial, and nothing that was left."""
    one = tuner(folder)
    good, trial = (d.content.version if d else 0 for d in (one.book.good, one.book.trial))
    if one.damaged:
        return Finding(Verdict.UNTOLD, "a file is there and cannot be read")
    if fact is not None and (wrong := _wrong(fact, good, trial)):
        return Finding(Verdict.UNTOLD, wrong)
    newest = one.book.newest
    if newest is not None and newest.stage is Stage.REVERTED and trial == newest.version:
        return Finding(Verdict.UNTOLD, "what was given up is on trial")
    one.begin()
    return Finding(Verdict.UNTOLD, "the card takes nothing") if one.unstored else KEPT


def _wrong(fact: Fact, good: int, trial: int) -> str:
    allowed = {fact["good"], fact["newest"]} if fact["stage"] == "trial" else {fact["good"]}
    if good not in allowed:
        return f"number {good} is the good one, and {sorted(allowed)} could be"
    if trial and trial != fact["newest"] + (fact["stage"] == "over"):
        return f"number {trial} is on trial after number {fact['newest']}"
    return ""


def _nothing() -> None:
    """There is nothing to prepare."""


CONFIG_FILES = Subject(_nothing, write, judge)
