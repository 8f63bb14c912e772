"""The log has a successor: what is asked, what changes when it is followed, what when it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.core.ranges import run
from agent.core.reply import Denied, Followed, Lost, Refused, Succeeded, Unfollowed
from agent.core.shelf import Cut
from agent.core.sync import AskHead, AskReturn, AskSuccession, Phase
from protocol.registry import Problem
from protocol.wire import VerdictCode
from tests.agent.playbook import NO_HEADS, Play, a, b, c, card, started, verdicts

ACCEPTED = VerdictCode.ACCEPTED
MINUTE = 60_000


def test_it_asks_for_the_statement_follows_and_forgets_what_the_old_log_held() -> None:
    play = started(4).expect(a(Cut(1, 0, 4))).feed(Succeeded())
    play.expect(AskSuccession()).feed(Followed())
    play.origin = "log.new"
    play.expect(AskHead()).feed(NO_HEADS).expect(a(Cut(1, 0, 4)))


def test_a_statement_that_is_refused_changes_nothing_and_is_asked_for_ever_more_rarely() -> None:
    play, waits = started(4), []
    for turn in range(6):
        play.expect((b if turn % 2 else a)(Cut(1, 0, 4))).feed(Succeeded())
        play.expect(AskSuccession()).feed(Unfollowed(Problem.BAD_SIGNATURE))
        assert play.state.unfollowed is Problem.BAD_SIGNATURE
        waits.append(play.state.until_ms - play.now_ms)
        play.expect(None).wait(waits[-1])
    assert waits == sorted(waits) and waits[-1] > 8 * waits[0]
    play.expect(a(Cut(1, 0, 4))).feed(verdicts(ACCEPTED))
    assert play.state.unfollowed is None


def test_a_lost_answer_to_the_question_leads_back_to_the_ordinary_ones() -> None:
    play = started(4).expect(a(Cut(1, 0, 4))).feed(Succeeded())
    play.expect(AskSuccession()).feed(Lost("no link")).wait(MINUTE)
    play.expect(b(Cut(1, 0, 4)))


def again(play: Play) -> Play:
    """All that the card holds had been proved by the log before."""
    play.shelves = tuple(
        replace(shelf, former=shelf.committed, alarms=run(2, 2)) for shelf in play.shelves
    )
    return play


def test_lane_c_goes_after_a_and_b_oldest_first_and_old_alarms_do_not_hurry() -> None:
    play = again(started(4, 4)).grow(2)
    play.expect(a(Cut(1, 0, 0), Cut(2, 0, 0), Cut(2, 5, 6))).feed(verdicts(*[ACCEPTED] * 3))
    play.expect(c(Cut(1, 1, 4))).feed(verdicts(ACCEPTED))
    play.grow(1).expect(a(Cut(2, 7, 7))).feed(verdicts(ACCEPTED))
    play.expect(c(Cut(2, 1, 4))).feed(verdicts(ACCEPTED)).expect(None)


def test_what_an_ended_key_sealed_goes_backwards() -> None:
    play = Play(card(9, 2))
    play.shelves = (play.shelves[0], replace(play.shelves[1], kid=b"new key."))
    play.state = replace(play.state, reach=4)
    play.expect(AskHead()).feed(NO_HEADS)
    play.expect(a(Cut(1, 0, 0), Cut(2, 0, 2))).feed(verdicts(ACCEPTED, ACCEPTED))
    play.state = replace(play.state, reach=4)
    play.expect(c(Cut(1, 6, 9))).feed(verdicts(ACCEPTED))
    play.state = replace(play.state, reach=4)
    play.expect(c(Cut(1, 2, 5))).feed(verdicts(ACCEPTED)).expect(c(Cut(1, 1, 1)))


def test_a_successor_that_knows_nobody_is_asked_to_take_the_device_back() -> None:
    play = Play(card(4), returns=True).expect(AskHead()).feed(Denied(Problem.UNKNOWN_DEVICE))
    play.expect(AskReturn()).feed(NO_HEADS).expect(a(Cut(1, 0, 4)))


@pytest.mark.parametrize(
    "answer", [Denied(Problem.UNKNOWN_DEVICE), Refused(Problem.WRONG_ORIGIN)], ids=str
)
def test_one_that_will_not_is_left_alone_for_an_hour(answer: Denied | Refused) -> None:
    play = Play(card(4), returns=True).expect(AskHead()).feed(Denied(Problem.UNKNOWN_DEVICE))
    play.expect(AskReturn()).feed(answer).phase(Phase.HALTED)
    assert play.state.problem is answer.problem
    play.expect(None).wait(60 * MINUTE).expect(AskHead())


def test_without_anything_to_show_an_unknown_device_is_refused_as_ever() -> None:
    play = Play(card(4)).expect(AskHead()).feed(Denied(Problem.UNKNOWN_DEVICE))
    play.phase(Phase.HALTED).expect(None)
