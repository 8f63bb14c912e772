"""The sync machine, as dialogues: what it asks, in which order, and how it takes every answer."""

from __future__ import annotations

import pytest

from agent.core import answers, sync
from agent.core.lanes import Way
from agent.core.reply import Busy, Lost
from agent.core.shelf import Cut
from agent.core.sync import TABLE, AskHead, Collect, Cue, Phase, Post, Sync
from protocol.registry import Problem
from protocol.wire import VerdictCode
from tests.agent.playbook import (
    NO_HEADS,
    Play,
    a,
    b,
    card,
    heads,
    receipts,
    refusal,
    started,
    verdicts,
)

E1, E2 = b"epoch--1", b"epoch--2"
ACCEPTED, DUPLICATE, FORK = VerdictCode.ACCEPTED, VerdictCode.DUPLICATE, VerdictCode.FORK
MINUTE = 60_000
HOUR = 3_600_000


def test_it_asks_what_is_held_then_ships_and_then_rests() -> None:
    play = started(4).expect(a(Cut(1, 0, 4))).feed(verdicts(ACCEPTED))
    play.expect(None).phase(Phase.IDLE)


def test_while_a_request_is_under_way_nothing_else_is_sent() -> None:
    started(4).expect(a(Cut(1, 0, 4))).expect(None).wait(HOUR).expect(None).phase(Phase.IN_FLIGHT)


def test_an_empty_card_asks_once_and_rests() -> None:
    Play(()).expect(AskHead()).feed(NO_HEADS).expect(None)


def test_after_a_start_what_the_server_holds_is_skipped_and_its_receipts_collected_first() -> None:
    play = Play(card(9)).expect(AskHead()).feed(heads((E1, ((0, 5), (8, 8)))))
    play.expect(Collect(1, 0)).feed(receipts(6)).prove(1, 0, 5)
    play.expect(a(Cut(1, 9, 9))).feed(verdicts(ACCEPTED))
    play.expect(b(Cut(1, 6, 7)))


def test_pages_of_the_head_that_lead_nowhere_end() -> None:
    Play(card(9)).expect(AskHead()).feed(heads(after=7)).expect(a(Cut(1, 0, 9)))
    play = Play(card(9)).expect(AskHead()).feed(heads((E2, ((0, 4),)), after=7))
    play.expect(AskHead(7)).feed(heads((E2, ((5, 5),)), after=7)).expect(a(Cut(1, 0, 9)))


def test_the_head_is_read_page_by_page_and_foreign_epochs_are_passed_over() -> None:
    play = Play(card(4, 4)).expect(AskHead())
    play.feed(heads((E1, ((0, 4),)), (b"unknown!", ((0, 9),)), after=7)).expect(AskHead(7))
    play.feed(heads((E2, ((0, 4),)))).expect(Collect(1, 0))


def test_lane_a_ships_the_newest_and_lane_b_the_oldest_in_turns() -> None:
    play = (
        started(1_999)
        .expect(a(Cut(1, 0, 0), Cut(1, 1_500, 1_999)))
        .feed(verdicts(ACCEPTED, ACCEPTED))
    )
    play.expect(b(Cut(1, 1, 500))).feed(verdicts(ACCEPTED)).grow(1)
    play.expect(a(Cut(1, 2_000, 2_000))).feed(verdicts(ACCEPTED))
    play.expect(b(Cut(1, 501, 1_000)))


def test_an_alarm_overtakes_everything_as_a_span_of_one_record() -> None:
    play = (
        started(1_999)
        .expect(a(Cut(1, 0, 0), Cut(1, 1_500, 1_999)))
        .feed(verdicts(ACCEPTED, ACCEPTED))
    )
    play.grow(1, alarm=True)
    play.expect(a(Cut(1, 1_000, 1_499), Cut(1, 2_000, 2_000)))


def test_alarms_take_every_turn_unless_lane_a_has_just_moved_nothing() -> None:
    play = (
        started(1_999)
        .expect(a(Cut(1, 0, 0), Cut(1, 1_500, 1_999)))
        .feed(verdicts(ACCEPTED, ACCEPTED))
    )
    play.grow(1, alarm=True).expect(a(Cut(1, 1_000, 1_499), Cut(1, 2_000, 2_000)))
    gaps = refusal(Problem.TOO_MANY_GAPS)
    play.feed(verdicts(gaps, gaps)).expect(b(Cut(1, 1, 500))).feed(verdicts(ACCEPTED))
    play.expect(a(Cut(1, 1_000, 1_499), Cut(1, 2_000, 2_000)))


def test_openings_go_first_oldest_first() -> None:
    play = started(700, 700, 3)
    play.expect(a(Cut(1, 0, 0), Cut(2, 0, 0), Cut(3, 0, 3))).feed(
        verdicts(ACCEPTED, ACCEPTED, ACCEPTED)
    )
    play.expect(b(Cut(1, 1, 500)))


