"""A configuration on trial: which document is taken, and when it is confirmed or given up. Pure.

A document that is taken goes on trial and is not yet believed. It is confirmed once there are
usable readings of it on the card and, where there is a network, a proof; it is given up when there
are none, or when the agent falls over again and again; then the last good one counts, and that
document is never tried again. What is older than the newest known is never taken.
Spec: docs/protocol.md, section "Configuration".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from protocol.bodies import EventBody
from protocol.configuration import Signed, mark
from protocol.registry import Event, Param
from protocol.settable import Stage, Why

READINGS: Final = 3
"""Usable readings on the card that a trial takes."""
MOST_STARTS: Final = 3
"""Starts without an orderly end within one trial; the next one gives the document up."""
TRIAL_MS: Final = 600_000
PROOF_MS: Final = 3_600_000
"""How long a server that answers may leave everything unproved."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is to be said of one document; `version` is None where it could not be read."""

    stage: Stage
    digest: bytes
    version: int | None = None
    why: Why | None = None

    def body(self) -> EventBody:
        """As an event of the chain."""
        params = {Param.VALUE: mark(self.digest), Param.STATUS: int(self.stage)}
        if self.version is not None:
            params[Param.VERSION] = self.version
        if self.why is not None:
            params[Param.PROBLEM] = int(self.why)
        return EventBody(Event.CONFIG_APPLIED, params=tuple(sorted(params.items())))


@dataclass(frozen=True, slots=True)
class Book:
    """What is kept from start to start: the last good document, the one on trial, and the newest.

    `starts`: how often the trial was begun and not ended in order. `newest`: of all documents that
    were decided on, the one with the highest number.
    """

    good: Signed | None = None
    trial: Signed | None = None
    starts: int = 0
    newest: Standing | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document arrives: the device, the log it believes and how far it has verified it.

    `fits`: whether the document's limits and sensors are this device's.
    """

    device: str
    origin: str
    size: int
    fits: bool


def offered(book: Book, got: Signed, place: Place) -> tuple[Book, Why | None]:
    """Decide on a document under the right signature; the book is the same if nothing changes."""
    if got.content.device != place.device:
        return book, Why.OTHER_DEVICE
    newest, version = book.newest, got.content.version
    known = newest is not None and newest.version == version
    if newest is not None and newest.version is not None and version < newest.version:
        return book, Why.OLDER
    if newest is not None and known and newest.digest != got.digest:
        return book, Why.OTHER_BYTES
    if newest is not None and known and (_is_held(book, got) or newest.stage is Stage.REVERTED):
        return book, None
    lost = newest is not None and known and newest.stage is Stage.CONFIRMED
    if (why := _unacceptable(got, place, lost=lost)) is not None:
        return replace(book, newest=standing(got, Stage.REFUSED, why)), why
    return replace(book, trial=got, starts=0, newest=standing(got, Stage.ON_TRIAL)), None


def _is_held(book: Book, got: Signed) -> bool:
    return any(one is not None and one.raw == got.raw for one in (book.good, book.trial))


def _unacceptable(got: Signed, place: Place, *, lost: bool) -> Why | None:
    """`lost`: it was confirmed once and the card has lost it since; then it is never too old."""
    issue = got.content.issue
    if not lost and issue.origin == place.origin and place.size > issue.last:
        return Why.EXPIRED
    return None if place.fits else Why.UNFIT


def standing(got: Signed, stage: Stage, why: Why | None = None) -> Standing:
    """What is to be said of this document."""
    return Standing(stage, got.digest, got.content.version, why)


def started(book: Book) -> Book:
    """The agent starts: the trial goes on, or was begun too often."""
    if book.trial is None:
        return book
    if book.starts >= MOST_STARTS:
        return reverted(book, Why.FELL_OVER)
    return replace(book, starts=book.starts + 1)


def rested(book: Book) -> Book:
    """The agent ends in order: this start was no fall."""
    return replace(book, starts=max(0, book.starts - 1))


def confirmed(book: Book) -> Book:
    """The document on trial is the last good one from now on."""
    if book.trial is None:
        return book
    return Book(good=book.trial, newest=_newer(book, standing(book.trial, Stage.CONFIRMED)))


def reverted(book: Book, why: Why) -> Book:
    """The document on trial is given up for good."""
    if book.trial is None:
        return book
    newest = standing(book.trial, Stage.REVERTED, why)
    return Book(good=book.good, newest=_newer(book, newest))


def mended(book: Book) -> Book:
    """What a cut between two files leaves, put in order: a trial that was confirmed already."""
    good, trial = book.good, book.trial
    if good is not None and trial is not None and trial.content.version <= good.content.version:
        return Book(good=good, newest=_newer(book, standing(good, Stage.CONFIRMED)))
    if good is not None and trial is None:
        return replace(book, newest=_newer(book, standing(good, Stage.CONFIRMED)))
    return book


def _newer(book: Book, said: Standing) -> Standing:
    """What was decided of a later document meanwhile stays the newest: numbers never fall."""
    newest = book.newest
    later = newest is not None and (newest.version or 0) > (said.version or 0)
    return newest if later and newest is not None else said


@dataclass(frozen=True, slots=True)
class Course:
    """How a trial goes; times are boot time in ms. `period_ms`: of sampling, under the document.

    `readings`: usable ones on the card. `heard`: the server has answered since it began, and its
    proofs count. `proved`: something of this epoch was proved. `writes`: the card takes records.
    """

    since_ms: int
    now_ms: int
    period_ms: int
    readings: int
    heard: bool
    proved: bool
    writes: bool


def verdict(course: Course) -> Stage | Why | None:
    """CONFIRMED, or why it is given up; None: the trial goes on."""
    past_ms = course.now_ms - course.since_ms
    over = past_ms >= max(TRIAL_MS, 2 * (READINGS + 1) * course.period_ms)
    if course.readings < READINGS:
        return Why.NO_READING if over and course.writes else None
    if course.proved:
        return Stage.CONFIRMED
    if course.heard:
        return Why.UNPROVED if past_ms >= PROOF_MS else None
    return Stage.CONFIRMED if over else None
