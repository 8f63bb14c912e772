"""Refusals of every kind: nothing is lost, nothing blocks the line, nobody is hammered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import answers, sync
from agent.core.answers import Aside
from agent.core.lanes import Way
from agent.core.ranges import run
from agent.core.reply import Busy, Denied, Distrusted, Lost, Refused, Reply, TooLarge
from agent.core.shelf import Cut
from agent.core.sync import AskHead, Collect, Phase, Post, Sync, View
from protocol.registry import PROBLEMS, Problem
from protocol.wire import Verdict, VerdictCode
from tests.agent.playbook import (
    NO_HEADS,
    Play,
    a,
    b,
    card,
    receipts,
    refusal,
    started,
    verdicts,
)

E1, E2 = b"epoch--1", b"epoch--2"
ACCEPTED, DUPLICATE, FORK = VerdictCode.ACCEPTED, VerdictCode.DUPLICATE, VerdictCode.FORK
MINUTE = 60_000
HOUR = 3_600_000


# Refusals ----------------------------------------------------------------------------------------


def test_a_slow_line_gets_smaller_spans_and_a_good_one_larger_again() -> None:
    play = started(999).expect(a(Cut(1, 0, 0), Cut(1, 500, 999)))
    play.feed(Lost("slow", timed_out=True)).wait(MINUTE).expect(b(Cut(1, 0, 249)))
    play.feed(Lost("slow", timed_out=True)).wait(MINUTE)
    play.expect(a(Cut(1, 0, 0), Cut(1, 875, 999))).feed(verdicts(ACCEPTED, ACCEPTED))
    play.expect(b(Cut(1, 1, 250)))


def test_a_missing_line_does_not_shrink_spans() -> None:
    play = started(999).expect(a(Cut(1, 0, 0), Cut(1, 500, 999))).feed(Lost("dark")).wait(MINUTE)
    play.expect(b(Cut(1, 0, 499)))


def test_a_refused_record_is_set_aside_and_the_rest_goes_on() -> None:
    play = started(9).expect(a(Cut(1, 0, 9)))
    play.feed(
        verdicts(refusal(Problem.BAD_SIGNATURE, 4)), Aside(Cut(1, 4, 4), Problem.BAD_SIGNATURE)
    )
    play.shelves = (replace(play.shelves[0], aside=run(4, 4)),)
    play.expect(None).wait(1_000).expect(b(Cut(1, 0, 3))).feed(verdicts(ACCEPTED))
    play.expect(a(Cut(1, 5, 9)))


def test_a_span_refused_without_a_place_is_halved_until_one_record_is_left() -> None:
    play = started(4).expect(a(Cut(1, 0, 4)))
    sizes: list[int] = []
    for _ in range(20):
        play.feed(verdicts(refusal(Problem.MALFORMED)), *_last_asides(play)).wait(1_000)
        if play.state.asked is None and sizes and sizes[-1] == 1:
            break
        view = View(play.shelves)
        play.state, ask = sync.decide(play.state, view, play.now_ms)
        assert isinstance(ask, Post)
        sizes.append(len(ask.cuts[0]))
    assert sizes[-1] == 1
    assert sizes == sorted(sizes, reverse=True)


def _last_asides(play: Play) -> tuple[Aside, ...]:
    asked = play.state.asked
    assert isinstance(asked, Post)
    return (Aside(asked.cuts[0], Problem.MALFORMED),) if len(asked.cuts[0]) == 1 else ()


@pytest.mark.parametrize("reply", [TooLarge(), Refused(Problem.MALFORMED)])
def test_a_refused_request_is_split_down_to_one_record_which_is_set_aside(reply: Reply) -> None:
    problem = reply.problem if isinstance(reply, Refused) else Problem.TOO_LARGE
    play = started(7, 3)
    play.expect(a(Cut(1, 0, 0), Cut(2, 0, 3))).feed(reply).wait(1_000)
    play.expect(b(Cut(1, 0, 7))).feed(reply).wait(1_000)
    play.expect(a(Cut(1, 0, 0))).feed(reply, Aside(Cut(1, 0, 0), problem))


def test_it_never_asks_faster_than_once_a_second_while_it_is_refused() -> None:
    started(9).expect(a(Cut(1, 0, 9))).feed(TooLarge()).wait(999).expect(None)


def test_a_refusal_for_now_sets_nothing_aside_and_backs_off_after_both_lanes_failed() -> None:
    full = verdicts(refusal(Problem.TOO_MANY_GAPS))
    play = started(4).expect(a(Cut(1, 0, 4))).feed(full).phase(Phase.IDLE)
    waits = []
    for _ in range(6):
        play.expect(b(Cut(1, 0, 4)) if play.state.way is Way.A else a(Cut(1, 0, 4))).feed(full)
        play.phase(Phase.BACKOFF)
        waits.append(play.state.until_ms - play.now_ms)
        play.wait(waits[-1])
    assert waits == sorted(waits)
    assert waits[-1] > 30_000


def test_a_server_that_misses_an_opening_is_asked_anew_what_it_holds() -> None:
    play = started(4).expect(a(Cut(1, 0, 4))).feed(verdicts(ACCEPTED)).grow(1)
    play.expect(b(Cut(1, 5, 5))).feed(verdicts(refusal(Problem.OPENING_FIRST)))
    play.expect(AskHead()).feed(NO_HEADS).expect(a(Cut(1, 0, 5))).feed(verdicts(ACCEPTED))
    play.expect(None)


def test_a_contested_span_beyond_all_bounds_is_set_aside_whole() -> None:
    play = started(4).expect(a(Cut(1, 0, 4)))
    full = Problem.CONTESTED_FULL
    play.feed(verdicts(refusal(full)), Aside(Cut(1, 0, 4), full))


def test_a_denied_device_halts_looks_again_hourly_and_loses_nothing() -> None:
    play = started(4).expect(a(Cut(1, 0, 4))).feed(Denied(Problem.REVOKED)).phase(Phase.HALTED)
    assert play.state.problem is Problem.REVOKED
    play.wait(HOUR - 1).expect(None).wait(1).expect(b(Cut(1, 0, 4)))


def test_a_denial_in_a_verdict_halts_and_sets_nothing_aside() -> None:
    play = started(4).expect(a(Cut(1, 0, 4))).feed(verdicts(refusal(Problem.SIMULATED, 0)))
    play.phase(Phase.HALTED)


def test_an_answer_that_proves_nothing_counts_for_nothing() -> None:
    play = started(4).expect(a(Cut(1, 0, 4))).feed(Distrusted(Problem.BAD_PROOF))
    play.phase(Phase.BACKOFF)
    assert play.state.held == {}
    assert play.state.distrust_ms == play.now_ms


def test_trust_that_returns_ends_the_distrust() -> None:
    play = started(40).expect(a(Cut(1, 0, 40))).feed(Distrusted(Problem.BAD_PROOF)).wait(MINUTE)
    play.expect(b(Cut(1, 0, 40))).feed(verdicts(ACCEPTED, gained=41))
    assert play.state.distrust_ms is None


def test_an_answer_to_another_question_is_no_answer() -> None:
    play = Play(card(4)).expect(AskHead()).feed(verdicts(ACCEPTED)).phase(Phase.BACKOFF)
    assert play.state.held == {}


def test_fewer_verdicts_than_spans_hold_only_what_they_name() -> None:
    play = started(700, 3).expect(a(Cut(1, 0, 0), Cut(2, 0, 3))).feed(verdicts(ACCEPTED))
    assert play.state.held == {1: run(0, 0)}


REPLIES = st.sampled_from(
    [
        Lost("dark"),
        Lost("slow", timed_out=True),
        Busy("503", 5_000),
        TooLarge(),
        Refused(Problem.MALFORMED),
        Denied(Problem.REVOKED),
        Distrusted(Problem.BAD_PROOF),
        NO_HEADS,
        receipts(0),
        receipts(0, lacking=True),
    ]
)
PROBLEM_VERDICTS = st.builds(
    Verdict,
    st.just(VerdictCode.REFUSED),
    st.sampled_from(list(PROBLEMS)),
    st.none() | st.integers(0, 499),
)
VERDICTS = st.lists(st.sampled_from([Verdict(ACCEPTED)]) | PROBLEM_VERDICTS, max_size=16).map(
    lambda given: verdicts(*given)
)


@given(
    st.lists(st.integers(0, 700), min_size=1, max_size=4),
    st.lists(st.tuples(REPLIES | VERDICTS, st.integers(0, 100_000)), max_size=40),
)
def test_no_answer_confuses_it_and_once_the_server_is_well_all_is_shipped(
    lasts: list[int], storm: list[tuple[Reply, int]]
) -> None:
    shelves, state, now_ms = card(*lasts), Sync(), 0
    for reply, pause_ms in storm:
        state, ask = sync.decide(state, View(shelves), now_ms)
        if ask is not None:
            state, _ = answers.answered(state, shelves, reply, now_ms, 0)
        now_ms += pause_ms
    for _ in range(200):
        state, ask = sync.decide(state, View(shelves), now_ms)
        if ask is not None:
            state, asides = answers.answered(state, shelves, _well(ask), now_ms, 0)
            assert asides == ()
        now_ms += HOUR // 4
        if isinstance(ask, Post):
            for cut in ask.cuts:
                shelves = tuple(
                    s.prove(cut.first, cut.last) if s.number == cut.number else s for s in shelves
                )
    assert all(not shelf.waiting for shelf in shelves)


def _well(ask: object) -> Reply:
    if isinstance(ask, Post):
        return verdicts(*[ACCEPTED] * len(ask.cuts), gained=1)
    return receipts(0) if isinstance(ask, Collect) else NO_HEADS