def test_more_openings_than_a_batch_holds_go_alone_before_anything_else() -> None:
    play = started(*[3] * 20)
    play.expect(a(*(Cut(number, 0, 0) for number in range(1, 17))))
    play.feed(verdicts(*[ACCEPTED] * 16)).expect(Collect(1, 0)).feed(receipts(16))
    play.expect(b(Cut(1, 1, 3))).feed(verdicts(ACCEPTED))
    play.expect(a(*(Cut(number, 0, 0) for number in range(17, 20)), Cut(20, 0, 3)))


def test_a_fork_is_held_too_it_refuses_no_data() -> None:
    started(4).expect(a(Cut(1, 0, 4))).feed(verdicts(FORK)).expect(None)


def test_receipts_are_collected_after_sixty_seconds() -> None:
    play = started(4).expect(a(Cut(1, 0, 4))).feed(verdicts(ACCEPTED)).wait(MINUTE - 1)
    play.expect(None).wait(1).expect(Collect(1, 0)).feed(receipts(5)).prove(1, 0, 4)
    play.wait(HOUR).expect(None)


def test_receipts_are_collected_once_sixteen_spans_wait() -> None:
    play = started(0)
    for number in range(16):
        play.expect(Post(Way.A if number % 2 == 0 else Way.B, (Cut(1, number, number),)))
        play.feed(verdicts(ACCEPTED)).grow(1)
    play.expect(Collect(1, 0))


def test_the_receipt_of_an_alarm_is_collected_at_once_and_then_patiently() -> None:
    play = started(4, alarms=(4,)).expect(a(Cut(1, 0, 3), Cut(1, 4, 4)))
    play.feed(verdicts(ACCEPTED, ACCEPTED)).expect(Collect(1, 0)).feed(receipts(0))
    play.expect(None).wait(2_000).expect(Collect(1, 0)).feed(receipts(0))
    play.wait(3_999).expect(None).wait(1).expect(Collect(1, 0))


@pytest.mark.parametrize("failure", [Lost("too slow", timed_out=True), Busy("HTTP 503")])
def test_proofs_that_do_not_come_through_do_not_hold_up_the_rows(failure: Lost | Busy) -> None:
    play = started(4).expect(a(Cut(1, 0, 4))).feed(verdicts(ACCEPTED)).wait(MINUTE)
    play.expect(Collect(1, 0)).feed(failure).grow(3).wait(1_000)
    play.expect(b(Cut(1, 5, 7))).feed(verdicts(ACCEPTED)).wait(1_000)
    play.expect(Collect(1, 0)).feed(failure).wait(1_500)
    play.expect(None).wait(500).expect(Collect(1, 0))


def test_receipts_come_page_by_page() -> None:
    play = started(99).expect(a(Cut(1, 0, 99))).feed(verdicts(ACCEPTED)).wait(MINUTE)
    play.expect(Collect(1, 0)).feed(receipts(32, after=32)).prove(1, 0, 31)
    play.expect(Collect(1, 32)).feed(receipts(68)).prove(1, 32, 99).expect(None)


def test_every_epoch_has_its_turn_even_if_one_is_never_proved() -> None:
    play = started(4, 4).expect(a(Cut(1, 0, 0), Cut(2, 0, 4))).feed(verdicts(ACCEPTED, ACCEPTED))
    play.expect(b(Cut(1, 1, 4))).feed(verdicts(ACCEPTED)).wait(MINUTE)
    play.expect(Collect(1, 0)).feed(receipts(0)).wait(MINUTE)
    play.expect(Collect(2, 0)).feed(receipts(0)).wait(MINUTE).expect(Collect(1, 0))


def test_where_own_rows_are_lacking_it_asks_once_more_with_hashes() -> None:
    play = started(9).expect(a(Cut(1, 0, 9))).feed(verdicts(ACCEPTED)).wait(MINUTE)
    play.expect(Collect(1, 0)).feed(receipts(0, lacking=True))
    play.expect(Collect(1, 0, hashes=True)).feed(receipts(0, lacking=True))
    play.expect(None)


def test_held_but_unproved_for_an_hour_is_posted_again() -> None:
    play = started(4).expect(a(Cut(1, 0, 4))).feed(verdicts(ACCEPTED))
    play.wait(HOUR).expect(Collect(1, 0)).feed(receipts(0))
    play.wait(HOUR).expect(b(Cut(1, 0, 4))).feed(verdicts(DUPLICATE)).expect(Collect(1, 0))


def test_after_two_histories_it_ships_and_collects_nothing() -> None:
    play = started(4)
    play.proofs = False
    play.expect(a(Cut(1, 0, 4))).feed(verdicts(ACCEPTED)).wait(MINUTE).expect(None)


def test_in_a_hurry_it_collects_as_soon_as_nothing_is_left_to_ship() -> None:
    play = started(4)
    play.hurry = True
    play.expect(a(Cut(1, 0, 4))).feed(verdicts(ACCEPTED)).expect(Collect(1, 0))


