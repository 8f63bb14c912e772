"""The sync machine, as dialogues: what it asks, in which order, and how it takes every answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import answers, sync
from agent.core.answers import Aside
from agent.core.lanes import Way
from agent.core.ranges import NONE, run
from agent.core.reply import Answered, Busy, Denied, Distrusted, Lost, Refused, Reply, TooLarge
from agent.core.shelf import Cut, Shelf
from agent.core.sync import TABLE, AskHead, Collect, Cue, Phase, Post, Sync, View
from protocol.registry import PROBLEMS, Problem
from protocol.wire import Verdict, VerdictCode
from tests.agent.playbook import NO_HEADS, Play, heads, receipts, refusal, verdicts

E1, E2 = b"epoch--1", b"epoch--2"
ACCEPTED, DUPLICATE, FORK = VerdictCode.ACCEPTED, VerdictCode.DUPLICATE, VerdictCode.FORK
MINUTE = 60_000
HOUR = 3_600_000


def card(*lasts: int, alarms: tuple[int, ...] = ()) -> tuple[Shelf, ...]:
    """Epochs with rows 0..last; the alarms are in the newest."""
    shelves = tuple(
        Shelf(number, b"epoch--%d" % number, last) for number, last in enumerate(lasts, 1)
    )
    marked = NONE
    for seq in alarms:
        marked = marked | run(seq, seq)
    return (*shelves[:-1], replace(shelves[-1], alarms=marked))


def started(*lasts: int, alarms: tuple[int, ...] = ()) -> Play:
    """A machine that has learned that the server holds nothing."""
    return Play(card(*lasts, alarms=alarms)).expect(AskHead()).feed(NO_HEADS)


def a(*cuts: Cut) -> Post:
    return Post(Way.A, cuts)


def b(*cuts: Cut) -> Post:
    return Post(Way.B, cuts)


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


def test_the_head_is_read_page_by_page_and_foreign_epochs_are_passed_over() -> None:
    play = Play(card(4, 4)).expect(AskHead())
    play.feed(heads((E1, ((0, 4),)), (b"unknown!", ((0, 9),)), after=7)).expect(AskHead(7))
    play.feed(heads((E2, ((0, 4),)))).expect(Collect(1, 0))


def test_lane_a_ships_the_newest_and_lane_b_the_oldest_in_turns() -> None:
    play = started(1_999).expect(a(Cut(1, 0, 0), Cut(1, 1_500, 1_999))).feed(
        verdicts(ACCEPTED, ACCEPTED)
    )
    play.expect(b(Cut(1, 1, 500))).feed(verdicts(ACCEPTED)).grow(1)
    play.expect(a(Cut(1, 2_000, 2_000))).feed(verdicts(ACCEPTED))
    play.expect(b(Cut(1, 501, 1_000)))


def test_an_alarm_overtakes_everything_as_a_span_of_one_record() -> None:
    play = started(1_999).expect(a(Cut(1, 0, 0), Cut(1, 1_500, 1_999))).feed(
        verdicts(ACCEPTED, ACCEPTED)
    )
    play.grow(1, alarm=True)
    play.expect(a(Cut(1, 1_000, 1_499), Cut(1, 2_000, 2_000)))


def test_alarms_take_every_turn_unless_lane_a_has_just_moved_nothing() -> None:
    play = started(1_999).expect(a(Cut(1, 0, 0), Cut(1, 1_500, 1_999))).feed(
        verdicts(ACCEPTED, ACCEPTED)
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


def test_answered_without_proof_is_not_progress() -> None:
    assert Answered(verdicts(ACCEPTED).answer).gained == 0
