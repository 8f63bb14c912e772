"""Which document is taken, and how a trial ends: tables of everything that may come."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import trial
from agent.core.trial import MOST_STARTS, PROOF_MS, READINGS, TRIAL_MS, Book, Course, Place
from protocol import configuration
from protocol.configuration import Issue, Signed
from protocol.registry import Event, Param
from protocol.settable import Stage, Why
from tests.protocol import build
from tests.vectors.cases_configuration import KEY, PLAIN

DEVICE = PLAIN.device
HERE = Place(DEVICE, build.ORIGIN, 1_000, fits=True)


def made(version: int, issued_ms: int = 0, last: int = 43_300) -> Signed:
    """A document of this number; another time makes other bytes."""
    issue = Issue(build.ORIGIN, 100, last)
    said = replace(PLAIN, version=version, issued_ms=issued_ms, issue=issue)
    return configuration.decode(configuration.sign(said, KEY.sign))


def settled(version: int) -> Book:
    """A device that goes by this document."""
    return trial.confirmed(trial.offered(Book(), made(version), HERE)[0])


def test_a_document_goes_on_trial_and_is_not_yet_believed() -> None:
    book, why = trial.offered(settled(3), made(5), HERE)
    assert why is None
    assert book.good and book.good.content.version == 3
    assert book.trial and book.trial.content.version == 5
    assert book.newest and (book.newest.version, book.newest.stage) == (5, Stage.ON_TRIAL)


@pytest.mark.parametrize(
    ("got", "place", "why"),
    [
        (made(4), replace(HERE, device="a" * 16), Why.OTHER_DEVICE),
        (made(2), HERE, Why.OLDER),
        (made(3, issued_ms=1), HERE, Why.OTHER_BYTES),
        (made(4, last=999), HERE, Why.EXPIRED),
        (made(4), replace(HERE, fits=False), Why.UNFIT),
    ],
)
def test_what_is_refused_changes_nothing_that_is_gone_by(
    got: Signed, place: Place, why: Why
) -> None:
    before = settled(3)
    after, told = trial.offered(before, got, place)
    assert told is why
    assert (after.good, after.trial) == (before.good, None)


def test_age_is_told_by_the_log_that_the_document_names_and_by_no_clock() -> None:
    old = made(4, last=999)
    assert trial.offered(settled(3), old, replace(HERE, size=999))[1] is None
    assert trial.offered(settled(3), old, replace(HERE, origin="another.log"))[1] is None


def test_a_document_that_is_known_already_is_neither_news_nor_a_refusal() -> None:
    for book in (settled(3), trial.offered(Book(), made(3), HERE)[0]):
        assert trial.offered(book, made(3), HERE) == (book, None)


def test_a_reverted_document_is_never_tried_again() -> None:
    book = trial.reverted(trial.offered(settled(3), made(4), HERE)[0], Why.NO_READING)
    assert trial.offered(book, made(4), HERE) == (book, None)
    assert book.trial is None and book.good and book.good.content.version == 3
    assert trial.offered(book, made(5), HERE)[0].trial


def test_a_refused_document_is_looked_at_again_when_it_may_fit_now() -> None:
    book, why = trial.offered(settled(3), made(4), replace(HERE, fits=False))
    assert why is Why.UNFIT
    assert trial.offered(book, made(4), HERE)[0].trial == made(4)


def test_a_confirmed_document_that_the_card_lost_is_taken_again_however_old() -> None:
    lost = replace(settled(3), good=None)
    again, why = trial.offered(lost, made(3), replace(HERE, size=1 << 40))
    assert why is None and again.trial == made(3)


@given(st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["offer", "yes", "no", "start"]))))
def test_the_numbers_never_fall_whatever_happens(story: list[tuple[int, str]]) -> None:
    book, highest = Book(), 0
    for version, act in story:
        match act:
            case "offer":
                book = trial.offered(book, made(version), HERE)[0]
            case "yes":
                book = trial.confirmed(book)
            case "no":
                book = trial.reverted(book, Why.NO_READING)
            case "start":
                book = trial.started(trial.mended(book))
        newest = (book.newest and book.newest.version) or 0
        assert newest >= highest
        highest = newest
        assert book.good is None or book.good.content.version <= newest
        assert book.starts <= MOST_STARTS


def test_the_fourth_start_without_an_orderly_end_gives_the_document_up() -> None:
    book = trial.offered(settled(3), made(4), HERE)[0]
    for _ in range(MOST_STARTS):
        book = trial.started(book)
        assert book.trial == made(4)
    book = trial.started(book)
    assert book.trial is None
    assert book.newest and (book.newest.stage, book.newest.why) == (Stage.REVERTED, Why.FELL_OVER)


def test_orderly_ends_are_no_falls() -> None:
    book = trial.offered(settled(3), made(4), HERE)[0]
    for _ in range(20):
        book = trial.rested(trial.started(book))
    assert book.trial == made(4)


def test_a_cut_between_the_two_files_of_a_confirmation_leaves_it_confirmed() -> None:
    book = trial.mended(Book(good=made(4), trial=made(4), starts=2))
    assert book == trial.confirmed(Book(trial=made(4)))


COURSE = Course(
    since_ms=1_000,
    now_ms=31_000,
    period_ms=10_000,
    readings=READINGS,
    heard=True,
    proved=True,
    writes=True,
)
LATE = COURSE.since_ms + TRIAL_MS


@pytest.mark.parametrize(
    ("course", "outcome"),
    [
        (COURSE, Stage.CONFIRMED),
        (replace(COURSE, readings=READINGS - 1), None),
        (replace(COURSE, proved=False), None),
        (replace(COURSE, proved=False, now_ms=LATE), None),
        (replace(COURSE, proved=False, heard=False), None),
        (replace(COURSE, proved=False, heard=False, now_ms=LATE), Stage.CONFIRMED),
        (replace(COURSE, proved=False, now_ms=COURSE.since_ms + PROOF_MS), Why.UNPROVED),
        (replace(COURSE, readings=0, now_ms=LATE), Why.NO_READING),
        (replace(COURSE, readings=0, now_ms=LATE - 1), None),
        (replace(COURSE, readings=0, now_ms=LATE, writes=False), None),
        (replace(COURSE, readings=0, now_ms=LATE, period_ms=300_000), None),
        (replace(COURSE, readings=0, now_ms=2_401_000, period_ms=300_000), Why.NO_READING),
    ],
)
def test_a_trial_ends_by_readings_and_proofs_or_by_time(
    course: Course, outcome: Stage | Why | None
) -> None:
    assert trial.verdict(course) is outcome


def test_the_event_names_stage_number_digest_and_reason() -> None:
    said = trial.standing(made(7), Stage.REVERTED, Why.NO_READING).body()
    assert (said.event, said.subject) == (Event.CONFIG_APPLIED, None)
    assert dict(said.params) == {
        Param.VALUE: made(7).mark,
        Param.STATUS: 3,
        Param.VERSION: 7,
        Param.PROBLEM: 9,
    }