# Waiting -----------------------------------------------------------------------------------------


def test_a_missing_link_backs_off_doubling_to_a_minute() -> None:
    play = started(4)
    waits = []
    for _ in range(9):
        play.expect(a(Cut(1, 0, 4)) if play.state.way is Way.B else b(Cut(1, 0, 4)))
        play.feed(Lost("dark")).phase(Phase.BACKOFF)
        waits.append(play.state.until_ms - play.now_ms)
        play.wait(waits[-1] - 1).expect(None).wait(1)
    assert waits[:7] == [1_000, 1_999, 3_999, 7_999, 15_999, 31_999, 59_999]
    assert max(waits) < MINUTE


def test_a_busy_server_backs_off_to_a_quarter_of_an_hour() -> None:
    state = Sync(phase=Phase.IN_FLIGHT, asked=AskHead(), attempt=30)
    after, _ = answers.answered(state, (), Busy("503"), 0, (1 << 16) - 1)
    assert 899_000 < after.until_ms <= 900_000


@pytest.mark.parametrize(
    ("asked_ms", "waited_ms"), [(0, 1_000), (30_000, 30_000), (86_400_000, 900_000)]
)
def test_retry_after_is_honoured_up_to_the_cap(asked_ms: int, waited_ms: int) -> None:
    play = started(4).expect(a(Cut(1, 0, 4))).feed(Busy("503", asked_ms))
    assert play.state.until_ms - play.now_ms == waited_ms


def test_the_jitter_spreads_a_fleet_over_the_whole_wait() -> None:
    state = Sync(phase=Phase.IN_FLIGHT, asked=AskHead(), attempt=10)
    waits = {
        answers.answered(state, (), Lost("dark"), 0, jitter)[0].until_ms
        for jitter in range(0, 1 << 16, 997)
    }
    assert min(waits) == 1_000
    assert max(waits) > 58_000
    assert len(waits) > 50


def test_a_returning_link_ends_the_wait_for_the_link() -> None:
    play = started(4).expect(a(Cut(1, 0, 4))).feed(Lost("dark"))
    play.link = False
    play.expect(None)
    play.link = True
    play.expect(b(Cut(1, 0, 4)))
    assert play.state.attempt == 0


def test_a_returning_link_does_not_end_the_wait_for_a_busy_server() -> None:
    play = started(4).expect(a(Cut(1, 0, 4))).feed(Busy("429", MINUTE))
    play.link = False
    play.expect(None)
    play.link = True
    play.expect(None).wait(MINUTE).expect(b(Cut(1, 0, 4)))


def test_without_a_link_nothing_is_tried() -> None:
    play = started(4)
    play.link = False
    play.expect(None).wait(HOUR).expect(None).phase(Phase.IDLE)
    assert sync.wake_ms(play.state, play.now_ms) is None


def test_a_good_answer_forgets_all_failures() -> None:
    play = started(4).expect(a(Cut(1, 0, 4))).feed(Lost("dark")).wait(MINUTE)
    play.expect(b(Cut(1, 0, 4))).feed(verdicts(ACCEPTED)).phase(Phase.IDLE)
    assert (play.state.attempt, play.state.why) == (0, "")
    assert play.state.good_ms == play.now_ms


def test_rows_set_aside_are_tried_again_after_an_hour_and_then_daily() -> None:
    state, due = sync.retry_aside_due(Sync(), 0)
    assert not due
    state, due = sync.retry_aside_due(state, HOUR)
    assert due
    state, due = sync.retry_aside_due(state, 24 * HOUR)
    assert not due
    assert sync.retry_aside_due(state, 25 * HOUR)[1]


@pytest.mark.parametrize(
    ("rows", "alarm", "hurry", "worth"),
    [
        (1, False, False, False),
        (15, False, False, False),
        (16, False, False, True),
        (1, True, False, True),
        (1, False, True, True),
    ],
)
def test_proofs_are_verified_at_once_where_that_is_worth_it(
    rows: int, alarm: bool, hurry: bool, worth: bool
) -> None:
    shelves = card(rows - 1, alarms=(0,) if alarm else ())
    asked = a(Cut(1, 0, rows - 1))
    assert sync.settles(asked, shelves, hurry=hurry) is worth
    assert sync.settles(Collect(1, 0), shelves, hurry=False)
    assert not sync.settles(AskHead(), shelves, hurry=True)


def test_the_table_names_every_phase_and_only_waits_lead_out_of_a_wait() -> None:
    assert {phase for phase, _ in TABLE} == set(Phase)
    assert set(TABLE.values()) == set(Phase)
    waits = {cue for phase, cue in TABLE if phase in (Phase.BACKOFF, Phase.HALTED)}
    assert waits == {Cue.DUE, Cue.LINK}
